"""Comparisons of hand-made runs: null differences, three refusion lines, splits, classes, what is refused."""

import numpy as np
import pytest
from made_comparison import made_comparison, made_scenario, other_payer
from made_results import lived_result, put

from experiments.compare import BANDED, SERIES, breach_note, build, check_comparable, label, summarise
from experiments.comparison import CALCULATION_ERROR, DIFFERENCE_COLUMNS, WATERMARK
from experiments.splits import exit_split
from sim.codes import STATUSES
from sim.errors import UserError

SEEDS = (1, 2, 3)


def runs(weeks: int = 104, change=None, **how):
    """Summaries of one scenario over the seeds. `change` may alter a result before it is summed up."""
    results = [lived_result(weeks, seed, **how) for seed in SEEDS]
    return [summarise(change(result) if change else result) for result in results]


@pytest.fixture(scope="module")
def comparison():
    return made_comparison(seeds=4, weeks=156)


def test_the_columns_are_those_of_the_issue(comparison) -> None:
    assert tuple(comparison.differences.columns) == DIFFERENCE_COLUMNS
    assert DIFFERENCE_COLUMNS == (
        "scenario", "outcome", "group", "year", "unit", "estimand", "evidence_class", "baseline", "difference",
        "low", "high", "interval_kind", "runs",
    )  # fmt: skip
    assert set(comparison.differences.interval_kind) == {CALCULATION_ERROR}
    assert set(comparison.differences.runs) <= {0, 4}
    assert not comparison.differences.duplicated(["scenario", "outcome", "group", "year"]).any()


def test_equal_runs_differ_by_exactly_nothing() -> None:
    base = made_scenario("baseline", "baseline", weeks=104)
    found = build(base, [made_scenario("baseline", "baseline", weeks=104)], SEEDS, [runs(), runs()])
    assert found.scenarios == ("baseline (2)",)
    known = found.differences[found.differences.runs > 0]
    assert len(known) > 500
    assert (known[["difference", "low", "high"]] == 0).all(axis=None)
    assert all((error == 0).all() for error in found.weekly_error["baseline (2)"].values())
    assert found.exit_split["share"].isna().all()
    assert not any("WARNING" in note for note in found.notes)


def test_difference_is_the_mean_over_seeds(comparison) -> None:
    row = comparison.difference("early_intervention", "full_time_persons", "dagpenge", "2028")
    pairs = [
        lived_result(156, s, saved=0.06).column("stock.dagpenge")[52:104].mean()
        - lived_result(156, s).column("stock.dagpenge")[52:104].mean()
        for s in (1, 2, 3, 4)
    ]
    assert row.difference == pytest.approx(np.mean(pairs))
    assert row.low < row.difference < row.high
    assert row.high - row.low == pytest.approx(2 * 3.1824 * np.std(pairs, ddof=1) / 2, rel=1e-3)


def test_weekly_means_and_running_sums(comparison) -> None:
    weekly = comparison.weekly["early_intervention"]
    assert set(weekly) == set(SERIES) and set(comparison.weekly_error["early_intervention"]) == set(BANDED)
    assert weekly["stock.dagpenge"].shape == (156,)
    assert np.allclose(weekly["cumulative_operating_kr"], np.cumsum(weekly["operating_kr"]))
    operating = comparison.difference("early_intervention", "gross_operating_spending")
    base = comparison.weekly["baseline"]
    extra = weekly["cumulative_operating_kr"][-1] - base["cumulative_operating_kr"][-1]
    assert extra == pytest.approx(operating.difference) == pytest.approx(3 * 6e6, rel=1e-3)


def test_refusion_is_shown_in_three_lines_and_moves_nobody(comparison) -> None:
    lines = comparison.refusion_lines.set_index("line")
    assert list(lines.index) == ["accounting", "behaviour", "total"]
    assert (lines.people == 0).all()
    assert (lines.loc["behaviour", ["municipal_kr_year", "state_kr_year"]] == 0).all()
    assert lines.loc["accounting", "municipal_kr_year"] == pytest.approx(
        -lines.loc["accounting", "state_kr_year"]
    )
    assert lines.loc["total", "municipal_kr_year"] < -1e6
    assert set(comparison.refusion_lines.scenario) == {"refusion_flat"}


def test_behaviour_under_another_refusion_rule_is_what_the_twin_does_not_explain() -> None:
    base, other = (
        made_scenario("baseline", weeks=104),
        made_scenario("both", "context", weeks=104, refusion="flat_50"),
    )
    twin, with_policy = runs(change=other_payer), runs(saved=0.1, change=other_payer)
    found = build(base, [other], SEEDS, [runs(), with_policy], {0: twin}).refusion_lines.set_index("line")
    assert found.loc["accounting", "people"] == 0 and found.loc["behaviour", "people"] < -20
    for column in ("municipal_kr_year", "state_kr_year", "people"):
        assert found.loc["total", column] == pytest.approx(
            found.loc["accounting", column] + found.loc["behaviour", column]
        )


