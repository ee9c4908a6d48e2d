"""The search for the best split: optuna's NSGA-II on the fitted responses, within the budget and economics rule 20."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.decisions.at_once import errors_behind
from experiments.decisions.mix_design import corners, feasible, within_budget
from experiments.decisions.mix_levers import possible
from experiments.decisions.mix_response import Response

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import Trial

# A search for a best split begins at the best of those spread evenly: trials, and how wide around the best so far.
ROUNDS: Final = ((200, 2.0), (200, 0.3), (150, 0.05))
FRONT_TRIALS: Final = 1500
LAST_SHARE: Final = 0.1  # of the budget, over which the price of the last krone is taken
SPENT_SHARE: Final = 0.98  # of the budget: a split that spends less leaves some

# What is small is good in the first, what is large in the others.
COSTS: Final = ("municipal", "public")
VIEW_OUTCOME: Final = {"municipality": "municipal", "all public money": "public", "people": "weeks"}
FRONT: Final = ("municipal", "weeks", "vulnerable_weeks")
# Kept no worse than doing nothing: job starts of activity-ready and sick, and the statutory contact plan.
KEPT: Final = ("activityready_jobs", "sick_jobs", "plan_compliance")


@dataclass(frozen=True)
class Space:
    """What may be split and what comes of it. Splits are (splits, levers) in parts of what each lever can use."""

    most_kr: tuple[float, ...]  # a year, by lever
    budget_kr: float
    responses: Mapping[str, Response]
    keep: bool = True  # whether those to be kept from harm are
    least_kr: tuple[float, ...] = ()  # what each costs before its dose begins; nothing if left out

    def possible(self, u: np.ndarray) -> np.ndarray:
        """Splits as they can be bought."""
        return possible(u, self.most_kr, self.least_kr or (0.0,) * self.levers)

    def evenly(self) -> np.ndarray:
        """Allowed splits spread evenly over what there is, doing nothing among them."""
        u = feasible(self.levers, self.most_kr, self.budget_kr)
        u = self.possible(np.vstack([np.zeros(self.levers), u]))
        return np.asarray(u[self.allowed(u)])

    @property
    def levers(self) -> int:
        """How many levers there are."""
        return len(self.most_kr)

    def loss(self, outcome: str, u: np.ndarray) -> np.ndarray:
        """Mean of an outcome turned so that small is good, (splits,)."""
        return (1.0 if outcome in COSTS else -1.0) * self.responses[outcome].mean(u)

    def harm(self, u: np.ndarray) -> np.ndarray:
        """Above 0 where something that is to be kept is shown to be worse than with nothing done, (splits,): its mean
        with the calculation error is below 0, in parts of that error."""
        worst = np.full(len(u), -1.0)
        for outcome in KEPT if self.keep else ():
            response = self.responses[outcome]
            error = response.error(u)
            worst = np.maximum(worst, -(response.mean(u) + error) / np.maximum(error, 1e-12))
        return np.asarray(np.where(u.any(axis=1), worst, -1.0))  # doing nothing harms nobody

    def allowed(self, u: np.ndarray) -> np.ndarray:
        """Which splits keep within the budget and harm nobody who is to be kept from harm."""
        return np.asarray(within_budget(u, self.most_kr, self.budget_kr) & (self.harm(u) <= 0.0))

    def with_budget(self, budget_kr: float) -> "Space":
        """The same levers with another budget."""
        return replace(self, budget_kr=budget_kr)


@dataclass(frozen=True)
class Flat:
    """The splits that cannot be told apart from the best one."""

    low: np.ndarray  # part of what each lever can use, (levers,)
    high: np.ndarray
    share: float  # of all allowed splits


@dataclass(frozen=True)
class LastKrone:
    """What one more krone of budget a year changes over the horizon: kroner, for people weeks."""

    value: float
    error: float  # 95 % calculation error
    unspent_kr: float  # a year, left by the best split
    held_back: bool = False  # more would be spent if nobody were to be kept from harm


def best(space: Space, view: str) -> np.ndarray:
    """The best allowed split of a viewpoint, (levers,)."""
    outcome, tried = VIEW_OUTCOME[view], space.evenly()
    at = tried[int(space.loss(outcome, tried).argmin())]
    for trials, width in ROUNDS:
        _, more = _searched(space, (outcome,), trials, at, width)
        tried = np.vstack([tried, more])
        tried = tried[space.allowed(tried)]
        at = tried[int(space.loss(outcome, tried).argmin())]
    return np.asarray(at)


def front(space: Space) -> np.ndarray:
    """Splits none of which is worse than another in all of net municipal cost, weeks in work and weeks in work of
    people with a health barrier, (splits, levers), the cheapest first."""
    study, tried = _searched(space, FRONT, FRONT_TRIALS, np.full(space.levers, 0.5), 2.0)
    found = np.vstack([np.zeros(space.levers), tried[[trial.number for trial in study.best_trials]]])
    found = np.unique(space.possible(np.floor(1000.0 * found) / 1000.0), axis=0)
    found = found[space.allowed(found)]
    found = found[_not_dominated(np.column_stack([space.loss(outcome, found) for outcome in FRONT]))]
    return np.asarray(found[np.argsort(space.loss("municipal", found))])


def _not_dominated(losses: np.ndarray) -> np.ndarray:
    """Rows no other row is as good as in everything and better in something."""
    kept = []
    for row in losses:
        as_good = (losses <= row).all(axis=1) & (losses < row).any(axis=1)
        kept.append(not as_good.any())
    return np.array(kept, bool)


def _searched(
    space: Space, outcomes: Sequence[str], trials: int, around: np.ndarray, width: float
) -> "tuple[Study, np.ndarray]":
    """A search and the splits it tried, (trials, levers), `width` wide around a split.

    What costs more than the budget is scaled down to it, so that splits which spend all of it are found and not only
    approached.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    most, tried = np.asarray(space.most_kr), []
    low, high = np.clip(around - width / 2, 0.0, 1.0), np.clip(around + width / 2, 0.0, 1.0)

    def objective(trial: "Trial") -> tuple[float, ...]:
        u = np.array(
            [[trial.suggest_float(f"u{k}", float(low[k]), float(high[k])) for k in range(space.levers)]]
        )
        u = space.possible(u)  # before and after: what is not bought frees its part of the budget
        u = space.possible(u * min(1.0, space.budget_kr / max(float(u[0] @ most), 1e-12)))
        tried.append(u[0])
        trial.set_constraint("budget", float(u[0] @ most) / space.budget_kr - 1.0 - 1e-9)
        trial.set_constraint("harm", float(space.harm(u)[0]))
        return tuple(float(space.loss(outcome, u)[0]) for outcome in outcomes)

    study = optuna.create_study(
        directions=["minimize"] * len(outcomes), sampler=optuna.samplers.NSGAIISampler(seed=1)
    )
    for row in corners(space.levers, space.most_kr, space.budget_kr) if width >= 1.0 else ():
        study.enqueue_trial({f"u{k}": float(part) for k, part in enumerate(row)})
    study.optimize(objective, n_trials=trials)
    return study, np.array(tried)


