"""Whether the levels hold when the effects are drawn: every target under many draws of what is not known.

Effects are centred and levels are put back after each draw (experiments/anchor.py), so that a policy never looks better
because its draw made the world another one (economics rule 4). Here that is counted, target by target, instead of
believed.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from calibration.distance import Verdict, judge
from calibration.fit import JUDGE_SEEDS
from calibration.simulate import Simulator
from experiments.anchor import anchored
from experiments.draws import draw, ranges

SEEDS: Final = 4  # runs of each draw, on luck common to all


def under_draws(simulator: Simulator, number: int, seeds: int = SEEDS) -> list[list[Verdict]]:
    """The verdicts under each of `number` draws from the ranges, levels re-anchored, on luck nobody fitted to."""
    scenario, known = simulator.scenario, ranges(simulator.scenario)

    def point(k: int) -> Mapping[str, float]:
        return anchored(scenario, draw(known, k))

    with ThreadPoolExecutor(simulator.workers or os.cpu_count() or 1) as threads:
        points = list(threads.map(point, range(number)))
    values = simulator.runs(points, [list(JUDGE_SEEDS[:seeds])] * number)
    return [judge(runs, simulator.targets.modelled) for runs in values]


def draw_lines(draws: Sequence[Sequence[Verdict]], central: Sequence[Verdict]) -> list[str]:
    """How often each fit target stays within what is allowed, and those that leave it."""
    fit = [k for k, verdict in enumerate(central) if verdict.target.row.role == "fit"]
    whole = sum(all(verdicts[k].verdict == "within" for k in fit) for verdicts in draws)
    nine = sum(sum(verdicts[k].verdict == "within" for k in fit) >= 0.9 * len(fit) for verdicts in draws)
    lines = [
        f"Under {len(draws)} draws of what is not known (levels re-anchored, {SEEDS} runs each): all {len(fit)} fit"
        f" targets within what is allowed in {whole} draws, nine in ten of them in {nine}."
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
