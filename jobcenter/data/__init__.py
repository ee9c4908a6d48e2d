"""Data that travels with the program: the facts behind the scenario files and, in an installed copy, the scenarios.

`facts` finds a file: `facts("benefit_rates.csv")`. Sources and licences are in `facts/README.md`.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def facts(name: str) -> Path:
    """Path of a packaged facts file. Raises FileNotFoundError naming what there is."""
    path = FOLDER / "facts" / name
    if not path.is_file():
        known = sorted(
            file.relative_to(FOLDER / "facts").as_posix() for file in (FOLDER / "facts").rglob("*.csv")
        )
        raise FileNotFoundError(f"no facts file is called '{name}'; there are: {', '.join(known)}")
    return path
