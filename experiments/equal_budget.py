"""Every strategy at the same price: its one dose is solved so that extra gross operating spending is B a budget year.

B is authorised each budget year before any saving (economics rule 10). Doses are found on paired runs: first few and
short, then with the seeds and the horizon of the comparison itself. The first budget year starts up (posts stand empty
until somebody is hired), so the years after it are the ones solved for, and the first is told beside them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from experiments.dose import TOLERANCE, Root, reason_of, solve_dose
from experiments.run import Plan, Where, execute
from sim.calendar import iso, year_of, year_start
from sim.codes import ACCOUNTS
from sim.errors import UserError
from sim.money.ledger import OPERATING
from sim.policies.registry import Dose, Lever
from sim.records.outcomes import OERE, WEEKS_PER_YEAR
from sim.records.result import RunResult
from sim.scenario import Scenario
from sim.scenario.scalars import read_kroner

SHORT_SEEDS: Final = 4
SHORT_YEARS: Final = 3
SHORT_TRIES, LONG_TRIES = 6, 5
LEAST_BUDGET: Final = 10_000.0  # kroner: less is a forgotten "mio."


@dataclass(frozen=True)
class Solved:
    """The dose of one lever."""

    lever: str
    declared: Dose
    dose: float
    budget_kr: float  # its part of B, in the simulated part of the municipality
    spent_kr: float  # a year, in the runs it was solved on, with the levers solved before it
    reason: str  # why it could not be met within 1 %; empty when it was


@dataclass(frozen=True)
class Priced:
    """A scenario with its solved doses."""

    scenario: Scenario
    budget_kr: float
    levers: tuple[Solved, ...]


# ---- what the user gives -------------------------------------------------------------------------------------------


def read_budget(text: str) -> float:
    """Kroner a year from '5 mio. kr.'. Raises UserError when it is no amount, or too small to be meant."""
    try:
        amount = float(read_kroner(text))
    except ValueError as wrong:
        raise UserError(f"--equal-budget {text}: {wrong}; write it as '5 mio. kr.'") from None
    if not math.isfinite(amount) or amount < LEAST_BUDGET:
        raise UserError(
            f"--equal-budget {text}: {amount:g} kr. a year is less than {LEAST_BUDGET:,.0f}; write it as '5 mio. kr.'"
        )
    return amount


def read_split(text: str) -> dict[str, float]:
    """Shares of B by lever from 'early_intervention=0.6,continuity=0.4'. Raises UserError unless they add up to 1."""
    out: dict[str, float] = {}
    for part in text.split(","):
        name, equals, share = part.partition("=")
        try:
            value = float(share)
        except ValueError:
            value = math.nan
        if not equals or not name.strip() or not 0.0 <= value <= 1.0 or name.strip() in out:
            raise UserError(
                f"--split {text}: write LEVER=SHARE,LEVER=SHARE, each lever once, such as"
                " early_intervention=0.6,continuity=0.4"
            )
        out[name.strip()] = value
    if abs(sum(out.values()) - 1.0) > 1e-6:
        raise UserError(f"--split {text}: the shares add up to {sum(out.values()):g}, not to 1")
    return out


def check_priceable(
    base: Scenario, others: Sequence[Scenario], split: Mapping[str, float] | None = None
) -> None:
    """Raises UserError for a context, for a scenario without a lever, and for several levers without a split."""
    for scenario in others:
        levers = [name for name, lever in scenario.levers.items() if not lever.is_zero_dose()]
        if scenario.kind == "context" or not levers or _ground(scenario) != _ground(base):
            what = (
                "is a context"
                if scenario.kind == "context"
                else "has no lever that does anything"
                if not levers
                else f"differs from '{base.name}' in more than its levers"
            )
            raise UserError(
                f"'{scenario.name}' {what}: law, cycle and other ground cannot be bought, so it has no place in an"
                " equal-budget table. Leave it out, or compare it without --equal-budget; a strategy on another"
                f" ground is written NAME@BASE with that ground as BASE."
            )
        if len(levers) > 1 and (split is None or set(split) != set(levers)):
            example = ",".join(f"{name}={1 / len(levers):.2g}" for name in levers)
            given = "no --split was given" if split is None else f"--split names {', '.join(split)}"
            raise UserError(
                f"'{scenario.name}' has {len(levers)} levers ({', '.join(levers)}) and {given}: say how B is shared,"
                f" such as --split {example}"
            )


def _ground(scenario: Scenario) -> dict[str, Any]:
    return {key: value for key, value in scenario.canonical().items() if key != "levers"}


# ---- spending ------------------------------------------------------------------------------------------------------


def running_years(start: int, weeks: int) -> tuple[list[int], list[int]]:
    """(whole budget years of the horizon, those of them after the start-up year; the same where there is only one)."""
    whole = [
        year
        for year in range(year_of(start), year_of(start + weeks) + 1)
        if start <= year_start(year) and year_start(year + 1) <= start + weeks
    ]
    return whole, (whole[1:] or whole)


def operating_by_year(result: RunResult) -> np.ndarray:
    """Gross operating spending by whole budget year, kroner (years,); without one, the horizon at a year's length."""
    paid = result.ledger.sum(axis=(2, 3, 4))[:, [ACCOUNTS.index(name) for name in OPERATING]].sum(axis=1)
    whole, _ = running_years(result.start, result.weeks)
    if not whole:
        return np.array([paid.sum() / OERE * WEEKS_PER_YEAR / result.weeks])
    named = result.year_of_week()
    return np.array([paid[named == year].sum() / OERE for year in whole])


