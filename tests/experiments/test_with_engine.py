"""Comparisons of real runs in a small world: null policies, the same answer wherever it is computed, Ctrl-C."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.compare import compare, summarise
from experiments.run import Plan, execute, run_one
from sim.codes import POTS, TEAMS
from sim.policies.registry import levers
from sim.scenario import load

SMALL = ["world.share=0.05", "weeks=30"]
ZERO_DOSES = {
    "early_intervention": {"groups": ["dagpenge", "sygedagpenge"], "until_week": 52},
    "continuity": {"handover_minutes": 90},
    "staffing": {"extra_fte": {"young": 0.0}},
    "programme": {"course": {"kind": "upskilling", "groups": ["dagpenge"], "places_per_year": 0}},
    "meetings": {"groups": [], "minutes": 60},
    "self_service": {"teams": [], "freed_share": 0.5},
    "communication": {"groups": [], "assumed_no_show_factor": 0.5},
    "assessment": {"relapse_factor": 2.0},
    "belief": {"groups": ["dagpenge"], "assumed_job_factor": 1.5},
    "health_wait": {"waiting_share": 0.0, "wait_factor": 2.0},
    "mismatch": {},
    "staff_shock": {"resign_fte": {"young": 0.0}, "frozen_weeks": 10},
    "companies": {"partner_share": 0.2, "assumed_small_factor": 1.5},
    "paid_hours": {"hours_per_week": 20.0, "lock_in_factor": 0.5},
    "job_dating": {"groups": ["dagpenge"]},
    "retention": {"weeks": 40},
    "priority": {"by": "deadline", "under_refusion": "flat_50"},
    "sanctions": {"job_factor": 2.0, "weeks_lost": 3.0},
    "budget": {
        "spread": "staff_first",
        "carry_over_share": 0.5,
        "added_kr": {2027: {"external_courses": 0.0}},
    },
}


@pytest.fixture(scope="module")
def base():
    return load("baseline", overrides=SMALL)


def same(a, b) -> bool:
    return (
        a.keys == b.keys
        and np.array_equal(a.values, b.values, equal_nan=True)
        and np.array_equal(a.series, b.series)
    )


def test_a_scenario_against_itself_differs_by_exactly_nothing(base) -> None:
    comparison, _ = compare(base, [base], (1, 2), where="inline")
    known = comparison.differences[comparison.differences.runs == 2]
    assert len(known) > 400
    assert (known[["difference", "low", "high"]] == 0).all(axis=None), known[known.difference != 0]
    assert known.baseline.abs().sum() > 0


def test_every_lever_is_tried_at_zero() -> None:
    assert set(ZERO_DOSES) == set(levers())


@pytest.mark.parametrize("name", sorted(ZERO_DOSES))
def test_zero_dose_of_each_lever_differs_by_exactly_nothing(base, name: str) -> None:
    lever = levers()[name].model_validate(ZERO_DOSES[name])
    assert lever.is_zero_dose()
    nothing = replace(base, name=f"zero {name}", levers={name: lever})
    comparison, _ = compare(base, [nothing], (1,), where="inline")
    known = comparison.differences[comparison.differences.runs > 0]
    assert (known.difference == 0).all(), known[known.difference != 0]


def test_a_policy_differs(base) -> None:
    """The zeros above mean something only where a real dose is not zero."""
    strategy = load("one_caseworker", overrides=SMALL)
    comparison, _ = compare(base, [strategy], (1, 2), where="inline")
    assert comparison.difference("one_caseworker", "municipal_by_account", "retention_pay").difference > 0
    assert comparison.difference("one_caseworker", "caseworker_changes", "group_shift").difference < 0
    assert comparison.differences[comparison.differences.outcome == "full_time_persons"].difference.any()


def test_refusion_context_moves_money_and_nobody(base) -> None:
    comparison, _ = compare(base, [load("refusion_flat", overrides=SMALL)], (1, 2), where="inline")
    lines = comparison.refusion_lines.set_index("line")
    assert lines.loc["accounting", "people"] == 0 and lines.loc["accounting", "municipal_kr_year"] != 0
    assert lines.municipal_kr_year.tolist() == pytest.approx((-lines.state_kr_year).tolist())
    people = comparison.differences[comparison.differences.outcome == "full_time_persons"]
    assert (people.difference == 0).all()
    assert not any("WARNING" in note for note in comparison.notes)


def test_refusion_with_a_policy_takes_the_accounting_line_from_a_run_of_its_own(base) -> None:
    both = load("refusion_flat", overrides=[*SMALL, "levers.staffing.extra_fte.young=20"])
    flat = load("refusion_flat", overrides=SMALL)
    mixed, _ = compare(base, [both], (1, 2), where="inline")
    alone, _ = compare(base, [flat], (1, 2), where="inline")
    a, b = mixed.refusion_lines.set_index("line"), alone.refusion_lines.set_index("line")
    assert a.loc["accounting"].drop("scenario").tolist() == b.loc["accounting"].drop("scenario").tolist()
    assert a.loc["behaviour", "municipal_kr_year"] != 0


def test_threads_inline_and_alone_give_the_same(base) -> None:
    other = load("extra_caseworkers", overrides=SMALL)
    plan = Plan((base, other), (1, 2, 3))
    inline = execute(plan, summarise, "inline")
    threads = execute(plan, summarise, "threads", workers=2)
    assert set(inline.pairs) == set(threads.pairs) == {(0, 1), (0, 2), (0, 3)}
    for pair, summaries in inline.pairs.items():
        assert all(same(a, b) for a, b in zip(summaries, threads.pairs[pair], strict=True))
    assert same(inline.pairs[0, 2][1], summarise(run_one(other, None, 2)))
    assert not same(inline.pairs[0, 2][1], inline.pairs[0, 3][1])


def test_draws_of_behaviour_reach_the_run(base) -> None:
    drawn = execute(Plan((base,), (1,), draws=(None, {"trust.gain": 0.5})), summarise, "inline")
    assert not same(drawn.pairs[0, 1][0], drawn.pairs[1, 1][0])
    with pytest.raises(KeyError, match=r"trust\.gane"):
        run_one(base, {"trust.gane": 0.5}, 1)


@pytest.mark.parametrize("where", ["inline", "threads"])
def test_ctrl_c_keeps_the_finished_pairs(base, where: str) -> None:
    finished = 0

    def keep(result):
        nonlocal finished
        finished += 1
        if finished == 3:
            raise KeyboardInterrupt
        return summarise(result)

    done = execute(Plan((base,), tuple(range(1, 9))), keep, where, workers=1)
    assert done.interrupted
    assert 1 <= len(done.pairs) < 8


def test_the_spells_of_a_run_cover_its_benefit_weeks(base) -> None:
    """Every person-week on a benefit within the run lies in exactly one spell."""
    from sim.codes import BENEFITS
    from sim.records.tables import spell_table

    result = run_one(base, None, 1, "spells")
    spells = spell_table(result)
    inside = spells.end - spells.seen_from
    for benefit in BENEFITS:
        weeks = int(inside[spells.benefit == benefit].sum())
        assert weeks == result.column(f"stock.{benefit}").sum(), benefit


@pytest.mark.parametrize("weeks", [1, 2])
def test_the_shortest_horizons(base, weeks: int) -> None:
    comparison, _ = compare(base.for_weeks(weeks), [base.for_weeks(weeks)], (1,), where="inline")
    assert comparison.weeks == weeks and comparison.weekly[base.name]["stock.job"].shape == (weeks,)


NOTHING = {
    "budgets": [f"municipality.budgets.{pot}.kr_per_year=0" for pot in POTS],
    "caseworkers": [f"municipality.staff.teams.{team}.fte=0" for team in TEAMS],
    "companies": ["municipality.companies.workplaces=0", "municipality.companies.jobs=0"],
}


@pytest.mark.parametrize("what", sorted(NOTHING))
def test_a_municipality_without(what: str) -> None:
    empty = load("baseline", overrides=["world.share=0.05", "weeks=8", *NOTHING[what]])
    comparison, _ = compare(empty, [empty], (1,), where="inline")
    row = comparison.difference
    if what == "caseworkers":
        assert row("baseline (2)", "meetings", "held").baseline == 0
        assert row("baseline (2)", "meetings", "due").baseline > 0
    if what == "companies":
        assert row("baseline (2)", "hires", "benefit").baseline == 0
    if what == "budgets":
        assert row("baseline (2)", "measures_started", "external").baseline == 0


@pytest.mark.slow
@pytest.mark.parametrize("ground", ["baseline", "slagelse_2015"])
def test_no_shipped_strategy_beats_twice_its_ceiling(ground: str) -> None:
    """Economics rule 9, on every class A strategy that ships, over its whole horizon in a fifth of the municipality."""
    from sim.scenario.locate import known

    share = ["world.share=0.2"]
    scenarios = [load(name, overrides=share) for name in known()]
    strategies = [
        s for s in scenarios if s.kind == "strategy" and s.evidence_class == "A" and s.parents[0] == ground
    ]
    assert len(strategies) >= (3 if ground == "baseline" else 1)
    base = load(ground, overrides=share)
    comparison, _ = compare(base, strategies, range(1, 5))
    assert set(comparison.bounds.scenario) == {s.name for s in strategies}
    assert comparison.bounds.within.all(), comparison.bounds.to_string()
    assert (comparison.bounds.bound_kr_year > 0).all()


def test_money_of_a_ground_in_the_prices_of_its_first_year() -> None:
    """Growth of prices is read from the year after the price level on: 2015 has no row of its own."""
    small = ["world.share=0.02", "weeks=60"]
    base, other = (load(name, overrides=small) for name in ("slagelse_2015", "slagelse_2015_jobstart"))
    comparison, _ = compare(base, [other], range(1, 3))
    current = comparison.money.query("prices == 'current' and year == '2016'")
    assert len(current) and current["value"].notna().all()
