"""The level parameters: which rows are fitted, and how far each may go.

A level says how often something happens to people; effects say what a policy changes. Effects are never fitted here:
they come from replaying published trials. A level is moved on a scale t from -1 (low of its range) to 1 (high), so
none leaves the range its evidence allows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.draws import TAIL, Range, is_drawn, set_by_hand
from sim.errors import UserError
from sim.scenario import Scenario
from sim.scenario.yaml_tree import nearest

# Rows of `measures` and `contact` that say how much is offered; the others there are what it does, which is an effect.
OFFERED = (
    "measures.referral_share",
    "measures.placement_share",
    "measures.course_share",
    "measures.external_share",
    "measures.private_share",
    "measures.course_weeks",
    "measures.external_weeks",
    "measures.mentor_share",
    "contact.by_need_weeks",
    "contact.case_minutes_per_week",
)


@dataclass(frozen=True)
class Level:
    """One level and its range."""

    name: str
    range: Range

    def at(self, t: float) -> float:
        """The value at t: low at -1, high at 1; lognormal rows have their value at 0."""
        known = self.range
        if known.distribution == "lognormal":
            end = known.high if t > 0 else known.low
            if end > 0 and known.value > 0:
                return float(known.value * (end / known.value) ** abs(t))
            return float(known.value + abs(t) * (end - known.value))
        return float(known.low + (t + 1) / 2 * (known.high - known.low))

    @property
    def start(self) -> float:
        """Where on the scale the value of the file lies."""
        known = self.range
        if known.distribution == "lognormal":
            return 0.0
        return float(2 * (known.value - known.low) / (known.high - known.low) - 1)

    def log_prior(self, t: np.ndarray) -> np.ndarray:
        """Log density on the scale, up to a constant: normal for lognormal rows, flat for the others; none outside."""
        inside = np.abs(t) <= 1
        shape = -0.5 * (t * TAIL) ** 2 if self.range.distribution == "lognormal" else np.zeros_like(t)
        return np.where(inside, shape, -np.inf)

    @property
    def prior_sd(self) -> float:
        """s.d. of the prior on the scale."""
        grid = np.linspace(-1, 1, 401)
        weight = np.exp(self.log_prior(grid))
        mean = (weight * grid).sum() / weight.sum()
        return float(((weight * (grid - mean) ** 2).sum() / weight.sum()) ** 0.5)


def levels(
    scenario: Scenario, also: Iterable[str] = (), only: Sequence[str] | None = None
) -> tuple[Level, ...]:
    """The levels of a scenario that may be fitted, by name. What the scenario sets itself stays as it is.

    also: rows beside those whose group or status makes them levels; they must say how much is offered (OFFERED).
    only: just these, each of which must be one. Raises UserError.
    """
    rows, held = scenario.behaviour_rows, set_by_hand(scenario)
    for name in also:
        if name not in OFFERED:
            raise UserError(
                f"'{name}' cannot be fitted: it is no level, effects come from published trials{nearest(name, OFFERED)}"
            )
    names = {name for name, row in rows.items() if not is_drawn(name, row.status)} | set(also)
    out = tuple(
        Level(name, Range(row.value, row.low, row.high, row.distribution))
        for name, row in sorted(rows.items())
        if name in names and name not in held and row.distribution != "fixed" and row.low < row.high
    )
    if only is None:
        return out
    by_name = {level.name: level for level in out}
    for name in only:
        if name not in by_name:
            raise UserError(f"'{name}' is no level that can be fitted{nearest(name, by_name)}")
    return tuple(by_name[name] for name in only)


def values_at(chosen: Sequence[Level], t: np.ndarray) -> dict[str, float]:
    """Values of the chosen levels at a point of the scale, float64 (levels,)."""
    return {level.name: level.at(float(x)) for level, x in zip(chosen, t, strict=True)}


def start_of(chosen: Sequence[Level]) -> np.ndarray:
    """The values of the file on the scale, float64 (levels,)."""
    return np.array([level.start for level in chosen])


def log_prior(chosen: Sequence[Level], t: np.ndarray) -> np.ndarray:
    """Sum of the log priors. t: float64 (points, levels)."""
    return np.asarray(sum(level.log_prior(t[:, k]) for k, level in enumerate(chosen)))


def moved(scenario: Scenario, values: Mapping[str, float]) -> dict[str, float]:
    """The values a fit found, rounded to what a file can show: four digits."""
    return {
        name: float(f"{value:.4g}") for name, value in values.items() if scenario.behaviour[name] != value
    }
