"""The decision of an experiment: from the pairs of a batch to the tables that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.decisions import value
from experiments.decisions.knowledge import without_luck
from experiments.equal_budget import whole_years
from experiments.experiment_file import PLAIN, Experiment
from experiments.four_spreads import ENOUGH_FOR_80, ENOUGH_REPEATS
from experiments.money import Choice, choices, cost_per_week, payback_chances
from experiments.plan import Planned
from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.batch import Batch

MUNICIPALITY: Final = "net_municipal_cost/all/all"
STATE: Final = "net_state_cost/all/all"
IN_WORK: Final = "full_time_persons/job/all"  # a self-supporting week: a week in an ordinary job
WILLING: Final = (0, 250, 500, 1000, 2000, 4000)  # kr. for one more self-supporting week
WIDTHS: Final = {"evidence range": 1.0, "half": 0.5, "double": 2.0}  # economics rule 24
TRIALS: Final = (0.5, 1.0, 2.0)  # standard error of a trial / s.d. of what is known of the effect
MOST_PARAMETERS: Final = 5  # shown


@dataclass(frozen=True)
class Decision:
    """Effects are over the horizon against doing nothing, by draw with luck taken out; rows of all are the same."""

    names: tuple[str, ...]  # the strategies of class A; "do nothing" stands beside them
    left_out: dict[str, str]  # other strategies -> class
    municipal: np.ndarray  # kr., (draws, strategies), expenditure positive
    public: np.ndarray  # kr., municipality and state
    weeks: np.ndarray  # self-supporting weeks gained
    by_year: np.ndarray  # municipal kr., (draws, strategies, whole budget years)
    parameters: dict[str, np.ndarray]  # (draws,) of every drawn parameter

    def views(self) -> dict[str, dict[str, Choice]]:
        """Viewpoint -> option -> probability best and expected regret (kr.; weeks for people)."""
        found = {"municipality": self.municipal, "all public money": self.public, "people": -self.weeks}
        return {view: choices(dict(zip(self.names, loss.T, strict=True))) for view, loss in found.items()}

    def acceptability(self) -> dict[int, dict[str, float]]:
        """Kr. one would give for a self-supporting week -> option -> probability best for the municipality."""
        return {
            kr: {
                name: choice.probability_best
                for name, choice in choices(
                    dict(zip(self.names, (self.municipal - kr * self.weeks).T, strict=True))
                ).items()
            }
            for kr in WILLING
        }

    def money(self) -> dict[str, dict[str, Any]]:
        """Strategy -> means, chances of payback, kr. per self-supporting week (None: cannot be stated)."""
        out = {}
        for k, name in enumerate(self.names):
            chances = payback_chances(self.by_year[:, k])
            per_week = cost_per_week(self.municipal[:, k], self.weeks[:, k])
            out[name] = {
                "municipal_kr": float(self.municipal[:, k].mean()),
                "public_kr": float(self.public[:, k].mean()),
                "weeks": float(self.weeks[:, k].mean()),
                "payback_within": {
                    years: None if np.isnan(share) else share for years, share in chances.within.items()
                },
                "not_within_horizon": chances.not_within_horizon,
                # A saving with weeks gained has no price: both are good, and a ratio would rank them wrongly.
                "kr_per_week": per_week if np.isfinite(per_week) and per_week > 0 else None,
            }
        return out

    def information(self) -> dict[str, Any]:
        """Municipal kr. over the horizon: perfect information under three priors, trials, single parameters."""
        benefit = np.column_stack([np.zeros(len(self.municipal)), -self.municipal])
        parts = {name: value.partial(benefit, drawn) for name, drawn in self.parameters.items()}
        top = sorted(parts, key=lambda name: -parts[name][0])[:MOST_PARAMETERS]
        trials = {
            name: {
                ratio: value.trial(benefit, self.weeks[:, k], ratio * float(self.weeks[:, k].std()))
                for ratio in TRIALS
            }
            for k, name in enumerate(self.names)
        }
        return {
            "perfect": {
                prior: value.perfect(value.widened(benefit, width)) for prior, width in WIDTHS.items()
            },
            "trial": trials,
            "parameters": {name: {"kr": parts[name][0], "by_chance": parts[name][1]} for name in top},
        }


def check(plan: Experiment) -> None:
    """Raises UserError for an experiment that cannot be decided, before anything is run."""
    if plan.file.equal_budget is None:
        raise UserError(
            f"{plan.path}: a decision compares strategies at one price: add 'equal_budget: 10 mio. kr.'"
        )
    if plan.file.draws == "none":
        raise UserError(f"{plan.path}: 'draws: none' leaves nothing to be unsure of; write 'draws: ranges'")
    if not _ranked(plan):
        raise UserError(
            f"{plan.path}: no strategy is of class A (an effect with evidence), so none can be ranked"
        )
    draws = [pair.draw for pair in Planned(plan).pairs()]
    if len(set(draws)) < ENOUGH_FOR_80 or len(draws) - len(set(draws)) < ENOUGH_REPEATS:
        raise UserError(
            f"{plan.path}: {len(draws)} pairs have {len(set(draws))} draws, {len(draws) - len(set(draws))} repeated;"
            f" a decision needs {ENOUGH_FOR_80} draws and {ENOUGH_REPEATS} repeats: 15 pairs or more"
        )


def _ranked(plan: Experiment) -> dict[str, int]:
    return {name: k for k, name in enumerate(plan.names) if k and plan.worlds[PLAIN][k].evidence_class == "A"}


def decide(job: "Batch") -> Decision:
    """The decision from the finished runs of a batch. Raises UserError when too few pairs are whole."""
    plan = job.experiment
    base, ranked = plan.worlds[PLAIN][0], _ranked(plan)
    years = whole_years(base)
    wanted = (MUNICIPALITY, STATE, IN_WORK, *(f"net_municipal_cost/all/{year}" for year in years))
    columns, draw, rows = [], np.empty(0, np.int64), None
    for outcome in wanted:
        tables = job.differences(outcome)
        rows = tables.index if rows is None else rows.intersection(tables.index)
        columns.append(tables)
    assert rows is not None
    values = np.column_stack([table.loc[rows, list(ranked)].to_numpy() for table in columns])
    draw = columns[0].loc[rows, "draw"].to_numpy(np.int64)
    whole = np.isfinite(values).all(axis=1)
    values, draw = values[whole], draw[whole]
    try:
        known = without_luck(values, draw).reshape(-1, len(wanted), len(ranked))
    except ValueError as wrong:
        raise UserError(f"{plan.path}: {len(draw)} whole pairs: {wrong}; run more pairs") from None
    numbers = np.unique(draw)
    return Decision(
        names=tuple(ranked),
        left_out={
            n: plan.worlds[PLAIN][k].evidence_class or "none"
            for k, n in enumerate(plan.names)
            if k and n not in ranked
        },
        municipal=known[:, 0],
        public=known[:, 0] + known[:, 1],
        weeks=known[:, 2] * base.weeks,
        by_year=known[:, 3:].transpose(0, 2, 1),
        parameters=_parameters(job, numbers),
    )


def _parameters(job: "Batch", draws: np.ndarray) -> dict[str, np.ndarray]:
    found: dict[int, Mapping[str, float]] = {
        pair.draw: job.planned.values_of(pair) for pair in job.pairs if pair.variant == PLAIN
    }
    return {name: np.array([found[int(d)][name] for d in draws]) for name in found[int(draws[0])]}