def test_a_payer_that_moves_people_is_called_wrong() -> None:
    base, other = (
        made_scenario("baseline", weeks=104),
        made_scenario("flat", "context", weeks=104, refusion="flat_50"),
    )
    found = build(base, [other], SEEDS, [runs(), runs(saved=0.02)])
    assert any(note.startswith("WARNING: flat: another payer alone moved people") for note in found.notes)


def test_a_class_a_gain_above_twice_the_ceiling_is_called_wrong() -> None:
    base = made_scenario("baseline", weeks=104)
    dose = {"staffing": {"extra_fte": {"fleksjob": 1.0}}}  # reaches people who hardly ever find ordinary work
    for grade, expected in (("A", True), ("B", False)):
        other = made_scenario("x", grade=grade, weeks=104, **dose)
        found = build(base, [other], SEEDS, [runs(), runs(saved=0.1)])
        assert not found.bounds.within.any()
        assert any("arithmetic ceiling" in note for note in found.notes) is expected


def test_saved_weeks_split_into_where_people_were_instead(comparison) -> None:
    split = comparison.exit_split[comparison.exit_split.scenario == "early_intervention"].set_index("door")
    assert split["share"].sum() == pytest.approx(1)
    assert split.loc["job", "share"] == pytest.approx(0.7, abs=0.03)
    weekly, base = comparison.weekly["early_intervention"], comparison.weekly["baseline"]
    assert split.loc["job", "person_weeks"] == pytest.approx((weekly["stock.job"] - base["stock.job"]).sum())


def test_moves_to_another_benefit_are_no_saving() -> None:
    moved = dict.fromkeys(STATUSES, 0.0) | {"sygedagpenge": -100.0, "foertidspension": 80.0, "outside": 20.0}
    split = exit_split(moved, dict.fromkeys(STATUSES, 5.0))
    assert split.saved == 100
    assert split.share("other benefit") == 0.8 and split.share("neither") == 0.2 and split.share("job") == 0


def test_a_benefit_that_grew_by_luck_is_no_other_benefit() -> None:
    moved = dict.fromkeys(STATUSES, 0.0) | {"sygedagpenge": -100.0, "foertidspension": 20.0, "job": 80.0}
    split = exit_split(moved, dict.fromkeys(STATUSES, 30.0))
    assert split.saved == 80 and split.share("job") == 1 and split.share("other benefit") == 0


def test_a_quarter_gone_to_neither_warns() -> None:
    def lost(result):
        put(result, "stock.outside", result.column("stock.outside") + result.column("stock.job") - 36_000)
        put(result, "stock.job", 36_000)
        return result

    base, other = made_scenario("baseline", weeks=104), made_scenario("x", grade="A", weeks=104)
    found = build(base, [other], SEEDS, [runs(), runs(saved=0.1, change=lost)])
    assert any("A saving is not a job" in note for note in found.notes)


def test_classes_are_kept_apart(comparison) -> None:
    assert comparison.by_class() == {
        "A": ["early_intervention", "one_caseworker"],
        "B": ["extra_caseworkers"],
        "context": ["refusion_flat"],
    }
    assert comparison.watermark == WATERMARK
    assert any("calculation error only" in note for note in comparison.notes)


def test_one_run_says_that_no_error_can_be_stated() -> None:
    base, other = made_scenario("baseline", weeks=52), made_scenario("x", grade="A", weeks=52)
    found = build(base, [other], (1,), [runs(52)[:1], runs(52, saved=0.1)[:1]])
    assert found.differences.low.isna().all() and found.differences.high.isna().all()
    assert any("no calculation error can be stated" in note for note in found.notes)


def test_names_given_twice_are_told_apart() -> None:
    assert label(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"municipality_name": "elsewhere"}, "municipality elsewhere against slagelse"),
        ({"start_week": 1252}, "start 2024-W01 against 2027-W01"),
        ({"weeks": 52}, "horizon in weeks 52 against 260"),
    ],
)
def test_what_cannot_be_compared_is_refused(change: dict, said: str) -> None:
    other = made_scenario("other")
    for name, value in change.items():
        setattr(other, name, value)
    with pytest.raises(UserError, match=said):
        check_comparable(made_scenario("baseline"), [made_scenario("fine"), other])


def test_plans_below_the_statutory_contact_plan_are_marked() -> None:
    kept, broken = np.zeros(10, np.int64), np.full(10, 1_200)
    assert breach_note("thin_plan", kept) == ""
    assert "may breach law" in breach_note("thin_plan", broken)
    assert "12,000 person-weeks" in breach_note("thin_plan", broken)
