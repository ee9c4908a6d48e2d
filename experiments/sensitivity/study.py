"""A whole analysis: factors, design, runs, indices of every effect, and the files they are written to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.experiment_file import PLAIN, Experiment
from experiments.sensitivity.analysis import (
    MAIN,
    SCREENING,
    VARIANCE,
    Analysis,
    Effect,
    Ends,
    analyse,
    design,
    ends,
    points_needed,
)
from experiments.sensitivity.factors import Factor, point_of
from experiments.sensitivity.indices import convergence
from experiments.sensitivity.running import Runs
from experiments.sensitivity.words import Unit, paragraph, ranking, unit_of
from experiments.store import Store
from sim.calendar import year_of
from sim.errors import UserError
from sim.records.outcome_list import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES_SHOWN: Final = ("full_time_persons/support/all", "net_municipal_cost/all/all")
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Plan:
    """How an analysis is carried out. n: trajectories of morris, base points of the others."""

    method: str
    n: int
    seeds: int
    outcomes: tuple[str, ...] = OUTCOMES_SHOWN

    def runs(self, factors: int, scenarios: int) -> int:
        """Runs of the design."""
        return points_needed(self.method, factors, self.n) * self.seeds * scenarios


@dataclass
class Study:
    """A finished analysis of one method."""

    experiment: Experiment
    plan: Plan
    factors: list[Factor]
    u: np.ndarray  # float64 (points, factors): quantiles
    analyses: list[Analysis]
    ends: dict[tuple[str, str], list[Ends]]  # (scenario, outcome)
    years: dict[tuple[str, str], dict[str, list[float]]]  # main index by year
    convergence: dict[tuple[str, str], list[tuple[int, np.ndarray]]]
    units: dict[str, Unit]
    screened: "Study | None" = None
    dropped: list[Factor] = field(default_factory=list)

    def paragraphs(self) -> list[str]:
        """One for each effect."""
        return [
            paragraph(one, self.ends[one.effect.scenario, one.effect.outcome], self.units[one.effect.outcome])
            for one in self.analyses
        ]

    def rankings(self) -> dict[str, list[str]]:
        """outcome -> what changes which scenario looks better."""
        names = list(self.experiment.names[1:])
        if self.plan.method == SCREENING:  # its points are not independent
            return {}
        return {
            outcome: ranking(
                names,
                {name: self.ends[name, outcome] for name in names},
                self.units[outcome],
                OUTCOMES[outcome.split("/")[0]].unit == "kr." or outcome.startswith("full_time_persons"),
            )
            for outcome in self.plan.outcomes
            if len(names) > 1
        }


def check_plan(plan: Plan, experiment: Experiment) -> dict[str, Unit]:
    """Units of the outcomes. Raises UserError for what cannot be analysed, before anything is run."""
    if plan.method == VARIANCE and plan.n & (plan.n - 1):
        near = 1 << (plan.n.bit_length() - 1)
        raise UserError(f"--n {plan.n}: Sobol' sequences need a power of two; take {near} or {2 * near}")
    return {name: unit_of(name, experiment.worlds[PLAIN][0].weeks) for name in plan.outcomes}


def lived(
    experiment: Experiment, plan: Plan, factors: Sequence[Factor], store: Store
) -> tuple[np.ndarray, Runs]:
    """The design and its runs, not made yet."""
    u = design(plan.method, factors, plan.n)
    points = [point_of(factors, row, plan.method == SCREENING) for row in u]
    row = points_needed(plan.method, len(factors), plan.n) // plan.n
    return u, Runs(experiment, points, plan.seeds, store, row)


def study(experiment: Experiment, plan: Plan, factors: Sequence[Factor], u: np.ndarray, runs: Runs) -> Study:
    """Analyses runs that have been made."""
    units = check_plan(plan, experiment)
    out = Study(experiment, plan, list(factors), u, [], {}, {}, {}, units)
    for outcome in plan.outcomes:
        for effect in _effects(experiment, runs, outcome):
            at = effect.scenario, outcome
            found = analyse(plan.method, factors, u, plan.n, effect)
            out.analyses.append(found)
            out.ends[at] = ends(factors, u, effect.y.mean(axis=1))
            out.years[at] = _by_year(experiment, plan, factors, u, runs, effect)
            if plan.method == VARIANCE:
                out.convergence[at] = convergence(effect.y, len(factors))
    return out


def survivors(screening: Study, most: int) -> list[Factor]:
    """The factors that move some effect most: each effect hands on its largest in turn until there are enough."""
    orders = [one.order() for one in screening.analyses]
    kept: list[int] = []
    for place in range(len(screening.factors)):
        for order in orders:
            if order[place] not in kept and len(kept) < most:
                kept.append(order[place])
    return [screening.factors[k] for k in sorted(kept)]


def _effects(experiment: Experiment, runs: Runs, outcome: str) -> list[Effect]:
    values = runs.outcome(outcome)
    if len(experiment.names) == 1:
        return [Effect(experiment.names[0], outcome, values[0])]
    return [
        Effect(name, outcome, other - values[0])
        for name, other in zip(experiment.names[1:], values[1:], strict=True)
    ]


def _by_year(
    experiment: Experiment, plan: Plan, factors: Sequence[Factor], u: np.ndarray, runs: Runs, effect: Effect
) -> dict[str, list[float]]:
    """The main index in each whole budget year."""
    base = experiment.worlds[PLAIN][0]
    first, last = year_of(base.start_week), year_of(base.start_week + base.weeks - 1)
    stem, _, year = effect.outcome.rpartition("/")
    there = set(runs.store.outcomes())
    names = {str(y): f"{stem}/{y}" for y in range(first, last + 1) if f"{stem}/{y}" in there}
    if year != "all" or len(names) < 2 or plan.method not in (SCREENING, VARIANCE):
        return {}
    out = {}
    for y, name in names.items():
        yearly = next(one for one in _effects(experiment, runs, name) if one.scenario == effect.scenario)
        found = analyse(plan.method, factors, u, plan.n, yearly, 0)
        out[y] = [one[MAIN[plan.method]].value for one in found.indices]
    return out


def tables(found: Study) -> "dict[str, pd.DataFrame]":
    """indices, ends, years and the design as tables."""
    import pandas as pd

    from experiments.sensitivity.analysis import tidy

    ends_rows = [
        {
            "scenario": scenario, "outcome": outcome, "factor": one.factor.name, "group": one.factor.group,
            "low_third": one.low, "low_error": one.low_error, "high_third": one.high, "high_error": one.high_error,
        }
        for (scenario, outcome), all_ends in found.ends.items()
        for one in all_ends
    ]  # fmt: skip
    years_rows = [
        {"scenario": scenario, "outcome": outcome, "year": year, "factor": factor.name, "value": value}
        for (scenario, outcome), by_year in found.years.items()
        for year, values in by_year.items()
        for factor, value in zip(found.factors, values, strict=True)
    ]
    grown = [
        {"scenario": scenario, "outcome": outcome, "rows": n, "factor": factor.name, "ST": value}
        for (scenario, outcome), steps in found.convergence.items()
        for n, values in steps
        for factor, value in zip(found.factors, values, strict=True)
    ]
    out = {"indices": tidy(found.analyses), "ends": pd.DataFrame(ends_rows)}
    out |= {
        name: pd.DataFrame(rows) for name, rows in (("years", years_rows), ("convergence", grown)) if rows
    }
    return out


def of_scenarios(names: Sequence[str], changes: Sequence[str]) -> Experiment:
    """An experiment of scenarios named on the command line: the first is the base."""
    from experiments.compare import check_comparable
    from experiments.experiment_file import ExperimentFile
    from sim.scenario import load

    world = tuple(load(name, overrides=changes) for name in names)
    check_comparable(world[0], world[1:])
    file = ExperimentFile.model_validate(
        {"base": names[0], "scenarios": tuple(names[1:]), "set": tuple(changes)}
    )
    return Experiment("_".join(Path(name).stem for name in names), Path(names[0]), file, {PLAIN: world})


def for_weeks(experiment: Experiment, weeks: int) -> Experiment:
    """The same over another horizon."""
    worlds = {v: tuple(one.for_weeks(weeks) for one in world) for v, world in experiment.worlds.items()}
    return replace(experiment, worlds=worlds)
