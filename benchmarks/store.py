"""Speed of the result store: writing a million runs, a grouped quantile over them, and a batch's small parts.

    python -m benchmarks.store [--runs 1000000] [--outcomes 30] [--folder DIR]

Runs are made up and handed to `Store.add` as a batch hands them; making them up is not counted, and neither are
imports. Everything the store does is counted: laying runs out as columns, flushing to the disk, and for a query opening
the store, checking the digest of every part and that no run is there twice. Processor seconds are shown beside the
seconds of the clock: where they are much fewer, the machine was busy with something else or waited for its disk.
"""

import argparse
import contextlib
import shutil
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas
import pyarrow.parquet

from experiments.store import RunRow, Store

A_PART = 100_000
TIMES = 4
LOADED = (duckdb, pandas, pyarrow.parquet)  # imported before the clock starts


def made_up(first: int, count: int, outcomes: int) -> list[RunRow]:
    """Runs with kroner of two decimals: 10 scenarios, a draw and a seed for each hundred."""
    rng = np.random.default_rng(first)
    names = [f"outcome_{k % 50}/group_{k // 50 % 4}/{2027 + k // 200}" for k in range(outcomes)]
    grid = rng.normal(1e8, 1e6, (count, outcomes)).round(2).tolist()
    keys = rng.bytes(32 * count).hex()
    return [
        RunRow(
            key=keys[64 * k : 64 * k + 64],
            scenario=f"scenario_{(first + k) % 10}",
            scenario_hash=f"{(first + k) % 10:064x}",
            variant="",
            draw=(first + k) // 1000,
            draw_hash=f"{(first + k) // 1000:064x}",
            seed=(first + k) // 10,
            weeks=260,
            recording="outcomes",
            seconds=0.15,
            values=dict(zip(names, grid[k], strict=True)),
        )
        for k in range(count)
    ]


class Clock:
    """Adds up seconds of the clock and of the processor."""

    def __init__(self) -> None:
        self.wall = self.processor = 0.0

    def __enter__(self) -> "Clock":
        self._begin = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._begin[0]
        self.processor += time.process_time() - self._begin[1]

    def __str__(self) -> str:
        return f"{self.wall:7.2f} s ({self.processor:.2f} processor)"


def write(folder: Path, runs: int, outcomes: int, part: int) -> tuple[Clock, Clock]:
    """Time in `add`, and around it (lock, merging small parts)."""
    store = Store.create_or_open(folder)
    adding, around = Clock(), Clock()
    with contextlib.ExitStack() as stack:
        with around:
            stack.enter_context(store.writing())
        for first in range(0, runs, part):
            rows = made_up(first, min(part, runs - first), outcomes)
            with adding:
                store.add(rows)
        with around:
            stack.close()
    return adding, around


def asked(folder: Path, sql: str) -> Clock:
    """Time from opening the store to the answer."""
    clock = Clock()
    with clock:
        answer = Store.open(folder).query(sql)
    assert len(answer) == 10
    return clock


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--outcomes", type=int, default=30)
    parser.add_argument(
        "--folder", type=Path, help="where to write; default: the system's place for such files"
    )
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        adding, around = write(folder / "large", options.runs, options.outcomes, A_PART)
        size = sum(path.stat().st_size for path in (folder / "large").rglob("*") if path.is_file())
        print(f"{options.runs:,} runs x {options.outcomes} outcomes, {size / 1e6:,.0f} MB")
        print(f"  add                   {adding}; wanted 5 with begin and end")
        print(f"  begin and end         {around}")
        quantiles = "quantile_cont({}, [0.025, 0.5, 0.975])"
        name = '"outcome_3/group_0/2027"'
        wide = f"SELECT scenario, {quantiles.format(name)} FROM runs GROUP BY 1"
        tidy = f"SELECT scenario, {quantiles.format('value')} FROM outcomes WHERE outcome = 'outcome_3' GROUP BY 1"
        for what, sql in {"runs": wide, "outcomes": tidy}.items():
            clocks = sorted(
                (asked(folder / "large", sql) for _ in range(TIMES)), key=lambda clock: clock.wall
            )
            print(f"  quantiles by scenario {clocks[0]}, most {clocks[-1].wall:.2f}; from {what}; wanted 1")
        adding, around = write(folder / "batch", 400, 700, 20)
        print("400 runs x 700 outcomes in 20 parts, as a batch stores them")
        print(f"  add                   {adding}")
        print(f"  begin and end         {around}; 20 parts merged into one")
        with Clock() as reading:
            Store.open(folder / "batch").frame()
        print(f"  read as a frame       {reading}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
