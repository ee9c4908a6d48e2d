"""Equal budget: doses of worked cost curves, what is refused, and small worlds that spend what they were given."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from experiments.compare import compare
from experiments.dose import reason_of, solve_dose
from experiments.equal_budget import (
    authorised_kr,
    check_priceable,
    read_budget,
    read_split,
    running_years,
    solve,
)
from experiments.equal_budget_table import SOLVED_FOR, with_equal_budget
from jobcenter.cli import app
from sim.calendar import week_of
from sim.errors import UserError
from sim.policies.registry import Dose, levers, scaled_posts
from sim.scenario import load

SMALL = ["world.share=0.05", "weeks=104"]


@pytest.fixture(scope="module")
def base():
    return load("baseline", overrides=SMALL)


def dose(now: float, most: float, step: float = 0.0) -> Dose:
    return Dose("posts", "FTE", "made up", now, most, "nobody is left", step)


# ---- solving worked cost curves ------------------------------------------------------------------------------------


def test_a_straight_cost_is_met_in_two_runs() -> None:
    found = solve_dose(lambda d: 3e5 * d, 1.5e6, dose(1.0, 100.0), tries=8)
    assert found.dose == pytest.approx(5.0) and len(found.tried) == 2


def test_a_bent_cost_with_a_fixed_part_is_met_within_one_percent() -> None:
    found = solve_dose(lambda d: 4e5 + 6e5 * d**0.7, 3e6, dose(1.0, 50.0), tries=10)
    assert abs(found.spent / 3e6 - 1) <= 0.01
    assert reason_of(found, 3e6, dose(1.0, 50.0)) == ""


def test_posts_stay_on_quarters_and_say_how_far_off_they_are() -> None:
    declared = dose(8.0, 100.0, step=0.25)
    found = solve_dose(lambda d: 6e5 * d, 5e5, declared, tries=10)
    assert found.dose == 0.75 and found.spent == 4.5e5
    assert "-10.0 %" in reason_of(found, 5e5, declared) and "0.25" in reason_of(found, 5e5, declared)


def test_a_full_capacity_says_how_much_of_the_budget_it_can_use() -> None:
    declared = dose(1.0, 2.0)
    found = solve_dose(lambda d: 1e6 * d, 5e6, declared, tries=8)
    assert found.dose == 2.0
    assert "can use only 2.00 of 5.00 mio. kr.: nobody is left" in reason_of(found, 5e6, declared)


def test_a_fixed_cost_above_the_budget_is_told() -> None:
    declared = dose(1.0, 10.0)
    found = solve_dose(lambda d: 9e6 + 1e5 * d, 5e6, declared, tries=8)
    assert found.dose == 0.0 and "before its dose begins" in reason_of(found, 5e6, declared)


def test_shorter_runs_give_a_start_and_never_the_answer() -> None:
    found = solve_dose(lambda d: 5e5 * d, 2e6, dose(1.0, 100.0), tries=5, known=[(1.0, 4e5), (5.0, 2e6)])
    assert found.dose == pytest.approx(4.0)
    assert found.tried[0] == (pytest.approx(5.0), pytest.approx(2.5e6))


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


def test_the_start_up_year_is_told_apart() -> None:
    start = week_of("2027-W01")
    assert running_years(start, 260) == ([2027, 2028, 2029, 2030, 2031], [2028, 2029, 2030, 2031])
    assert running_years(start, 52) == ([2027], [2027])
    assert running_years(start, 30) == ([], [])
    assert running_years(week_of("2027-W20"), 120) == ([2028], [2028])


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


def test_a_combination_needs_a_split_that_names_its_levers(base) -> None:
    both = load("early_and_one_caseworker", overrides=SMALL)
    with pytest.raises(UserError, match=r"--split early_intervention=0\.5,continuity=0\.5"):
        check_priceable(base, [both])
    with pytest.raises(UserError, match="--split names staffing, continuity"):
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
def solved(base):
    others = [
        load(name, overrides=SMALL) for name in ("early_intervention", "one_caseworker", "extra_caseworkers")
    ]
    priced = solve(base, others, 4e6, (1, 2), where="inline")
    comparison, _ = compare(base, [one.scenario for one in priced], (1, 2), where="inline")
    return base, priced, with_equal_budget(comparison, base, priced)


def test_the_table_holds_what_the_runs_spent(solved) -> None:
    _, priced, comparison = solved
    frame = comparison.equal_budget
    mean = frame[frame.year == SOLVED_FOR].set_index("scenario")
    assert list(mean.index) == ["do nothing", "early_intervention", "one_caseworker", "extra_caseworkers"]
    assert (mean.loc["do nothing", ["spent_kr", "net_kr"]] == 0).all()
    for name, one in zip(comparison.scenarios, priced, strict=True):
        assert mean.loc[name, "budget_kr"] == pytest.approx(4e6 * 0.05)
        spent = comparison.difference(name, "gross_operating_spending", "all", "2028").difference
        assert mean.loc[name, "spent_kr"] == pytest.approx(spent)
        # What the solver measured is what the comparison of the same seeds shows.
        assert sum(part.spent_kr for part in one.levers) == pytest.approx(spent)
        assert bool(mean.loc[name, "within_1_percent"]) == (abs(spent / 2e5 - 1) <= 0.01)
        assert mean.loc[name, "within_1_percent"] or mean.loc[name, "reason"], name


def test_continuity_is_bound_by_the_absence_there_is_to_cover(solved) -> None:
    _, priced, _ = solved
    (bound,) = priced[1].levers
    assert bound.dose <= bound.declared.most
    assert bound.dose < bound.declared.most or "can use only" in bound.reason or not bound.reason


def test_solving_twice_gives_the_same(solved) -> None:
    base, priced, _ = solved
    again = solve(base, [load("extra_caseworkers", overrides=SMALL)], 4e6, (1, 2), where="inline")
    assert again[0] == priced[2]


def test_split_levers_spend_on_top_of_each_other(base) -> None:
    both = load("early_and_one_caseworker", overrides=SMALL)
    (one,) = solve(base, [both], 4e6, (1, 2), {"early_intervention": 0.6, "continuity": 0.4}, where="inline")
    first, second = one.levers
    assert first.budget_kr == pytest.approx(0.6 * 2e5) and second.budget_kr == pytest.approx(0.4 * 2e5)
    comparison, _ = compare(base, [one.scenario], (1, 2), where="inline")
    spent = comparison.difference(one.scenario.name, "gross_operating_spending", "all", "2028").difference
    assert first.spent_kr + second.spent_kr == pytest.approx(spent)
