"""Levels and effects apart: after a draw the levels of the benefits are put back to where they were fitted.

Effects are centred, so a draw of them leaves the baseline where it is. A draw of how caseworkers, measures and
companies work moves it a little, and a policy should not look better because its draw made the world another one. So
the stocks of the base under the draw are set against the stocks at central values, same luck, and one linear solve
says by which factor each benefit's own ways out (job and other doors) are multiplied. Luck is not to be fitted: a
deviation counts as far as it exceeds what pairing leaves of it, a factor as far as it stays small (ridge).
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from experiments.provenance import hash_of
from experiments.store.atomic import write_whole
from sim.cache import cache_home
from sim.codes import BENEFITS
from sim.scenario import Scenario

# The rows of behaviour/default.yaml that hold each benefit's ways out: search.NAME and exits.PREFIX_...
PREFIX: Final = {
    "dagpenge": "dagpenge_to",
    "kontanthjaelp_jobready": "jobready_to",
    "kontanthjaelp_activityready": "activityready_to",
    "uddannelseshjaelp": "young_to",
    "sygedagpenge": "sick_return",
    "jobafklaring": "jobafklaring_to",
    "ressourceforloeb": "ressourceforloeb_to",
    "revalidering": "revalidering_to",
    "ledighedsydelse": "ledighedsydelse_to",
    "sho": "sho_to",
}
SEED: Final = 1_000_003  # the luck anchors are measured under: no pair of an experiment has it
WEEKS: Final = (52, 208)  # weeks of the horizon over which stocks are averaged
STEP: Final = 0.10  # size of the finite difference, log
# Two judgements. S.d. from luck of a stock's paired difference, in units of the square root of the stock (without
# pairing it would be 1.4); prior s.d. of a factor, log.
PAIRED_SD: Final = 0.6
FACTOR_SD: Final = 0.10

_ONE_AT_A_TIME = threading.Lock()


def anchored(
    base: Scenario, draw: Mapping[str, float], progress: Callable[[int], None] | None = None
) -> dict[str, float]:
    """The draw, with the level rows that put the stocks of `base` back to those at central values.

    Measured once for a draw and kept in the cache folder. Rows the draw already holds are multiplied too.
    """
    if not draw:
        return {}
    plain = without_levers(base)
    own = _of_base(draw)
    path = _place(plain, own)
    if path.exists():
        factors = json.loads(path.read_text(encoding="utf-8"))
    else:
        factors = solve(plain, own, progress)
        _write(path, factors)
    return {**draw, **levels(base, draw, factors)}


def weeks_to_run(base: Scenario, draws: Iterable[Mapping[str, float]]) -> int:
    """Weeks of simulation the anchors of these draws still take; nothing for what is kept."""
    plain = without_levers(base)
    missing = sum(not _place(plain, _of_base(draw)).exists() for draw in draws if draw)
    central = 1 + len(PREFIX) if missing and not _central_place(plain).exists() else 0
    return plain.weeks * (missing + central)


def _of_base(draw: Mapping[str, float]) -> dict[str, float]:
    """The draw without the numbers of levers, which the base does not have."""
    return {name: value for name, value in draw.items() if not name.startswith("levers.")}


def _place(plain: Scenario, draw: Mapping[str, float]) -> Path:
    """Where the anchor of a draw is kept."""
    name = hash_of([anchor_code(), plain.canonical(), dict(draw), SEED, PAIRED_SD, FACTOR_SD, STEP])
    return cache_home() / "anchors" / f"{name}.json"


def _central_place(plain: Scenario) -> Path:
    return (
        cache_home() / "anchors" / f"central-{hash_of([anchor_code(), plain.canonical(), SEED, STEP])}.json"
    )


def solve(
    plain: Scenario, draw: Mapping[str, float], progress: Callable[[int], None] | None = None
) -> dict[str, float]:
    """Log factors by benefit that undo what the draw does to the stocks of a scenario without levers.

    progress: called every week of the runs it takes; what it raises ends them.
    """
    found = central(plain, progress)
    return undoing(found, np.log(stocks(plain, draw, progress) / found.stocks))


def undoing(found: "Central", moved: np.ndarray) -> dict[str, float]:
    """Log factors by benefit that put stocks back which lie `moved` (log, float64 (benefits,)) off the central ones."""
    weight = np.sqrt(found.stocks) / PAIRED_SD
    slopes = found.slopes * weight[:, None]
    ridge = np.eye(len(PREFIX)) / FACTOR_SD**2
    factors = np.linalg.solve(slopes.T @ slopes + ridge, -slopes.T @ (moved * weight))
    return dict(zip(PREFIX, factors.tolist(), strict=True))


@dataclass(frozen=True)
class Central:
    """Stocks at central values, float64 (benefits,), and how their logs answer to the log factor of each benefit's
    ways out, float64 (benefits, factors)."""

    stocks: np.ndarray
    slopes: np.ndarray


def central(plain: Scenario, progress: Callable[[int], None] | None = None) -> Central:
    """What is known of a scenario at central values: measured once, then kept in the cache folder."""
    with _ONE_AT_A_TIME:  # threads of one process need it once
        found = _central(plain, progress)
    return Central(np.array(found["stocks"]), np.array(found["slopes"]))


def _central(plain: Scenario, progress: Callable[[int], None] | None = None) -> dict[str, list[float]]:
    """Stocks at central values, and how their logs answer to the log factor of each benefit: made once, then cached."""
    path = _central_place(plain)
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    middle = stocks(plain, {}, progress)
    slopes = np.empty((middle.size, len(PREFIX)))
    for k, benefit in enumerate(PREFIX):
        slopes[:, k] = np.log(stocks(plain, levels(plain, {}, {benefit: STEP}), progress) / middle) / STEP
    found = {"stocks": middle.tolist(), "slopes": slopes.tolist()}
    _write(path, found)
    return found


def levels(base: Scenario, draw: Mapping[str, float], factors: Mapping[str, float]) -> dict[str, float]:
    """Level rows of the benefits named in `factors`, multiplied; a log factor of 0 changes nothing."""
    out = {}
    for benefit, factor in factors.items():
        for row in base.behaviour:
            if row == f"search.{benefit}" or row.startswith(f"exits.{PREFIX[benefit]}"):
                out[row] = draw.get(row, base.behaviour[row]) * float(np.exp(factor))
    return out


def laid_over(base: Scenario, drawn: Mapping[str, float], own: Mapping[str, float]) -> dict[str, float]:
    """An anchored draw with level rows that vary themselves: each as far off its anchored value as off the file's."""
    rows = {
        row: value * drawn.get(row, base.behaviour[row]) / base.behaviour[row] for row, value in own.items()
    }
    return {**drawn, **rows}


