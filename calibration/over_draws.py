"""Whether the targets hold under draws: of the effects, of all that is not known, and of the levels' posterior.

Effects are centred and levels are put back after each draw (experiments/anchor.py), so that a policy never looks better
because its draw made the world another one (economics rule 4). Here that is counted, target by target, instead of
believed: for draws of the effects alone, for draws of everything an experiment draws, the office's working time and
other mechanisms among it, and, where a posterior comes along, for draws of the levels from it.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from calibration.distance import Verdict, judge
from calibration.fit import JUDGE_SEEDS
from calibration.simulate import Simulator, middle
from experiments.anchor import anchored
from experiments.draws import draw, ranges, read_posterior, row_of, shipped_posterior
from sim.errors import UserError
from sim.scenario import Scenario

SEEDS: Final = 4  # runs of each draw, on luck common to all
# What is drawn: the start of its names, and what to call it.
KINDS: Final = {
    "effects": ("effects.", "the effects alone (effects.yaml)"),
    "all": ("", "all that is not known"),
}
LEVELS: Final = "levels"
WORDS: Final = {
    **{kind: f"{words}, levels re-anchored" for kind, (_, words) in KINDS.items()},
    LEVELS: "the levels from their posterior",
}


def kinds_of(scenario: Scenario) -> tuple[str, ...]:
    """What can be drawn: the levels only where a posterior comes along for the scenario."""
    try:
        shipped_posterior(scenario)
    except UserError:
        return tuple(KINDS)
    return (*KINDS, LEVELS)


def under_draws(simulator: Simulator, kind: str, number: int, judging: int) -> list[list[Verdict]]:
    """The verdicts under each of `number` draws, on luck nobody fitted to. kind: of WORDS.

    A target's value is its central one over `judging` runs plus what the draw moves it on luck common to both: a few
    runs have luck of their own, which is no fault of the draw.
    """
    scenario, targets = simulator.scenario, simulator.targets.modelled
    points = _levels(scenario, number) if kind == LEVELS else _anchored(simulator, KINDS[kind][0], number)
    seeds = list(JUDGE_SEEDS[: min(SEEDS, judging)])
    central = simulator.runs([{}], [list(JUDGE_SEEDS[:judging])])[0]
    luck = middle(central[: len(seeds)]) - middle(central)
    return [judge(runs - luck, targets) for runs in simulator.runs(points, [seeds] * number)]


def _levels(scenario: Scenario, number: int) -> list[dict[str, float]]:
    rows = read_posterior(shipped_posterior(scenario), scenario)
    return [rows[row_of(k, len(rows))] for k in range(number)]


def _anchored(simulator: Simulator, prefix: str, number: int) -> list[dict[str, float]]:
    known = {name: one for name, one in ranges(simulator.scenario).items() if name.startswith(prefix)}
    with ThreadPoolExecutor(simulator.workers or os.cpu_count() or 1) as threads:
        return list(threads.map(lambda k: anchored(simulator.scenario, draw(known, k)), range(number)))


def draw_lines(kind: str, draws: Sequence[Sequence[Verdict]], central: Sequence[Verdict]) -> list[str]:
    """How often each fit target stays within what is allowed, and those that leave it. kind: of WORDS."""
    fit = [k for k, verdict in enumerate(central) if verdict.target.row.role == "fit"]
    held = [k for k in fit if central[k].verdict == "within"]
    stay = sum(all(verdicts[k].verdict == "within" for k in held) for verdicts in draws)
    nine = sum(sum(verdicts[k].verdict == "within" for k in fit) >= 0.9 * len(fit) for verdicts in draws)
    lines = [
        f"Under {len(draws)} draws of {WORDS[kind]}: nine in ten of the {len(fit)} fit targets"
        f" within what is allowed in {nine} draws; all {len(held)} that are within at central values in {stay}."
    ]
    for k in fit:
        off = [abs(verdicts[k].tolerances) for verdicts in draws]
        left = sum(each > 1.0 for each in off)
        if left:
            lines.append(
                f"  {central[k].target.name}: outside in {left} of {len(draws)}, farthest {max(off):.2f} of what is"
                f" allowed ({abs(central[k].tolerances):.2f} at central values); moves"
                f" {_spread([verdicts[k].model for verdicts in draws]):.3g} {central[k].target.row.unit} (s.d.)"
            )
    return lines


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
