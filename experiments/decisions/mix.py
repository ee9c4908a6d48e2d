"""The best mix of a budget over levers: splits are lived, an answer is fitted, searched, and judged on fresh luck.

A design of splits is lived on common draws and seeds, and a quadratic is fitted to every outcome (`mix_response`). The
best splits it points to, and those a planner would ask about anyway, are lived again on draws and seeds nobody has
seen: the winner of a search looks better than it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from experiments.decisions.answer import IN_WORK, MUNICIPALITY, STATE
from experiments.decisions.at_once import errors_behind
from experiments.decisions.mix_design import coefficients, design, usual_splits
from experiments.decisions.mix_levers import Instrument, Split, instruments, possible, split_of
from experiments.decisions.mix_response import Response
from experiments.decisions.mix_search import (
    VIEW_OUTCOME,
    Flat,
    LastKrone,
    Space,
    best,
    flat,
    front,
    last_krone,
)
from experiments.draws import WORDS, read_posterior
from experiments.equal_budget import TOLERANCE
from experiments.experiment_file import PLAIN, Experiment
from sim.errors import UserError
from sim.records.student import t_95

if TYPE_CHECKING:
    from experiments.batch import Batch

FRESH_FROM: Final = 1_000_000  # number of the first draw and seed nobody has searched with
OUTCOMES: Final = {
    "municipal": MUNICIPALITY,
    "state": STATE,
    "weeks": IN_WORK,
    "vulnerable_weeks": "health_barrier_in_work/job/all",
    "activityready_jobs": "exits/kontanthjaelp_activityready.job/all",
    "sick_jobs": "exits/sygedagpenge.job/all",
    "plan_compliance": "plan_compliance/all/all",
}
PERSONS: Final = ("weeks", "vulnerable_weeks")  # mean persons, turned into weeks of the horizon


class Behind(NamedTuple):
    """Against what is best on fresh luck, a finalist or doing nothing: kroner; for people weeks."""

    loss: float
    error: float  # what luck explains, all finalists and doing nothing at once (95 %)


@dataclass(frozen=True)
class Finalist:
    """A split judged on fresh draws and luck. Values: outcome -> mean and 95 % calculation error against nothing."""

    names: tuple[str, ...]  # what it is: best of a viewpoint, one lever alone ...
    kr: tuple[float, ...]  # a year, by instrument
    values: dict[str, tuple[float, float]]
    expected: dict[str, float]  # what the fitted answer said, by outcome
    behind: dict[str, "Behind"]  # by viewpoint


@dataclass(frozen=True)
class Mix:
    """The answer to "how should the budget be split"."""

    instruments: tuple[Instrument, ...]
    refused: dict[str, str]
    budget_kr: float
    world_share: float
    weeks: int
    runs: int
    pairs: int
    fresh_pairs: int
    splits: int
    worst_miss: dict[str, float]  # outcome -> standard errors by which the curve misses a lived split
    best_kr: dict[str, tuple[float, ...]]  # viewpoint -> kroner by instrument
    flat: dict[str, Flat]
    last: dict[str, LastKrone]
    front_kr: np.ndarray  # (splits, instruments)
    front_values: dict[str, np.ndarray]  # outcome -> (splits,)
    finalists: tuple[Finalist, ...]
    nothing_behind: dict[str, Behind]  # doing nothing, by viewpoint


@dataclass(frozen=True)
class Plan:
    """A mix before it is run."""

    experiment: Experiment
    instruments: tuple[Instrument, ...]
    refused: dict[str, str]
    splits: tuple[Split, ...]

    @property
    def runs(self) -> tuple[int, int]:
        """Runs of the design, and of the finals at most."""
        own = self.experiment.file.decide.mix
        finalists = 3 + 2 * len(self.instruments)
        return own.pairs * (1 + len(self.splits)), own.fresh_pairs * (1 + finalists)


def plan_mix(plan: Experiment) -> Plan:
    """The splits to live. Raises UserError when there is nothing to split, or too few splits for a fit."""
    _check_rows(plan)
    found, refused = instruments(plan)
    own, base = plan.file.decide.mix, plan.worlds[PLAIN][0]
    least = coefficients(len(found)) + 1
    splits = own.splits or usual_splits(len(found))
    if splits < least:
        raise UserError(
            f"{plan.path}: decide: mix: splits {splits} are too few for {len(found)} levers; at least {least}"
        )
    most = [one.most_kr for one in found]
    least_kr = [one.least_kr for one in found]
    u = possible(design(len(found), most, _budget(plan), splits), most, least_kr)
    made = [split_of(base, found, row * most, f"split_{k + 1}") for k, row in enumerate(u)]
    kept = [one for one in _different(made) if sum(one.kr) <= _budget(plan) * (1.0 + TOLERANCE)]
    if len(kept) < least:
        raise UserError(
            f"{plan.path}: decide: mix: only {len(kept)} splits differ (posts come in quarters, pay comes first);"
            f" {least} are needed: a larger budget or a larger part of the municipality gives more"
        )
    return Plan(plan, tuple(found), refused, tuple(kept))


def _budget(plan: Experiment) -> float:
    """Kroner a year in the simulated part of the municipality."""
    assert plan.file.equal_budget is not None  # `check` saw to it
    return float(plan.file.equal_budget * plan.worlds[PLAIN][0].world.share)


def _different(splits: Sequence[Split]) -> list[Split]:
    """The splits without those that spend the same, or nothing."""
    seen: dict[tuple[float, ...], Split] = {}
    for one in splits:
        if any(one.kr):
            seen.setdefault(tuple(np.round(one.kr)), one)
    return list(seen.values())


def _check_rows(plan: Experiment) -> None:
    """Raises UserError when a file of draws has too few rows for finals on draws nobody has searched with."""
    if plan.file.draws in WORDS:
        return
    own = plan.file.decide.mix
    rows = len(read_posterior(plan.file.draws, plan.worlds[PLAIN][0]))
    if rows < own.pairs + own.fresh_pairs:
        raise UserError(
            f"{plan.path}: decide: mix: {plan.file.draws} has {rows} draws; pairs {own.pairs} and fresh_pairs"
            f" {own.fresh_pairs} need {own.pairs + own.fresh_pairs}, or the finals would be on draws of the search:"
            " fewer pairs, or more draws"
        )


def experiment_of(plan: Experiment, splits: Sequence[Split], pairs: int, first: int) -> Experiment:
    """Base and splits as an experiment of its own, a draw for every pair, beginning with draw and seed `first`; of a
    file of draws with its first row or, for fresh draws, with the row after those of the design."""
    file = plan.file.model_copy(
        update={
            "pairs": pairs,
            "replicates": 0,
            "stop": None,
            "equal_budget": None,
            "split": {},
            "variants": {},
        }
    )
    world = (plan.worlds[PLAIN][0], *(one.scenario for one in splits))
    return replace(plan, name=f"{plan.name}_mix", file=file, worlds={PLAIN: world}, priced={}, first=first,
                   first_row=plan.file.decide.mix.pairs if first else 0)  # fmt: skip


def outcomes_of(job: "Batch") -> dict[str, np.ndarray]:
    """Differences from doing nothing, outcome -> (pairs, splits); `public` is municipality and state together.

    Raises UserError when fewer than ten pairs are whole.
    """
    base = job.experiment.worlds[PLAIN][0]
    names = job.experiment.names[1:]
    tables = {key: job.differences(outcome)[list(names)] for key, outcome in OUTCOMES.items()}
    whole = np.all([np.isfinite(table.to_numpy()).all(axis=1) for table in tables.values()], axis=0)
    if whole.sum() < 10:
        raise UserError(
            f"{job.experiment.path}: a mix needs 10 whole pairs, found {int(whole.sum())}; run more pairs"
        )
    out = {
        key: table.to_numpy()[whole] * (base.weeks if key in PERSONS else 1.0)
        for key, table in tables.items()
    }
    return out | {"public": out["municipal"] + out.pop("state")}


def solve(
    plan: Plan,
    lived: Mapping[str, np.ndarray],
    fresh: "Callable[[list[Split]], Mapping[str, np.ndarray]]",
) -> Mix:
    """The mix from the lived splits. fresh: lives splits on new draws and luck, outcome -> (pairs, splits)."""
    most = np.array([one.most_kr for one in plan.instruments])
    u = np.array([one.kr for one in plan.splits]) / most
    responses = {key: Response(u, y) for key, y in lived.items()}
    least = tuple(one.least_kr for one in plan.instruments)
    space = Space(tuple(most), _budget(plan.experiment), responses, least_kr=least)
    at = {view: best(space, view) for view in VIEW_OUTCOME}
    asked = _asked(plan, space, at)
    seen = fresh([split for _, split in asked])
    front_u = front(space)
    finalists, nothing_behind = _finalists(asked, seen, responses, most)
    own = plan.experiment.worlds[PLAIN][0]
    return Mix(
        instruments=plan.instruments,
        refused=plan.refused,
        budget_kr=space.budget_kr,
        world_share=own.world.share,
        weeks=own.weeks,
        runs=len(lived["weeks"]) * (1 + len(plan.splits)) + len(seen["weeks"]) * (1 + len(asked)),
        pairs=len(lived["weeks"]),
        fresh_pairs=len(seen["weeks"]),
        splits=len(plan.splits),
        worst_miss={key: one.worst_miss() for key, one in responses.items()},
        best_kr={view: tuple(one * most) for view, one in at.items()},
        flat={view: flat(space, view, one) for view, one in at.items()},
        last={view: last_krone(space, view, one) for view, one in at.items()},
        front_kr=front_u * most,
        front_values={key: one.mean(front_u) for key, one in responses.items()},
        finalists=finalists,
        nothing_behind=nothing_behind,
    )


def _asked(plan: Plan, space: Space, at: Mapping[str, np.ndarray]) -> list[tuple[tuple[str, ...], Split]]:
    """Who comes to the finals: the best of each viewpoint, each lever alone, the budget filled up in proportion."""
    base, levers = plan.experiment.worlds[PLAIN][0], plan.instruments
    wanted = [(f"best: {view}", one) for view, one in at.items()]
    for k, one in enumerate(levers):
        wanted.append((f"{one.strategy} alone", np.eye(len(levers))[k]))
    wanted.append(("all in proportion", np.full(len(levers), min(1.0, space.budget_kr / sum(space.most_kr)))))
    found: dict[tuple[float, ...], tuple[list[str], Split]] = {}
    for name, u in wanted:
        split = split_of(base, levers, u * np.array(space.most_kr), f"final_{len(found) + 1}")
        if any(split.kr):
            found.setdefault(tuple(np.round(split.kr)), ([], split))[0].append(name)
    return [(tuple(names), split) for names, split in found.values()]


def _finalists(
    asked: Sequence[tuple[tuple[str, ...], Split]],
    seen: Mapping[str, np.ndarray],
    responses: Mapping[str, Response],
    most: np.ndarray,
) -> tuple[tuple[Finalist, ...], dict[str, Behind]]:
    """The finalists, and how far doing nothing is behind."""
    n = len(seen["weeks"])

    def with_error(values: np.ndarray) -> tuple[float, float]:
        return float(values.mean()), float(t_95(n - 1) * values.std(ddof=1) / np.sqrt(n))

    behind = {}
    for view, key in VIEW_OUTCOME.items():
        # Doing nothing stands last, at 0: it may be the best of them.
        loss = np.column_stack([seen[key] * (-1.0 if key == "weeks" else 1.0), np.zeros(n)])
        means = loss.mean(axis=0)
        first = int(means.argmin())
        errors = errors_behind(loss, first)
        behind[view] = [
            Behind(float(mean - means[first]), float(error))
            for mean, error in zip(means, errors, strict=True)
        ]
    finalists = tuple(
        Finalist(
            names,
            split.kr,
            {key: with_error(values[:, k]) for key, values in seen.items()},
            {key: float(one.mean(np.array([split.kr]) / most)[0]) for key, one in responses.items()},
            {view: of[k] for view, of in behind.items()},
        )
        for k, (names, split) in enumerate(asked)
    )
    return finalists, {view: of[-1] for view, of in behind.items()}
