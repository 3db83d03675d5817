"""Reads a MATLAB file from standard input in a process of its own, which a damaged file may end. See mat_variables.py.

It is run as a script, without this package around it, so that it starts fast.
"""

import pickle
import sys
from io import BytesIO
from typing import Any, cast

from scipy.io import loadmat

if __name__ == "__main__":
    answer: object
    try:
        answer = dict(loadmat(cast(Any, BytesIO(sys.stdin.buffer.read()))))
    except Exception as error:  # whatever a damaged file makes SciPy raise; the caller sorts it
        answer = error
    pickle.dump(answer, sys.stdout.buffer)
