"""Levels moved to a municipality's own stocks: one factor a benefit on its ways out, found by living the budget year.

Not a calibration: durations, flows and the split of doors stay Slagelse's, so the watermark stays. Pension, which
nobody leaves for work, is moved by the ways into it. Levels stay inside their ranges.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from experiments.anchor import PREFIX
from sim.codes import BENEFITS
from sim.scenario import Scenario

# (part of the municipality lived, seeds, how far a step follows what was found): first roughly, then all of it.
ROUNDS: Final = ((0.3, (801, 802), 1.0), (0.3, (803, 804), 0.8), (1.0, (805, 806), 0.8))
FEWEST: Final = 25.0  # persons counted at which a step is taken by half: luck is not to be followed
LIMITS: Final = (0.25, 4.0)  # of a factor
PENSION: Final = "foertidspension"
WAYS_OUT: Final = {**PREFIX, "fleksjob": "fleksjob_to"}


@dataclass(frozen=True)
class Levels:
    """What the search found. `rows`: behaviour rows with their new values."""

    rows: Mapping[str, float]
    factors: Mapping[str, float]  # on the ways out; for pension on the ways in
    held: tuple[str, ...]  # benefits with a level at the end of its range


def align(
    scenario: Scenario, persons: Mapping[str, float],
    rounds: Sequence[tuple[float, tuple[int, ...], float]] = ROUNDS,
) -> Levels:  # fmt: skip
    """Levels under which the scenario's first year has about `persons` full-time persons on each benefit."""
    factor = dict.fromkeys(BENEFITS, 1.0)
    for part, seeds, step in rounds:
        with ThreadPoolExecutor(len(seeds)) as pool:
            world = scenario.world.model_copy(update={"share": part * scenario.world.share})
            tried = replace(moved(scenario, factor), world=world)
            stocks = np.mean(list(pool.map(lambda seed, s=tried: first_year(s, seed), seeds)), axis=0)
        for benefit, found in zip(BENEFITS, stocks / part, strict=True):
            want = persons.get(benefit, 0.0)
            if want <= 0 or found <= 0:
                continue
            counted = want * part * len(seeds)
            follow = step * counted / (counted + FEWEST)
            ratio = (found / want) ** (-follow if benefit == PENSION else follow)
            factor[benefit] = float(np.clip(factor[benefit] * ratio, *LIMITS))
    final = moved(scenario, factor)
    before = scenario.behaviour
    rows = {row: value for row, value in final.behaviour.items() if value != before[row]}
    held = tuple(
        b for b in factor if any(_at_end(scenario, row, rows.get(row)) for row in _own_rows(scenario, b))
    )
    return Levels(rows, factor, held)


def moved(scenario: Scenario, factor: Mapping[str, float]) -> Scenario:
    """The scenario with the levels of each benefit multiplied, inside their ranges."""
    rows: dict[str, float] = {}
    for benefit, by in factor.items():
        for row in _own_rows(scenario, benefit):
            rows[row] = rows.get(row, scenario.behaviour[row]) * by
    known = scenario.behaviour_rows
    return scenario.with_behaviour(
        {row: min(max(value, known[row].low), known[row].high) for row, value in rows.items()}
    )


def first_year(scenario: Scenario, seed: int) -> np.ndarray:
    """Mean persons on each benefit in the first 52 weeks, float64 (benefits,). Leaves nothing in the cache."""
    from sim.model import JobcenterModel
    from sim.population.history import starting_state

    year = scenario.for_weeks(52)
    result = JobcenterModel(year, seed, state=starting_state(year, seed, use_cache=False)).run().result()
    return np.array([result.column(f"stock.{b}").mean() for b in BENEFITS])


def _own_rows(scenario: Scenario, benefit: str) -> list[str]:
    """Names of the levels that make a benefit's stock: its ways out, for pension the ways in."""
    if benefit == PENSION:
        return [
            row for row in scenario.behaviour if row.startswith("exits.") and row.endswith(f"_to_{PENSION}")
        ]
    out = f"exits.{WAYS_OUT[benefit]}"
    return [row for row in scenario.behaviour if row == f"search.{benefit}" or row.startswith(out)]


def _at_end(scenario: Scenario, row: str, value: float | None) -> bool:
    known = scenario.behaviour_rows[row]
    return value is not None and value in (known.low, known.high)
