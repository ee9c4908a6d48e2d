"""What a study's own statistics make of the simulated lives: hazard ratios, shares, days, with the calculation error.

Each world and arm is kept as sums that add up over seeds (deaths and persons at risk by week; total and number).
An effect is a function of the summed sums; its calculation error comes from leaving one seed out at a time (jackknife),
which also holds for ratios. Hazard ratios are Mantel-Haenszel over weeks since enrolment: a week's leavers are compared
within that week, as a Cox model compares them; leaving by another door ends the time at risk.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim.codes import JOB
from sim.records.student import t_95
from sim.trial import CONTROL, TREATED

if TYPE_CHECKING:
    from calibration.published import Outcome
    from calibration.replay import Lives

# name of a count -> float64 (designs or coverages, worlds: without and with, arms: control and treated, ...)
Sums = dict[str, np.ndarray]
ARMS: Final = (CONTROL, TREATED)
DAYS_A_WEEK: Final = 7.0
DOSES: Final = ("contact", "trust", "meetings")
EXPECTED: Final = ":expected"  # marks sums of chances instead of jobs found


@dataclass(frozen=True)
class Found:
    """An effect in the model with the half-width of its 95 % calculation error, in the unit of the outcome."""

    value: float
    error: float
    seeds: int

    @property
    def standard_error(self) -> float:
        """Of the calculation."""
        return self.error / t_95(self.seeds - 1) if self.seeds > 1 else math.nan


def cells(
    worlds: Sequence[tuple["Lives", "Lives"]], outcomes: Mapping[str, "Outcome"], spell: tuple[int, ...]
) -> Sums:
    """The sums of one seed. worlds: (without, with) for each coverage."""
    weeks = next(iter(outcomes.values())).weeks  # doses are told over the weeks of the first outcome

    def count(name: str, lives: "Lives", who: np.ndarray) -> np.ndarray:
        if name in DOSES:
            return _dose(name, lives, who, spell, weeks)
        return _count(outcomes[name], lives, who, spell)

    out = {
        name: np.array(
            [[[count(name, lives, lives.arm == arm) for arm in ARMS] for lives in pair] for pair in worlds]
        )
        for name in (*outcomes, *DOSES)
    }
    for name, outcome in outcomes.items():
        if outcome.measure == "hazard_ratio" and outcome.statuses == (JOB,):
            out[f"{name}{EXPECTED}"] = np.array(
                [
                    [
                        [_expected_exits(lives, lives.arm == arm, spell, outcome.weeks) for arm in ARMS]
                        for lives in pair
                    ]
                    for pair in worlds
                ]
            )
    return out


def _count(outcome: "Outcome", lives: "Lives", who: np.ndarray, spell: tuple[int, ...]) -> np.ndarray:
    path = lives.path[who, : outcome.weeks + 1]
    into: np.ndarray = np.isin(path, outcome.statuses)
    if outcome.measure == "hazard_ratio":
        return _exits(path, into, spell)
    if outcome.measure in ("share_by", "chance_ratio"):
        return _total(np.any(into[:, 1:], axis=1))
    if outcome.measure == "share_at":
        return _total(into[:, -1])
    if outcome.measure == "days":
        return _total(into[:, 1:].sum(axis=1) * DAYS_A_WEEK)
    return _total(_spell_weeks(path, spell) * DAYS_A_WEEK)  # duration_days, duration_ratio


def _total(values: Any) -> np.ndarray:
    return np.array([float(values.sum()), float(values.size)])


def _left(path: np.ndarray, spell: tuple[int, ...]) -> np.ndarray:
    """First week somebody is no longer in the spell enrolled in; the number of weeks looked at + 1 if never."""
    gone: np.ndarray = ~np.isin(path, spell)
    return np.asarray(np.where(gone.any(axis=1), gone.argmax(axis=1), path.shape[1]))


def _spell_weeks(path: np.ndarray, spell: tuple[int, ...]) -> np.ndarray:
    """Weeks the spell lasts from enrolment, cut where the study stops looking."""
    return np.asarray(np.minimum(_left(path, spell), path.shape[1] - 1))


def _exits(path: np.ndarray, into: np.ndarray, spell: tuple[int, ...]) -> np.ndarray:
    """float64 (2, weeks): leavers by the door looked at, and persons at risk, by week since enrolment."""
    left = _left(path, spell)
    weeks = path.shape[1]
    by_door = np.zeros(left.size, bool)
    inside = left < weeks
    by_door[inside] = into[np.flatnonzero(inside), left[inside]]
    deaths = np.bincount(left[by_door], minlength=weeks + 1)[1:weeks]
    at_risk = np.array([(left >= t).sum() for t in range(1, weeks)])
    return np.array([deaths, at_risk], float)


def _expected_exits(lives: "Lives", who: np.ndarray, spell: tuple[int, ...], weeks: int) -> np.ndarray:
    """The same from each person's own chance of a job each week instead of the jobs found: what the channels do,
    without the luck of the draw and without what an application meets in the market."""
    left = _left(lives.path[who, : weeks + 1], spell)
    at_risk = np.arange(weeks)[None, :] < left[:, None]
    chance = np.where(at_risk, lives.chance[who, :weeks], 0.0)
    return np.array([chance.sum(axis=0), at_risk.sum(axis=0)])


def _dose(name: str, lives: "Lives", who: np.ndarray, spell: tuple[int, ...], weeks: int) -> np.ndarray:
    """Mean dose while the spell lasts (contact, trust), or meetings held in it, as (total, number)."""
    left = _left(lives.path[who, : weeks + 1], spell)
    still = np.arange(weeks + 1)[None, :] < left[:, None]
    if name == "meetings":
        return _total((lives.met[who, : weeks + 1] & still).sum(axis=1))
    return np.array([float(getattr(lives, name)[who, : weeks + 1][still].sum()), float(still.sum())])


def _mean(sums: np.ndarray) -> float:
    return float(sums[0] / sums[1]) if sums[1] else math.nan


def log_hazard_ratio(a: np.ndarray, b: np.ndarray) -> float:
    """ln of the Mantel-Haenszel ratio of two groups' exits, a over b. a, b: float64 (2, weeks) of `_exits`."""
    both = a[1] + b[1]
    weight = np.divide(1.0, both, out=np.zeros_like(both), where=both > 0)
    over, under = float((a[0] * b[1] * weight).sum()), float((b[0] * a[1] * weight).sum())
    return math.log(over / under) if over > 0 and under > 0 else math.nan


