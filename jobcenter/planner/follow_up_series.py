"""What is followed month by month: series of a run, and the statistics they are judged by."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from sim import codes
from sim.calendar import month_of, year_of
from sim.records.outcomes import OERE, SUPPORT_STOCKS
from sim.records.result import RunResult
from sim.scenario import Scenario

# Followed series in the order of the chain: money, staff, meetings, effect; the rest is shown beside.
SERIES: Final = (
    "spending_kr", "posts_filled", "staff_fte", "meetings_held", "full_time_persons", "new_spells", "starts",
    "caseload",
)  # fmt: skip
# Counted over a month, so a longer month has more of them: followed a week, in the plan and in the actuals alike.
FLOWS: Final = ("spending_kr", "meetings_held", "new_spells", "starts")
BY_CONTROL: Final = "fewer_by_control"  # known where the approved scenario declares a trial (`arms`)
EFFECT: Final = "full_time_persons"  # what a plan is for, and the one column that must be counted
# Links of the chain: hired (the plan's own posts, or all staff where they are not reported), met, worked.
LINKS: Final = ("posts_filled", "staff_fte", "meetings_held", "full_time_persons", "fewer_by_control")
STAFF: Final = ("posts_filled", "staff_fte")
LEAST_SD: Final = {"posts_filled": 0.25}  # a quarter post
ADJUSTED_BY: Final = {
    "full_time_persons": "new_spells"
}  # who came explains most of the luck in how many there are


def target_groups(scenario: Scenario) -> tuple[str, ...]:
    """Benefits whose people the levers reach: named by the lever, or the groups of the teams that get posts."""
    found: set[str] = set()
    for lever in scenario.levers.values():
        if lever.is_zero_dose():
            continue
        found.update(getattr(lever, "groups", ()))
        if not getattr(lever, "groups", ()):
            teams = {team for team, fte in lever.extra_posts().items() if fte}
            found.update(
                name
                for name, team in zip(codes.BENEFITS, codes.TEAM_OF_BENEFIT, strict=True)
                if team != codes.NO_TEAM and codes.TEAMS[team] in teams
            )
    support = [name.removeprefix("stock.") for name in SUPPORT_STOCKS]
    return tuple(name for name in support if name in found) or tuple(support)


def months_of(start: int, weeks: int) -> tuple[list[str], np.ndarray]:
    """Months that lie wholly in the horizon ('2027-01'), and the number of each week's month, -1 outside them."""
    named = [f"{year_of(w):04d}-{month_of(w):02d}" for w in range(start, start + weeks + 1)]
    months = list(dict.fromkeys(named))[:-1]  # the last begins or is cut short
    at = {month: k for k, month in enumerate(months)}
    return months, np.array([at.get(month, -1) for month in named[:weeks]])


def weeks_in(month: str) -> float:
    """Weeks of a month of the calendar. Example: '2027-02' has 4, '2027-03' 4.43."""
    return monthrange(int(month[:4]), int(month[5:]))[1] / 7.0


def monthly(result: RunResult, groups: Sequence[str]) -> dict[str, np.ndarray]:
    """The followed series of a run by month, float64 (months,). Stocks are means; flows and kroner are a week's, for a
    month of the model is four or five whole weeks and one of the calendar is neither."""
    months, at = months_of(result.start, result.weeks)
    inside = at >= 0

    def total(weekly: np.ndarray) -> np.ndarray:
        return np.bincount(at[inside], weights=weekly[inside].astype(np.float64), minlength=len(months))

    weeks = total(np.ones(result.weeks))
    persons = np.sum([result.column(f"stock.{name}") for name in groups], axis=0)
    filled = result.column("staff.milli_fte") - result.column("staff.vacant_milli_fte")
    staff = total(filled) / 1000.0 / weeks
    started = np.sum([result.column(f"measures_started.{name}") for name in codes.MEASURES], axis=0)
    held, came = (
        total(np.sum([result.column(f"{counted}.{name}") for name in groups], axis=0))
        for counted in ("meetings_held", "entries")
    )
    return {
        "spending_kr": total(result.spending("municipality", frame="service")) / OERE / weeks,
        "staff_fte": staff,
        "meetings_held": held / weeks,
        "full_time_persons": total(persons) / weeks,
        "new_spells": came / weeks,
        "starts": total(started) / weeks,
        "caseload": total(result.column("casework.cases")) / weeks / np.maximum(staff, 1e-9),
    }


def with_posts(
    planned: Mapping[str, np.ndarray], nothing: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], ...]:
    """Both worlds with the plan's own posts that are filled: staff beyond what there is without the plan, same luck.
    Where luck leaves fewer than without the plan, none of its posts is filled: nobody counts less than none."""
    posts = np.maximum(planned["staff_fte"] - nothing["staff_fte"], 0.0) + 0.0  # never minus zero
    return {**planned, "posts_filled": posts}, {**nothing, "posts_filled": np.zeros_like(posts)}


def so_far(values: np.ndarray) -> np.ndarray:
    """Mean of the months so far, along the last axis: the statistic a series is judged by."""
    return np.cumsum(values, axis=-1) / np.arange(1, values.shape[-1] + 1)


class Yardstick:
    """What a series so far is in one world (the plan, or nothing done): mean and s.d. of each month over runs.

    What a municipality knows of its own luck is taken out first by a straight line, month by month: its level in the
    first month, and for persons how many have come since.
    """

    def __init__(self, values: np.ndarray, beside: np.ndarray, least_sd: float = 0.0):
        """values: (runs, months) so far; beside: (lines, runs, months)."""
        self.centre = beside.mean(axis=1)
        self.slope = np.zeros_like(self.centre)
        for at in range(values.shape[1]):
            off = (beside[:, :, at] - self.centre[:, at, None]).T
            y = values[:, at] - values[:, at].mean()
            self.slope[:, at] = np.linalg.lstsq(off, y, rcond=1e-8)[0]
        left = self.adjusted(values, beside)
        self.mean = left.mean(axis=0)
        # Where a handful of runs agree by chance, a thousandth of the level is still not told from the plan.
        self.sd = np.maximum(
            left.std(axis=0, ddof=1), np.maximum(1e-3 * np.maximum(np.abs(self.mean), 1.0), least_sd)
        )

    def adjusted(self, values: np.ndarray, beside: np.ndarray) -> np.ndarray:
        """(..., months) so far, as if it had begun at the usual level and as many had come as usual."""
        n = values.shape[-1]
        out = values.astype(np.float64)
        for slope, centre, found in zip(self.slope, self.centre, beside, strict=True):
            out = out - slope[:n] * (found - centre[:n])
        return out

    def z(self, values: np.ndarray, beside: np.ndarray) -> np.ndarray:
        """Standard deviations above the mean."""
        n = values.shape[-1]
        return np.asarray((self.adjusted(values, beside) - self.mean[:n]) / self.sd[:n])


def sums(
    runs: Mapping[str, np.ndarray],
    link: str,
    adjusted_by: Mapping[str, str] = ADJUSTED_BY,
    level: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """A link's series so far, and what its luck is known by: (..., months) and (lines, ..., months).

    level: whether the first month is luck and no work of the plan.
    """
    values = so_far(runs[link])
    begun = level and link not in (
        *LEAST_SD,
        BY_CONTROL,
    )  # neither posts of the plan nor arms have a level before it
    start = values[..., :1] if begun else np.zeros_like(values[..., :1])
    lines = [np.broadcast_to(start, values.shape)]
    if link in adjusted_by:
        lines.append(so_far(runs[adjusted_by[link]]))
    return values, np.array(lines)
