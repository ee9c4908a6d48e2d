"""What one more krone is worth to the municipality: in a pot, or in posts.

Every margin is moved up and down by the same amount a year under the same luck, so the answer is a symmetric difference
with the calculation error of its pairs. It is asked at the scenario's own budget: what the first krone more gives where
a tenth has been cut is not what it gives without the cut. A pot that is not used up is worth nothing more.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np

from experiments.compare import Summary, summarise
from experiments.equal_budget import whole_years
from experiments.run import Plan, Where, execute
from experiments.spread import paired
from sim.calendar import year_of
from sim.codes import POTS
from sim.errors import UserError
from sim.money.budgets import STAFF_POTS, full_year_oere, post_kr
from sim.policies.budget import SOME_TEAMS, Budget
from sim.policies.registry import scaled_posts
from sim.records.outcomes import Key
from sim.scenario import Scenario

BUYING: Final = tuple(pot for pot in POTS if pot not in STAFF_POTS and pot != "integration")
ALL_POSTS: Final = "posts, all teams"
ESTIMAND: Final = "total"


@dataclass(frozen=True)
class Margin:
    """A pot or posts with so much more, and with so much less."""

    name: str
    more: Scenario
    less: Scenario


class Price(NamedTuple):
    """What a krone more authorised does, kroner a krone unless said otherwise; errors are calculation errors (95 %)."""

    margin: str
    authorised_kr: float  # moved up and down by this much in a full year, the part simulated
    spent: float  # operating spending and wage subsidies
    spent_error: float
    saved: float  # on the municipality's benefits
    saved_error: float
    net: float  # the municipality's gain, all frames: above 0 it more than pays for itself, -1 it is lost
    net_error: float
    state: float  # the state's gain
    state_error: float
    persons: float  # fewer on support per mio. kr. a year
    persons_error: float


def margins(scenario: Scenario, krone_kr: float, each_team: bool = False) -> list[Margin]:
    """The pots that buy, and posts over all teams in proportion or team by team. krone_kr: kroner a year, the whole
    municipality; posts take as many whole quarters as it pays, a small team no more than it has.

    Raises UserError when a pot does not hold so much, or a quarter of a post costs more.
    """
    if not whole_years(scenario):
        raise UserError(
            f"'{scenario.name}' holds no whole budget year to price a krone in; give --weeks 104 or more"
        )
    have = {team: fte for team, fte in _posts_left(scenario).items() if fte > 0}
    posts = math.floor(4.0 * krone_kr / post_kr(scenario) + 1e-9) / 4.0
    if posts <= 0:
        raise UserError(
            f"--krone: a quarter of a post costs {post_kr(scenario) / 4:,.0f} kr. a year; give more"
        )
    out = []
    for pot in BUYING:
        held = full_year_oere(scenario, pot) / 100.0 / scenario.world.share
        if held < krone_kr:
            raise UserError(
                f"--krone: {pot} holds {held / 1e6:.2f} mio. kr. a year and cannot be cut by more; give less"
            )
        out.append(Margin(pot, *(_moved(scenario, {pot: sign * krone_kr}, {}) for sign in (1, -1))))
    over = {
        ALL_POSTS: have,
        **({f"posts, {team}": {team: fte} for team, fte in have.items()} if each_team else {}),
    }
    for name, teams in over.items():
        more = scaled_posts(teams, min(posts, math.floor(4.0 * sum(teams.values())) / 4.0))
        sides = ({team: sign * fte for team, fte in more.items() if fte} for sign in (1, -1))
        out.append(Margin(name, *(_moved(scenario, {}, side) for side in sides)))
    return out


def _posts_left(scenario: Scenario) -> dict[str, float]:
    """Posts by team that the scenario's levers have not cut."""
    left = {team: scenario.municipality.staff.teams[team].fte for team in SOME_TEAMS}
    for lever in scenario.levers.values():
        for team, fte in lever.posts_from(scenario, lever.first_week(scenario)).items():
            left[team] += min(fte, 0.0)
    return left


def _moved(scenario: Scenario, pots: dict[str, float], posts: dict[str, float]) -> Scenario:
    """The scenario with so much more in every budget year."""
    lever = scenario.levers.get("budget", Budget.model_validate({"from": scenario.start_week}))
    assert isinstance(lever, Budget)
    years = range(year_of(lever.first_week(scenario)), year_of(scenario.start_week + scenario.weeks - 1) + 1)

    def plus(rows: Any, more: dict[str, float]) -> Any:
        old = {year: rows.get(year, {}) for year in years}
        return {
            year: {name: had.get(name, 0.0) + more.get(name, 0.0) for name in {**had, **more}}
            for year, had in old.items()
        }

    moved = lever.model_copy(
        update={"added_kr": plus(lever.added_kr, pots), "added_fte": plus(lever.added_fte, posts)}
    )
    changed = replace(scenario, levers={**scenario.levers, "budget": moved})
    wrong = moved.problems(changed)
    if wrong:
        raise UserError(f"--krone: {'; '.join(wrong.values())}; give less")
    return changed


def prices(
    found: Sequence[Margin],
    seeds: Sequence[int],
    where: Where = "threads",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Price], int]:
    """The price of every margin, and over how many seeds. Raises KeyboardInterrupt when none was finished."""
    plan = Plan(tuple(one for margin in found for one in (margin.less, margin.more)), tuple(seeds))
    done = execute(plan, summarise, where, progress=progress)
    runs = list(done.pairs.values())
    if not runs:
        raise KeyboardInterrupt("Stopped before the first pair of runs was finished.")
    out = [
        price_of(margin, [of_one[2 * k] for of_one in runs], [of_one[2 * k + 1] for of_one in runs])
        for k, margin in enumerate(found)
    ]
    return out, len(runs)


def price_of(margin: Margin, less: Sequence[Summary], more: Sequence[Summary]) -> Price:
    """The symmetric difference of one margin. less, more: its runs, seed by seed.

    Over whole budget years: money authorised for a year that is cut off cannot have been spent.
    """
    keys, years = less[0].keys, [str(year) for year in whole_years(margin.more)]
    wanted = {
        "spent": (("gross_operating_spending", "all"), ("municipal_by_account", "wage_subsidy")),
        "saved": (("municipal_by_account", "benefit"),),
        "net": (("net_municipal_cost", "all"),),
        "state": (("net_state_cost", "all"),),
        "persons": (("full_time_persons", "support"),),
        "authorised": (("pot_authorised", "all"),),
    }
    places = [
        [keys.index(Key(*of, year)) for of in outcomes for year in years] for outcomes in wanted.values()
    ]
    tables = [
        np.array([[one.values[places_of].sum() for places_of in places] for one in runs])
        for runs in (less, more)
    ]
    stats = paired(*tables)
    moved = float(stats.difference[-1])  # kroner over the years, the same under every luck
    figures = {}
    for k, name in enumerate(wanted):
        sign = 1.0 if name == "spent" else -1.0
        per = sign / (moved / 1e6 if name == "persons" else moved)
        figures[name] = float(stats.difference[k]) * per, float(stats.half_width[k]) * abs(per)
    return Price(
        margin.name,
        moved / 2.0 / len(years),
        *figures["spent"], *figures["saved"], *figures["net"], *figures["state"], *figures["persons"],
    )  # fmt: skip
