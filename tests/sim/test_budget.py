"""The lever budget: a cut to the øre, rules for empty pots, what is carried over, posts and money by year."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from worlds import MANY_SEATS, differing, everything, lived, require_same, world

from sim.books import Books
from sim.calendar import year_start
from sim.codes import POTS
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.money.budgets import OPERATING_POTS, full_year_oere, in_proportion, post_kr, spread
from sim.policies.budget import Budget
from sim.population.history import starting_state
from sim.records.outcomes import outcome_sheet
from sim.records.result import RunResult
from sim.scenario import Scenario
from sim.snapshot import fork
from sim.tables import build_tables

IN_HOUSE, EXTERNAL, SUBSIDIES = (
    POTS.index(p) for p in ("in_house_courses", "external_courses", "wage_subsidies")
)
AUTHORISED, COMMITTED, SPENT, CARRIED = range(4)
WEEKS = 110  # two budget years and the beginning of a third
# Money for a fraction of what is offered, so that pots run out within months.
POOR = (
    *MANY_SEATS,
    "municipality.budgets.in_house_courses.kr_per_year=6000000",
    "municipality.budgets.external_courses.kr_per_year=5000000",
)
EAGER = {
    "measures.placement_share": 0.1, "measures.course_share": 0.4, "measures.external_share": 0.4,
    "measures.referral_share": 0.6, "measures.mentor_share": 0.3, "measures.thin_out_share": 0.1,
}  # fmt: skip


def given(parameters: str, *more: str, weeks: int = WEEKS) -> Scenario:
    return world("baseline", f"levers.budget={parameters}", *more, weeks=weeks)


def poor(parameters: str | None = None, weeks: int = WEEKS) -> Scenario:
    lever = (f"levers.budget={parameters}",) if parameters else ()
    return world("baseline", *POOR, *lever, weeks=weeks, behaviour=EAGER)


def budget(scenario: Scenario) -> Budget:
    lever = scenario.levers["budget"]
    assert isinstance(lever, Budget)
    return lever


def turned(scenario: Scenario) -> np.ndarray:
    """Pots as they are authorised, without living a week: int64 (years, pots, 4)."""
    books = Books(scenario, scenario.start_week, scenario.weeks)
    for week in range(scenario.start_week, scenario.start_week + scenario.weeks):
        books.open_week(week)
    return books.ledger.pots


@pytest.fixture(scope="module")
def plain() -> Any:
    return lived(world("baseline", weeks=WEEKS))


# ---- the cut -------------------------------------------------------------------------------------------------------


def test_nothing_cut_changes_nothing(plain: Any) -> None:
    nothing = given(
        "{spread: staff_first, carry_over_share: 0.2, spared: [], added_kr: {2027: {external_courses: 0}}}"
    )
    assert nothing.levers["budget"].is_zero_dose()
    require_same(everything(plain), everything(lived(nothing)))


@pytest.mark.parametrize("share", [0.1, 0.0731, 0.333])
@pytest.mark.parametrize(
    "rule", ["spread: evenly", "spread: pots_first", "spread: staff_first", "spared: []",
             "spread: shares, shares: {authority_staff: 0.7, external_courses: 0.3}"],
)  # fmt: skip
def test_a_cut_authorises_so_much_less_to_the_oere_in_every_full_year(share: float, rule: str) -> None:
    scenario, base = given(f"{{cut_share: {share}, {rule}}}", weeks=209), world("baseline", weeks=209)
    was = sum(round(full_year_oere(base, pot)) for pot in OPERATING_POTS)
    less = turned(base)[..., AUTHORISED] - turned(scenario)[..., AUTHORISED]
    assert (less[:, SUBSIDIES] == 0).all()
    assert less.sum(axis=1).tolist()[:4] == [round(share * was)] * 4
    assert (turned(scenario)[..., AUTHORISED] >= 0).all()


def test_kroner_are_cut_on_top_and_from_a_date() -> None:
    base = world("baseline", weeks=157)
    later = given("{from: 2027-W27, cut_share: 0.05, cut_kr_per_year: 2 mio. kr.}", weeks=157)
    less = (turned(base) - turned(later))[..., AUTHORISED].sum(axis=1)
    full = round(0.05 * sum(round(full_year_oere(base, pot)) for pot in OPERATING_POTS) + 2e8 * 0.04)
    assert less[1] == less[2] == full
    assert less[0] == pytest.approx(full / 2, abs=10)


def test_the_order_of_a_cut() -> None:
    pots = {"authority_staff": 100, "company_service": 20, "in_house_courses": 30, "external_courses": 51}
    assert spread(90, "pots_first", pots, {}) == {
        "in_house_courses": 30, "external_courses": 51, "authority_staff": 8, "company_service": 1,
    }  # fmt: skip
    assert spread(12, "staff_first", pots, {})["external_courses"] == 0
    assert spread(201, "evenly", pots, {}) == pots
    assert in_proportion(10, {"a": 2, "b": 1}) == {"a": 7, "b": 3} and in_proportion(0, {"a": 0}) == {"a": 0}


def test_posts_go_in_quarters_with_their_pot() -> None:
    scenario = given("{cut_share: 0.1}")
    lever, staff = budget(scenario), scenario.municipality.staff
    cut = lever.cut_oere(scenario)["authority_staff"] / full_year_oere(scenario, "authority_staff")
    have = sum(row.fte for team, row in staff.teams.items() if team != "rehabilitation")
    posts = lever.cut_posts(scenario)
    assert 0 <= sum(posts.values()) - cut * have < 0.25
    assert all(fte * 4 == round(fte * 4) and fte <= staff.teams[team].fte for team, fte in posts.items())
    assert lever.posts_from(scenario, scenario.start_week) == {team: -fte for team, fte in posts.items()}
    assert lever.posts_from(scenario, scenario.start_week + 1) == {}
    fewer, minutes = lever.cut_consultants(scenario), build_tables(scenario, scenario.start_week).offer
    assert fewer > 0 and minutes.consultant_minutes_week < (
        build_tables(world("baseline"), scenario.start_week).offer.consultant_minutes_week
    )
    assert not budget(given("{cut_share: 0.1, spread: pots_first}")).cut_posts(scenario)


def test_a_cut_is_saved_and_costs_meetings(plain: Any) -> None:
    model = lived(given("{cut_share: 0.3, spared: []}"))
    ours, base = outcome_sheet(model.result()), outcome_sheet(plain.result())
    for account in ("staff", "company_service", "integration"):
        key = ("municipal_by_account", account, "2028")
        assert ours[key] < base[key], account
    key = ("municipal_by_account", "integration", "2028")
    part = budget(model.settings).cut_oere(model.settings)["integration"] / full_year_oere(
        model.settings, "integration"
    )
    assert ours[key] == pytest.approx((1 - part) * base[key], rel=1e-6)
    assert ours["meetings", "held", "all"] < base["meetings", "held", "all"]
    assert ours["staff_fte", "posts", "2028"] < base["staff_fte", "posts", "2028"]


# ---- when a pot is empty ---------------------------------------------------------------------------------------------


def buying(pots: np.ndarray) -> np.ndarray:
    return pots[:, [IN_HOUSE, EXTERNAL]]


@pytest.fixture(scope="module")
def stopped() -> RunResult:
    return lived(poor()).result()


def test_stop_never_spends_what_is_not_there(stopped: RunResult) -> None:
    pots = buying(stopped.pots)[:2]
    assert (pots[..., SPENT] <= pots[..., AUTHORISED]).all() and (
        pots[..., COMMITTED] <= pots[..., AUTHORISED]
    ).all()
    assert stopped.column("measures_refused.no_budget").sum() > 20, "a pot that is never empty tests nothing"
    assert outcome_sheet(stopped)["pot_overspent", "external_courses", "all"] == 0


def test_overspend_refuses_nobody_and_is_shown(stopped: RunResult) -> None:
    rules = (
        "{when_empty: {in_house_courses: overspend, external_courses: overspend, wage_subsidies: overspend}}"
    )
    over = lived(poor(rules)).result()
    assert over.column("measures_refused.no_budget").sum() == 0
    sheet = outcome_sheet(over)
    for pot, k in (("in_house_courses", IN_HOUSE), ("external_courses", EXTERNAL)):
        beyond = np.maximum(over.pots[:, k, SPENT] - over.pots[:, k, AUTHORISED], 0).sum()
        assert beyond > 0 and sheet["pot_overspent", pot, "all"] == beyond / 100
    assert (over.pots[..., AUTHORISED] == stopped.pots[..., AUTHORISED]).all()


def test_thin_out_makes_a_pot_last_longer_and_never_overdraws(stopped: RunResult) -> None:
    thin = lived(poor("{when_empty: {in_house_courses: thin, external_courses: thin}}")).result()
    pots = buying(thin.pots)[:2]
    assert (pots[..., COMMITTED] <= pots[..., AUTHORISED]).all()
    spent = [
        r.spending(accounts=("in_house_courses", "external_courses"))[:52].cumsum() for r in (thin, stopped)
    ]
    assert spent[0][19] < 0.9 * spent[1][19], "less is spent in spring"
    assert spent[0][51] == pytest.approx(spent[1][51], rel=0.1), "and about as much in the year"


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_what_is_left_moves_to_the_next_year_to_the_oere(share: float) -> None:
    base, scenario = (
        world("baseline", "municipality.budgets.external_courses.kr_per_year=200000000", *more, weeks=WEEKS)
        for more in (
            (),
            (f"levers.budget={{when_empty: {{external_courses: carry}}, carry_over_share: {share}}}",),
        )
    )
    without, with_carry = lived(base).result().pots, lived(scenario).result().pots
    for year in (1, 2):
        left = int(with_carry[year - 1, EXTERNAL, AUTHORISED] - with_carry[year - 1, EXTERNAL, COMMITTED])
        carried = left * round(share * 10_000) // 10_000
        assert left > 0 and with_carry[year, EXTERNAL, CARRIED] == carried
        assert with_carry[year, EXTERNAL, AUTHORISED] - without[year, EXTERNAL, AUTHORISED] == carried
    assert not without[..., CARRIED].any() and not np.delete(with_carry[..., CARRIED], EXTERNAL, axis=1).any()


def test_a_municipality_may_carry_over_by_itself() -> None:
    """The municipality's own rule and the lever's say the same in the same words."""
    own = world("baseline", "municipality.budgets.in_house_courses.when_empty=carry", weeks=WEEKS)
    require_same(everything(lived(own)), everything(lived(given("{when_empty: {in_house_courses: carry}}"))))


# ---- money and posts by year -----------------------------------------------------------------------------------------


def test_added_money_and_posts_hold_for_their_year(plain: Any) -> None:
    scenario = given("{added_kr: {2028: {external_courses: 5 mio. kr., wage_subsidies: -1 mio. kr.}},"
                     " added_fte: {2027: {young: 25}, 2028: {young: 50, sickness: -12.5}}}")  # fmt: skip
    model = lived(scenario)
    result, base = model.result(), plain.result()
    more = (result.pots - base.pots)[..., AUTHORISED]
    assert more[:, EXTERNAL].tolist() == [0, 20_000_000, 0] and more[:, SUBSIDIES].tolist() == [
        0,
        -4_000_000,
        0,
    ]
    pay = post_kr(scenario) * 100 * 0.04
    assert more[:, 0].tolist() == [round(25 * pay), round(37.5 * pay), 0]
    posts = (result.column("staff.milli_fte") - base.column("staff.milli_fte")) / 1000
    turn = [year_start(year) - scenario.start_week for year in (2028, 2029)]
    assert set(posts[: turn[0]].round(6)) == {1.0} and set(posts[turn[0] : turn[1]].round(6)) == {1.5}
    assert set(posts[turn[1] :].round(6)) == {0.0}


def test_years_to_come_may_differ_for_a_branch() -> None:
    """A run goes on under other money of later years, and ends as if it had been lived whole."""
    before = given("{cut_share: 0.05, added_fte: {2027: {young: 25}}}", weeks=80)
    after = given(
        "{cut_share: 0.05, added_fte: {2027: {young: 25}, 2028: {young: 25}},"
        " added_kr: {2028: {external_courses: 1 mio. kr.}}}",
        weeks=80,
    )
    turn = year_start(2028) - before.start_week
    require_same(everything(lived(after)), everything(fork(lived(before, weeks=turn), after).run(80 - turn)))
    with pytest.raises(UserError, match="differs from"):
        fork(lived(before, weeks=turn + 1), after)


def test_unlimited_money_is_not_missed() -> None:
    """Pots without a bottom: a cut of them, other rules and more money leave every life as it was."""
    rich = tuple(f"municipality.budgets.{pot}.kr_per_year=1000000000"
                 for pot in ("in_house_courses", "external_courses", "wage_subsidies"))  # fmt: skip
    base = lived(world("baseline", *rich, weeks=70))
    parameters = (
        "{cut_share: 0.1, spread: pots_first, added_kr: {2027: {external_courses: 5 mio. kr.}},"
        " when_empty: {external_courses: carry, in_house_courses: overspend}}"
    )
    cut = lived(given(parameters, *rich, weeks=70))
    require_same(everything(base), everything(cut), but=("pots",))
    assert differing(everything(base), everything(cut)) != []


# ---- what cannot be meant --------------------------------------------------------------------------------------------

WRONG = {
    "{cut_share: 0.6}": "0.5",
    "{spread: shares}": "'shares' belongs to spread: shares",
    "{cut_share: 0.1, spread: shares, shares: {authority_staff: 0.5}}": "must add up to 1, found 0.5",
    "{cut_share: 0.1, spread: shares, shares: {integration: 1}}": "integration is spared and has a share",
    "{cut_share: 0.2, spread: shares, shares: {company_service: 1}}": "takes more from company_service",
    "{cut_kr_per_year: 500 mio. kr.}": "more than there is in the pots",
    "{added_kr: {2027: {external_courses: -90 mio. kr.}}}": "takes more from external_courses in 2027",
    "{added_kr: {2020: {external_courses: 1 mio. kr.}}}": "names a year before 2027",
    "{added_kr: {2028: {authority_staff: 1 mio. kr.}}}": "authority_staff",
    "{when_empty: {external_courses: pray}}": "overspend",
    "{added_fte: {2028: {young: 0.3}}}": "posts come in quarters",
    "{cut_share: 0.1, added_fte: {2028: {fleksjob: -3.25}}}": "takes more posts from fleksjob in 2028",
    "{investment: {share: 0.5, to_pots: {external_courses: 0.5}}}": "must add up to 1, found 0.5",
}  # fmt: skip


@pytest.mark.parametrize("parameters", WRONG)
def test_mistakes_are_told(parameters: str) -> None:
    with pytest.raises(UserError, match=WRONG[parameters]):
        given(parameters)


def test_savings_need_a_base() -> None:
    scenario = given("{investment: {share: 0.5, to_posts: {young: 1}}}")
    state = starting_state(scenario, 1)
    with pytest.raises(UserError, match="cannot be run alone"):
        JobcenterModel(scenario, 1, state=state)
    assert JobcenterModel(scenario.for_weeks(52), 1, state=state)


def test_a_saving_becomes_money_and_posts() -> None:
    scenario = given(
        "{investment: {share: 0.5, to_pots: {external_courses: 0.25}, to_posts: {young: 0.5, sickness: 0.25}}}"
    )
    lever, year = budget(scenario), 2028
    saved = round(10e6 * 100 * 0.04)  # 10 mio. kr. in the whole municipality
    back = lever.with_saving(scenario, year, saved)
    assert back.added_kr == {year: {"external_courses": 1.25e6}}
    quarters = int(4 * 2.5e6 / post_kr(scenario)) / 4
    assert back.added_fte == {year: {"young": quarters, "sickness": int(4 * 1.25e6 / post_kr(scenario)) / 4}}
    assert lever.with_saving(scenario, year, 0) == lever.with_saving(scenario, year, -saved) == lever
    rule = lever.investment
    assert rule is not None
    hard = lever.model_copy(update={"investment": rule.model_copy(update={"negative": "taken_out"})})
    assert hard.with_saving(scenario, year, -saved).added_kr == {year: {"external_courses": -1.25e6}}
    emptied = hard.with_saving(scenario, year, -1000 * saved)
    changed = replace(scenario, levers={"budget": emptied})
    assert not emptied.problems(changed), "no more is taken out than there is"
    assert (turned(changed)[..., AUTHORISED] >= 0).all()
    assert emptied.added_fte[year]["young"] == -scenario.municipality.staff.teams["young"].fte


def test_a_cut_that_ends_gives_back_posts_and_money(plain: Any) -> None:
    scenario = given("{to: 2028-W26, cut_share: 0.2}")
    model, base = lived(scenario), plain.result()
    less = (base.pots - model.result().pots)[..., AUTHORISED].sum(axis=1)
    assert less[0] == 2 * less[1] > 0 and less[2] == 0
    posts = (model.result().column("staff.milli_fte") - base.column("staff.milli_fte")) / 1000
    turn = year_start(2028) + 26 - scenario.start_week
    cut = 0.04 * sum(budget(scenario).cut_posts(scenario).values())
    assert posts[:turn] == pytest.approx(-cut, abs=0.01) and posts[turn:] == pytest.approx(0, abs=0.01)
