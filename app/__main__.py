"""`python -m app`: the commands of `app.cli`."""

import gc

# What is imported stays to the end: looking through it for garbage, again and again, would take a fifth of the start.
gc.disable()

from app.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
