"""Placements, paid hours and substitution: quotas of the law, money to the øre, posts that are not opened."""

import numpy as np
import pytest
from worlds import at_start, everything, lived, require_same, world

from sim.behaviour.offers import place_quota
from sim.codes import (
    A_BENEFIT,
    ACTIVITYREADY,
    BENEFITS,
    DAGPENGE,
    FIRST_BENEFIT,
    M_PAID_HOURS,
    M_PLACEMENT_PRIVATE,
    POTS,
    RATE_CLASSES,
)
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.records.weekly import MARKET, MEASURE_WEEKS, MK_POSTED, MK_REPLACED, NAMES
from sim.scenario import load
from sim.tables import build_tables
from sim.week.measures import AUTHORISED, SPENT

WEEKS = 60
OPEN = ("behaviour.measures.referral_share=0.4", "behaviour.measures.openness=0.5")


def test_the_place_quota_is_the_laws() -> None:
    """One place per 5 ordinary employees up to 50, then one per 10; one everywhere (facts/measure_rules.csv)."""
    scenario = world()
    quota = build_tables(scenario, scenario.start_week).offer.quota
    expected = {1: 1, 4: 1, 5: 1, 9: 1, 10: 2, 49: 9, 50: 10, 59: 10, 60: 11, 150: 20}
    assert {jobs: int(place_quota(jobs, quota)) for jobs in expected} == expected


def test_no_company_takes_more_than_its_quota() -> None:
    scenario = world("baseline", *OPEN, "levers.companies={placement_share: 0.9, offers_factor: 3}", weeks=30)
    model = JobcenterModel(scenario, 1, state=at_start(scenario))
    quota = model.tables.offer.quota
    most = np.array([place_quota(int(jobs), quota) for jobs in model.state["company_jobs"]])
    seen = 0
    for _ in range(30):
        model.step()
        guests = model.state["company_guests"]
        # Those who were there when levers began may be above; nobody is added above the quota.
        assert (guests <= np.maximum(most, 1)).all()
        hosts = model.state["host"][np.isin(model.state["measure"], (M_PLACEMENT_PRIVATE, 2, 5))]
        assert np.array_equal(np.bincount(hosts[hosts >= 0], minlength=guests.size), guests)
        seen = max(seen, int(guests.sum()))
    assert seen > 5


def test_an_hour_of_pay_makes_the_benefit_smaller_by_what_the_law_says() -> None:
    hours = "{small_job_share: 1, hours_per_week: 10, hourly_wage_kr: 160, kept_kr_per_hour: 30}"
    scenario = world("baseline", f"levers.paid_hours={hours}")
    amounts = build_tables(scenario, scenario.start_week).pay.amount_oere
    rates = len(RATE_CLASSES)
    full, beside = amounts[:, :rates], amounts[:, rates:]
    assert np.array_equal(
        full, build_tables(scenario, scenario.start_week, levers=False).pay.amount_oere[:, :rates]
    )
    # Cash benefit: 10 hours x (160 - 30) kr. are set off.
    assert (full[ACTIVITYREADY, 0] - beside[ACTIVITYREADY, 0]) == 130_000
    # Dagpenge: paid for the 27 of 37 hours not worked.
    assert beside[DAGPENGE, 0] == pytest.approx(full[DAGPENGE, 0] * 27 / 37, abs=1)
    other = BENEFITS.index("sygedagpenge")
    assert np.array_equal(full[other], beside[other])


def test_a_benefit_is_never_less_than_nothing() -> None:
    scenario = world(
        "baseline", "levers.paid_hours={hybrid_share: 1, hours_per_week: 30, hourly_wage_kr: 400}"
    )
    assert build_tables(scenario, scenario.start_week).pay.amount_oere.min() == 0


def test_people_with_paid_hours_are_paid_what_is_left() -> None:
    """Two worlds of the same lives, one in which nothing is set off: they differ by 8 hours of pay a person-week."""
    cash = "groups: [kontanthjaelp_jobready, kontanthjaelp_activityready, uddannelseshjaelp, sho]"
    lever = f"levers.paid_hours={{{cash}, small_job_share: 1, hybrid_share: 1, hourly_wage_kr: 165, "
    kept, set_off = (
        lived(world("baseline", *OPEN, f"{lever}kept_kr_per_hour: {kr}}}", weeks=WEEKS)) for kr in (165, 25)
    )
    in_hours = [int(model.result().rows[:, MEASURE_WEEKS + M_PAID_HOURS].sum()) for model in (kept, set_off)]
    assert in_hours[0] == in_hours[1] > 50
    less = int((kept.books.ledger.payers - set_off.books.ledger.payers)[:, A_BENEFIT].sum())
    each = (
        8 * 140 * 100
    )  # never more than the benefit; people who moved to other benefits meanwhile keep all of it
    assert 0.8 * in_hours[0] * each < less <= in_hours[0] * each


def test_a_hybrid_placement_goes_on_at_no_cost_to_the_quota() -> None:
    scenario = world("baseline", *OPEN, "levers.paid_hours={hybrid_share: 1, weeks: 15}", weeks=WEEKS)
    model = JobcenterModel(scenario, 1, state=at_start(scenario))
    for _ in range(WEEKS):
        before = {int(a): int(m) for a, m in zip(model.state["id"], model.state["measure"], strict=True)}
        model.step()
        inside = model.state["measure"] == M_PAID_HOURS
        assert (model.state["host"][inside] == -1).all()
        new = [int(a) for a in model.state["id"][inside] if before[int(a)] != M_PAID_HOURS]
        assert all(before[a] in (M_PLACEMENT_PRIVATE, 0) for a in new)
        spell = model.state["measure_until"][inside] - model.state["measure_start"][inside]
        assert (spell == 15).all()
    assert model.result().rows[:, NAMES.index("measures_started.paid_hours")].sum() > 5


