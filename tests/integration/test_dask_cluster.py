"""A Dask cluster of two local workers gives the same numbers as one process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis import compare_models
from analysis.inference import chunks, mantel

ROOT = Path(__file__).parents[2]
PATIENCE = 60


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    log = (folder / f"{arguments[0]}-{time.monotonic_ns()}.log").open("wb")
    command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:], "--no-dashboard"]
    with log:
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


def wait_for(path: Path, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (path.exists() and path.stat().st_size):
        if process.poll() is not None or time.monotonic() > deadline:
            logs = "\n".join(log.read_text(errors="replace") for log in folder.glob("*.log"))
            pytest.fail(f"the Dask scheduler did not start:\n{logs}")
        time.sleep(0.1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler on 127.0.0.1 with two workers, each a process."""
    import json

    from distributed import Client

    folder = tmp_path_factory.mktemp("dask")
    described = folder / "scheduler.json"
    processes = [start(folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(described))]
    try:
        wait_for(described, processes[0], folder)
        address = json.loads(described.read_text())["address"]
        options = ["--nthreads", "1", "--no-nanny", "--local-directory", str(folder), "--host", "127.0.0.1"]
        processes += [start(folder, "worker", address, *options) for _ in range(2)]
        with Client(address, timeout=PATIENCE, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=PATIENCE)
        yield address
    finally:
        # They hold nothing worth a farewell, and a worker that misses its scheduler can take minutes over it.
        for process in processes:
            process.kill()
            process.wait(timeout=PATIENCE)


def study() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.random(45)
    rdms = truth + rng.random((6, 45))
    rdms[rng.random(rdms.shape) < 0.1] = np.nan
    return rdms, np.array([truth, rng.random(45)])


def test_the_cluster_gives_the_numbers_of_one_process(cluster):
    from distributed import Client

    rdms, models = study()
    done = []
    here = compare_models(rdms, models, n_boot=230, rng=np.random.default_rng(5))
    there = compare_models(
        rdms,
        models,
        n_boot=230,
        rng=np.random.default_rng(5),
        dask_address=cluster,
        progress=lambda count, total: done.append((count, total)),
    )
    assert np.array_equal(here.standard_error, there.standard_error)
    assert np.array_equal(here.p_difference, there.p_difference, equal_nan=True)
    assert np.array_equal(here.p_below_ceiling, there.p_below_ceiling)
    assert done == [(50, 230), (100, 230), (150, 230), (200, 230), (230, 230)]
    permuted = mantel(rdms, models, n_permutations=120, dask_address=cluster)
    assert np.array_equal(permuted.p_max, mantel(rdms, models, n_permutations=120).p_max)
    with Client(cluster, timeout=PATIENCE, set_as_default=False) as client:
        # Both workers took part, or the test would show nothing.
        modules = client.run(lambda: "analysis.inference.bootstrap" in __import__("sys").modules)
    assert list(modules.values()) == [True, True]


def test_a_scheduler_that_does_not_answer_is_an_error(monkeypatch):
    monkeypatch.setattr(chunks, "CONNECT_SECONDS", 1)
    with pytest.raises(OSError, match=r"(?i)timed out|connect"):
        compare_models(*study(), n_boot=10, dask_address="tcp://127.0.0.1:9")
