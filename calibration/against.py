"""Anybody's own figures against the model: a CSV of what was counted where, read whole or refused whole.

Each row names a municipality file, a year, a group and a measure. The model is run as for the checks that come along:
the law of mid-year held still, demand of that year, measured over weeks 53 to 208. What cannot be read is told with its
line and the nearest known name; nothing is left out.
"""

import csv
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from calibration.definitions import DEFINITIONS, GROUPS
from calibration.target_file import Target, TargetRow, Targets, load_targets
from sim.codes import STATUSES
from sim.errors import Problem, UserError
from sim.scenario import Scenario, load
from sim.scenario.locate import find, known
from sim.scenario.yaml_tree import nearest

COLUMNS: Final = ("geography", "period", "group", "measure", "value", "tolerance")
OPTIONAL: Final = ("unit", "naive", "source", "note")
FIRST_YEAR, LAST_YEAR = 2015, 2026  # years whose law has been read
WINDOW: Final = slice(52, 208)
_HOURS: Final = {"placement_private": 25, "placement_public": 25, "course": 25, "external": 25, "wage_subsidy": 37,
                 "mentor": 2}  # fmt: skip
# As it is written -> definition and arguments. N stands for a number of weeks, STATUS for a status of the model.
MEASURES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "full-time persons": ("full_time_persons", {}),
    "full-time unemployed": ("full_time_unemployed", {}),
    "long-term unemployed": ("long_term_unemployed", {}),
    "long-term share": ("long_term_share", {}),
    "activation degree": ("activation_degree", {"hours": _HOURS}),
    "touched by a measure": ("touched_by_measure", {}),
    "mean completed spell": ("mean_completed_spell", {}),
    "completed spells longer than N weeks": ("completed_spells_longer_than", {"weeks": "N"}),
    "still on benefit after N weeks": ("still_on_benefit_after", {"weeks": "N"}),
    "in STATUS N weeks after": ("status_after", {"weeks": "N", "into": "STATUS"}),
    "in work within N weeks": ("in_work_within", {"weeks": "N"}),
}
PLACES: Final = tuple(name for name in STATUSES if name not in ("absent", "gone", "reserved"))


@dataclass(frozen=True)
class _Row:
    line: int
    cells: Mapping[str, str]


def measure_of(text: str) -> tuple[str, dict[str, Any]]:
    """Definition and arguments of a measure. Raises UserError with the nearest known one."""
    wanted = " ".join(text.split())
    for pattern, (name, arguments) in MEASURES.items():
        expression = (
            re.escape(pattern).replace("N", r"(?P<N>[1-9]\d{0,2})").replace("STATUS", r"(?P<STATUS>\w+)")
        )
        match = re.fullmatch(expression.replace("(?P<STATUS>", "(?P<S>").replace("\\ ", " "), wanted, re.I)
        if not match:
            continue
        found = match.groupdict()
        if "S" in found and found["S"] not in PLACES:
            raise UserError(f"unknown status '{found['S']}' in measure '{text}'{nearest(found['S'], PLACES)}")
        fill: dict[Any, Any] = {"N": int(found.get("N", 0)), "STATUS": (found.get("S", ""),)}
        return name, {key: fill.get(value, value) if isinstance(value, str) else value
                      for key, value in arguments.items()}  # fmt: skip
    close = nearest(re.sub(r"\d+", "N", wanted), MEASURES)
    raise UserError(f"unknown measure '{text}'{close} (N: a number of weeks, STATUS: a status)")


def read_figures(path: Path, overrides: tuple[str, ...] = ()) -> list[Targets]:
    """Reads a file of figures into one set of targets for each municipality and year.

    overrides: changes to the scenario, `key.path=value`. Raises UserError with every problem of the file.
    """
    rows = _rows(path)
    problems: list[Problem] = []
    sets: dict[tuple[str, int], list[Target]] = {}
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        try:
            same = tuple(row.cells[name].strip().lower() for name in COLUMNS[:4])
            if same in first:
                raise UserError(
                    f"says the same as line {first[same]}: geography, period, group and measure are equal"
                )
            first[same] = row.line
            where, year, target = _target(row)
            sets.setdefault((where, year), []).append(target)
        except UserError as wrong:
            problems += [Problem(str(path), row.line, None, one.message) for one in wrong.problems]
    if problems:
        raise UserError(problems)
    return [
        Targets(
            f"{Path(where).stem} {year}", path, scenario_of(where, year, overrides), WINDOW, tuple(targets)
        )
        for (where, year), targets in sets.items()
    ]


def scenario_of(municipality: str, year: int, overrides: tuple[str, ...] = ()) -> Scenario:
    """The municipality in a year: law of 1 July held still, demand of the year, long enough to be measured."""
    refusion = "ladder_2016" if year >= 2016 else "before_2016"
    own = (
        f"municipality={municipality}",
        f"start={year}-W01",
        f"law.as_of={year}-07-01",
        f"law.refusion={refusion}",
    )
    return load("slagelse_2024", overrides=[*own, *overrides]).for_weeks(WINDOW.stop)


