"""Reading scenario files and packaged facts without the program, for the tests of the data."""

import csv
from pathlib import Path
from typing import Any

import yaml

from jobcenter.data import facts

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
CASH = ("kontanthjaelp_jobready", "kontanthjaelp_activityready", "uddannelseshjaelp", "sho")


def tree(name: str) -> Any:
    """A file as plain text values, read without the program."""
    return yaml.load((SCENARIOS / name).read_text(encoding="utf-8"), yaml.BaseLoader)


def rows_of(name: str, **wanted: str) -> list[dict[str, str]]:
    with facts(name).open(encoding="utf-8", newline="") as file:
        return [
            row for row in csv.DictReader(file) if all(row[key] == value for key, value in wanted.items())
        ]


def number_of(name: str, column: str = "value", **wanted: str) -> float:
    found = rows_of(name, **wanted)
    assert len(found) == 1, f"{name}: {len(found)} rows match {wanted}"
    return float(found[0][column])