def _contrast(measure: str, ratio: bool, a: np.ndarray, b: np.ndarray) -> float:
    """a against b: a difference, or the log of a ratio."""
    if measure == "hazard_ratio":
        return log_hazard_ratio(a, b)
    one, other = _mean(a), _mean(b)
    if ratio:
        return math.log(one / other) if one > 0 and other > 0 else math.nan
    return (one - other) * (100.0 if measure in ("share_by", "share_at") else 1.0)


def effect(outcome: "Outcome", by: str, table: np.ndarray, lost: float = math.nan) -> float:
    """The effect of one design from its sums, float64 (worlds, arms, ...): a difference, or the log of a ratio.

    lost: meetings lost per treated person, for effects per meeting.
    """
    without, given = table
    control, treated = ARMS.index(CONTROL), ARMS.index(TREATED)
    measure, ratio = outcome.measure, outcome.is_ratio
    if by == "office":
        return _contrast(measure, ratio, given.sum(axis=0), without.sum(axis=0))
    if by == "market":
        arm = control if outcome.arm == "untreated" else treated
        return _contrast(measure, ratio, given[arm], without[arm])
    found = _contrast(measure, ratio, given[treated], given[control]) - _contrast(
        measure, ratio, without[treated], without[control]
    )
    return found / lost if outcome.per_meeting else found


def dose_delivered(by: str, table: np.ndarray) -> float:
    """What the treated got more of than the control group, less what they had without; or office against office."""
    without, given = table
    if by == "office":
        return _mean(given.sum(axis=0)) - _mean(without.sum(axis=0))
    if by == "market":
        return _mean(given[1]) - _mean(without[1])
    return _mean(given[1]) - _mean(given[0]) - (_mean(without[1]) - _mean(without[0]))


def estimate(
    outcome: "Outcome",
    name: str,
    by: str,
    sums: Sequence[Sums],
    at: int = 0,
    log: bool = False,
    expected: bool = False,
) -> Found:
    """The effect over all seeds with its calculation error. at: which coverage. log: leave ratios in logs.

    expected: from chances instead of jobs found (hazard ratios into a job only).
    """
    name = f"{name}{EXPECTED}" if expected else name

    def of(chosen: Sequence[Sums]) -> float:
        total = np.sum([one[name][at] for one in chosen], axis=0)
        lost = -dose_delivered(by, np.sum([one["meetings"][at] for one in chosen], axis=0))
        return effect(outcome, by, total, lost)

    value, error = jackknife(of, sums)
    if outcome.is_ratio and not log:
        return Found(math.exp(value), math.exp(value) * error, len(sums))
    return Found(value, error, len(sums))


def doses(by: str, sums: Sequence[Sums], at: int = 0) -> dict[str, Found]:
    """Contact, trust and meetings the treated got more of."""
    out = {}
    for name in DOSES:
        value, error = jackknife(
            lambda chosen, name=name: dose_delivered(by, np.sum([one[name][at] for one in chosen], axis=0)),
            sums,
        )
        out[name] = Found(value, error, len(sums))
    return out


def jackknife(of, sums: Sequence[Sums]) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """A function of summed sums, with the 95 % half-width of its calculation error over seeds (NaN with one seed)."""
    value = of(sums)
    n = len(sums)
    if n < 2:
        return value, math.nan
    left_out = np.array([of([*sums[:k], *sums[k + 1 :]]) for k in range(n)])
    error = math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))
    return value, t_95(n - 1) * error
