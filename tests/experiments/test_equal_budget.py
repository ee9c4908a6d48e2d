"""Equal budget: what doses authorise, what is refused, and small worlds whose books hold what was authorised."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from experiments.compare import compare
from experiments.equal_budget import (
    authorised_kr,
    check_priceable,
    price,
    read_budget,
    read_split,
    reason_of,
    whole_years,
)
from experiments.equal_budget_table import FULL_YEAR, OWN, with_equal_budget
from experiments.experiment_file import load_experiment
from jobcenter.cli import app
from sim.calendar import week_of
from sim.errors import UserError
from sim.policies.registry import Dose, levers, scaled_posts
from sim.scenario import load
from sim.tables import build_tables

SMALL = ["world.share=0.05", "weeks=104"]


@pytest.fixture(scope="module")
def base():
    return load("baseline", overrides=SMALL)


POST_KR = 555_000 * 1.036**2  # a post in Slagelse at the price level of 2026


def priced_as(name: str, mio: float, *more: str, split: dict[str, float] | None = None):
    base, scenario = load("baseline", overrides=more), load(name, overrides=more)
    return price(base, [scenario], mio * 1e6, split)[0]


# ---- what a dose authorises ----------------------------------------------------------------------------------------


def test_a_post_has_a_price_and_a_budget_buys_quarters_of_it() -> None:
    (bought,) = priced_as("extra_caseworkers", 9.0).levers
    assert bought.dose == 15.0 and bought.authorised_kr == pytest.approx(15 * POST_KR)
    assert abs(bought.authorised_kr / 9e6 - 1) <= 0.01 and bought.reason == ""
    (small,) = priced_as("extra_caseworkers", 1.0).levers
    assert small.dose == 1.75  # of 1.68
    assert small.reason == "+4.2 %: posts come in quarters; 1.042 mio. kr. is met exactly"


@pytest.mark.parametrize("name", ["early_intervention", "one_caseworker", "extra_caseworkers"])
def test_no_quarter_more_or_less_comes_nearer_to_the_budget(name: str) -> None:
    for mio in (2.0, 2.3, 2.6):
        one = priced_as(name, mio)
        (lever,) = one.scenario.levers.values()
        cost, declared = authorised_kr(one.scenario), one.levers[0].declared
        assert cost == pytest.approx(one.levers[0].authorised_kr)
        assert declared.least <= one.levers[0].dose <= declared.most
        assert abs(cost - mio * 1e6) <= POST_KR / 8 + 1 or "can use only" in one.levers[0].reason
        assert (4 * lever.paid_posts()) % 1 == 0


def test_coverage_and_posts_of_early_intervention_go_together() -> None:
    one = priced_as("early_intervention", 2.0)
    (lever,) = one.scenario.levers.values()
    assert lever.extra_fte == {"dagpenge_jobready": 3.25}
    assert lever.coverage_share == pytest.approx(3.25 / 6.0)


def test_a_full_capacity_says_how_much_of_the_budget_it_can_use() -> None:
    (bound,) = priced_as("early_intervention", 5.0).levers
    assert bound.dose == 1.0 and bound.authorised_kr == pytest.approx(6 * POST_KR)
    assert bound.reason.startswith("can use only 3.57 of 5.00 mio. kr.: everybody in the groups gets it")


def test_a_fixed_cost_above_the_budget_is_told() -> None:
    declared = Dose("posts", "FTE", "made up", 1.0, 10.0, "nobody is left", 0.25)
    assert "before its dose begins" in reason_of(0.0, 9e6, 5e6, declared)
    (bound,) = priced_as("one_caseworker", 0.5).levers  # retention pay alone is more
    assert bound.dose == 0.0 and "before its dose begins" in bound.reason


def test_a_split_is_spent_by_its_levers_and_nothing_is_passed_on() -> None:
    one = priced_as("early_and_one_caseworker", 10.0, split={"early_intervention": 0.3, "continuity": 0.7})
    first, second = one.levers
    assert (first.budget_kr, second.budget_kr) == (pytest.approx(3e6), pytest.approx(7e6))
    assert first.authorised_kr == pytest.approx(3e6, rel=0.01) and "can use only" in second.reason
    assert authorised_kr(one.scenario) == pytest.approx(first.authorised_kr + second.authorised_kr)
    none = priced_as("early_and_one_caseworker", 3.0, split={"early_intervention": 1.0, "continuity": 0.0})
    assert list(none.scenario.levers) == ["early_intervention"]


def test_every_full_year_is_authorised_the_same_and_others_say_why_not() -> None:
    scenario = priced_as("extra_caseworkers", 9.0).scenario
    full = authorised_kr(scenario)
    assert [authorised_kr(scenario, year) for year in whole_years(scenario)] == [pytest.approx(full)] * len(
        whole_years(scenario)
    )
    late = load("extra_caseworkers", overrides=["levers.staffing.from=2028-W27"])
    assert authorised_kr(late, 2027) == 0.0
    assert authorised_kr(late, 2028) == pytest.approx(authorised_kr(late) / 2)
    once = load("one_caseworker", overrides=["levers.continuity.one_off_kr=700000"])
    assert authorised_kr(once, 2027) == pytest.approx(authorised_kr(once) + 700_000)
    assert authorised_kr(once, 2028) == pytest.approx(authorised_kr(once))


def test_posts_scale_by_largest_remainder() -> None:
    assert scaled_posts({"a": 4.0, "b": 2.0}, 3.25) == {"a": 2.25, "b": 1.0}
    assert scaled_posts({"a": 1.0, "b": 1.0, "c": 1.0}, 0.5) == {"a": 0.25, "b": 0.25, "c": 0.0}
    assert scaled_posts({}, 3.0) == {}


@pytest.mark.parametrize("name", ["early_intervention", "one_caseworker", "extra_caseworkers"])
def test_every_lever_declares_one_dose_it_can_take(name: str) -> None:
    scenario = load(name)
    for lever in scenario.levers.values():
        declared = lever.dose(scenario)
        assert declared.parameter in type(lever).model_fields and declared.most > declared.least
        half = lever.with_dose(declared.most / 2 if not declared.step else declared.step)
        type(lever).model_validate(half.model_dump(by_alias=True))  # a solved dose is one a file could hold
        same = lever.with_dose(declared.now)
        assert same == lever
    assert {type(lever) for lever in scenario.levers.values()} <= set(levers().values())


def test_authorised_is_the_price_of_the_posts_at_the_price_level() -> None:
    scenario = load("extra_caseworkers")
    assert authorised_kr(scenario) == pytest.approx(8 * 555_000 * 1.036**2)
    part = load("extra_caseworkers", overrides=["world.share=0.5"])
    assert authorised_kr(part) == pytest.approx(authorised_kr(scenario) / 2)


def test_whole_budget_years_of_a_horizon(base) -> None:
    assert whole_years(base.for_weeks(260)) == [2027, 2028, 2029, 2030, 2031]
    assert whole_years(base.for_weeks(52)) == [2027] and whole_years(base.for_weeks(30)) == []
    assert whole_years(replace(base, start_week=week_of("2027-W20"), weeks=120)) == [2028]


# ---- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["recession", "refusion_flat", "baseline"])
def test_law_and_cycle_cannot_be_bought(base, name: str) -> None:
    with pytest.raises(UserError, match="cannot be bought"):
        check_priceable(base, [load(name, overrides=SMALL)])


def test_a_strategy_on_other_ground_is_refused(base) -> None:
    other = load("extra_caseworkers", overrides=SMALL)
    moved = replace(other, behaviour={**other.behaviour, "trust.gain": 0.0})
    with pytest.raises(UserError, match="more than its levers"):
        check_priceable(base, [moved])
    check_priceable(base, [other])


def test_a_lever_that_authorises_nothing_has_no_price(base) -> None:
    for name, more in (
        ("early_intervention", "levers.early_intervention.extra_fte.dagpenge_jobready=0"),
        ("extra_caseworkers", "levers.staffing.extra_fte.activityready=-12"),
    ):
        with pytest.raises(UserError, match="authorises no more posts or pay"):
            check_priceable(base, [load(name, overrides=[*SMALL, more])])


def test_a_combination_needs_a_split_that_names_its_levers(base) -> None:
    both = load("early_and_one_caseworker", overrides=SMALL)
    with pytest.raises(UserError, match=r"--split early_intervention=0\.5,continuity=0\.5"):
        check_priceable(base, [both])
    with pytest.raises(UserError, match="the split names staffing, continuity"):
        check_priceable(base, [both], {"staffing": 0.5, "continuity": 0.5})
    check_priceable(base, [both], {"early_intervention": 0.6, "continuity": 0.4})


def test_budgets_and_splits_as_people_write_them() -> None:
    assert read_budget("5 mio. kr.") == 5e6 and read_budget("250000") == 250_000
    assert read_split("a=0.6,b=0.4") == {"a": 0.6, "b": 0.4}
    for text in ("5", "0", "-3 mio. kr.", "much", "1.200.000", ""):
        with pytest.raises(UserError, match="--equal-budget"):
            read_budget(text)
    for text in ("a=0.6,b=0.6", "a", "a=x,b=0.4", "a=0.5,a=0.5", ""):
        with pytest.raises(UserError, match="--split"):
            read_split(text)


def test_the_command_refuses_before_anything_runs() -> None:
    for words, said in (
        (("recession", "--equal-budget", "5 mio. kr."), "cannot be bought"),
        (("early_and_one_caseworker", "--equal-budget", "5 mio. kr."), "--split"),
        (("early_intervention", "--equal-budget", "5"), "5 mio. kr."),
        (("early_intervention", "--split", "a=1"), "give --equal-budget"),
    ):
        done = CliRunner().invoke(app, ["compare", "baseline", *words])
        assert done.exit_code == 2 and said in done.output, done.output


# ---- small worlds --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared(base):
    others = [
        load(name, overrides=SMALL) for name in ("early_intervention", "one_caseworker", "extra_caseworkers")
    ]
    priced = price(base, others, 4e6)
    comparison, _ = compare(base, [one.scenario for one in priced], (1, 2), where="inline")
    return priced, with_equal_budget(comparison, base, priced)


def test_the_table_holds_what_was_authorised_and_what_the_runs_spent(compared) -> None:
    priced, comparison = compared
    frame = comparison.equal_budget
    full = frame[frame.year == FULL_YEAR].set_index("scenario")
    assert list(full.index) == ["do nothing", "early_intervention", "one_caseworker", "extra_caseworkers"]
    assert (full.loc["do nothing", ["authorised_kr", "spent_kr", "net_kr"]] == 0).all()
    for name, one in zip(comparison.scenarios, priced, strict=True):
        years = frame[(frame.scenario == name) & (frame.year != FULL_YEAR)]
        assert list(years.year) == ["2027", "2028"] and (years.budget_municipality_kr == 4e6).all()
        assert years.budget_kr.to_numpy() == pytest.approx(4e6 * 0.05)
        assert years.authorised_kr.to_numpy() == pytest.approx(authorised_kr(one.scenario))
        assert (years.within_1_percent == (years.off_share.abs() <= 0.01)).all()
        assert (years.within_1_percent | (years.reason != "")).all(), name
        for year, spent, own in zip(years.year, years.spent_kr, years.own_kr, strict=True):
            found = comparison.difference(name, "gross_operating_spending", "all", year).difference
            assert spent == pytest.approx(found)
            accounts = [comparison.difference(name, "municipal_by_account", a, year).difference for a in OWN]
            assert own == pytest.approx(sum(accounts))
        assert full.loc[name, "spent_kr"] == pytest.approx(years.spent_kr.mean())
    assert "0.2 mio. kr. (the 0.05 of 4 mio. kr. that falls on the part simulated)" in " ".join(
        comparison.notes
    )


def test_the_books_hold_what_was_authorised_where_no_post_can_stand_empty(compared) -> None:
    priced, comparison = compared
    (lever,) = priced[
        1
    ].scenario.levers.values()  # posts that cover absence are paid whether or not anybody is away
    slack = lever.paid_posts() * POST_KR * 0.05
    pay = lever.retention_pay_kr_per_fte_year
    # Booked every week beside the seats; what seats cost differs by when somebody resigns.
    booked = build_tables(priced[1].scenario, priced[1].scenario.start_week).lever_cost_oere["staff"]
    assert booked == pytest.approx(100.0 * slack, abs=1.0)
    for year in ("2027", "2028"):
        supplement = comparison.difference("one_caseworker", "municipal_by_account", "retention_pay", year)
        assert (
            0.8 < supplement.difference / (lever.other_cost_kr_year(priced[1].scenario) * 0.05) <= 1.0 + 1e-9
        )
    assert pay > 0


def test_a_batch_prices_its_strategies_and_runs_only_what_is_missing(tmp_path: Path) -> None:
    def batch(*more: str) -> dict[str, Any]:
        command = ["batch", str(file), "--out", str(tmp_path / "store"), "--where", "inline", "--json", *more]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout[done.stdout.index("{") :])

    file = tmp_path / "priced.yaml"
    file.write_text(
        "base: baseline\nscenarios: [early_intervention, extra_caseworkers]\npairs: 2\ndraws: none\n"
        'weeks: 53\nset: ["world.share=0.01"]\nequal_budget: 2 mio. kr.\n'
    )
    first = batch()
    assert first["summary"]["finished"] == 6
    rows = {row["scenario"]: row for row in first["equal_budget"] if row["year"] == FULL_YEAR}
    assert list(rows) == ["do nothing", "early_intervention", "extra_caseworkers"]
    assert rows["extra_caseworkers"]["dose"] == "extra_fte 3.25 of at most 400"
    assert rows["early_intervention"]["authorised_kr"] == pytest.approx(0.01 * 3.25 * POST_KR)
    assert rows["extra_caseworkers"]["spent_kr"] == pytest.approx(
        next(
            effect["mean"] * 1e6 * 53 / (365.2425 / 7)
            for effect in first["effects"]
            if effect["scenario"] == "extra_caseworkers" and "operating" in effect["outcome"]
        ),
        rel=0.2,  # 53 weeks against the budget year's 52
    )
    (note,) = (tmp_path / "store" / "batches").glob("*.json")
    doses = json.loads(note.read_text())["equal_budget"]["doses"][""]
    assert doses == [{"early_intervention": pytest.approx(3.25 / 6)}, {"staffing": 3.25}]
    again = batch()
    assert (again["summary"]["there"], again["summary"]["finished"]) == (6, 0)
    assert again["equal_budget"] == first["equal_budget"]
    other = batch("--equal-budget", "3 mio. kr.")  # the base is there
    assert (other["summary"]["there"], other["summary"]["finished"]) == (2, 4)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("scenarios: [recession]\nequal_budget: 5 mio. kr.\n", r"priced.yaml:3:15: 'recession' is a context"),
        (
            "scenarios: [early_and_one_caseworker]\nequal_budget: 5 mio. kr.\n",
            r"priced.yaml:3:15: .*no split",
        ),
        ("scenarios: [early_intervention]\nequal_budget: 5\n", r"priced.yaml:3:15: .*at least 10000"),
        ("scenarios: [early_intervention]\nsplit: {continuity: 1}\n", r"priced.yaml:3:8: .*give both"),
        (
            "scenarios: [early_and_one_caseworker]\nequal_budget: 5 mio. kr.\n"
            "split: {early_intervention: 0.5, continuity: 0.4}\n",
            r"priced.yaml:4:8: .*add up to 0.9",
        ),
    ],
)
def test_an_experiment_that_cannot_be_priced_is_told_with_its_line(
    tmp_path: Path, more: str, told: str
) -> None:
    (tmp_path / "priced.yaml").write_text("base: baseline\n" + more)
    with pytest.raises(UserError, match=told):
        load_experiment(str(tmp_path / "priced.yaml"))