def stocks(
    plain: Scenario, draw: Mapping[str, float], progress: Callable[[int], None] | None = None
) -> np.ndarray:
    """Mean stocks of the benefits that are put back, under a draw and the luck of anchors, float64 (benefits,)."""
    from sim.model import JobcenterModel
    from sim.population.history import starting_state

    drawn = plain.with_behaviour(draw)
    start = starting_state(drawn, SEED, use_cache=False)  # nobody asks for it again: what is measured is kept
    result = JobcenterModel(drawn, SEED, start).run(progress=progress).result()
    first, last = min(WEEKS[0], plain.weeks // 2), min(WEEKS[1], plain.weeks)
    means = [
        result.column(f"stock.{benefit}")[first:last].mean() for benefit in BENEFITS if benefit in PREFIX
    ]
    return np.maximum(np.array(means, dtype=np.float64), 1.0)


def without_levers(base: Scenario) -> Scenario:
    """The base as stocks are measured in it."""
    return replace(base, levers={}, trial=None, weeks=min(base.weeks, WEEKS[1]))


@cache
def anchor_code() -> str:
    """What makes one anchor another: the code of the model, of this file and of how draws are laid over a scenario."""
    from sim.version import code_version

    digest = hashlib.sha256(code_version().encode())
    for name in ("anchor.py", "chunk.py", "draws.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:16]


def _write(path: Path, values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(values).encode(), flush=False)  # a lost anchor is measured again
