"""`python -m app`: the commands of `app.cli`."""

from app.cli import main

if __name__ == "__main__":
    main()
