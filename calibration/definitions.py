"""What each statistic counts, in code: one function per definition, measured on the register of a run.

A target names a definition and its arguments. A new definition is a function here with the decorator; its arguments
are checked when a target file is read. `window` is a slice of weeks from the start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final, NamedTuple

import numpy as np

from calibration.register import MENTOR, Lived
from sim.codes import (
    ABSENT,
    BENEFITS,
    CASH_BENEFITS,
    DAGPENGE,
    FIRST_BENEFIT,
    GONE,
    JOB,
    JOBREADY,
    MEASURES,
    STATUSES,
)

FULL_TIME_HOURS: Final = 37.0
YEAR: Final = 52
LONG_TERM_WEEKS: Final = 42  # of 52: four fifths of a year
# Groups of statistics: benefits by name, and the two that the statistics add up.
GROUPS: Final[dict[str, tuple[int, ...]]] = {
    **{name: (code,) for code, name in enumerate(BENEFITS)},
    "cash_benefit_system": CASH_BENEFITS,
    "gross_unemployed": (DAGPENGE, JOBREADY),
}


@dataclass(frozen=True)
class Definition:
    """A way of counting: its function, the unit of what it returns, and what it says in one sentence."""

    count: Callable[..., float]
    unit: str

    @property
    def meaning(self) -> str:
        """First sentence of the function's docstring."""
        return " ".join((self.count.__doc__ or "").split("\n\n")[0].split())

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Names and types of what a target may give beside the run and the window."""
        return {
            name: item
            for name, item in signature(self.count).parameters.items()
            if name not in ("run", "window")
        }


DEFINITIONS: dict[str, Definition] = {}


def definition(unit: str) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """Adds a function to the definitions, under its own name."""

    def add(count: Callable[..., float]) -> Callable[..., float]:
        DEFINITIONS[count.__name__] = Definition(count, unit)
        return count

    return add


# ---- stocks


@definition("full-time persons")
def full_time_persons(run: Lived, window: slice, group: str) -> float:
    """Mean number of people paid a benefit in a week; somebody paid for half the year is half a full-time person."""
    return float(weekly_persons(run, group)[window].mean()) / run.share


@definition("full-time persons")
def full_time_unemployed(run: Lived, window: slice, group: str) -> float:
    """Mean number of unemployed in a week, with those in a wage subsidy, who are activated and count as unemployed."""
    return float(weekly_unemployed(run, group)[window].mean()) / run.share


@definition("share")
def share_of_stock(run: Lived, window: slice, parts: Mapping[str, float], whole: str) -> float:
    """Part of a stock, each group counted with the share of it that belongs to the part."""
    part = sum(weight * weekly_persons(run, name)[window].sum() for name, weight in parts.items())
    return _ratio(float(part), float(weekly_persons(run, whole)[window].sum()))


@definition("persons")
def long_term_unemployed(run: Lived, window: slice, group: str) -> float:
    """Mean number of unemployed who were unemployed or activated in at least 42 of the last 52 weeks."""
    on = _member(run.belongs, group)
    before = np.vstack([np.zeros((1, on.shape[1]), np.int16), np.cumsum(on, axis=0, dtype=np.int16)])
    first = max(window.start, YEAR - 1)
    if first >= window.stop:
        return float("nan")
    weeks = np.arange(first, window.stop)
    last_year = before[weeks + 1] - before[weeks + 1 - YEAR]
    return float(((last_year >= LONG_TERM_WEEKS) & on[weeks]).sum() / weeks.size) / run.share


@definition("ratio")
def tightness(run: Lived, window: slice, group: str) -> float:
    """Open vacancies per unemployed."""
    vacancies = run.result.column("market.vacancies")[window].mean()
    return _ratio(float(vacancies), float(weekly_unemployed(run, group)[window].mean()))


@definition("ratio")
def stock_by_duration(
    run: Lived, window: slice, group: str, first: int, last: int, against_first: int, against_last: int
) -> float:
    """People in given weeks of a spell, per week of duration, against those in other weeks of it (elapsed)."""

    def per_week(low: int, high: int) -> float:
        spells = runs_of(run, group)
        begin = np.maximum(spells.begin + low - 1, np.maximum(spells.seen, window.start))
        end = np.minimum(spells.begin + high - 1, np.minimum(spells.end, window.stop - 1))
        return float(np.maximum(end - begin + 1, 0).sum()) / (high - low + 1)

    return _ratio(per_week(first, last), per_week(against_first, against_last))


# ---- spells and what came after


@definition("share")
def completed_spells_longer_than(run: Lived, window: slice, group: str, weeks: int) -> float:
    """Of spells that ended, those longer than so many weeks; a spell ends only with a whole calendar month off."""
    lengths = _completed_lengths(run, window, group)
    return _ratio(float((lengths > weeks).sum()), float(lengths.size))


@definition("weeks")
def mean_completed_spell(run: Lived, window: slice, group: str) -> float:
    """Mean length of spells that ended, first to last week; a spell ends only with a whole calendar month off."""
    lengths = _completed_lengths(run, window, group)
    return _ratio(float(lengths.sum()), float(lengths.size))


@definition("share")
def status_after(run: Lived, window: slice, group: str, weeks: int, into: tuple[str, ...]) -> float:
    """Of spells that ended (a whole calendar month off), those who are in given statuses so many weeks later."""
    spells = ended_spells(run, window, group)
    at = spells.end + weeks
    return _share_in(run, spells.person[at < run.weeks], at[at < run.weeks], into)


@definition("share")
def status_in_week(run: Lived, window: slice, group: str, past: int, at: int, into: tuple[str, ...]) -> float:
    """Of uninterrupted spells longer than `past` weeks, those in given statuses in week `at` after the beginning."""
    spells = runs_of(run, group)
    reached = spells.begin + past  # the week after the last of `past`
    asked = spells.begin + at - 1
    chosen = (
        (spells.end >= reached)
        & (reached >= max(window.start, 0))
        & (reached < window.stop)
        & (asked < run.weeks)
    )
    return _share_in(run, spells.person[chosen], asked[chosen], into)


@definition("share")
def in_work_within(run: Lived, window: slice, group: str, weeks: int) -> float:
    """Of people on a benefit in a week, those in ordinary work in any of so many following weeks."""
    found = asked = 0
    for week in range(window.start, min(window.stop, run.weeks - weeks), 13):
        on = np.flatnonzero(_member(run.status[week] - np.uint8(FIRST_BENEFIT), group))
        follow = run.status[week + 1 : week + 1 + weeks, on]
        known = (follow[-1] != GONE) | (follow == JOB).any(axis=0)
        found += int((follow == JOB).any(axis=0).sum())
        asked += int(known.sum())
    return _ratio(float(found), float(asked))


# ---- measures


@definition("share")
def activation_degree(run: Lived, window: slice, group: str, hours: Mapping[str, float]) -> float:
    """Hours in measures over hours on the benefit, 37 a week; hours a week by kind of measure are given."""
    on = _member(run.belongs[window], group)
    measure = run.measure[window][on]
    main = np.bincount(measure & (MENTOR - 1), minlength=len(MEASURES)).astype(float)
    main[MEASURES.index("mentor")] = float((measure >= MENTOR).sum())
    active = sum(main[MEASURES.index(kind)] * each for kind, each in hours.items())
    return _ratio(float(active), FULL_TIME_HOURS * float(on.sum()))


@definition("share")
def touched_by_measure(run: Lived, window: slice, group: str) -> float:
    """Of people on a benefit at some time in a calendar month, those in any measure in that month; mean of months."""
    months = run.months()[window]
    first = np.flatnonzero(np.diff(months, prepend=months[:1] - 1))
    on = _member(run.belongs[window], group)
    active = on & (run.measure[window] > 0)
    shares = [
        _ratio(float(active[a:b].any(axis=0).sum()), float(on[a:b].any(axis=0).sum()))
        for a, b in zip(first[1:-1], first[2:], strict=True)  # the first and last month may be cut
    ]
    return float(np.mean(shares)) if shares else float("nan")


# ---- parts that definitions share


class Spells(NamedTuple):
    """Spells as arrays of equal length. Weeks from the start; `end` is the last week on."""

    person: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    seen: np.ndarray  # first week of it the register holds


def weekly_persons(run: Lived, group: str) -> np.ndarray:
    """People paid a benefit of the group in each week, int64 (weeks,)."""
    return np.asarray(sum(run.result.column(f"stock.{BENEFITS[code]}") for code in GROUPS[group]))


def weekly_unemployed(run: Lived, group: str) -> np.ndarray:
    """The same with those in a wage subsidy who came from it."""
    return np.asarray(_member(run.belongs, group).sum(axis=1))


def runs_of(run: Lived, group: str) -> Spells:
    """Uninterrupted weeks on a group's benefits. What began before the register is dated by the model's own record."""
    if group not in run.kept:
        run.kept[group] = _runs(run, group)
    return run.kept[group]  # type: ignore[no-any-return]


def _runs(run: Lived, group: str) -> Spells:
    on = _member(run.status - np.uint8(FIRST_BENEFIT), group)
    persons = np.flatnonzero(on.any(axis=0))
    edge = np.diff(np.pad(on[:, persons].T, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    who, seen = np.nonzero(edge == 1)
    end = np.nonzero(edge == -1)[1] - 1
    person = persons[who]
    unseen = (seen == 0) | (run.status[np.maximum(seen - 1, 0), person] == ABSENT)
    begin = np.where(unseen, np.minimum(run.since[person], seen), seen)
    return Spells(person, begin, end, seen)


def spells_of(run: Lived, group: str) -> Spells:
    """Spells as benefit statistics see them: weeks on are one spell unless a whole calendar month off lies between."""
    runs, months = runs_of(run, group), run.months()
    begin, end = months[runs.seen], months[runs.end]
    new = np.ones(runs.person.size, bool)
    new[1:] = (runs.person[1:] != runs.person[:-1]) | (begin[1:] - end[:-1] >= 2)
    last = np.append(new[1:], True) if new.size else new
    return Spells(runs.person[new], runs.begin[new], runs.end[last], runs.seen[new])


def ended_spells(run: Lived, window: slice, group: str) -> Spells:
    """Spells whose last week lies in the window and is known to be the last; those who died or moved are left out."""
    spells, months = spells_of(run, group), run.months()
    off = months[spells.end] + 1  # the month that must be off as a whole; it must have been lived to its end
    known = off < months[-1]
    inside = (spells.end >= window.start) & (spells.end < window.stop) & known
    next_week = np.minimum(spells.end + 1, run.weeks - 1)
    inside &= run.status[next_week, spells.person] != GONE
    return Spells(*(values[inside] for values in spells))


def _completed_lengths(run: Lived, window: slice, group: str) -> np.ndarray:
    spells = ended_spells(run, window, group)
    return np.asarray(spells.end - spells.begin + 1)


def _share_in(run: Lived, person: np.ndarray, week: np.ndarray, into: tuple[str, ...]) -> float:
    status = run.status[week, person]
    status = status[status != GONE]  # nobody knows what became of those who moved away
    wanted = np.isin(status, [STATUSES.index(name) for name in into])
    return _ratio(float(wanted.sum()), float(status.size))


def _member(benefit: np.ndarray, group: str) -> np.ndarray:
    """Who belongs to a group, bool; `benefit` holds benefit codes, anything else wraps around to above them."""
    codes = GROUPS[group]
    found = benefit == codes[0]
    for code in codes[1:]:
        found |= benefit == code
    return np.asarray(found)


def _ratio(a: float, b: float) -> float:
    return a / b if b else float("nan")
