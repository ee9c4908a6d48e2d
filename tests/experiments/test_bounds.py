"""The arithmetic ceiling on figures worked by hand, and every lever that ships has one."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest
from made_comparison import made_scenario

from experiments.bounds import LARGEST, bound_of, break_even_persons, gain_at_most, groups_of
from experiments.break_even import break_even
from sim import codes
from sim.policies.registry import levers
from sim.records.outcomes import WEEKS_PER_YEAR, Key
from sim.scenario import load

FACTS = Path(__file__).resolve().parents[2] / "jobcenter/data/facts/evidence.csv"
WEEKS = 2 * WEEKS_PER_YEAR
CHANGES = {
    "resignation": 0.25,
    "absence": 0.1,
    "group_shift": 0.3,
    "reorganisation": 0.05,
    "own_request": 0.0,
}


def baseline(**persons: float) -> dict[Key, float]:
    """Two years: `persons` full-time on each benefit at 10,000 kr. a month, half as many job exits a year."""
    out = {Key("changes_per_citizen_year", cause, "all"): n for cause, n in CHANGES.items()}
    for benefit in codes.BENEFITS:
        n = persons.get(benefit, 0.0)
        out[Key("full_time_persons", benefit, "all")] = n
        out[Key("entries", benefit, "all")] = 2 * n
        for door in codes.DOORS:
            out[Key("exits", f"{benefit}.{door}", "all")] = 0.0
        out[Key("exits", f"{benefit}.job", "all")] = n
        out[Key("exits", f"{benefit}.other_benefit", "all")] = n / 2
        out[Key("benefit_paid", benefit, "all")] = n * 2 * 120_000.0
    return out


def test_ten_million_break_even_at_87_persons() -> None:
    """Economics: Slagelse, 2023 rates, 115,000 kr. a year at the 20 % step."""
    assert round(break_even_persons(10e6, 115_000)) == 87
    assert round(100 * break_even_persons(10e6, 115_000) / 1820, 1) == 4.8


def test_one_change_fewer_for_1215_is_worth_three_to_four_million() -> None:
    """Economics: -22 % of a 6 % job chance gives 16 more finders a year, at two years' stay 3-4 mio. a year."""
    gain = gain_at_most(1215, 0.06, 0.22, 115_000)
    assert round(gain / (2 * 115_000)) == 16
    assert 3e6 < gain < 4e6


def test_those_who_find_a_job_anyway_cannot_be_helped() -> None:
    assert gain_at_most(100, 0.9, 0.4, 1.0) == pytest.approx(gain_at_most(100, 0.1, 0.4, 1.0))
    assert gain_at_most(100, 1.0, 0.4, 1.0) == 0


def test_groups_are_read_off_the_baseline_per_year() -> None:
    group = groups_of(baseline(dagpenge=200), WEEKS)["dagpenge"]
    assert group.persons == 200 and group.entries == pytest.approx(200)
    assert group.job_chance == pytest.approx(1 - 2.718281828**-0.5)
    assert group.municipal_kr == pytest.approx(0.8 * 120_000)
    assert "sho" not in groups_of(baseline(dagpenge=200), WEEKS)


def test_early_meetings_reach_entrants_the_a_kasse_has_handed_over() -> None:
    """Three quarters of a stock leave in a year, so exp(-0.75 x 13 / 52) of the entrants see the municipality."""
    doses = {"meetings_per_26_weeks": 13, "coverage_share": 0.5}
    base = baseline(dagpenge=100, sygedagpenge=50)
    insured = made_scenario("x", early_intervention={"groups": ["dagpenge"], **doses})
    still_there = math.exp(-0.75 * 13 / WEEKS_PER_YEAR)
    assert bound_of(insured, base, WEEKS).persons_reached == pytest.approx(50 * still_there)
    sick = made_scenario("x", early_intervention={"groups": ["sygedagpenge"], **doses})
    assert bound_of(sick, base, WEEKS).persons_reached == pytest.approx(25)
    too_soon = made_scenario("x", early_intervention={"groups": ["dagpenge"], "until_week": 13, **doses})
    assert bound_of(too_soon, base, WEEKS).persons_reached == 0


def test_posts_reach_the_people_of_a_growing_team_in_proportion_to_the_fall_of_its_caseload() -> None:
    base = baseline(dagpenge=100, sygedagpenge=50, uddannelseshjaelp=30, foertidspension=500)

    def bound(**extra: float):
        return bound_of(made_scenario("x", staffing={"extra_fte": extra}), base, WEEKS)

    halved = bound(sickness=10.0, young=-1.0)  # ten posts in every team: the caseload halves
    assert halved.persons_reached == pytest.approx(50)
    group = groups_of(base, WEEKS)["sygedagpenge"]
    whole = gain_at_most(50, group.job_chance, LARGEST["staffing"].effect, group.municipal_kr)
    assert halved.kr_year == pytest.approx(whole)
    assert bound(sickness=2.5).kr_year == pytest.approx(
        whole * 0.2 / 0.5
    )  # 2.5 of 12.5 posts: it falls by a fifth
    assert bound(sickness=90.0).kr_year == pytest.approx(whole)  # nobody has measured more than a halving


def test_cut_posts_have_no_ceiling() -> None:
    """There is no gain to bound, so nothing is said of being within it."""
    assert (
        bound_of(
            made_scenario("x", staffing={"extra_fte": {"sickness": -5.0}}), baseline(sygedagpenge=9), WEEKS
        )
        is None
    )