def authorised_kr(scenario: Scenario) -> float:
    """What the levers authorise a year at full strength: posts at marginal cost and pay, at the price level, kroner in
    the simulated part of the municipality. Offers that follow from more meetings come out of pots that exist anyway."""
    from sim.tables.law import price_factor

    office = scenario.municipality.staff
    post = office.cost_per_fte_kr_year * price_factor(scenario, scenario.municipality.price_year)
    return scenario.world.share * sum(
        lever.paid_posts() * post + lever.other_cost_kr_year(scenario) for lever in scenario.levers.values()
    )


class _Spending:
    """Mean extra spending a year of candidates against the base, on fixed seeds and a fixed horizon."""

    def __init__(
        self,
        base: Scenario,
        seeds: Sequence[int],
        weeks: int,
        where: Where,
        workers: int | None,
        step: Callable[[], None],
    ):
        self.base, self.seeds, self.weeks = base.for_weeks(weeks), tuple(seeds), weeks
        self.where, self.workers, self.step = where, workers, step
        whole, running = running_years(base.start_week, weeks)
        self.columns = [whole.index(year) for year in running] if whole else [0]
        self.without = self._of(self.base)

    def _of(self, scenario: Scenario) -> np.ndarray:
        done = execute(Plan((scenario,), self.seeds), operating_by_year, self.where, self.workers)
        if done.interrupted:
            raise KeyboardInterrupt("Stopped while doses were being solved; nothing written.")
        self.step()
        return np.array([done.pairs[0, seed][0] for seed in self.seeds])  # (seeds, years)

    def extra(self, scenario: Scenario) -> float:
        """Kroner a year more than the base, mean over seeds and the years after the first."""
        more = self._of(scenario.for_weeks(self.weeks)) - self.without
        return float(more[:, self.columns].mean())


# ---- solving ------------------------------------------------------------------------------------------------------


def with_dose(scenario: Scenario, name: str, lever: Lever) -> Scenario:
    """The scenario with one lever replaced."""
    return replace(scenario, levers={**scenario.levers, name: lever})


def solve(
    base: Scenario,
    others: Sequence[Scenario],
    budget_kr: float,
    seeds: Sequence[int],
    split: Mapping[str, float] | None = None,
    where: Where = "threads",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Priced]:
    """Every scenario at the price of B. Levers of one scenario are solved one after the other, each on top of those
    before it, so that together they spend B; what one cannot use is not passed on.

    Raises UserError as `check_priceable` does, KeyboardInterrupt when Ctrl-C is pressed.
    """
    check_priceable(base, others, split)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done)

    first = base.start_week
    short = min(base.weeks, year_start(year_of(first) + SHORT_YEARS) - first)
    quick = _Spending(base, tuple(seeds)[:SHORT_SEEDS], short, where, workers, step)
    exact = _Spending(base, seeds, base.weeks, where, workers, step)
    return [_priced(scenario, budget_kr * base.world.share, split, quick, exact) for scenario in others]


def _priced(
    scenario: Scenario,
    budget_kr: float,
    split: Mapping[str, float] | None,
    quick: _Spending,
    exact: _Spending,
) -> Priced:
    active = {name: lever for name, lever in scenario.levers.items() if not lever.is_zero_dose()}
    built = replace(scenario, levers={})
    solved: list[Solved] = []
    before = 0.0
    for name, lever in active.items():
        share = 1.0 if len(active) == 1 else dict(split or {})[name]
        declared = lever.dose(scenario)
        target = before + share * budget_kr
        if share == 0.0:
            continue
        below = built

        def candidate(
            dose: float, name: str = name, lever: Lever = lever, below: Scenario = below
        ) -> Scenario:
            return with_dose(below, name, lever.with_dose(dose))

        rough = solve_dose(lambda dose: quick.extra(candidate(dose)), target, declared, SHORT_TRIES)
        root = solve_dose(
            lambda dose: exact.extra(candidate(dose)), target, declared, LONG_TRIES, rough.tried
        )
        own = Root(root.dose, root.spent - before, root.tried)
        reason = (
            "" if abs(root.spent / target - 1.0) <= TOLERANCE else reason_of(own, share * budget_kr, declared)
        )
        solved.append(Solved(name, declared, root.dose, share * budget_kr, own.spent, reason))
        built, before = candidate(root.dose), root.spent
    return Priced(built, budget_kr, tuple(solved))


def dose_words(priced: Priced) -> str:
    """'coverage_share 0.46 of at most 1; ...'."""
    return "; ".join(
        f"{solved.declared.parameter} {solved.dose:.3g} of at most {solved.declared.most:.3g}"
        for solved in priced.levers
    )


def horizon_words(base: Scenario) -> str:
    """Which budget years the doses were solved for."""
    whole, running = running_years(base.start_week, base.weeks)
    if not whole:
        return f"{base.weeks} weeks from {iso(base.start_week)} at a year's length: they hold no whole budget year"
    return f"{running[0]}" if len(running) == 1 else f"{running[0]}-{running[-1]}"
