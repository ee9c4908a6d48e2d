"""Levels put back by one linear solve for each point, without a simulation of its own (economics rule 4).

How the stocks of the base answer to the factors is fitted once, over the whole of their ranges: a few runs for each
factor under one luck, a ridge regression of the stocks' logs on position and its square. A point's stocks then follow
from its values, and the solve of experiments/anchor.py puts them back. Ten draws that were not fitted to are lived
before and after; what is left of their deviation is said.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from experiments.anchor import Central, anchor_code, central, levels, stocks, undoing, without_levers
from experiments.draws import Range
from experiments.provenance import hash_of
from experiments.store.atomic import write_whole
from sim.cache import cache_home
from sim.scenario import Scenario

RUNS_PER_FACTOR: Final = 2
FEWEST_RUNS: Final = 64
CHECKS: Final = 10
SEED: Final = 20_260_102  # of the design; never 0, which SALib takes for none
PENALTIES: Final = np.logspace(-2, 3, 16)


@dataclass(frozen=True)
class Response:
    """How the stocks answer to the factors. coefficients: float64 (2 x factors, benefits): position, its square."""

    ranges: Mapping[str, Range]
    central: Central
    coefficients: np.ndarray
    before: float  # root mean square deviation of the stocks in ten draws, weighted by their size
    after: float  # the same with levels put back

    def factors(self, values: Mapping[str, float]) -> dict[str, float]:
        """Log factors by benefit that put the levels back under a point's values."""
        if not values:
            return {}
        row = np.array([position(one, values.get(name, one.value)) for name, one in self.ranges.items()])
        return undoing(self.central, _terms(row[None])[0] @ self.coefficients)

    def remark(self) -> str:
        """What putting levels back is worth, in words."""
        said = (
            f"Levels are put back by one linear solve a point. Checked by simulation on {CHECKS} draws: stocks of the"
            f" base lie {self.after:.1%} off those at central values (root mean square, by size), {self.before:.1%}"
            " without it."
        )
        if self.after >= self.before:
            said += (
                " It does not help here: in so small a world luck moves stocks more; take a larger --share."
            )
        return said


def position(known: Range, value: float) -> float:
    """Where a value lies in its range: -1 at low, 0 at the middle value, 1 at high."""
    end, side = (known.high, 1.0) if value > known.value else (known.low, -1.0)
    if end == known.value:
        return 0.0
    if known.distribution == "lognormal" and min(end, known.value, value) > 0:
        return side * math.log(value / known.value) / math.log(end / known.value)
    return side * (value - known.value) / (end - known.value)


def runs_to_fit(factors: int) -> int:
    """Runs of the base it takes to learn how the stocks answer, and to check it."""
    return max(FEWEST_RUNS, RUNS_PER_FACTOR * factors) + 2 * CHECKS


def response_of(
    base: Scenario,
    ranges: Mapping[str, Range],
    workers: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Response:
    """Measured once for a base and its ranges, then kept in the cache folder. progress: called with runs done."""
    plain = without_levers(base)
    path = kept_at(base, ranges)
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
    else:
        known = _measure(plain, ranges, workers, progress)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(known).encode(), flush=False)
    return Response(
        ranges,
        Central(np.array(known["stocks"]), np.array(known["slopes"])),
        np.array(known["coefficients"]),
        known["before"],
        known["after"],
    )


def kept_at(base: Scenario, ranges: Mapping[str, Range]) -> Path:
    """Where the response is kept."""
    told = [[name, one.value, one.low, one.high, one.distribution] for name, one in ranges.items()]
    name = hash_of([response_code(), without_levers(base).canonical(), told, runs_to_fit(len(told)), CHECKS])
    return cache_home() / "anchors" / f"response-{name}.json"


def response_code() -> str:
    """What makes one response another: the code of anchors and of this file."""
    return anchor_code() + hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


def _measure(
    plain: Scenario, ranges: Mapping[str, Range], workers: int, progress: Callable[[int], None]
) -> dict[str, object]:
    from SALib.sample import latin
    from sklearn.linear_model import RidgeCV

    middle = central(plain)
    names = list(ranges)
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    fitted = runs_to_fit(len(names)) - 2 * CHECKS
    u = np.vstack([latin.sample(problem, n, seed=seed) for n, seed in ((fitted, SEED), (CHECKS, SEED + 1))])
    draws = [
        {
            name: ranges[name].at(min(max(float(v), 1e-3), 1 - 1e-3))
            for name, v in zip(names, row, strict=True)
        }
        for row in u
    ]
    done = 0

    def lived(under: list[dict[str, float]]) -> np.ndarray:
        nonlocal done
        out = []
        with ThreadPoolExecutor(workers) as pool:
            for found in pool.map(lambda values: stocks(plain, values), under):
                out.append(np.log(found / middle.stocks))
                done += 1
                progress(done)
        return np.array(out)

    moved = lived(draws)
    x = _terms(np.array([[position(ranges[name], values[name]) for name in names] for values in draws]))
    # At central values nothing is to be put back, so there is no constant.
    fits = [RidgeCV(PENALTIES, fit_intercept=False).fit(x[:fitted], one) for one in moved[:fitted].T]
    coefficients = np.array([fit.coef_ for fit in fits]).T
    put_back = [
        {**values, **levels(plain, values, undoing(middle, row @ coefficients))}
        for values, row in zip(draws[fitted:], x[fitted:], strict=True)
    ]
    return {
        "stocks": middle.stocks.tolist(),
        "slopes": middle.slopes.tolist(),
        "coefficients": coefficients.tolist(),
        "before": _off(moved[fitted:], middle.stocks),
        "after": _off(lived(put_back), middle.stocks),
    }


def _terms(x: np.ndarray) -> np.ndarray:
    return np.hstack([x, x**2])


def _off(moved: np.ndarray, sizes: np.ndarray) -> float:
    return float(np.sqrt((moved**2 * sizes).sum(axis=1) / sizes.sum()).mean())
