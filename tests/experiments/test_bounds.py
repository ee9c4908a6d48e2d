"""The arithmetic ceiling on figures worked by hand, and every lever that ships has one."""

import csv
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


def baseline(**persons: float) -> dict[Key, float]:
    """Two years: `persons` full-time on each benefit at 10,000 kr. a month, half as many job exits a year."""
    out = {Key("changes_per_citizen_year", "counted", "all"): 0.5}
    for benefit in codes.BENEFITS:
        n = persons.get(benefit, 0.0)
        out[Key("full_time_persons", benefit, "all")] = n
        out[Key("entries", benefit, "all")] = 2 * n
        out[Key("exits", f"{benefit}.job", "all")] = n
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


def test_each_lever_reaches_its_own_people() -> None:
    base = baseline(dagpenge=100, sygedagpenge=50, foertidspension=500)
    early = made_scenario(
        "x", early_intervention={"groups": ["dagpenge"], "meetings_per_26_weeks": 13, "coverage_share": 0.5}
    )
    assert bound_of(early, base, WEEKS).persons_reached == pytest.approx(
        50
    )  # half of the 100 entrants a year
    staff = made_scenario("x", staffing={"extra_fte": {"sickness": 2.0, "young": -1.0}})
    assert bound_of(staff, base, WEEKS).persons_reached == pytest.approx(100)  # 50 there and 50 entering
    one = made_scenario("x", continuity={"handover_meeting_share": 1.0})
    assert bound_of(one, base, WEEKS).persons_reached == pytest.approx(75)  # pensioners have no caseworker


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
    without = {"meetings", "self_service", "communication", "assessment", "health_wait", "mismatch"}
    assert set(levers()) - without == set(LARGEST)
    assert all(levers()[name]().evidence_class() != "A" for name in without)


def test_effects_are_those_of_the_packaged_evidence() -> None:
    with FACTS.open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert float(rows["EV101"]["effect"]) == -100 * LARGEST["continuity"].effect
    assert float(rows["EV003"]["ci_high"]) == pytest.approx(1 + LARGEST["early_intervention"].effect)
    assert any(name.startswith("EV120") for name in rows) and "EV135" in rows
