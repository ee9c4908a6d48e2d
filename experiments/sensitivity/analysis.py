"""From a design and its runs to indices in a tidy table, and what they say in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.sensitivity.emulator import emulated, of_correlated
from experiments.sensitivity.factors import Factor
from experiments.sensitivity.indices import (
    BOOTSTRAPS,
    Index,
    means,
    morris,
    noise_variance,
    sobol,
    student,
    variance_bound,
)
from experiments.sensitivity.swings import told

if TYPE_CHECKING:
    import pandas as pd

SCREENING: Final = "morris"
VARIANCE: Final = "sobol"
GIVEN: Final = ("pawn", "delta", "rbd_fast", "shapley")  # work on any sample, a posterior's too
METHODS: Final = (SCREENING, VARIANCE, *GIVEN)
MAIN: Final = {
    "morris": "rms",
    "sobol": "ST",
    "pawn": "median",
    "delta": "delta",
    "rbd_fast": "S1",
    "shapley": "Sh",
}
# Methods whose index is a share of variance: between nothing and all of it, however far luck carries an estimate.
OF_VARIANCE: Final = ("sobol", "rbd_fast", "shapley")
MOSTLY_LUCK: Final = 0.5
LEVELS: Final = 4  # of Morris' grid
SEED: Final = 20_260_101  # of designs; never 0, which SALib takes for none
THIRD: Final = 3


@dataclass(frozen=True)
class Effect:
    """One number whose drivers are asked for: a scenario's difference from the base, or the base itself."""

    scenario: str
    outcome: str
    y: np.ndarray  # float64 (points, seeds), in the unit of the outcome; NaN where a point has fewer seeds
    context: str = ""  # refusion rules, where not the plain world's

    @property
    def name(self) -> str:
        """The scenario, with its context where there is one."""
        return f"{self.scenario} under {self.context}" if self.context else self.scenario

    @property
    def key(self) -> tuple[str, str]:
        """What tells this effect from others of an analysis."""
        return self.name, self.outcome

    @property
    def mean(self) -> np.ndarray:
        """Mean over seeds, float64 (points,)."""
        return means(self.y)

    @property
    def luck_share(self) -> float:
        """Part of the variance of the means over seeds that is luck; NaN with one seed."""
        whole = float(self.mean.var(ddof=1))
        return noise_variance(self.y) / whole if whole > 0 else 0.0


@dataclass
class Analysis:
    """One effect with the indices of every factor."""

    effect: Effect
    method: str
    factors: Sequence[Factor]
    indices: list[dict[str, Index]]
    remarks: list[str] = field(default_factory=list)
    row: int = 1  # points of a row of the design, which share luck
    luck_out: bool = False  # whether luck has been taken out of the indices
    swings: list[Index] = field(default_factory=list)  # of every factor; none of correlated draws
    missed: float = 0.0  # part of the variance, luck in it, that an emulator misses

    def order(self) -> list[int]:
        """Factors by the method's main index, largest first."""
        return _largest_first([one[MAIN[self.method]].value for one in self.indices])

    def by_swing(self) -> list[int]:
        """Factors by how far they move the effect, either way, furthest first."""
        return _largest_first([abs(one.value) for one in self.swings])

    def moved_by(self) -> list[int]:
        """The factors whose swing is told from luck, furthest first."""
        rows = len(self.effect.y) // self.row
        return [k for k in self.by_swing() if told(self.swings[k], len(self.swings), rows)]

    def shared_by(self) -> list[int]:
        """The factors whose part of the variance is told from luck, largest first; none where luck is left in.

        Both are asked of bounds: that there is anything to share out once luck is taken out, and that a factor has a
        part of it, said of all factors at once (Bonferroni): of sixty idle factors some have an interval of 95 % above
        zero.
        """
        rows = len(self.effect.y) // self.row
        if not (self.luck_out and self.shares_told):
            return []
        wider = float(student(0.025 / len(self.indices), rows - 1) / NormalDist().inv_cdf(0.975))
        power = 2 if self.method == SCREENING else 1  # rms is the root of what was estimated
        order = self.order()
        found = [self.indices[k][MAIN[self.method]] for k in order]
        above = [
            one.value > 0.0 and one.value**power > wider * (one.value**power - one.low**power)
            for one in found
        ]
        return [k for k, so in zip(order, above, strict=True) if so]

    @cached_property
    def shares_told(self) -> bool:
        """Whether there is something that factors can have shares of, as far as these runs show.

        Where luck is left in the indices, it and what an emulator misses must be the smaller half.
        """
        if self.luck_out:
            return variance_bound(self.effect.y, self.row) > 0
        emulated = self.method == VARIANCE
        return self.missed <= MOSTLY_LUCK and (emulated or self.effect.luck_share <= MOSTLY_LUCK)

    def told_from_luck(self) -> bool:
        """Whether some factor's part of the variance is."""
        return bool(self.shared_by())

    def told(self) -> list[int]:
        """The factors that can be told from luck: by their part of the variance, then by their swing."""
        shared = self.shared_by()
        return [*shared, *(k for k in self.moved_by() if k not in shared)]

    def handed_on(self) -> list[int]:
        """Largest first, told from luck or not: by swing, which luck moves less than the steps of a screening."""
        return self.by_swing() if self.swings else self.order()

    def ranked(self) -> list[int]:
        """As tables list them: those that can be told to move the effect, then by the method's index."""
        moved = self.moved_by()
        return [*moved, *(k for k in self.order() if k not in moved)]


