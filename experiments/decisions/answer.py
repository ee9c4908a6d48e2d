"""The decision of an experiment: from the pairs of a batch to the tables that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.decisions import value
from experiments.decisions.groups import groups_of
from experiments.decisions.knowledge import repeats_needed, without_luck
from experiments.decisions.precision import half_widths, share_reach
from experiments.equal_budget import whole_years
from experiments.experiment_file import PLAIN, Experiment
from experiments.four_spreads import ENOUGH_FOR_80
from experiments.money import Choice, Payback, choices, cost_per_week, payback_chances
from experiments.plan import REPLICATE_EVERY, Planned
from sim.calendar import iso, year_of, year_start
from sim.errors import UserError
from sim.scenario import Scenario, load

if TYPE_CHECKING:
    from experiments.batch import Batch

MUNICIPALITY: Final = "net_municipal_cost/all/all"
STATE: Final = "net_state_cost/all/all"
IN_WORK: Final = "full_time_persons/job/all"  # a self-supporting week: a week in an ordinary job
ON_SUPPORT: Final = "full_time_persons/support/all"
SPENT: Final = "gross_operating_spending/all/all"
WILLING: Final = (0, 250, 500, 1000, 2000, 4000)  # kr. for one more self-supporting week
MOST_PARAMETERS: Final = 5  # shown
VIEWS: Final = ("municipality", "all public money", "people")


@dataclass(frozen=True)
class Pairs:
    """Differences from doing nothing over the horizon as they were lived, luck in them."""

    values: np.ndarray  # float64 (pairs, outcomes, strategies), outcomes in the order of `wanted`
    draw: np.ndarray  # int64 (pairs,)
    weeks: int  # horizon

    def chosen(self, rows: np.ndarray, draw: np.ndarray) -> "Pairs":
        """Some of the pairs, their draws numbered anew."""
        return Pairs(self.values[rows], draw, self.weeks)


@dataclass(frozen=True)
class Effects:
    """Effects over the horizon against doing nothing, by draw with luck taken out; rows of all are the same.

    Luck is taken out of what one answer compares, by itself: the columns of all answers together are more than the
    pairs that repeat a draw, and most luck would stay (`knowledge.py`). Raises ValueError with too few of these pairs.
    """

    pairs: Pairs

    def _known(self, columns: np.ndarray) -> np.ndarray:
        return without_luck(columns, self.pairs.draw)

    @cached_property
    def municipal(self) -> np.ndarray:
        """Kr., (draws, strategies), expenditure positive."""
        return self._known(self.pairs.values[:, 0])

    @cached_property
    def public(self) -> np.ndarray:
        """Kr., municipality and state, (draws, strategies)."""
        return self._known(self.pairs.values[:, 0] + self.pairs.values[:, 1])

    @cached_property
    def weeks(self) -> np.ndarray:
        """Self-supporting weeks gained, (draws, strategies)."""
        return self._known(self.pairs.values[:, 2]) * self.pairs.weeks

    @cached_property
    def saved(self) -> np.ndarray:
        """Kr., gross operating spending less net cost, (draws, strategies)."""
        return self._known(self.pairs.values[:, 4] - self.pairs.values[:, 0])

    @cached_property
    def by_year(self) -> np.ndarray:
        """Municipal kr., (draws, strategies, whole budget years and what the horizon has after them).

        Luck is taken out of what every year-end's totals are, of all strategies together as in `municipal`; they add
        up to `municipal`, so that who has paid back at the horizon is who beats doing nothing.
        """
        year_ends = self.pairs.values[:, 5:].cumsum(axis=1)
        totals = [self._known(year_ends[:, year]) for year in range(year_ends.shape[1])]
        return np.diff(np.stack([*totals, self.municipal], axis=2), axis=2, prepend=0.0)

    def payback(self, strategy: int) -> Payback:
        """Shares of the draws in which a strategy has paid back by each year-end, and in which not by the horizon."""
        cost = self.by_year[:, strategy]
        return payback_chances(cost, whole_years=cost.shape[1] - 1)

    def with_support_weeks(self, strategy: int) -> tuple[np.ndarray, np.ndarray]:
        """What each option gives the municipality, as `benefit`, and weeks on support more under one strategy,
        (draws,): together, as luck moves both."""
        values = self.pairs.values
        known = self._known(np.column_stack([values[:, 0], values[:, 3, strategy] * self.pairs.weeks]))
        return _beside_nothing(-known[:, :-1]), known[:, -1]

    def for_weeks_at(self, kr: float) -> np.ndarray:
        """Municipal kr. when a self-supporting week is worth so many to it, (draws, strategies)."""
        values = self.pairs.values
        return self._known(values[:, 0] - kr * values[:, 2] * self.pairs.weeks)

    def losses(self) -> dict[str, np.ndarray]:
        """Viewpoint -> what is to be small, (draws, strategies): kroner, and for people weeks not gained."""
        return dict(zip(VIEWS, (self.municipal, self.public, -self.weeks), strict=True))

    def benefit(self) -> np.ndarray:
        """What each option gives the municipality, kr., (draws, 1 + strategies): "do nothing" first."""
        return _beside_nothing(-self.municipal)


def _by_regret(of: Mapping[str, Choice]) -> list[str]:
    """Options, the one with the least expected regret first."""
    return sorted(of, key=lambda name: of[name].expected_regret_kr)


def _payback(known: Effects, strategy: int) -> dict[str, float]:
    """Years, or "never" -> share of the draws, of those the horizon holds."""
    chances = known.payback(strategy)
    within = {str(years): share for years, share in chances.within.items() if np.isfinite(share)}
    return within | {"never": chances.not_within_horizon}


def _beside_nothing(gain: np.ndarray) -> np.ndarray:
    return np.column_stack([np.zeros(len(gain)), gain])


def wanted(years: list[int]) -> tuple[str, ...]:
    """The outcomes a decision is made of."""
    return (
        MUNICIPALITY,
        STATE,
        IN_WORK,
        ON_SUPPORT,
        SPENT,
        *(f"net_municipal_cost/all/{year}" for year in years),
    )


@dataclass(frozen=True)
class Decision:
    """Strategies of class A and "do nothing", with what is known of their effects."""

    names: tuple[str, ...]  # the strategies of class A; "do nothing" stands beside them
    left_out: dict[str, str]  # other strategies -> class
    pairs: Pairs
    parameters: dict[str, np.ndarray]  # (draws,) of every drawn parameter
    priors: Mapping[str, float]  # name -> width against the evidence range

    @cached_property
    def known(self) -> Effects:
        """The effects by draw."""
        return Effects(self.pairs)

    @property
    def draws(self) -> int:
        """How many draws of what is not known there are."""
        return len(self.known.municipal)

    def views(self) -> dict[str, dict[str, Choice]]:
        """Viewpoint -> option -> probability best and expected regret (kr.; weeks for people)."""
        return {view: self._choices(loss) for view, loss in self.known.losses().items()}

    def _choices(self, loss: np.ndarray) -> dict[str, Choice]:
        return choices(dict(zip(self.names, loss.T, strict=True)))

    @cached_property
    def errors(self) -> dict[str, float]:
        """Half-widths (95 %) of the calculation error: "best/VIEW/OPTION" (share), "regret/VIEW/OPTION" (kr., weeks),
        "behind/VIEW/OPTION" (of its regret less the least one's),
        "perfect" (kr.), "weeks/STRATEGY", "municipal/STRATEGY", "payback/YEARS/STRATEGY", "payback/never/STRATEGY"."""
        least = {view: _by_regret(of)[0] for view, of in self.views().items()}

        def statistics(rows: np.ndarray, anew: np.ndarray) -> dict[str, float]:
            known = Effects(self.pairs.chosen(rows, anew))
            out = {"perfect": value.perfect(known.benefit())}
            for view, loss in known.losses().items():
                options = self._choices(loss)
                for name, one in options.items():
                    out[f"best/{view}/{name}"] = one.probability_best
                    out[f"regret/{view}/{name}"] = one.expected_regret_kr
                    behind = one.expected_regret_kr - options[least[view]].expected_regret_kr
                    out[f"behind/{view}/{name}"] = behind
            for k, name in enumerate(self.names):
                out[f"weeks/{name}"] = float(known.weeks[:, k].mean())
                out[f"municipal/{name}"] = float(known.municipal[:, k].mean())
                out |= {f"payback/{years}/{name}": share for years, share in _payback(known, k).items()}
            return out

        out = half_widths(self.pairs.draw, statistics)
        shares = {
            f"best/{view}/{name}": one.probability_best
            for view, of in self.views().items()
            for name, one in of.items()
        }
        for k, name in enumerate(self.names):
            shares |= {f"payback/{years}/{name}": share for years, share in _payback(self.known, k).items()}
        return out | {key: max(out[key], share_reach(share, self.draws)) for key, share in shares.items()}

    def not_told_apart(self, view: str) -> list[str]:
        """The option with the least expected regret, and those whose regret is more by no more than the calculation
        error of that difference, each by itself; the least first."""
        of = self.views()[view]
        first, *others = _by_regret(of)
        least = of[first].expected_regret_kr
        return [first] + [
            name
            for name in others
            if of[name].expected_regret_kr - least <= self.errors[f"behind/{view}/{name}"]
        ]

    def acceptability(self, willing: tuple[float, ...] = WILLING) -> dict[float, dict[str, float]]:
        """Kr. one would give for a self-supporting week -> option -> probability best for the municipality."""
        return {
            kr: {
                name: one.probability_best for name, one in self._choices(self.known.for_weeks_at(kr)).items()
            }
            for kr in willing
        }

    def money(self) -> dict[str, dict[str, Any]]:
        """Strategy -> means, chances of payback, kr. per self-supporting week (None: cannot be stated)."""
        out, known = {}, self.known
        for k, name in enumerate(self.names):
            chances = known.payback(k)
            per_week = cost_per_week(known.municipal[:, k], known.weeks[:, k])
            out[name] = {
                "municipal_kr": float(known.municipal[:, k].mean()),
                "public_kr": float(known.public[:, k].mean()),
                "weeks": float(known.weeks[:, k].mean()),
                "payback_within": {
                    years: None if np.isnan(share) else share for years, share in chances.within.items()
                },
                "not_within_horizon": chances.not_within_horizon,
                # A saving with weeks gained has no price: both are good, and a ratio would rank them wrongly.
                "kr_per_week": per_week if np.isfinite(per_week) and per_week > 0 else None,
            }
        return out

    @cached_property
    def information(self) -> dict[str, Any]:
        """Municipal kr. over the horizon: perfect information under every prior, groups of parameters, single ones.

        Beside each what chance alone seems to give (95 % bound): for groups and for single parameters that of the
        largest of them all, for perfect information that of pairs whose draws are shuffled, so that all is luck.
        """
        benefit = self.known.benefit()
        single = {name: value.partial(benefit, drawn) for name, drawn in self.parameters.items()}
        groups = groups_of(self.parameters)
        grouped = {
            name: value.partial_of_group(benefit, [self.parameters[one] for one in members])
            for name, members in groups.items()
        }
        top = _largest(single)
        return {
            "perfect": _perfect(benefit, self.priors),
            "perfect_by_chance": self._perfect_by_chance(),
            "groups": {
                name: {"parameters": len(groups[name]), **told} for name, told in _largest(grouped).items()
            },
            "parameters": dict(list(top.items())[:MOST_PARAMETERS]),
        }

    def _perfect_by_chance(self) -> dict[str, float]:
        """Prior -> kr. that perfect information seems to be worth (95 % bound) where nothing is known of any draw."""
        chance, every = np.random.default_rng(1), np.arange(len(self.pairs.draw))
        found = [
            _perfect(
                Effects(self.pairs.chosen(every, chance.permutation(self.pairs.draw))).benefit(), self.priors
            )
            for _ in range(value.SHUFFLES)
        ]
        return {prior: float(np.quantile([one[prior] for one in found], value.SURE)) for prior in self.priors}


def _perfect(benefit: np.ndarray, priors: Mapping[str, float]) -> dict[str, float]:
    return {prior: value.perfect(value.widened(benefit, width)) for prior, width in priors.items()}


def _largest(parts: Mapping[str, value.Part]) -> dict[str, dict[str, float]]:
    """Parts of the parameters with what they are worth and what the largest of all is by chance, largest first."""
    bounds = value.bounds_by_chance(parts)
    return {
        name: {"kr": part.kr, "by_chance": bounds[name]}
        for name, part in sorted(parts.items(), key=lambda item: -item[1].kr)
    }


def check(plan: Experiment) -> None:
    """Raises UserError for an experiment that cannot be decided, before anything is run."""
    if plan.file.equal_budget is None:
        raise UserError(
            f"{plan.path}: a decision compares strategies at one price: add 'equal_budget: 10 mio. kr.'"
        )
    if plan.file.draws == "none":
        raise UserError(f"{plan.path}: 'draws: none' leaves nothing to be unsure of; write 'draws: ranges'")
    if not ranked(plan):
        raise UserError(
            f"{plan.path}: no strategy is of class A (an effect with evidence), so none can be ranked"
        )
    if none := _no_whole_year(plan.worlds[PLAIN][0]):
        raise UserError(f"{plan.path}: {none}")
    for name in plan.file.decide.break_even:
        load(name, overrides=plan.file.set)  # raises what is wrong with it
    draws = np.array([pair.draw for pair in Planned(plan).pairs()])
    if short := _too_few(draws, len(ranked(plan)), plan.file.replicates):
        raise UserError(f"{plan.path}: {short}")


def _no_whole_year(base: Scenario) -> str:
    """Why the horizon is too short to say when money has come back, and what is enough; nothing where it is not."""
    if whole_years(base):
        return ""
    first = year_of(base.start_week)
    first += year_start(first) < base.start_week
    enough = year_start(first + 1) - base.start_week
    return (
        "a decision needs at least one whole budget year, as payback is told by year-ends;"
        f" {base.weeks} weeks from {iso(base.start_week)} hold none: --weeks {enough} or more,"
        f" or 'weeks: {enough}' in the file"
    )


def _too_few(draw: np.ndarray, strategies: int, replicates: int | None) -> str:
    """Why pairs with these draws cannot be decided on, and how many can; nothing where they can."""
    draws = len(np.unique(draw))
    needed = repeats_needed(strategies + 1)  # strategies together, in the value of a trial with its outcome
    if draws >= ENOUGH_FOR_80 and len(draw) - draws >= needed:
        return ""
    # The first pair cannot repeat a draw, after it every fifth does.
    remedy = (
        f"pairs: {REPLICATE_EVERY * needed + 1} or more"
        if replicates is None
        else f"replicates: {needed} and pairs: {2 * needed + 1}, or more"
    )
    return (
        f"{len(draw)} pairs have {draws} draws and {len(draw) - draws} repeats of a draw under other luck; to tell"
        f" luck from what is not known, a decision between {strategies} strategies of class A needs"
        f" {ENOUGH_FOR_80} draws and {needed} repeats: {remedy}"
    )


def ranked(plan: Experiment) -> dict[str, int]:
    """Strategies of class A -> their place in the experiment."""
    return {name: k for k, name in enumerate(plan.names) if k and plan.worlds[PLAIN][k].evidence_class == "A"}


def decide(job: "Batch") -> Decision:
    """The decision from the finished runs of a batch.

    Raises UserError when runs failed (pairs left out need not be like the others) and when there are too few pairs.
    """
    check_whole(job)
    plan = job.experiment
    base, of_class_a = plan.worlds[PLAIN][0], ranked(plan)
    tables = [job.differences(outcome) for outcome in wanted(whole_years(base))]
    rows = tables[0].index
    for table in tables[1:]:
        rows = rows.intersection(table.index)
    values = np.stack([table.loc[rows, list(of_class_a)].to_numpy() for table in tables], axis=1)
    draw = tables[0].loc[rows, "draw"].to_numpy(np.int64)
    whole = np.isfinite(values).all(axis=(1, 2))
    if short := _too_few(draw[whole], len(of_class_a), plan.file.replicates):
        raise UserError(f"{plan.path}: of pairs that are whole, {short}")
    return Decision(
        names=tuple(of_class_a),
        left_out={
            name: plan.worlds[PLAIN][k].evidence_class or "none"
            for k, name in enumerate(plan.names)
            if k and name not in of_class_a
        },
        pairs=Pairs(values[whole], draw[whole], base.weeks),
        parameters=_parameters(job, np.unique(draw[whole])),
        priors=plan.file.decide.priors,
    )


MOST_NAMED: Final = 3  # failed runs


def check_whole(job: "Batch") -> None:
    """Raises UserError where a run of a pair that was begun is missing, and names those runs."""
    names = job.experiment.names
    lost = [
        f"{names[run.scenario]}, seed {run.pair.seed}"
        for pair, runs in job.keys.items()
        if any(run.key in job.have for run in runs)
        for run in runs
        if run.key not in job.have
    ]
    failed = max(job.summary.failed, len(lost))
    if failed:
        named = "; ".join(lost[:MOST_NAMED]) + (" ..." if len(lost) > MOST_NAMED else "")
        raise UserError(
            f"{failed} of {job.summary.planned} runs failed, and none may be left out: {named or 'whole pairs'}."
            f" The same command tries them again; jobcenter store status {job.store.folder} shows them"
        )


def _parameters(job: "Batch", draws: np.ndarray) -> dict[str, np.ndarray]:
    found: dict[int, Mapping[str, float]] = {
        pair.draw: job.planned.values_of(pair) for pair in job.pairs if pair.variant == PLAIN
    }
    if not len(draws):
        return {}
    return {name: np.array([found[int(d)][name] for d in draws]) for name in found[int(draws[0])]}
