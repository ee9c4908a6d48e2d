"""What a resolved scenario holds: plain numbers, their origin, and the values that make up its key."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.calendar import week_of
from sim.errors import UserError
from sim.scenario import load
from sim.scenario.scalars import read_kroner, read_share
from sim.scenario.units import factor_between
from sim.tables.law import law_change_weeks

Write = Callable[[str, str], Path]
Edit = Callable[[str, str, str], None]


def test_numbers_are_plain_and_their_origin_is_kept(town: Path) -> None:
    mine = load("town")
    assert mine.municipality.population.insured_share == 0.75
    known = mine.provenance["municipality.population.insured_share"]
    assert (known.status, known.low, known.high, known.note) == ("judgement", 0.7, 0.8, "asked around")
    assert mine.provenance["behaviour.search.dagpenge"].source == "EV002"
    assert mine.municipality.population.out_move_share_per_year == 0.06
    assert mine.municipality.budgets["authority_staff"].kr_per_year == 9_000_000
    assert mine.municipality.budgets["wage_subsidies"].kr_per_year == 1_500_000


@pytest.mark.parametrize(
    ("text", "kroner"),
    [
        ("12000", 12000),
        ("12000.50", 12000.5),
        ("12 000 kr.", 12000),
        ("10 mio. kr.", 10_000_000),
        ("1.2 mio. DKK", 1_200_000),
        ("250 t. kr.", 250_000),
        ("250 1.000 kr.", 250_000),
    ],
)
def test_amounts_as_people_write_them(text: str, kroner: float) -> None:
    assert read_kroner(text) == pytest.approx(kroner)


def test_per_cent_is_the_share_a_person_means() -> None:
    assert [read_share(f"{n} %") for n in range(101)] == [float(f"{n / 100:.2f}") for n in range(101)]


@pytest.mark.parametrize(
    ("written", "wanted", "factor"),
    [
        ("%", "share", 0.01),
        ("share", "share per year", 1.0),
        ("mio. kr. per year", "kr per year", 1e6),
        ("1.000 kr.", "kr", 1e3),
        ("kr./month", "kr per year", None),
        ("days", "weeks", None),
        ("full-time persons", "persons", 1.0),
        ("hours per FTE-year", "hours per FTE per year", 1.0),
        ("days", "share", None),
    ],
)
def test_units(written: str, wanted: str, factor: float | None) -> None:
    assert factor_between(written, wanted) == (None if factor is None else pytest.approx(factor))


def test_law_by_date_and_frozen(town: Path) -> None:
    by_date = load("town")
    frozen = load("town", overrides=["law.as_of=2024-07-01"])
    week = by_date.start_week
    assert by_date.law.transition("ressourceforloeb_open", week) == 0
    assert frozen.law.transition("ressourceforloeb_open", week) == 1
    assert by_date.law.transition("dagpenge_limit_weeks", week_of("2011-W30")) is None
    assert [rule.holder for rule in by_date.law.contact_rules("dagpenge", week)] == ["a_kasse"]
    assert [rule.holder for rule in frozen.law.contact_rules("dagpenge", week)] == ["municipality"]
    # 1 January 2024 is a Monday: the week before it is still ruled by the old rate.
    assert by_date.law.rates("dagpenge", week_of("2023-W52"))["standard"].kr == 12000
    assert by_date.law.rates("dagpenge", week_of("2024-W01"))["standard"].kr == 13000
    assert by_date.law.rates("dagpenge", week_of("2010-W01"))["standard"].kr == 12000
    assert by_date.law.paid_share["dagpenge"] == 1.0


def test_a_frozen_law_leaves_the_rows_moving_that_are_named(town: Path) -> None:
    frozen = load("town", overrides=["law.as_of=2024-07-01"])
    moving = load("town", overrides=["law.as_of=2024-07-01", "law.moving=[ressourceforloeb_open]"])
    week = moving.start_week
    assert (frozen.law.transition("ressourceforloeb_open", week), frozen.law.moving_rows()) == (1, [])
    assert moving.law.transition("ressourceforloeb_open", week) == 0  # its own day's
    assert moving.law.transition("dagpenge_limit_weeks", week) == frozen.law.transition(
        "dagpenge_limit_weeks", week
    )
    assert moving.law.moving_rows() == list(moving.law.transitions["ressourceforloeb_open"])
    assert law_change_weeks(moving) > law_change_weeks(frozen)
    assert moving.canonical() != frozen.canonical()
    with pytest.raises(UserError, match=r"unknown time limit 'ressourceforlob_open'.*did you mean"):
        load("town", overrides=["law.as_of=2024-07-01", "law.moving=[ressourceforlob_open]"])
    with pytest.raises(UserError, match="every limit moves; leave 'moving' out"):
        load("town", overrides=["law.moving=[ressourceforloeb_open]"])


def test_canonical_ignores_what_cannot_alter_a_result(town: Path, edit: Edit) -> None:
    before = load("town").canonical()
    edit("town.yaml", "What happens in Smallby?", "What else?")
    edit("town.yaml", "weeks: 104", "weeks: 104 # two years")
    edit("municipalities/smallby.yaml", "asked around", "read in the paper")
    edit("municipalities/smallby.yaml", 'insured_share: {value: 75, unit: "%"', "insured_share: {value: 0.75")
    edit("municipalities/smallby.yaml", "low: 70, high: 80, ", "")
    edit("behaviour/default.yaml", "low: 0.15, high: 0.5", "low: 0.1, high: 0.6")
    edit("law/measures.yaml", "source: made up", "source: found")
    edit("municipalities/smallby.yaml", "dagpenge: {value: 95.6", "dagpenge: {value: 90")  # a target
    assert load("town").canonical() == before


@pytest.mark.parametrize(
    "override",
    [
        "weeks=103",
        "start=2027-W02",
        "world.share=0.5",
        "prices.level_year=2025",
        "behaviour.trust.gain=0.31",
        "effects.meetings.channel_share=0.7",
        "law.as_of=2024-07-01",
        "law.measures.placement_weeks_dagpenge=5",
        "law.refusion_switches.education_is_self_support=true",
        "law.contact_plan.0.meetings=5",
        "law.benefit_rates.sho.0.rates.standard.kr=11999",
        "law.benefit_rates.paid_share.sho=0.9",
        "municipality.staff.sick_days_per_year=13",
        "municipality.stocks.foertidspension=381",
        "levers.staffing.extra_fte.young=0.25",
        "demand=[{from: start, to: start, posting_factor: 0.9}]",
    ],
)
def test_canonical_sees_what_can(town: Path, override: str) -> None:
    changed = load("town", overrides=[override]).canonical()
    assert changed != load("town").canonical()
    assert json.loads(json.dumps(changed)) == changed


def test_canonical_sees_an_edited_rule_set(town: Path, edit: Edit) -> None:
    before = load("town").canonical()
    edit("law/refusion/half.yaml", "state_share: 0.5", "state_share: 0.4")
    assert load("town").canonical() != before


def test_canonical_cannot_be_spoilt(town: Path) -> None:
    mine = load("town")
    mine.canonical()["weeks"] = 1
    assert mine.canonical()["weeks"] == 104


def test_a_draw_of_behaviour(town: Path) -> None:
    mine = load("town")
    drawn = mine.with_behaviour({"trust.gain": 0.4})
    assert (drawn.behaviour["trust.gain"], mine.behaviour["trust.gain"]) == (0.4, 0.3)
    assert drawn.canonical() != mine.canonical()
    assert drawn.behaviour["search.dagpenge"] == 0.03
    effect = mine.effects["meetings"].contrast
    stronger = mine.with_behaviour({"effects.meetings.contrast": 1.4}).effects["meetings"].contrast
    assert (stronger.value, effect.value, stronger.low) == (1.4, 1.25, effect.low)
    for name in ("trust.gian", "effects.other.contrast", "effects.meetings.dose"):
        with pytest.raises(KeyError, match=name):
            mine.with_behaviour({name: 1.0})
    with pytest.raises(KeyError, match="trust.gian"):
        mine.with_behaviour({"trust.gian": 0.4})


def test_a_shorter_horizon(town: Path) -> None:
    assert load("town").for_weeks(2).canonical()["weeks"] == 2


def test_a_resolved_scenario_is_frozen(town: Path) -> None:
    mine = load("town")
    with pytest.raises(AttributeError):
        mine.weeks = 3  # type: ignore[misc]
    with pytest.raises(ValueError):
        mine.municipality.staff.sick_days_per_year = 3


@pytest.mark.parametrize("lever", ["staffing", "early_intervention", "continuity"])
def test_the_zero_dose_is_known_as_such(town: Path, lever: str) -> None:
    assert load("town", overrides=[f"levers.{lever}={{}}"]).levers[lever].is_zero_dose()


@pytest.mark.parametrize(
    "dose",
    [
        "staffing.extra_fte.young=-1",
        "early_intervention={groups: [dagpenge], meetings_per_26_weeks: 13}",
        "early_intervention.one_off_kr=1000",
        "continuity.handover_meeting_share=0.5",
        "continuity.retention_pay_kr_per_fte_year=12000",
    ],
)
def test_a_dose_is_known_as_such(town: Path, dose: str) -> None:
    (lever,) = load("town", overrides=[f"levers.{dose}"]).levers.values()
    assert not lever.is_zero_dose()


def test_a_file_may_claim_less_evidence_than_its_levers(write: Write) -> None:
    write("mine", "extends: more_staff\nevidence_class: C\n")
    assert load("mine").evidence_class == "C"
    write("mine", "extends: more_staff\nevidence_class: B\n")
    with pytest.raises(UserError, match="claims more"):
        load("mine")


def test_rules_not_read_are_counted_while_they_are_in_force(edit: Edit) -> None:
    before = load("town").unverified
    assert "law.transitions.ressourceforloeb_open" in before
    assert "law.benefit_rates.sho from 2024-01-01: standard" in before
    assert (
        "law.benefit_rates.sho from 2020-01-01: standard" not in before
    )  # replaced in 2024, the run begins in 2027
    edit("law/transitions.yaml", "{from: 2026-07-01, value: 0, unit: open, source: made up, status: judgement}",
         "{from: 2026-07-01, value: 0, unit: open, source: an act, status: read}")  # fmt: skip
    assert set(before) - set(load("town").unverified) == {"law.transitions.ressourceforloeb_open"}
    frozen = load("town", overrides=["law.as_of=2024-07-01"]).unverified
    assert "law.transitions.ressourceforloeb_open" in frozen  # the other row, judged, is the one in force
    assert "law.contact_plan.0 dagpenge" in frozen
    assert "law.contact_plan.1 dagpenge" not in frozen


def test_keys_no_rule_reads_say_so_and_no_other_does() -> None:
    """What is marked unused is named nowhere in the model, and every mark stands in the schema."""
    from calibration.evidence import enters
    from sim.scenario.municipality import UNUSED, LocalPrices, Population, Staff

    assert all(not enters(name) for name in UNUSED)
    marked = {
        name
        for model in (Population, Staff, LocalPrices)
        for name, field in model.model_fields.items()
        if "not used by the model" in (field.description or "")
    }
    assert marked == {name.rsplit(".", 1)[1] for name in UNUSED} - {"public_share"}
