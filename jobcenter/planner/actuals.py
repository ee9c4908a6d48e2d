"""Monthly actuals from a CSV file, as a municipality's systems export them: comma or semicolon, point or comma.

month,full_time_persons,new_spells,staff_fte,meetings_held,spending_kr
2027-01,1204.5,310,61.2,2150,3400000
"""

import csv
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from jobcenter.planner.follow_up_series import FLOWS, SERIES, weeks_in
from jobcenter.planner.plan import Plan
from sim.errors import Problem, UserError
from sim.scenario.yaml_tree import nearest

NEEDED: Final = ("full_time_persons",)
CONTROL: Final = ("treated_persons", "treated_on_support", "control_persons", "control_on_support")
# A cell further from both worlds than this, in s.d. and as a factor, is a mistake of size and no luck.
FAR_SD: Final = 10.0
FAR_FACTOR: Final = 3.0
# A point in a file with decimal commas parts thousands: three digits follow it, or it is no number of that kind.
WITH_COMMA: Final = re.compile(r"^-?(\d+|\d{1,3}(\.\d{3})+)(,\d*)?$")
MONTH: Final = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
HEADER: Final = ("month", *SERIES)


def read_actuals(path: Path, plan: Plan) -> dict[str, np.ndarray]:
    """Column -> float64 (months so far,), from the plan's first month on without a gap. What is counted over a month is
    divided by its days and told a week, as the plan is: February is not behind January for being short.

    Raises UserError with every wrong row and cell: unknown columns, text where a number belongs, months missing, twice,
    or outside the plan.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; its columns are {', '.join(HEADER)}") from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise UserError(f"{path}: cannot be read as UTF-8 text ({wrong})") from None
    first = text.partition("\n")[0]
    apart = ";" if first.count(";") > first.count(",") else ","
    rows = list(csv.reader(text.splitlines(), delimiter=apart))
    if len(rows) < 2:
        raise UserError(
            f"{path}: holds no month; write a header ({', '.join(HEADER)}) and a row for each month"
        )
    head = [name.strip() for name in rows[0]]
    problems = _head_problems(path, head)
    if problems:
        raise UserError(problems)
    found: dict[str, tuple[int, list[float]]] = {}
    for line, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            _read_row(path, line, head, row, apart == ";", plan, found, problems)
    for at, month in enumerate(sorted(found)):
        if at >= len(plan.months) or month != plan.months[at]:
            missing = next(m for m in plan.months if m not in found)
            problems.append(_problem(path, found[month][0], 1, f"{missing} is missing before {month}; every month from"
                                     f" {plan.months[0]} on has a row"))  # fmt: skip
            break
    if problems:
        raise UserError(problems)
    table = np.array([found[month][1] for month in sorted(found)])
    weeks = np.array([weeks_in(month) for month in sorted(found)])
    return {
        name: table[:, k] / (weeks if name in FLOWS else 1.0)
        for k, name in enumerate(name for name in head if name != "month")
    }


def _problem(path: Path, line: int, column: int, text: str) -> Problem:
    return Problem(str(path), line, column, text)


def _head_problems(path: Path, head: Sequence[str]) -> list[Problem]:
    known = (*HEADER, *CONTROL)
    out = [
        _problem(path, 1, k + 1, f"unknown column '{name}'{nearest(name, known)}")
        for k, name in enumerate(head)
        if name not in known
    ]
    out += [
        _problem(path, 1, k + 1, f"column '{n}' is there twice") for k, n in enumerate(head) if n in head[:k]
    ]
    out += [_problem(path, 1, 1, f"column '{n}' is missing") for n in ("month", *NEEDED) if n not in head]
    given = [name for name in CONTROL if name in head]
    if given and len(given) < len(CONTROL):
        lacking = ", ".join(name for name in CONTROL if name not in head)
        out.append(
            _problem(path, 1, 1, f"a control group needs all of {', '.join(CONTROL)}; missing: {lacking}")
        )
    return out


def _read_row(
    path: Path, line: int, head: Sequence[str], row: Sequence[str], danish: bool, plan: Plan,
    found: dict[str, tuple[int, list[float]]], problems: list[Problem],
) -> None:  # fmt: skip
    if len(row) != len(head):
        problems.append(_problem(path, line, 1, f"{len(row)} cells under {len(head)} columns"))
        return
    at = head.index("month")
    month = row[at].strip()
    if not MONTH.match(month):
        problems.append(_problem(path, line, at + 1, f"'{month}' is no month; write it as 2027-01"))
        return
    if month in found:
        problems.append(
            _problem(path, line, at + 1, f"{month} is there twice, first in line {found[month][0]}")
        )
        return
    if month not in plan.months:
        problems.append(_problem(path, line, at + 1, f"{month} is not followed by the plan ({plan.months[0]} to"
                                 f" {plan.months[-1]})"))  # fmt: skip
        return
    numbers = []
    for k, (name, cell) in enumerate(zip(head, row, strict=True)):
        if name == "month":
            continue
        text = cell.strip().replace("\u00a0", "")
        if danish and "." in text and not WITH_COMMA.match(text):
            problems.append(_problem(path, line, k + 1, f"{month}, {name}: found '{text}'; between semicolons a point"
                                     " parts thousands and a comma begins the decimals: 1.234,5"))  # fmt: skip
            continue
        plain = text.replace(".", "").replace(",", ".") if danish else text
        try:
            value = float(plain)
            if not np.isfinite(value) or value < 0:
                raise ValueError
        except ValueError:
            problems.append(
                _problem(
                    path,
                    line,
                    k + 1,
                    f"{month}, {name}: found '{text}', a number of 0 or more belongs here"
                    + ("" if text else "; a column is given for every month or left out"),
                )
            )
            continue
        if (wrong := _wrong_size(name, value, plan, month)) is not None:
            problems.append(_problem(path, line, k + 1, f"{month}, {name}: found '{text}'; {wrong}"))
        numbers.append(value)
    found[month] = (line, numbers)
    if CONTROL[0] not in head or len(numbers) < len(head) - 1:
        return
    given = dict(zip((name for name in head if name != "month"), numbers, strict=True))
    for everybody, on in (CONTROL[:2], CONTROL[2:]):
        if given[on] > given[everybody]:
            said = f"{month}, {on}: found {given[on]:g}, more than the {given[everybody]:g} of {everybody}"
            problems.append(_problem(path, line, head.index(on) + 1, said))


def _wrong_size(name: str, value: float, plan: Plan, month: str) -> str | None:
    """What is expected instead of a value that neither the plan nor nothing done comes near."""
    if name not in plan.planned:
        return None  # arms of a control group: their size is the trial's
    at, times = plan.months.index(month), weeks_in(month) if name in FLOWS else 1.0
    planned, nothing = (world[name][:, at] * times for world in (plan.planned, plan.nothing))
    low, high, none = np.inf, 0.0, False
    for runs in (planned, nothing):
        mean, wide = float(runs.mean()), FAR_SD * float(runs.std(ddof=1))
        # Downwards s.d. of the logarithm: where luck is wide, 10 s.d. down would be below nothing and hold thousands.
        least = mean * math.exp(-wide / mean) if mean > 0 else 0.0
        low = min(low, least, mean / FAR_FACTOR, float(runs.min()))
        high = max(high, mean + wide, mean * FAR_FACTOR)
        none = none or wide >= mean  # nothing at all is no mistake of the unit there
    if name == "posts_filled":  # a town may hire faster than the model does, or not at all
        low, high = 0.0, max(high, float(plan.planned[name].max()))
    if low <= value <= high or (none and value == 0):
        return None
    part = (
        f" of the {plan.world_share:.0%} of the municipality it simulates" if plan.world_share < 1.0 else ""
    )
    return (
        f"the plan expects about {planned.mean():z,.1f}, and {nothing.mean():z,.1f} if nothing is done, for"
        f" {', '.join(plan.groups)}{part}; a value from {max(low, 0.0):,.1f} to {high:,.1f} belongs here. Check the"
        " unit, the target groups and the part of the municipality"
    )
