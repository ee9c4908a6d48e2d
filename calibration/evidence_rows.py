"""The packaged facts that calibration reads: rows of evidence and of investment cases. Loads nothing heavy."""

import csv
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


def facts_file(name: str) -> Path:
    """Path of a packaged facts file."""
    # The layer above is only asked where it lies; importing it from here would turn the layers round.
    spec = find_spec("jobcenter")
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "data" / "facts" / name
        if path.is_file():
            return path
    raise FileNotFoundError(f"the facts file {name} did not come along with the program")


def _rows(name: str) -> list[dict[str, str]]:
    with facts_file(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=1)
def evidence_rows() -> dict[str, dict[str, str]]:
    """Rows of evidence.csv by id."""
    return {row["id"]: row for row in _rows("evidence.csv")}


@lru_cache(maxsize=1)
def investment_rows() -> list[dict[str, str]]:
    """Rows of investment_cases.csv in the order of the file."""
    return _rows("investment_cases.csv")
