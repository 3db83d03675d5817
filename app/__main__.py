"""`python -m app`: the commands of `app.cli`."""

import gc
import os

# The matrices of a session are small: on several threads a fit takes up to thirty times as long. NumPy reads this once.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
# What is imported stays to the end: looking through it for garbage, again and again, would take a fifth of the start.
gc.disable()

from app.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