def test_continuity_reaches_those_whose_caseworker_changes_for_a_cause_it_acts_on() -> None:
    base = baseline(dagpenge=100, sygedagpenge=50, uddannelseshjaelp=50, foertidspension=500)

    def persons(**dose: object) -> float:
        return bound_of(made_scenario("x", continuity=dose), base, WEEKS).persons_reached

    # 0.3 changes of benefit a year for each of 200 cases, half of them from the insured; pensioners have no caseworker.
    assert persons(one_person_across_groups_share=0.5) == pytest.approx(30)
    assert persons(one_person_across_groups_share=0.5, groups=["uddannelseshjaelp"]) == pytest.approx(7.5)
    # A hand-over needs the old caseworker to be there: changes of benefit and levelled caseloads.
    assert persons(handover_meeting_share=1.0) == pytest.approx(60 + 10)
    assert persons(handover_meeting_share=1.0, one_person_across_groups_share=0.5) == pytest.approx(60 + 10)
    # A quarter of a post covers the 0.16 posts that are away in a team of ten, and nobody else's absences.
    assert persons(absence_slack_fte={"young": 0.25}) == pytest.approx(50 * 0.1)
    assert persons(absence_slack_fte={"young": 0.25}, groups=["dagpenge"]) == pytest.approx(50 * 0.1)
    assert persons(retention_pay_kr_per_fte_year=20_000, assumed_retention_response=0.1) == pytest.approx(
        200 * 0.25 * 0.2
    )
    assert persons(retention_pay_kr_per_fte_year=20_000) == 0  # pay without an assumed answer keeps nobody


def test_levers_and_compare_ask_the_same_function_for_the_groups_named() -> None:
    """Six hundred young people, not the whole office (docs/estimands.md)."""
    young, everybody = break_even(load("one_caseworker_young")), break_even(load("one_caseworker"))
    assert 50 < young.persons_reached < 300 < everybody.persons_reached < 2_000


def test_a_lever_given_by_lot_reaches_no_more_than_the_trial_treats() -> None:
    scenario = load("slagelse_2015_early_intervention")
    everybody = replace(scenario, trial=None)
    assert break_even(scenario).persons_reached == pytest.approx(150)
    assert break_even(everybody).persons_reached > 1_000
    assert break_even(scenario).kr_year == break_even(everybody).kr_year


def test_a_policy_that_does_nothing_has_no_ceiling() -> None:
    assert bound_of(made_scenario("x"), baseline(dagpenge=10), WEEKS) is None
    assert bound_of(made_scenario("x", continuity={}), baseline(dagpenge=10), WEEKS) is None


def test_levers_add_up() -> None:
    base = baseline(dagpenge=100, sygedagpenge=50)
    doses = {"continuity": {"handover_meeting_share": 1.0}, "staffing": {"extra_fte": {"sickness": 2.0}}}
    both = bound_of(made_scenario("x", **doses), base, WEEKS)
    alone = [bound_of(made_scenario("x", **{name: dose}), base, WEEKS) for name, dose in doses.items()]
    assert both.kr_year == pytest.approx(sum(part.kr_year for part in alone))
    assert both.lever == "continuity + staffing"


def test_every_lever_with_evidence_has_a_published_effect() -> None:
    """Those without one can never be of class A, so there is nothing to hold them against."""
    without = {
        "meetings",
        "self_service",
        "communication",
        "assessment",
        "health_wait",
        "mismatch",
        "budget",
        "staff_shock",
        "paid_hours",
        "job_dating",
        "retention",
        "priority",
        "sanctions",
    }
    assert set(levers()) - without == set(LARGEST)
    assert all(levers()[name]().evidence_class() != "A" for name in without)


def test_effects_are_those_of_the_packaged_evidence() -> None:
    with FACTS.open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert float(rows["EV101"]["effect"]) == pytest.approx(100 / (1 + LARGEST["continuity"].effect) - 100)
    assert float(rows["EV003"]["ci_high"]) == pytest.approx(1 + LARGEST["early_intervention"].effect)
    assert any(name.startswith("EV120") for name in rows) and "EV135" in rows


def test_posts_moved_in_a_team_with_hours_to_spare_are_said() -> None:
    from experiments.idle_hours import idle_notes
    from sim.codes import TEAMS_WITH_CASES
    from sim.records.outcomes import Key
    from sim.scenario import load

    used = {Key("hours_used_share", team, "all"): 0.87 for team in TEAMS_WITH_CASES}
    scenarios = [load("extra_caseworkers"), load("one_caseworker")]
    names = ["extra_caseworkers", "one_caseworker"]
    assert idle_notes(names, scenarios, used) == []
    used[Key("hours_used_share", "sickness", "all")] = 0.5
    (said,) = idle_notes(names, scenarios, used)
    assert said.startswith("extra_caseworkers") and "sickness 50 %" in said


def test_more_placements_reach_what_hours_and_offers_allow() -> None:
    from experiments.break_even import break_even
    from sim.scenario import load

    reach = {
        change: break_even(load("baseline", overrides=[f"levers.companies={change}"])).persons_reached
        for change in ("{consultants_fte: 1}", "{consultants_fte: 2}", "{placement_share: 0.5}")
    }
    staff = load("baseline").municipality
    by_hours = staff.staff.productive_hours_per_fte_year / staff.prices["placement_setup_hours"]
    assert reach["{consultants_fte: 1}"] == pytest.approx(by_hours, rel=1e-6)
    assert reach["{consultants_fte: 2}"] == pytest.approx(2 * by_hours, rel=1e-6)
    assert 0 < reach["{placement_share: 0.5}"] < by_hours * 100