def _largest_first(values: Sequence[float]) -> list[int]:
    return sorted(range(len(values)), key=lambda k: -(values[k] if np.isfinite(values[k]) else -np.inf))


def problem_of(factors: Sequence[Factor]) -> dict[str, Any]:
    """The design space as SALib takes it: every factor by its quantile."""
    return {
        "num_vars": len(factors),
        "names": [factor.name for factor in factors],
        "bounds": [[0.0, 1.0]] * len(factors),
    }


def design(method: str, factors: Sequence[Factor], n: int, seed: int = SEED) -> np.ndarray:
    """Quantiles of every point, float64 (points, factors). n: trajectories of morris, base points of the others."""
    problem = problem_of(factors)
    if method == SCREENING:
        from SALib.sample import morris as sampler

        return np.asarray(sampler.sample(problem, n, num_levels=LEVELS, seed=seed))
    if method == VARIANCE:
        from SALib.sample import sobol as sampler

        return np.asarray(sampler.sample(problem, n, calc_second_order=False, seed=seed))
    from SALib.sample import latin

    return np.asarray(latin.sample(problem, n, seed=seed))


def points_needed(method: str, factors: int, n: int) -> int:
    """Points of a design."""
    return n * {SCREENING: factors + 1, VARIANCE: factors + 2}.get(method, 1)


def analyse(
    method: str,
    factors: Sequence[Factor],
    u: np.ndarray,
    n: int,
    effect: Effect,
    bootstraps: int = BOOTSTRAPS,
    correlated: bool = False,
) -> Analysis:
    """The indices of one effect. u: the design; n: as in `design`; no bounds with no bootstraps; correlated: the points
    are draws, not a design."""
    row = points_needed(method, len(factors), n) // n
    out = Analysis(effect, method, factors, [], row=row, luck_out=method in (SCREENING, VARIANCE))
    if method == SCREENING:
        out.indices = morris(u, effect.y, n, bootstraps)
    elif method == VARIANCE:
        out.indices = sobol(effect.y, len(factors), bootstraps)
    elif method == "shapley" and correlated:
        out.indices, out.missed = of_correlated(u, effect.y)
        out.remarks.append(
            f"from a linear emulator that misses {out.missed:.0%} of the variance in cross-validation"
        )
    elif method == "shapley":
        out.indices, out.missed = emulated(u, effect.y)
        out.remarks.append(
            f"from a quadratic emulator that misses {out.missed:.0%} of the variance in cross-validation"
        )
    else:
        out.indices = _by_salib(method, factors, u, effect.mean)
        out.remarks.append(
            "luck is left in the means this method is given: indices of idle factors are above zero"
        )
    return out


