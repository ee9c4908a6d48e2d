"""Runs chunks somewhere: in this thread, on threads, or on dask workers. All three give equal values.

Chunks of a few pairs come back as they finish, in any order; whoever calls writes them down at once, so that a batch
that dies loses what was under way and nothing else. A chunk whose worker dies twice is split, in the end into single
runs: the run that kills workers is named, the others are kept.
"""

import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from experiments.chunk import Done, Failed, Job, in_own_process, run_chunk
from experiments.run import Stopped
from sim.errors import UserError

LIMIT_SECONDS: Final = 600.0  # of one run
PROCESSES_FROM_SECONDS: Final = 120.0  # work for which starting processes (ten seconds) is worth it
Chunk = tuple[Job, ...]
# What a worker does with a chunk: seconds a run may take, whether to stop, what to call as each run begins.
Work = Callable[[Chunk, float, Callable[[], bool], Callable[[], None]], Done]


def place_for(where: str, seconds: float) -> str:
    """Where to do so many seconds of work: `auto` takes processes for long work, threads else. A week of a small world
    is half Python, for which threads wait for each other."""
    if where != "auto":
        return where
    return "dask" if seconds > PROCESSES_FROM_SECONDS else "threads"


def execute(
    chunks: Iterator[Chunk],
    where: str,
    workers: int | None = None,
    scheduler: str | None = None,
    limit_seconds: float = LIMIT_SECONDS,
    work: Work = run_chunk,
) -> Iterator[tuple[Chunk, Done]]:
    """Yields every chunk with what came out of it. Chunks are asked for as workers get free: stop asking to stop.

    work: what a worker does with a chunk; for dask it must be a function of a module, or a partial of one.
    Ctrl-C ends the weeks under way and is raised; chunks yielded before are whole.
    """
    count = workers or os.cpu_count() or 1
    if where == "inline":
        for chunk in chunks:
            yield chunk, work(chunk, limit_seconds, lambda: False, _nothing)
    elif where == "threads":
        yield from _on_threads(chunks, count, limit_seconds, work)
    else:
        yield from _on_dask(chunks, count, scheduler, limit_seconds, work)


def _on_threads(
    chunks: Iterator[Chunk], workers: int, limit: float, work: Work
) -> Iterator[tuple[Chunk, Done]]:
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        waiting: dict[Future[Done], Chunk] = {}
        try:
            more = True
            while more or waiting:
                while more and len(waiting) < workers + 1:
                    chunk = next(chunks, None)
                    more = chunk is not None
                    if chunk is not None:
                        waiting[pool.submit(work, chunk, limit, stop.is_set, _nothing)] = chunk
                # A short wait, so that Ctrl-C is heard while the workers compute.
                finished, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield waiting.pop(future), future.result()
        except BaseException:
            stop.set()
            for future in waiting:
                future.cancel()
            raise


def _on_dask(
    chunks: Iterator[Chunk], workers: int, scheduler: str | None, limit: float, work: Work
) -> Iterator[tuple[Chunk, Done]]:
    from distributed import wait as dask_wait
    from distributed.scheduler import KilledWorker

    with _client(workers, scheduler) as client:
        client.run(
            _load_code, on_error="ignore"
        )  # part of starting up; a worker that cannot will say so in a chunk
        width = max(workers, len(client.scheduler_info(n_workers=-1)["workers"]))
        waiting: dict[Any, Chunk] = {}
        pieces: list[Chunk] = []  # of chunks that killed their worker
        more = True
        while more or waiting or pieces:
            while pieces or (more and len(waiting) < 2 * width):
                chunk = pieces.pop() if pieces else next(chunks, None)
                if chunk is None:
                    more = False
                    break
                # Two tries: a worker may be killed for a reason that is not the chunk's.
                waiting[client.submit(in_own_process, work, chunk, limit, pure=False, retries=0)] = chunk
            if not waiting:
                continue
            dask_wait(list(waiting), return_when="FIRST_COMPLETED")
            for future in [future for future in waiting if future.done()]:
                chunk = waiting.pop(future)
                try:
                    yield chunk, future.result()
                except KilledWorker as error:
                    parts = split(chunk)
                    if parts:
                        pieces += parts
                    else:
                        yield chunk, _killed(chunk, error)


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    """A client of the scheduler named, or of workers of our own, one thread each so that one death is one worker's."""
    import dask
    from distributed import Client, LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 1,  # a chunk may lose one worker; the second time it is split
        "distributed.logging.distributed": "error",
        "distributed.comm.timeouts.connect": "30s",
    }
    with dask.config.set(settings):
        if scheduler is not None:
            try:
                client = Client(scheduler)
            except (ValueError, OSError) as wrong:
                raise UserError(
                    f"--scheduler {scheduler}: no dask scheduler answers there ({wrong}); write it as tcp://10.0.0.1:8786"
                ) from None
            with client:
                yield client
            return
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=50,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


def split(chunk: Chunk) -> list[Chunk]:
    """Two halves of a chunk, by jobs and then by runs; nothing when it is a single run."""
    if len(chunk) > 1:
        half = len(chunk) // 2
        return [chunk[:half], chunk[half:]]
    job = chunk[0]
    if len(job.missing) > 1:
        half = len(job.missing) // 2
        return [
            (replace(job, missing=job.missing[:half], keys=job.keys[:half]),),
            (replace(job, missing=job.missing[half:], keys=job.keys[half:]),),
        ]
    return []


def _nothing() -> None:
    """Threads and this process are not ended from outside: a run is asked every week (experiments/chunk.py)."""


def _killed(chunk: Chunk, error: BaseException) -> Done:
    job = chunk[0]
    text = f"the worker died while it ran, or was ended because it hung ({type(error).__name__})"
    return Done(failed=[Failed(job.keys[0], job.number, job.missing[0], text, str(error))])


def chunks_of(
    jobs: Iterator[Job],
    seconds_per_run: float,
    wanted_seconds: float,
    left: float = math.inf,
    workers: int = 1,
) -> Iterator[Chunk]:
    """Jobs in chunks of about `wanted_seconds`, so that little is lost and little is spent on passing them around.

    left: runs expected in all. Towards the end chunks are half of a worker's share of what is left, so that no worker
    waits long for the last of the others.
    """
    chunk: list[Job] = []
    runs = 0
    for job in jobs:
        chunk.append(job)
        runs += len(job.missing)
        if runs * seconds_per_run >= min(wanted_seconds, left * seconds_per_run / (2 * workers)):
            yield tuple(chunk)
            left -= runs
            chunk, runs = [], 0
    if chunk:
        yield tuple(chunk)


def compile_once(scenarios: Sequence[Any]) -> None:
    """Lives one week of a small town here, so that workers find the compiled code instead of each compiling it."""
    from experiments.run import run_one

    scenario = scenarios[0]
    small = replace(
        scenario, world=scenario.world.model_copy(update={"share": min(scenario.world.share, 0.01)})
    )
    run_one(small.for_weeks(1), None, 1)


def _load_code() -> None:
    """In a worker: libraries and compiled code are loaded before its first chunk."""
    from sim.scenario import load

    compile_once([load("baseline")])


__all__ = ["LIMIT_SECONDS", "Stopped", "chunks_of", "compile_once", "execute", "place_for", "split"]
