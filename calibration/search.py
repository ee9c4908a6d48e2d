"""The best levels: steps on a smooth function through local runs, then CMA-ES on means over common luck."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from calibration.distance import distance, variances
from calibration.emulator import Emulator, design, fit_emulator, stacked
from calibration.levels import Level, log_prior, start_of, values_at
from calibration.simulate import Simulator
from calibration.target_file import Target

WIDTH: Final = 0.4  # of the scale: how far the first steps look
EDGE: Final = 0.98  # no step ends at the very end of a range
NUDGE: Final = 1e-3  # for slopes of a smooth function; small beside EDGE's distance to the end of a range
FIRST_SEED: Final = 30_001  # luck of the runs the steps look around with
SIGMA: Final = 0.1  # first spread of the search, of the scale
SEED: Final = 4


@dataclass
class Found:
    """Where a search ended and how it got there."""

    levels: tuple[Level, ...]
    t: np.ndarray  # best point of the scale
    objective: float
    history: list[tuple[str, int, float, float]] = field(default_factory=list)  # stage, number, best, mean

    @property
    def values(self) -> dict[str, float]:
        """The best values by name."""
        return values_at(self.levels, self.t)


class Search:
    """Looks for the levels with the smallest objective: distance - 2 log prior, on replicate means."""

    def __init__(
        self,
        simulator: Simulator,
        chosen: Sequence[Level],
        targets: Sequence[Target],
        seeds: Sequence[int],
        luck: np.ndarray,
    ):
        """seeds: the luck all points share. luck: variance of one run by target, float64 (targets,)."""
        self.simulator, self.levels, self.targets = simulator, tuple(chosen), tuple(targets)
        self.seeds, self.luck = tuple(seeds), luck / len(seeds)
        self._at = [simulator.names.index(target.name) for target in targets]

    def model(self, points: np.ndarray) -> np.ndarray:
        """Targets at points of the scale, float64 (points, targets)."""
        return self.simulator.means([values_at(self.levels, t) for t in points], self.seeds)[:, self._at]

    def objective(self, points: np.ndarray, model: np.ndarray) -> np.ndarray:
        """What is made small; a point that could not be measured is worse than any other."""
        out = distance(model, self.targets, self.luck) - 2 * log_prior(self.levels, points)
        return np.where(np.isfinite(out), out, 1e9)

    def surrogate_steps(
        self,
        rounds: int,
        points: int,
        say: Callable[[str], None],
        begin: np.ndarray | None = None,
        width: float = WIDTH,
    ) -> Found:
        """From the values of the file: runs around the best point, a smooth function through them, its low tried.

        Every run of it has luck of its own, so that the function goes through the middle of luck; what is tried is
        compared on common luck. A round that finds nothing better looks half as far. begin, width: another point to go
        on from, and how far to look around it.
        """
        t = start_of(self.levels) if begin is None else begin
        found = Found(self.levels, t, float(self.objective(t[None], self.model(t[None]))[0]))
        found.history.append(("start", 0, found.objective, found.objective))
        made: list[tuple[np.ndarray, np.ndarray]] = []
        for number in range(rounds):
            low, high = np.maximum(found.t - width, -EDGE), np.minimum(found.t + width, EDGE)
            t = design(low, high, points, 100 + number)
            seeds = [[FIRST_SEED + number * points + k] for k in range(points)]
            runs = self.simulator.runs([values_at(self.levels, point) for point in t], seeds)
            made.append((t, runs[:, 0, self._at]))
            all_t, all_y = stacked(made)
            near = (np.abs(all_t - found.t) <= 2 * width).all(axis=1)
            scale = np.sqrt(variances(self.targets))
            emulator = fit_emulator(
                all_t[near], all_y[near], np.diag(self.luck * len(self.seeds)), scale, curved=False
            )
            aim = self._lowest(emulator, found.t, low, high)
            tried = found.t + np.array([[0.5], [1.0]]) * (aim - found.t)
            values = self.objective(tried, self.model(tried))
            best = int(np.argmin(values))
            say(f"step {number + 1} of {rounds}: objective {found.objective:,.1f}, tried {values[best]:,.1f}")
            if values[best] < found.objective:
                found.t, found.objective = tried[best], float(values[best])
            else:
                width /= 2
            found.history.append(("surrogate", number + 1, found.objective, float(values.mean())))
        return found

    def _lowest(self, emulator: Emulator, t: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The lowest point of the objective on an emulator, inside a box."""
        from scipy.optimize import minimize

        def emulated(points: np.ndarray) -> np.ndarray:
            away = distance(emulator(points), self.targets, self.luck)
            return np.asarray(away - 2 * log_prior(self.levels, points))

        def with_slope(x: np.ndarray) -> tuple[float, np.ndarray]:
            aside = np.vstack([x, x + NUDGE * np.eye(x.size), x - NUDGE * np.eye(x.size)])
            values = emulated(aside)
            return float(values[0]), (values[1 : 1 + x.size] - values[1 + x.size :]) / (2 * NUDGE)

        result = minimize(
            with_slope, t, jac=True, method="L-BFGS-B", bounds=list(zip(low, high, strict=True))
        )
        return np.asarray(result.x)

    def evolve(self, found: Found, generations: int, population: int, say: Callable[[str], None]) -> Found:
        """CMA-ES from the point found so far, inside the ranges."""
        from cmaes import CMA

        bounds = np.array([[-1.0, 1.0]] * found.t.size)
        search = CMA(
            mean=np.clip(found.t, -EDGE, EDGE),
            sigma=SIGMA,
            bounds=bounds,
            population_size=population,
            seed=SEED,
        )
        for number in range(generations):
            points = np.array([search.ask() for _ in range(population)])
            values = self.objective(points, self.model(points))
            search.tell(list(zip(points, values.tolist(), strict=True)))
            best = int(np.argmin(values))
            if values[best] < found.objective:
                found.t, found.objective = points[best], float(values[best])
            found.history.append(("evolution", number + 1, found.objective, float(np.median(values))))
            say(f"generation {number + 1} of {generations}: best objective {found.objective:,.1f}")
            if search.should_stop():
                break
        return found