def test_hours_that_were_arranged_are_set_off_until_they_end() -> None:
    """`to` ends the arranging; who has hours then keeps them, and the benefit is smaller as long as they last."""
    group = "groups: [kontanthjaelp_activityready]"
    lever = f"levers.paid_hours={{{{hybrid_share: 1, small_job_share: 1, weeks: 15, {group}{{}}}}}}"
    ended, open_end = (
        lived(world("baseline", *OPEN, lever.format(to), weeks=WEEKS)) for to in (", to: start+16", "")
    )
    started = NAMES.index("measures_started.paid_hours")
    assert ended.rows[:17, started].sum() > 0 and ended.rows[17:, started].sum() == 0
    running = ended.rows[:, MEASURE_WEEKS + M_PAID_HOURS]
    assert running[17:31].sum() > 0 and running[32:].sum() == 0
    assert open_end.rows[17:, started].sum() > 0
    # Until the last hours end the two worlds pay the same for an hour: same tables, week by week.
    for week, same in ((16, True), (31, True), (32, False)):
        tables = [
            build_tables(m.settings, m.settings.start_week + week).pay.amount_oere for m in (ended, open_end)
        ]
        assert np.array_equal(*tables) == same


def test_substitution_takes_posts_one_by_one() -> None:
    lever = "levers.companies={{placement_share: 0.9, private_share: 1, offers_factor: 2, substitution_share: {}}}"
    none, some = (
        lived(world("baseline", *OPEN, lever.format(share), weeks=WEEKS, share=0.2)).result()
        for share in (0, 1)
    )
    assert none.rows[:, MK_REPLACED].sum() == 0
    replaced = int(some.rows[:, MK_REPLACED].sum())
    started = sum(
        int(some.rows[:, NAMES.index(f"measures_started.{kind}")].sum())
        for kind in ("placement_private", "wage_subsidy")
    )
    assert 0 < replaced <= started
    fewer = int(none.rows[:, MK_POSTED].sum() - some.rows[:, MK_POSTED].sum())
    assert abs(fewer - replaced) <= 0.5 * replaced + 10  # firms answer a little to how fast posts fill
    assert NAMES[MARKET + 9] == "market.replaced"


def test_only_what_is_added_takes_the_place_of_a_post() -> None:
    offer = build_tables(s := world("baseline", "levers.companies={site_minutes: 60}"), s.start_week).offer
    assert offer.substitution == 0.0
    twice = world("baseline", "levers.companies={offers_factor: 2, substitution_share: 0.3}")
    assert build_tables(twice, twice.start_week).offer.substitution == pytest.approx(0.15)


@pytest.mark.parametrize("lever", ["job_dating={groups: [dagpenge], kr_per_year: 2 mio. kr.}",
                                   "companies={consultants_fte: 50, site_minutes: 30}"])  # fmt: skip
def test_what_work_with_companies_costs_is_authorised_in_its_pot(lever: str) -> None:
    """A full year: as much more in the pot as is spent from it."""
    model, base = (lived(world("baseline", *more, weeks=53)) for more in ((f"levers.{lever}",), ()))
    pot = POTS.index("company_service")
    more = (model.books.ledger.pots - base.books.ledger.pots)[0, pot]
    assert more[AUTHORISED] > 0
    assert abs(more[AUTHORISED] - more[SPENT]) < 0.001 * more[AUTHORISED]


def test_openness_grows_with_placements_carried_through() -> None:
    lever = "levers.companies={{offers_factor: 2, assumed_openness_gain: {}}}"
    cold, warm = (lived(world("baseline", *OPEN, lever.format(g), weeks=WEEKS)) for g in (0, 0.2))
    assert warm.state["company_openness"].mean() > cold.state["company_openness"].mean()


def test_a_shorter_run_is_the_beginning_of_a_longer_one_with_companies() -> None:
    levers = (
        "levers.companies={offers_factor: 2}",
        "levers.paid_hours={hybrid_share: 0.5, small_job_share: 0.3}",
    )
    a = everything(lived(world("baseline", *levers, weeks=30)))
    b = lived(world("baseline", *levers, weeks=50), weeks=30)
    rows = b.rows[:30]
    assert all(np.array_equal(a[f"row {name}"], rows[:, k]) for k, name in enumerate(NAMES))


def test_what_the_law_does_not_allow_is_told() -> None:
    with pytest.raises(UserError, match="groups"):
        load("baseline", overrides=("levers.paid_hours={groups: [foertidspension], hybrid_share: 1}",))


def test_paid_hours_do_not_make_anybody_self_supporting() -> None:
    """The refusion clock goes on: a person with paid hours stays on the benefit."""
    scenario = world(
        "baseline", *OPEN, "levers.paid_hours={hybrid_share: 1, lock_in_factor: 1, weeks: 20}", weeks=40
    )
    model = lived(scenario)
    inside = model.state["measure"] == M_PAID_HOURS
    assert (model.state["status"][inside] >= FIRST_BENEFIT).all() and inside.any()
    base = everything(lived(world("baseline", *OPEN, weeks=40)))
    require_same(base, everything(model), but=("payers", "payees", "row measures", "row company_measure", "row passive",
                                               "row ladder", "state measure", "row casework", "cohort"))  # fmt: skip
