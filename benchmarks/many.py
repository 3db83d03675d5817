"""The raters against 100,000 RDMs of 59 clips, a block at a time, beside one matrix product with all in memory.

    python3 run.py bench many [--rows 100000] [--pairs 1711] [--raters 128] [--json FILE]

The rival is NumPy with everything in memory: standardise all rows, one product. Memory is the most that the process has
held so far, pages of the mapped file included.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from analysis.models import npy_blocks, score_many
from benchmarks.recovery_tables import table


def main(argv: list[str]) -> int:
    """Print seconds and memory of both."""
    parser = argparse.ArgumentParser(prog="bench many")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=1711)
    parser.add_argument("--raters", type=int, default=128)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(argv)
    rng = np.random.default_rng(0)
    raters = rng.random((options.raters, options.pairs))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "many.npy"
        stored = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(options.rows, options.pairs))
        for start in range(0, options.rows, 1000):
            stored[start : start + 1000] = rng.random(stored[start : start + 1000].shape, dtype=np.float32)
        stored.flush()
        del stored
        rows = [_timed("block by block", lambda: score_many(raters, npy_blocks(file)))]
        rows.append(_timed("NumPy, all in memory", lambda: _at_once(np.load(file), raters)))
    error = float(np.abs(rows[0].pop("scores") - rows[1].pop("scores")).max())  # type: ignore[operator]
    print(table(list(rows[0]), [[str(value) for value in row.values()] for row in rows]))
    print(f"largest difference of a score: {error:.1e}")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "difference": error}, indent=1) + "\n")
    return 0


def _timed(name: str, work: object) -> dict[str, object]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.monotonic()
    scores = work()  # type: ignore[operator]
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "way": name,
        "seconds": round(seconds, 1),
        "of processor": round(processor, 1),
        "most memory (MB)": round(after.ru_maxrss / 1024),
        "scores": scores,
    }


def _at_once(many: np.ndarray, raters: np.ndarray) -> np.ndarray:
    z = many - many.mean(axis=1, keepdims=True)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    y = raters - raters.mean(axis=1, keepdims=True)
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    return np.asarray((z @ y.T.astype(np.float32)).mean(axis=1))
