"""Recovery: worlds with known levels are calibrated like the real one, and the intervals must hold what was put in.

Each repetition draws levels from their priors, lives one world of them, and forgets them; the posterior then sees the
targets of that world alone. Nothing is off but luck, so there is no tolerance and no discrepancy: an interval that does
not cover as often as it says is wrong. The first round of runs serves all repetitions, later ones would be its own.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.emulator import luck_covariance
from calibration.levels import Level, levels, values_at
from calibration.posterior import Likelihood, waves
from calibration.simulate import Simulator
from calibration.target_file import Targets
from experiments.store import Store

if TYPE_CHECKING:
    import pandas as pd

# The world that is declared for it: 5,000 adults, three years, of which the first is not measured.
SHARE: Final = 0.1
WEEKS: Final = 156
LEVELS: Final = (
    "events.job_loss",
    "events.job_to_sickness",
    "events.outside_to_cash_benefit",
    "exits.activityready_to_outside",
    "exits.sick_return_5_13",
    "exits.young_to_education",
    "search.dagpenge",
    "search.kontanthjaelp_jobready",
)
INSIDE: Final = {50: (0.25, 0.75), 90: (0.05, 0.95)}
WANTED_90: Final = (0.80, 0.97)
TRUTH_SEED, LUCK_SEED = 70_001, 80_001


@dataclass(frozen=True)
class Trials:
    """How much is spent."""

    repetitions: int
    luck: int  # runs at the file's values, for the luck of one world
    points: tuple[int, ...]  # of each round of runs; the first is shared
    steps: int


FULL: Final = Trials(24, 60, (384,), 800)


def recover(
    targets: Targets,
    store: Store,
    trials: Trials,
    names: Sequence[str],
    say: Callable[[str], None],
    progress: Callable[[int], None],
    where: str = "threads",
    workers: int | None = None,
) -> "pd.DataFrame":
    """One row for each repetition and level: truth, interval ends and whether they hold it, on the scale -1 to 1."""
    import pandas as pd

    simulator = Simulator(targets, targets.scenario, store, where, workers, progress, "recovery")
    chosen = levels(targets.scenario, targets.fit_also, names)
    luck_runs = simulator.runs([{}], [[LUCK_SEED + k for k in range(trials.luck)]])[0]
    measured = np.isfinite(luck_runs).all(axis=0) & (luck_runs.std(axis=0) > 0)
    aimed = [t for t, known in zip(targets.modelled, measured, strict=True) if known]
    at = np.flatnonzero(measured)
    covariance = luck_covariance(luck_runs[:, at])
    rows = []
    for number in range(trials.repetitions):
        truth = _from_prior(chosen, number)
        counted = simulator.runs([values_at(chosen, truth)], [[TRUTH_SEED + number]])[0, 0, at]
        if not np.isfinite(counted).all():
            say(f"repetition {number + 1}: a world with nobody to count, left out and counted as lost")
            continue
        found = waves(
            simulator, chosen, aimed, Likelihood(counted, covariance), covariance,
            trials.points, trials.steps, lambda _: None,
        )[-1].sample  # fmt: skip
        for k, level in enumerate(chosen):
            ends = {
                f"low_{share}": float(np.quantile(found.t[:, k], low)) for share, (low, _) in INSIDE.items()
            } | {
                f"high_{share}": float(np.quantile(found.t[:, k], high))
                for share, (_, high) in INSIDE.items()
            }
            held = {
                f"in_{share}": ends[f"low_{share}"] <= truth[k] <= ends[f"high_{share}"] for share in INSIDE
            }
            rows.append(
                {
                    "repetition": number + 1,
                    "level": level.name,
                    "truth": float(truth[k]),
                    "mean": float(found.t[:, k].mean()),
                    "sd": float(found.t[:, k].std()),
                    "prior_sd": level.prior_sd,
                    "rhat": float(found.rhat[k]),
                    **ends,
                    **held,
                }
            )
        say(f"repetition {number + 1} of {trials.repetitions}")
    return pd.DataFrame(rows)


def coverage(frame: "pd.DataFrame", share: int) -> float:
    """Part of the intervals that hold the truth, over repetitions and levels."""
    return float(frame[f"in_{share}"].mean())


def recovery_lines(frame: "pd.DataFrame", targets: Targets) -> list[str]:
    """The report as text."""
    world = targets.scenario.world.share
    adults = targets.scenario.municipality.population.residents_16_66 * world
    count = frame["repetition"].nunique()
    low, high = WANTED_90
    ninety = coverage(frame, 90)
    verdict = "as wanted" if low <= ninety <= high else "NOT as wanted"
    lines = [
        f"Recovery: {count} worlds of {adults:,.0f} adults ({world:g} of {targets.scenario.municipality.name}) over"
        f" {targets.scenario.weeks} weeks, {frame['level'].nunique()} levels known beforehand, {len(frame)} intervals.",
        f"90 % intervals hold the truth in {ninety:.1%} (wanted {low:.0%} to {high:.0%}: {verdict}), 50 % intervals in"
        f" {coverage(frame, 50):.1%}.",
    ]
    for name, rows in frame.groupby("level"):
        width = float((rows["sd"] / rows["prior_sd"]).mean())
        lines.append(
            f"  {name:42} 90 %: {coverage(rows, 90):4.0%}  50 %: {coverage(rows, 50):4.0%}  width to prior {width:.2f}"
        )
    return lines


def _from_prior(chosen: Sequence[Level], number: int) -> np.ndarray:
    """Levels of one repetition, drawn from their priors; a pure function of the number and the level's name."""
    grid = np.linspace(-1, 1, 4001)
    out = []
    for level in chosen:
        weight = np.exp(level.log_prior(grid))
        digest = hashlib.sha256(f"truth {number} {level.name}".encode()).digest()
        u = (int.from_bytes(digest[:8], "big") + 0.5) / 2.0**64
        out.append(float(np.interp(u, np.cumsum(weight) / weight.sum(), grid)))
    return np.array(out)