def _by_salib(method: str, factors: Sequence[Factor], u: np.ndarray, y: np.ndarray) -> list[dict[str, Index]]:
    from importlib import import_module

    problem = problem_of(factors)
    analyser = import_module(f"SALib.analyze.{method}")
    if method == "pawn":
        found = analyser.analyze(problem, u, y, S=10, seed=SEED)
        nan = float("nan")  # what SALib gives besides are extremes over slices, no interval
        return [{"median": Index("median", float(median), nan, nan)} for median in found["median"]]
    if method == "delta":
        found = analyser.analyze(problem, u, y, num_resamples=100, seed=SEED)
        return [
            {
                name: _around(name, found[key][k], found[f"{key}_conf"][k])
                for name, key in (("delta", "delta_balanced"), ("S1", "S1"))
            }
            for k in range(len(factors))
        ]
    found = analyser.analyze(problem, u, y, num_resamples=100, seed=SEED)
    return [{"S1": _around("S1", found["S1"][k], found["S1_conf"][k])} for k in range(len(factors))]


def _around(name: str, value: float, half: float) -> Index:
    return Index(name, float(value), float(value - half), float(value + half))


def tidy(analyses: Sequence[Analysis]) -> "pd.DataFrame":
    """scenario, context, outcome, method, factor, group, index, value, low, high: one row a number, bounds 95 %."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "scenario": one.effect.scenario,
                "context": one.effect.context,
                "outcome": one.effect.outcome,
                "method": one.method,
                "factor": factor.name,
                "group": factor.group,
                "index": index.name,
                "value": index.value,
                "low": index.low,
                "high": index.high,
            }
            for one in analyses
            for k, (factor, found) in enumerate(zip(one.factors, one.indices, strict=True))
            for index in (*found.values(), *one.swings[k : k + 1])
        ]
    )


# ---- what would change the answer ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ends:
    """The mean of an effect where a factor lies in its lowest and in its highest third.

    Errors are half-widths that hold for all factors at once (95 %, Bonferroni): some of a hundred factors would turn a
    sign by luck alone.
    """

    factor: Factor
    low: float
    high: float
    low_error: float
    high_error: float

    @property
    def apart(self) -> bool:
        """Whether the two ends are told from each other."""
        return abs(self.high - self.low) > self.low_error + self.high_error

    @property
    def flips(self) -> bool:
        """Whether the sign differs between the ends, each told from zero."""
        return (
            self.low * self.high < 0 and abs(self.low) > self.low_error and abs(self.high) > self.high_error
        )


def ends(factors: Sequence[Factor], u: np.ndarray, y: np.ndarray, row: int = 1) -> list[Ends]:
    """For each factor the mean of y (float64 (points,)) in the lowest and the highest third of its values.

    row: points of a row of the design. They share coordinates and seeds, so a row counts once, by the mean of those of
    its points that lie in the third.
    """
    out = []
    level = 0.025 / (2 * len(factors))
    rows = np.arange(len(y)) // row
    for k, factor in enumerate(factors):
        low, high = u[:, k] <= 1 / THIRD, u[:, k] >= 1 - 1 / THIRD
        (a, ea), (b, eb) = (_mean(y[part], rows[part], level) for part in (low, high))
        out.append(Ends(factor, a, b, ea, eb))
    return out


def _mean(y: np.ndarray, rows: np.ndarray, level: float) -> tuple[float, float]:
    """Mean of the rows' means and its half-width. rows: int64, the row of each point; level: beyond each side."""
    held, place = np.unique(rows, return_inverse=True)
    if held.size < 2:
        return float("nan"), float("nan")
    each = np.bincount(place, y) / np.bincount(place)
    return float(each.mean()), float(student(level, held.size - 1) * each.std(ddof=1) / held.size**0.5)
