"""Many random draws in chunks: in this process, on the machine's cores, or on a Dask cluster, with the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np

from ..arrangement import Floats

# Draws of a chunk. Each chunk has its own generator, so that the numbers do not depend on who computes it.
CHUNK = 50
# How long to wait for a Dask scheduler.
CONNECT_SECONDS = 10

Task = Callable[[np.random.Generator, int], Floats]
Progress = Callable[[int, int], object]


def run_chunks(
    task: Task,
    n_draws: int,
    rng: np.random.Generator,
    *,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> Floats:
    """The results of `task(generator, how_many)` over all chunks, joined along the first axis, in order.

    Parameters
    ----------
    task
        Returns one row per draw. It goes to other processes, so it is a function of a module, or a partial of one.
    n_draws
        Draws in all.
    rng
        Spawns the chunks' generators.
    n_jobs
        Processes on this machine; -1 for all cores; 1 computes here.
    dask_address
        Address of a Dask scheduler ("tcp://host:8786"), which then does the work. Its workers need this package.
    progress
        Called as progress(draws done, draws in all) after each chunk.

    Raises
    ------
    ValueError
        When there is nothing to draw, or n_jobs is 0.
    OSError
        When the Dask scheduler does not answer.
    """
    if n_draws < 1 or n_jobs == 0:
        raise ValueError("n_draws must be at least 1, and n_jobs must not be 0")
    sizes = [min(CHUNK, n_draws - start) for start in range(0, n_draws, CHUNK)]
    work = list(zip(rng.spawn(len(sizes)), sizes, strict=True))
    parts, done = [], 0
    with ExitStack() as stack:
        for part in _results(task, work, n_jobs, dask_address, stack):
            parts.append(part)
            done += len(part)
            if progress is not None:
                progress(done, n_draws)
    # What came from another process may lie in memory in another order, and sums over it would then round differently.
    return np.ascontiguousarray(np.concatenate(parts))


def _results(
    task: Task, work: list[tuple[np.random.Generator, int]], n_jobs: int, dask_address: str | None, stack: ExitStack
) -> Iterable[Floats]:
    if n_jobs == 1 and dask_address is None:
        return _here(task, work)
    from joblib import Parallel, delayed, parallel_config

    backend: dict[str, Any] = {"backend": "loky", "n_jobs": n_jobs, "inner_max_num_threads": 1}
    if dask_address is not None:
        from distributed import Client

        client = stack.enter_context(Client(dask_address, timeout=CONNECT_SECONDS, set_as_default=False))  # type: ignore[no-untyped-call]
        backend = {"backend": "dask", "n_jobs": -1, "client": client}
    stack.enter_context(parallel_config(**backend))
    calls = (delayed(task)(generator, size) for generator, size in work)
    results: Iterable[Floats] = Parallel(return_as="generator")(calls)
    return results


def _here(task: Task, work: list[tuple[np.random.Generator, int]]) -> Iterator[Floats]:
    for generator, size in work:
        yield task(generator, size)
