"""Screening: which levels move the targets at all, by Morris' elementary effects: few are fitted and not a hundred."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration.distance import variances
from calibration.levels import Level, values_at
from calibration.simulate import Simulator
from calibration.target_file import Target

BOX: Final = 0.5  # of the scale: all levels move together, and where many are extreme no world can be lived
GRID: Final = 4  # levels of Morris' grid
SEED: Final = 20_240_101
PER_TARGET: Final = 2  # the levels that move a target most are kept whatever they do to the others


@dataclass(frozen=True)
class Screening:
    """Mean absolute elementary effects, in standard deviations of the target over the whole box."""

    levels: tuple[Level, ...]
    targets: tuple[Target, ...]
    effects: np.ndarray  # float64 (levels, targets)
    lost: int  # trajectories with a run that failed

    @property
    def importance(self) -> np.ndarray:
        """Root mean square over targets, float64 (levels,)."""
        return np.asarray(np.sqrt((self.effects**2).mean(axis=1)))

    def kept(self, most: int) -> tuple[Level, ...]:
        """The levels to fit, at most so many: those that move a fit target most, second most, then the important."""
        rank = np.full(len(self.levels), PER_TARGET)
        for target, column in zip(self.targets, self.effects.T, strict=True):
            if target.row.role == "fit":
                for place, k in enumerate(np.argsort(-column, kind="stable")[:PER_TARGET]):
                    rank[k] = min(rank[k], place)
        order = np.lexsort((-self.importance, rank))
        return tuple(self.levels[k] for k in sorted(order[:most].tolist()))


def runs_needed(count: int, trajectories: int) -> int:
    """Runs of a screening."""
    return trajectories * (count + 1)


def screen(
    simulator: Simulator, chosen: Sequence[Level], targets: Sequence[Target], trajectories: int
) -> Screening:
    """Moves one level after the other along random trajectories, all under one luck."""
    from SALib.analyze import morris
    from SALib.sample import morris as sampler

    problem = {
        "num_vars": len(chosen),
        "names": [level.name for level in chosen],
        "bounds": [[-BOX, BOX]] * len(chosen),
    }
    points = sampler.sample(problem, trajectories, num_levels=GRID, seed=SEED)
    means = simulator.means([values_at(chosen, point) for point in points], (1,))
    at = [simulator.names.index(target.name) for target in targets]
    scaled = means[:, at] / np.sqrt(variances(targets))
    whole = np.isfinite(scaled).all(axis=1).reshape(trajectories, -1).all(axis=1)
    rows = np.repeat(whole, len(chosen) + 1)
    effects = np.zeros((len(chosen), len(targets)))
    if whole.any():  # a NaN would make every effect NaN
        for k in range(len(targets)):
            found = morris.analyze(
                problem, points[rows], scaled[rows, k], num_levels=GRID, num_resamples=2, seed=SEED
            )
            effects[:, k] = np.asarray(found["mu_star"], np.float64)
    return Screening(tuple(chosen), tuple(targets), effects, int((~whole).sum()))