def _rows(path: Path) -> list[_Row]:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sample = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=";" if sample.count(";") > sample.count(",") else ",")
            head = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = head
            found = [
                _Row(reader.line_num, row)
                for row in reader
                if any(str(cell or "").strip() for cell in row.values())
            ]
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise UserError(f"{path}: cannot be read as UTF-8 text with commas or semicolons ({wrong})") from None
    problems = [
        Problem(str(path), 1, None, f"the column '{name}' is missing; there are: {', '.join(head) or 'none'}")
        for name in COLUMNS
        if name not in head
    ]
    problems += [
        Problem(str(path), 1, None, f"unknown column '{name}'{nearest(name, (*COLUMNS, *OPTIONAL))}")
        for name in head
        if name not in (*COLUMNS, *OPTIONAL)
    ]
    problems += [
        Problem(str(path), row.line, None, f"the row has not as many cells as the first line ({len(head)})")
        for row in found
        if None in row.cells or None in row.cells.values()
    ]
    if problems:
        raise UserError(problems)
    if not found:
        raise UserError(f"{path}: holds no figures; the first line names the columns {', '.join(COLUMNS)}")
    return found


def _target(row: _Row) -> tuple[str, int, Target]:
    """Municipality, year and target of a row. Raises UserError with everything that is wrong with it."""
    wrong: list[Problem] = []

    def tried(what: Callable[[], Any]) -> Any:
        try:
            return what()
        except UserError as found:
            wrong.extend(found.problems)
            return None

    cells = {name: (cell or "").strip() for name, cell in row.cells.items()}
    where = tried(lambda: _place(cells["geography"]))
    year = tried(lambda: _year(cells["period"]))
    group = tried(lambda: _group(cells["group"]))
    chosen = tried(lambda: measure_of(cells["measure"]))
    scale = 1.0
    if chosen:
        unit = DEFINITIONS[chosen[0]].unit
        if cells.get("unit", "") in ("%", "percent") and unit == "share":
            scale = 0.01
        elif cells.get("unit") and cells["unit"] != unit:
            tried(lambda: _fail(f"'{cells['measure']}' counts in {unit}, found unit '{cells['unit']}'"))
    value = tried(lambda: _number(cells, "value"))
    tolerance = tried(lambda: _number(cells, "tolerance"))
    naive = tried(lambda: _number(cells, "naive")) if cells.get("naive") else None
    if (
        chosen
        and value is not None
        and DEFINITIONS[chosen[0]].unit == "share"
        and not 0 <= value * scale <= 1
    ):
        tried(
            lambda: _fail(
                f"a share lies between 0 and 1, found {value:g}; for percent give the column unit %"
            )
        )
    if tolerance is not None and tolerance <= 0:
        tried(lambda: _fail(f"'tolerance' must be above 0, found {tolerance:g}"))
    if wrong:
        raise UserError(wrong)
    name, arguments = chosen
    arguments = {"group": group, **arguments}
    given = None if naive is None else naive * scale
    guess, guess_is = (
        (given, "given in the file") if naive is not None else _slagelse(where, year, name, arguments)
    )
    written = TargetRow(
        definition=name,
        arguments={key: list(item) if isinstance(item, tuple) else item for key, item in arguments.items()},
        value=value * scale,
        tolerance=tolerance * scale,
        discrepancy=None,
        unit=DEFINITIONS[name].unit,
        date=str(year),
        law=f"{year}-07-01",
        geography=cells["geography"],
        source=cells.get("source") or "given",
        status="read",
        role="given",
        note=cells.get("note", ""),
        naive=guess,
        naive_is=guess_is,
    )
    label = f"{cells['group']}: {cells['measure']}"
    return where, year, Target(label, written, partial(DEFINITIONS[name].count, **arguments))


def _fail(text: str) -> None:
    raise UserError(text)


def _place(text: str) -> str:
    if text.lower() in known("municipalities"):
        return text.lower()
    try:
        return str(find(text, "municipalities"))
    except UserError:
        if Path(text).suffix:
            raise
        names = known("municipalities")
        raise UserError(
            f"no municipality file is called '{text}'{nearest(text.lower(), names)} (a path works too)"
        ) from None


def _year(text: str) -> int:
    if not re.fullmatch(r"\d{4}", text) or not FIRST_YEAR <= int(text) <= LAST_YEAR:
        raise UserError(
            f"period '{text}': a year from {FIRST_YEAR} to {LAST_YEAR} is allowed; of months and quarters give the mean"
        )
    return int(text)


def _group(text: str) -> str:
    if text not in GROUPS:
        raise UserError(f"unknown group '{text}'{nearest(text, GROUPS)}")
    return text


def _number(cells: Mapping[str, str], name: str) -> float:
    text = cells[name]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"'{name}' must be a number with a point, such as 956 or 0.385; found '{text}'")
    return value


@lru_cache(maxsize=1)
def _fit() -> Targets:
    return load_targets("slagelse_2024")


def _slagelse(where: str, year: int, name: str, arguments: Mapping[str, Any]) -> tuple[float | None, str]:
    """Slagelse's own figure as a guess: per resident for counts; none where it was not counted."""
    if year != 2024 or where == "slagelse":
        return None, ""
    for target in _fit().modelled:
        count = target.count
        if isinstance(count, partial) and target.row.definition == name and count.keywords == arguments:
            if DEFINITIONS[name].unit not in ("persons", "full-time persons"):
                return target.value, "Slagelse"
            here = scenario_of(where, year).municipality.population.residents_16_66
            there = _fit().scenario.municipality.population.residents_16_66
            return target.value * here / there, "Slagelse per resident 16-66"
    return None, ""
