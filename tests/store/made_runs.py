"""Runs made up for tests of the store: quick, with fixed values."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from experiments.store import Failure, RunRow, Store

NAN = float("nan")


def run(number: int, values: Mapping[str, float] | None = None, **changed: object) -> RunRow:
    """Run `number`: its key and values depend on the number alone."""
    fields = {
        "key": hashlib.sha256(str(number).encode()).hexdigest(),
        "scenario": f"scenario_{number % 3}",
        "scenario_hash": f"hash{number % 3}",
        "variant": "",
        "draw": number % 4 - 1,
        "draw_hash": f"draw{number % 4 - 1}" if number % 4 else "",
        "seed": number,
        "weeks": 260,
        "recording": "outcomes",
        "seconds": 0.25 + number / 7,
        "values": {
            "net_municipal_cost/all/all": number * 1.1 + 0.7,
            "money/municipality/service/2027": number / 3 if number % 5 else NAN,
        }
        if values is None
        else values,
    }
    return RunRow(**{**fields, **changed})  # type: ignore[arg-type]


def runs(count: int, start: int = 0) -> list[RunRow]:
    return [run(number) for number in range(start, start + count)]


def filled(folder: Path, *parts: list[RunRow]) -> Store:
    """A store with one call of `add` for each list."""
    store = Store.create_or_open(folder)
    with store.writing():
        for rows in parts:
            store.add(rows)
    return store


def failure(number: int, when: str = "2026-01-01T00:00:00Z", error: str = "ValueError: books") -> Failure:
    row = run(number)
    return Failure(row.key, row.scenario, "", row.draw, row.seed, error, "Traceback ...", when)


def part_files(folder: Path) -> list[Path]:
    return sorted((folder / "runs").glob("part-*.parquet"))
