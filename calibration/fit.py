"""A calibration from start to end: screening, search, verdict on fresh luck, emulator and posterior, per variant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import Field

from calibration.distance import Verdict, distance, judge, variances
from calibration.emulator import luck_covariance
from calibration.levels import Level, levels, start_of, values_at
from calibration.posterior import Likelihood, Wave, spread_over, waves
from calibration.screen import Screening, runs_needed, screen
from calibration.search import Found, Search
from calibration.simulate import Simulator, middle
from calibration.target_file import Target, Targets, load_targets
from experiments.store import Store
from sim.errors import UserError
from sim.scenario import Scenario, yaml_tree
from sim.scenario.scalars import Frozen
from sim.scenario.validate import Checker

VARIANTS_FILE: Final = Path(__file__).parent / "variants.yaml"
PLAIN: Final = "both"
# Luck nobody fitted to: judging, and the spread of one run. Apart from the seeds of pairs of experiments.
JUDGE_SEEDS: Final = range(52_001, 52_201)
PREDICTIVE_SEED: Final = 60_001
ALIKE: Final = 4.0  # distances this near are no reason to prefer a structure


@dataclass(frozen=True)
class Effort:
    """How much is spent on each stage."""

    name: str
    share: float  # world.share
    weeks: int | None  # None: to the last week of the window
    trajectories: int
    keep: int  # levels fitted
    rounds: int  # steps on local runs
    around: int  # runs of one such step
    generations: int
    population: int
    seeds: int  # runs behind each point of the search
    judge: int  # fresh runs behind the verdict
    waves: int
    points: int
    steps: int
    predictive: int  # draws of the posterior lived once more


# CMA-ES only polishes what the steps before it found: on all of Slagelse 12 generations gained nothing at a distance of
# 23, 22 gained 0.8, and structures within 4 are called alike.
FULL: Final = Effort("full", 1.0, None, 6, 28, 6, 150, 12, 16, 3, 24, 3, 400, 6000, 40)
QUICK: Final = Effort("quick", 0.1, 156, 2, 10, 3, 48, 6, 10, 2, 12, 2, 128, 4000, 12)
SECONDS_PER_RUN: Final = (
    1.8  # of the whole of a municipality, 208 weeks, one core; used before a run was timed
)


@dataclass(frozen=True)
class Variant:
    """A structure of the model."""

    name: str
    meaning: str
    set: tuple[str, ...]


class _VariantRow(Frozen):
    meaning: str
    set: tuple[str, ...] = ()


class _VariantFile(Frozen):
    schema_number: Literal[1, "1"] = Field(1, alias="schema")
    variants: dict[str, _VariantRow]


@dataclass
class Fit:
    """What a calibration of one variant found."""

    variant: Variant
    targets: Targets
    scenario: Scenario
    effort: Effort
    screening: Screening
    levels: tuple[Level, ...]
    start: list[Verdict]  # the values of the file, on the same fresh luck
    best: Found
    verdicts: list[Verdict]
    start_distance: float
    best_distance: float
    waves: list[Wave]
    predictive: np.ndarray  # float64 (draws, targets): draws of the posterior, one run each
    drawn: np.ndarray  # float64 (draws, levels): the values they were run under, on the scale
    unreachable: list[str]
    failed: int

    @property
    def width(self) -> np.ndarray:
        """s.d. of the posterior over that of the prior, float64 (levels,): near 1 the data say nothing."""
        prior = np.array([level.prior_sd for level in self.levels])
        return np.asarray(self.waves[-1].sample.t.std(axis=0) / prior)


def read_variants(path: Path = VARIANTS_FILE) -> dict[str, Variant]:
    """The structural variants by name. Raises UserError with file and line."""
    checker = Checker(yaml_tree.read(path))
    file = checker.build(_VariantFile)
    checker.done()
    assert file is not None  # `done` raised otherwise
    return {name: Variant(name, row.meaning, row.set) for name, row in file.variants.items()}


def prepared(name: str, effort: Effort, variant: Variant, overrides: Sequence[str]) -> Targets:
    """The targets with the scenario of a variant, in the world and over the weeks of the effort."""
    changes = tuple(overrides)
    if effort.share < 1.0 and not any(text.startswith("world.share") for text in changes):
        changes = (f"world.share={effort.share:g}", *changes)
    targets = load_targets(name, (*changes, *variant.set))
    if effort.weeks is not None and effort.weeks < targets.scenario.weeks:
        window = slice(targets.window.start, effort.weeks)
        targets = replace(targets, scenario=targets.scenario.for_weeks(effort.weeks), window=window)
    return targets


def forecast(targets: Targets, effort: Effort) -> tuple[int, float]:
    """Runs one variant takes at most, and seconds of one core."""
    count = len(levels(targets.scenario, targets.fit_also))
    search = (2 * effort.rounds + 1 + effort.generations * effort.population) * effort.seeds
    search += effort.rounds * effort.around
    runs = runs_needed(count, effort.trajectories) + search
    runs += 2 * effort.judge + effort.waves * effort.points + effort.predictive
    each = (
        SECONDS_PER_RUN
        * (0.15 + 0.85 * targets.scenario.world.share)
        * (0.4 + 0.6 * targets.scenario.weeks / 208)
    )
    return runs, runs * each


def calibrate(
    targets: Targets,
    variant: Variant,
    effort: Effort,
    store: Store,
    say: Callable[[str], None],
    progress: Callable[[int], None],
    where: str = "threads",
    workers: int | None = None,
    only: Sequence[str] | None = None,
) -> Fit:
    """Fits the levels of one variant. `store` is held for writing; what is in it is not run again.

    only: fit these levels and screen nothing.
    """
    simulator = Simulator(targets, targets.scenario, store, where, workers, progress, variant.name)
    aimed = targets.role("fit", "hold")
    if not targets.role("fit"):
        raise UserError(f"{targets.path}: no target has the role 'fit' and a definition")
    at = [simulator.names.index(target.name) for target in aimed]
    judging = list(JUDGE_SEEDS[: effort.judge])

    candidates = levels(targets.scenario, targets.fit_also, only)
    before = simulator.runs([{}], [judging])[0]
    simulator.check(middle(before), "the scenario as it stands")
    luck = before[:, at].var(axis=0, ddof=1)
    if only is None:
        screening = screen(simulator, candidates, aimed, effort.trajectories)
        chosen = screening.kept(effort.keep)
        say(f"screening: {len(chosen)} of {len(candidates)} levels kept")
    else:
        screening = Screening(candidates, aimed, np.zeros((len(candidates), len(aimed))), 0)
        chosen = candidates

    search = Search(simulator, chosen, aimed, range(1, 1 + effort.seeds), luck)
    found = search.evolve(
        search.surrogate_steps(effort.rounds, effort.around, say), effort.generations, effort.population, say
    )
    after = simulator.runs([found.values], [judging])[0]
    spread = luck_covariance(after[:, at])
    likelihood = Likelihood(
        np.array([target.value for target in aimed]),
        np.diag(variances(aimed)) + spread * _local(targets, aimed),
    )
    rounds = waves(
        simulator, chosen, aimed, likelihood, spread,
        (effort.points,) * effort.waves, effort.steps, say,
    )  # fmt: skip
    draws = spread_over(rounds[-1].sample.t, effort.predictive)
    predicted = simulator.runs(
        [values_at(chosen, t) for t in draws], [[PREDICTIVE_SEED + k] for k in range(len(draws))]
    )[:, 0]
    fit_runs = np.vstack([before, after, predicted])
    return Fit(
        variant=variant,
        targets=targets,
        scenario=targets.scenario,
        effort=effort,
        screening=screening,
        levels=chosen,
        start=judge(before, targets.modelled),
        best=found,
        verdicts=judge(after, targets.modelled),
        start_distance=float(distance(middle(before[:, at]), aimed, luck / len(before))),
        best_distance=float(distance(middle(after[:, at]), aimed, luck / len(after))),
        waves=rounds,
        predictive=predicted,
        drawn=draws,
        unreachable=_unreachable(simulator, targets, fit_runs),
        failed=len(simulator.failed),
    )


def _local(targets: Targets, aimed: Sequence[Target]) -> np.ndarray:
    """1 where both targets were counted in the one municipality, whose luck is in what was counted; else 0."""
    here = np.array(
        [target.row.geography == targets.scenario.municipality.name for target in aimed], np.float64
    )
    return np.outer(here, here)


def _unreachable(simulator: Simulator, targets: Targets, fitted: np.ndarray) -> list[str]:
    """Targets whose band no run of this calibration touched, with the nearest value seen."""
    seen = np.vstack([*simulator.seen(), fitted])
    out = []
    for k, target in enumerate(targets.modelled):
        values = seen[:, k][np.isfinite(seen[:, k])]
        if values.size and not (np.abs(values - target.value) <= target.allowed).any():
            nearest = float(values[np.argmin(np.abs(values - target.value))])
            out.append(
                f"{target.name}: counted {target.value:g} ± {target.allowed:g}, the nearest of {values.size:,} runs"
                f" within all ranges {nearest:.4g}"
            )
    return out


def start_values(fit: Fit) -> dict[str, float]:
    """The file's values of the levels that were fitted."""
    return values_at(fit.levels, start_of(fit.levels))


def fitted_scenario(fit: Fit) -> Scenario:
    """The scenario with the best levels."""
    return fit.scenario.with_behaviour(fit.best.values)


def compared(fits: Sequence[Fit]) -> str:
    """Whether the data prefer a structure, in one sentence. Each is taken at its best on fresh luck, which a short
    search may not improve on the values of the file."""
    if len(fits) < 2:
        return ""
    reached = {fit.variant.name: min(fit.start_distance, fit.best_distance) for fit in fits}
    least = min(reached.values())
    near = [name for name, distance in reached.items() if distance - least <= ALIKE]
    shown = ", ".join(
        f"{name} {reached[name]:,.1f}" for name in sorted(reached, key=lambda name: reached[name])
    )
    if len(near) == len(fits):
        return f"Distances {shown}: the variants fit equally well, all are carried."
    return f"Distances {shown}: nearest {', '.join(near)}; the others are carried as a check."
