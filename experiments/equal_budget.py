"""Every strategy at the same price: its one dose is chosen so that its levers authorise B more a budget year.

B is what a council votes: extra authorised gross operating spending a budget year, before any saving (economics rule
10). Posts and pay have a price, so what a dose authorises is known before anything runs, and it is the same in every
full year, under every draw and every luck. What is then spent is not: posts stand empty, and people who are met more
often are offered more out of pots that exist anyway. It is shown beside what is authorised.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sim.calendar import year_of, year_start
from sim.errors import UserError
from sim.money.budgets import post_kr
from sim.policies.registry import Dose, Lever
from sim.records.outcomes import OERE
from sim.scenario import Scenario
from sim.scenario.scalars import read_kroner

TOLERANCE: Final = 0.01  # of the budget (economics rule 10)
LEAST_BUDGET: Final = 10_000.0  # kroner: less is a forgotten "mio."


@dataclass(frozen=True)
class Solved:
    """The dose of one lever."""

    lever: str
    declared: Dose
    dose: float
    budget_kr: float  # its part of B, a year, in the simulated part of the municipality
    authorised_kr: float  # a full year at this dose
    reason: str  # why it is not within 1 % of its part; empty when it is


@dataclass(frozen=True)
class Priced:
    """A scenario with its solved doses."""

    scenario: Scenario
    budget_kr: float
    levers: tuple[Solved, ...]


# ---- what the user gives -------------------------------------------------------------------------------------------


def read_budget(text: str, option: str = "--equal-budget") -> float:
    """Kroner a year from '5 mio. kr.'. Raises UserError when it is no amount, or too small to be meant."""
    try:
        amount = float(read_kroner(text))
    except ValueError as wrong:
        raise UserError(f"{option} {text}: {wrong}; write it as '5 mio. kr.'") from None
    if not math.isfinite(amount) or amount < LEAST_BUDGET:
        raise UserError(
            f"{option} {text}: {amount:g} kr. a year is less than {LEAST_BUDGET:,.0f}; write it as '5 mio. kr.'"
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
    check_split(out, f"--split {text}")
    return out


def check_split(split: Mapping[str, float], where: str) -> None:
    """Raises UserError unless the shares add up to 1."""
    if abs(sum(split.values()) - 1.0) > 1e-6:
        raise UserError(f"{where}: the shares add up to {sum(split.values()):g}, not to 1")


def check_priceable(
    base: Scenario, others: Sequence[Scenario], split: Mapping[str, float] | None = None
) -> None:
    """Raises UserError for a context, for a scenario whose levers authorise nothing, and for several levers without a
    split."""
    for scenario in others:
        levers = active(scenario)
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
                " equal-budget table. Leave it out, or compare it without an equal budget; a strategy on another"
                f" ground is written NAME@BASE with that ground as BASE."
            )
        for name, lever in levers.items():
            if lever.last_week(scenario) is not None:
                raise UserError(
                    f"'{scenario.name}': {name} ends (to), and an equal budget is spent every year. Leave 'to'"
                    " out, or compare it without an equal budget."
                )
            if _line(scenario, lever)[1] <= 0.0:
                raise UserError(
                    f"'{scenario.name}': more of {name} authorises no more posts or pay, so it cannot be given a"
                    " budget. Write the posts it takes (extra_fte, absence_slack_fte), or compare it without an"
                    " equal budget."
                )
        if len(levers) > 1 and (split is None or set(split) != set(levers)):
            example = ",".join(f"{name}={1 / len(levers):.2g}" for name in levers)
            given = "no split was given" if split is None else f"the split names {', '.join(split)}"
            raise UserError(
                f"'{scenario.name}' has {len(levers)} levers ({', '.join(levers)}) and {given}: say how B is shared,"
                f" such as --split {example}"
            )


def active(scenario: Scenario) -> dict[str, Lever]:
    """The levers of a scenario that do anything."""
    return {name: lever for name, lever in scenario.levers.items() if not lever.is_zero_dose()}


def _ground(scenario: Scenario) -> dict[str, Any]:
    return {key: value for key, value in scenario.canonical().items() if key != "levers"}


# ---- what a dose authorises -----------------------------------------------------------------------------------------


def whole_years(scenario: Scenario) -> list[int]:
    """Budget years that lie wholly in the horizon."""
    start, end = scenario.start_week, scenario.start_week + scenario.weeks
    return [
        year
        for year in range(year_of(start), year_of(end) + 1)
        if start <= year_start(year) and year_start(year + 1) <= end
    ]


def authorised_kr(scenario: Scenario, year: int | None = None) -> float:
    """What the levers authorise, kroner in the simulated part of the municipality: posts at marginal cost and pay, at
    the price level. Without a year: in a full year. In a year: for its weeks in force, and one-off costs."""
    return sum(_authorised(scenario, lever, year) for lever in active(scenario).values())


def _authorised(scenario: Scenario, lever: Lever, year: int | None = None) -> float:
    running = lever.paid_posts() * post_kr(scenario) + lever.other_cost_kr_year(scenario)
    if year is None:
        return scenario.world.share * running
    first, begin, end = lever.first_week(scenario), year_start(year), year_start(year + 1)
    last = lever.last_week(scenario)
    stops = end if last is None else min(end, last + 1)
    in_force = max(0, stops - max(first, begin)) / (end - begin)
    one_off = lever.one_off_oere() / OERE if begin <= first < end else 0.0
    return scenario.world.share * (running * in_force + one_off)


def _line(scenario: Scenario, lever: Lever) -> tuple[float, float]:
    """(kroner a year at the least dose, kroner a year for one more of the dose): cost is a straight line in the dose,
    up to the rounding of posts to quarters."""
    declared = lever.dose(scenario)
    least = _authorised(scenario, lever.with_dose(declared.least))
    width = declared.now - declared.least
    return least, (_authorised(scenario, lever) - least) / width if width > 0 else 0.0


# ---- solving ------------------------------------------------------------------------------------------------------


def price(
    base: Scenario, others: Sequence[Scenario], budget_kr: float, split: Mapping[str, float] | None = None
) -> list[Priced]:
    """Every scenario at the price of B (kroner a year, the whole municipality). What one lever cannot use is not passed
    on to another.

    Raises UserError as `check_priceable` does.
    """
    check_priceable(base, others, split)
    return [_priced(scenario, budget_kr * base.world.share, split) for scenario in others]


def _priced(scenario: Scenario, budget_kr: float, split: Mapping[str, float] | None) -> Priced:
    levers: dict[str, Lever] = {}
    solved = []
    for name, lever in active(scenario).items():
        part = budget_kr * (1.0 if split is None or name not in split else split[name])
        if part > 0.0:
            found = _dose(scenario, lever, part)
            levers[name] = lever.with_dose(found)
            declared = lever.dose(scenario)
            cost = _authorised(scenario, levers[name])
            reason = reason_of(found, cost, part, declared, scenario.world.share)
            solved.append(Solved(name, declared, found, part, cost, reason))
    return Priced(replace(scenario, levers=levers), budget_kr, tuple(solved))


def _dose(scenario: Scenario, lever: Lever, part_kr: float) -> float:
    """The dose that authorises what comes nearest to its part, on whole quarters of a post where it takes posts."""
    declared = lever.dose(scenario)
    least_kr, kr_per_dose = _line(scenario, lever)
    if not lever.paid_posts():
        return min(max(declared.least + (part_kr - least_kr) / kr_per_dose, declared.least), declared.most)
    quarter = 0.25 * post_kr(scenario) * scenario.world.share / kr_per_dose  # in units of the dose
    steps = round((part_kr - least_kr) / kr_per_dose / quarter)
    return min(max(declared.least + steps * quarter, declared.least), declared.most)


def reason_of(dose: float, cost_kr: float, part_kr: float, declared: Dose, share: float = 1.0) -> str:
    """Why a part of the budget is not met within 1 %; empty when it is. share: of the town that is simulated."""
    off = cost_kr / part_kr - 1.0
    if abs(off) <= TOLERANCE:
        return ""
    if dose >= declared.most - 1e-9 and off < 0:
        return (
            f"can use only {cost_kr / 1e6:.2f} of {part_kr / 1e6:.2f} mio. kr.: {declared.why_most}"
            f" ({declared.parameter} {declared.most:g})"
        )
    if dose <= declared.least + 1e-9 and off > 0:
        return f"costs {cost_kr / 1e6:.2f} mio. kr. before its dose begins: more than {part_kr / 1e6:.2f} mio. kr."
    return f"{100 * off:+.1f} %: posts come in quarters; {cost_kr / share / 1e6:.3f} mio. kr. is met exactly"


def dose_words(priced: Priced) -> str:
    """'coverage_share 0.46 of at most 1; ...'."""
    return "; ".join(
        f"{solved.declared.parameter} {_three_digits(solved.dose)} of at most {_three_digits(solved.declared.most)}"
        for solved in priced.levers
    )


def _three_digits(number: float) -> str:
    """Three figures of a number without a power of ten: '0.463', '2,110'."""
    told = float(f"{number:.3g}")
    return f"{told:,.0f}" if abs(told) >= 1000.0 else f"{told:g}"
