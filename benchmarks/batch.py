"""How long a whole batch takes, cold and warm, and what of it is not computing.

    python -m benchmarks.batch [--pairs 100] [--workers 2] [--where threads]

`three_strategies` (all of Slagelse, 260 weeks) into a new store, in a process of its own each: cold (a new cache
folder: compiled code, starts and anchors are made) and warm (the same folder again, a new store), then warm in the
other places a batch may run. Overhead is what the workers' time from the first task to the last run in the store
exceeds the time of the runs themselves (a run's start is its own; its anchor, the store and waiting are not), as a
share of the latter; start-up (the interpreter, loading the code, starting workers) stands apart.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLACES = ("inline", "threads", "dask")


def batch(pairs: int, workers: int, where: str, store: Path, cache: Path) -> str:
    """A line about one batch."""
    command = [sys.executable, "-m", "jobcenter", "batch", "three_strategies", "--seeds", str(pairs)]
    begin = time.perf_counter()
    done = subprocess.run(
        [*command, "--workers", str(workers), "--where", where, "--out", str(store), "--json"],
        env={**os.environ, "JOBCENTER_CACHE": str(cache)},
        check=True,
        capture_output=True,
    )
    clock, told = time.perf_counter() - begin, json.loads(done.stdout)["summary"]
    used = 1 if where == "inline" else workers
    running, runs = told["seconds_from_first"], told["seconds_of_runs"]
    return (
        f"{told['finished']} runs in {clock:.1f} s on {used} workers ({where}): start-up and end"
        f" {clock - running:.1f} s; from the first task {running:.1f} s, runs {runs / used:.1f} s a worker, overhead"
        f" {running * used / runs - 1.0:.1%}"
    )


def main() -> None:
    """Prints a line for each batch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--where", choices=PLACES, default="threads", help="of the cold and the first warm batch"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        others = [place for place in PLACES if place != options.where]
        for name, where in (
            ("cold", options.where),
            *(("warm", place) for place in (options.where, *others)),
        ):
            store = here / f"{name}_{where}"
            print(
                f"{name}: {batch(options.pairs, options.workers, where, store, here / 'cache')}", flush=True
            )


if __name__ == "__main__":
    main()
