"""Savings that flow back: nothing from nothing, never from the same year, and always a plain scenario with dates."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.chunk import Job, run_chunk
from experiments.compare import compare, summarise
from experiments.investing import FLOWED, books_of, invests, lived, plain
from experiments.run import Plan, branch, execute, run_one
from experiments.shadow_price import ALL_POSTS, BUYING, margins, prices
from sim.calendar import year_start
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.policies.budget import Budget
from sim.population.history import starting_state
from sim.records.result import RunResult
from sim.scenario import Scenario, load

SMALL = ("world.share=0.05", "weeks=130")
RULE = (
    "levers.budget={investment: {share: 0.5, counted: net,"
    " to_pots: {external_courses: 0.5}, to_posts: {young: 0.5}}}"
)
RICH = "municipality.budgets.in_house_courses.kr_per_year=900000000"
CUT = "levers.budget.cut_share=0.2"  # a policy that saves for certain


@pytest.fixture(scope="module")
def base() -> Scenario:
    return load("baseline", overrides=SMALL)


@pytest.fixture(scope="module")
def saver() -> Scenario:
    return load("baseline", overrides=(*SMALL, RULE, CUT))


@pytest.fixture(scope="module")
def pair(base: Scenario, saver: Scenario) -> tuple[RunResult, RunResult]:
    first, second = branch((base, saver), None, 1)
    return first, second


def same(a: RunResult, b: RunResult) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("rows", "ledger", "pots", "cohort")
    )


def test_a_policy_that_does_nothing_gets_nothing_back(base: Scenario) -> None:
    idle = load("baseline", overrides=(*SMALL, RULE))
    assert invests(idle) and not invests(base)
    a, b = branch((base, idle), None, 1)
    assert same(a, b) and b.notes[FLOWED] == {2027: (0, 0), 2028: (0, 0)}
    assert np.array_equal(summarise(a).values, summarise(b).values, equal_nan=True)


def test_the_result_is_that_of_a_plain_scenario_with_dated_budgets(
    base: Scenario, saver: Scenario, pair: tuple[RunResult, RunResult]
) -> None:
    first, second = pair
    flowed = second.notes[FLOWED]
    assert set(flowed) == {2027, 2028}, "the last year has no next one within the horizon"
    years = first.year_of_week()
    for year, (saved, added) in flowed.items():
        paid = [int(r.spending("municipality")[years == year].sum()) for r in (first, second)]
        assert saved == paid[0] - paid[1] > 0
        assert 0.2 * saved < added <= 0.5 * saved + 1, "half, less what is no whole quarter of a post"
    model = lived(
        saver, lambda s: JobcenterModel(s, 1, starting_state(s, 1)), books_of(first), lambda week: None
    )
    dated = model.settings
    lever = dated.levers["budget"]
    assert isinstance(lever, Budget) and lever.investment is None and set(lever.added_kr) == {2028, 2029}
    assert same(second, run_one(dated, None, 1)), "lived whole, the dated scenario is the same run"
    assert dated.canonical() != plain(saver).canonical()


def test_no_year_knows_its_own_saving(saver: Scenario, pair: tuple[RunResult, RunResult]) -> None:
    """The first year is lived as if nothing flowed back; a shorter horizon is the beginning of a longer one."""
    without = run_one(plain(saver), None, 1)
    turn = year_start(2028) - saver.start_week
    assert np.array_equal(without.rows[: turn - 1], pair[1].rows[: turn - 1])
    assert not np.array_equal(without.rows, pair[1].rows)
    shorter = list(
        branch(tuple(s.for_weeks(100) for s in (load("baseline", overrides=SMALL), saver)), None, 1)
    )[1]
    assert np.array_equal(shorter.ledger, pair[1].ledger[:100])


def test_a_negative_saving_gives_nothing_or_is_taken_out(base: Scenario) -> None:
    dear = ("levers.self_service.kr_per_year=20000000",)
    kept, taken = (
        load(
            "baseline",
            overrides=(*SMALL, *dear, RULE.replace("share: 0.5,", f"share: 0.5, negative: {what},", 1)),
        )
        for what in ("nothing", "taken_out")
    )
    results = list(branch((base, kept, taken), None, 1))
    assert all(r.notes[FLOWED][2027][0] < 0 for r in results[1:])
    assert results[1].notes[FLOWED][2027][1] == 0 and same(results[1], run_one(plain(kept), None, 1))
    assert results[2].notes[FLOWED][2027][1] < 0 and (results[2].pots[..., 0] >= 0).all()


def test_everywhere_the_same(base: Scenario, saver: Scenario, pair: tuple[RunResult, RunResult]) -> None:
    """Threads, a late branch, and a batch that has only the policy left to do."""
    done = execute(Plan((base, saver), (1,)), lambda result: result, "threads")
    assert same(done.pairs[0, 1][1], pair[1])
    week = base.start_week + 20
    late = replace(saver, levers={"budget": saver.levers["budget"].model_copy(update={"from_week": week})})
    branched = execute(Plan((base, late), (1,), branch_at=week), lambda result: result, "inline")
    assert same(branched.pairs[0, 1][1], list(branch((base, late), None, 1))[1])
    job = Job(0, "plain", -1, 1, {}, (base, saver), (1,), ("key",))
    (kept,) = run_chunk((job,), 300.0).kept
    sheet = summarise(pair[1])
    for key, value in zip(sheet.keys, sheet.values, strict=True):
        assert kept.values["/".join(key)] == pytest.approx(float(value), nan_ok=True), key


def test_a_comparison_says_what_flowed_back_and_how_much_was_luck(base: Scenario, saver: Scenario) -> None:
    comparison, _ = compare(base, [saver], (1, 2), where="inline")
    frame = comparison.flows_back
    assert frame is not None and frame.year.tolist() == [2027, 2028]
    assert (frame.saved_low_kr <= frame.saved_kr).all() and (frame.saved_kr <= frame.saved_high_kr).all()
    assert (frame.added_kr > 0).all() and (frame.unpaired_sd_kr > 0).all()
    assert any("mostly luck" in note for note in comparison.notes)
    assert compare(base, [base], (1,), where="inline")[0].flows_back is None
    with pytest.raises(UserError, match="cannot be the base"):
        compare(saver, [base], (1,), where="inline")


def test_a_krone_more_is_priced_on_both_sides(base: Scenario) -> None:
    found = margins(base, 3e6, each_team=True)
    assert [m.name for m in found[:4]] == [*BUYING, ALL_POSTS] and len(found) > 8
    for margin in found[:4]:
        for scenario, sign in ((margin.more, 1), (margin.less, -1)):
            lever = scenario.levers["budget"]
            assert isinstance(lever, Budget)
            moved = lever.pots_oere(scenario, year_start(2028), year_start(2029))
            expected = sign * 3e8 * 0.05
            assert 0.75 * abs(expected) < abs(sum(moved.values())) <= abs(expected)
            assert np.sign(sum(moved.values())) == sign
    (idle, *_), runs = prices(
        margins(load("baseline", overrides=(*SMALL, RICH)), 3e6)[:1], (1, 2), where="inline"
    )
    assert runs == 2 and idle.net == idle.spent == idle.saved == idle.persons == 0, (
        "not used up: worth nothing"
    )
    assert idle.authorised_kr == pytest.approx(3e6 * 0.05, rel=0.02)


def test_a_krone_of_an_empty_pot_is_spent(base: Scenario) -> None:
    poor = load("baseline", overrides=(*SMALL, "municipality.budgets.external_courses.kr_per_year=8000000"))
    (price,), _ = prices(
        [m for m in margins(poor, 3e6) if m.name == "external_courses"], (1, 2), where="inline"
    )
    assert price.spent == pytest.approx(1.0, abs=0.35)
    assert price.net == pytest.approx(price.saved - price.spent, abs=1e-6)
    with pytest.raises(UserError, match="external_courses holds"):
        margins(poor, 30e6)