def flat(space: Space, view: str, at: np.ndarray) -> Flat:
    """All allowed splits that lie behind the best one by no more than luck explains, all of them at once (95 %)."""
    outcome = VIEW_OUTCOME[view]
    splits = np.vstack([at[None], space.evenly()])
    loss = (1.0 if outcome in COSTS else -1.0) * space.responses[outcome].of_pairs(splits)
    means = loss.mean(axis=0)
    rounding = 1e-9 * float(np.abs(loss).max())  # the best one is among the splits spread evenly
    like = splits[means - means[0] <= errors_behind(loss, 0) + rounding]
    share = (len(like) - 1) / max(1, len(splits) - 1)
    return Flat(like.min(axis=0), like.max(axis=0), share)


def last_krone(space: Space, view: str, at: np.ndarray) -> LastKrone:
    """What the last tenth of the budget gives, by krone: kroner saved or weeks gained over the horizon."""
    outcome = VIEW_OUTCOME[view]
    unspent = space.budget_kr - float(at @ np.asarray(space.most_kr))
    if unspent > (1.0 - SPENT_SHARE) * space.budget_kr:
        free = best(replace(space, keep=False), view)
        gain = space.loss(outcome, at[None]) - space.loss(outcome, free[None])
        held = bool(gain[0] > space.responses[outcome].error(free[None], at[None])[0])
        return LastKrone(0.0, 0.0, unspent, held)
    less = best(space.with_budget((1.0 - LAST_SHARE) * space.budget_kr), view)
    step = LAST_SHARE * space.budget_kr
    gain = float(space.loss(outcome, less[None])[0] - space.loss(outcome, at[None])[0])
    error = float(space.responses[outcome].error(at[None], less[None])[0])
    return LastKrone(gain / step, error / step, max(0.0, unspent))
