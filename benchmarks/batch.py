"""How long a whole batch takes, cold and warm, and what of it is not computing.

    python -m benchmarks.batch [--pairs 100] [--workers 2]

`three_strategies` (all of Slagelse, 260 weeks) into a new store, in a process of its own each: cold (a new cache
folder: compiled code, starts and anchors are made) and warm (the same folder again, a new store). Then one run of a
million adults.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def batch(pairs: int, workers: int, store: Path, cache: Path) -> tuple[float, float]:
    """Seconds by the clock of one batch, and seconds its runs computed (summed over workers)."""
    command = [sys.executable, "-m", "jobcenter", "batch", "three_strategies", "--seeds", str(pairs)]
    begin = time.perf_counter()
    done = subprocess.run(
        [*command, "--workers", str(workers), "--out", str(store), "--json"],
        env={**os.environ, "JOBCENTER_CACHE": str(cache)},
        check=True,
        capture_output=True,
    )
    told = json.loads(done.stdout)["summary"]
    return time.perf_counter() - begin, float(told["seconds_of_runs"])


def main() -> None:
    """Prints two lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        for name in ("cold", "warm"):
            clock, computing = batch(options.pairs, options.workers, here / name, here / "cache")
            print(
                f"{name}: {options.pairs * 4} runs in {clock:.0f} s on {options.workers} workers; the runs computed"
                f" {computing:.0f} s, {clock * options.workers - computing:.0f} s went to the rest (start-up, starts,"
                " anchors, writing)",
                flush=True,
            )


if __name__ == "__main__":
    main()
