"""Whether the levels hold when effects are drawn: every target under many draws, of the effects and of all not known.

Effects are centred and levels are put back after each draw (experiments/anchor.py), so that a policy never looks better
because its draw made the world another one (economics rule 4). Here that is counted, target by target, instead of
believed: for draws of the effects alone, and for draws of everything an experiment draws, the office's working time and
other mechanisms among it.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from calibration.distance import Verdict, judge
from calibration.fit import JUDGE_SEEDS
from calibration.simulate import Simulator, middle
from experiments.anchor import anchored
from experiments.draws import draw, ranges

SEEDS: Final = 4  # runs of each draw, on luck common to all
# What is drawn: the start of its names, and what to call it.
KINDS: Final = {
    "effects": ("effects.", "the effects alone (effects.yaml)"),
    "all": ("", "all that is not known"),
}


def under_draws(simulator: Simulator, kind: str, number: int, judging: int) -> list[list[Verdict]]:
    """The verdicts under each of `number` draws, levels re-anchored, on luck nobody fitted to. kind: of KINDS.

    A target's value is its central one over `judging` runs plus what the draw moves it on luck common to both: a few
    runs have luck of their own, which is no fault of the draw.
    """
    scenario, targets = simulator.scenario, simulator.targets.modelled
    known = {name: known for name, known in ranges(scenario).items() if name.startswith(KINDS[kind][0])}

    def point(k: int) -> Mapping[str, float]:
        return anchored(scenario, draw(known, k))

    with ThreadPoolExecutor(simulator.workers or os.cpu_count() or 1) as threads:
        points = list(threads.map(point, range(number)))
    seeds = list(JUDGE_SEEDS[: min(SEEDS, judging)])
    central = simulator.runs([{}], [list(JUDGE_SEEDS[:judging])])[0]
    luck = middle(central[: len(seeds)]) - middle(central)
    return [judge(runs - luck, targets) for runs in simulator.runs(points, [seeds] * number)]


def draw_lines(kind: str, draws: Sequence[Sequence[Verdict]], central: Sequence[Verdict]) -> list[str]:
    """How often each fit target stays within what is allowed, and those that leave it. kind: of KINDS."""
    fit = [k for k, verdict in enumerate(central) if verdict.target.row.role == "fit"]
    held = [k for k in fit if central[k].verdict == "within"]
    stay = sum(all(verdicts[k].verdict == "within" for k in held) for verdicts in draws)
    nine = sum(sum(verdicts[k].verdict == "within" for k in fit) >= 0.9 * len(fit) for verdicts in draws)
    lines = [
        f"Under {len(draws)} draws of {KINDS[kind][1]}, levels re-anchored: nine in ten of the {len(fit)} fit targets"
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
