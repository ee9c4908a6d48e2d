"""A control group in the plan: arms month by month, and a missing effect named where the stock could not tell."""

from dataclasses import replace

import numpy as np
import pytest
from made_comparison import made_scenario

from experiments.trial import Followed
from jobcenter.planner.arms import COLUMNS, fewer_by_control, lived
from jobcenter.planner.follow_up import follow_up
from jobcenter.planner.follow_up_paper import quarterly
from jobcenter.planner.follow_up_series import BY_CONTROL, Yardstick, sums
from jobcenter.planner.plan import Judge, Plan
from jobcenter.planner.words import Words
from jobcenter.planner.writers import html
from sim.population.history import starting_state
from sim.scenario import Scenario, load

MONTHS, ENROLLED = 18, 2000.0


def worlds(runs: int, seed: int, effect: float = 150.0) -> dict[str, dict[str, np.ndarray]]:
    """Hand-made paths: the stock's luck is as large as the effect, that of two arms is not."""
    dice, grow = np.random.default_rng(seed), np.linspace(0.1, 1, MONTHS)

    def path(level: float, sd: float) -> np.ndarray:
        return (
            level + dice.normal(0, sd, (runs, 1)) + np.cumsum(dice.normal(0, sd / 6, (runs, MONTHS)), axis=1)
        )

    names = ("spending_kr", "meetings_held", "full_time_persons", "new_spells", "starts", "caseload")
    nothing = {name: path(1000, 150) for name in names} | {"staff_fte": path(60, 1.5)}
    nothing["posts_filled"] = np.zeros((runs, MONTHS))
    nothing[BY_CONTROL] = dice.normal(0, 25, (runs, MONTHS))
    planned = {name: values.copy() for name, values in nothing.items()}
    planned["posts_filled"] = 4.0 + dice.normal(0, 0.2, (runs, MONTHS))
    planned["staff_fte"] = nothing["staff_fte"] + planned["posts_filled"]
    planned["full_time_persons"] = nothing["full_time_persons"] - effect * grow
    planned[BY_CONTROL] = nothing[BY_CONTROL] + effect * grow
    return {"planned": planned, "nothing": nothing}


def plan(seed: int = 1, runs: int = 200) -> Plan:
    return Plan(
        scenario="made", base="baseline", municipality="Sorø", world_share=1.0, groups=("dagpenge",),
        months=tuple(f"{2027 + k // 12}-{k % 12 + 1:02d}" for k in range(MONTHS)),
        draws=tuple(range(runs)), pays_back=tuple(k % 3 == 0 for k in range(runs)), **worlds(runs, seed),
        payback_years=4, prior_works=0.75, made="2026-11-25T00:00:00+00:00", command="", version="v", digest="0" * 64,
    )  # fmt: skip


def counted(fewer: np.ndarray) -> dict[str, np.ndarray]:
    """Both arms as an evaluator counts them, with so many treated fewer on support."""
    full = np.full(fewer.shape, ENROLLED)
    return dict(zip(COLUMNS, (full, full / 2 - fewer, full, full / 2), strict=True))


def seen(
    lived_in: dict[str, dict[str, np.ndarray]], k: int, months: int, effect: bool
) -> dict[str, np.ndarray]:
    """Actuals of a plan carried out; whether it works is seen in the arms alone."""
    found = {name: v[k, :months] for name, v in lived_in["planned"].items() if name != BY_CONTROL}
    return found | counted(lived_in["planned" if effect else "nothing"][BY_CONTROL][k, :months])


def test_fewer_by_control_is_arithmetic() -> None:
    arms = dict(zip(COLUMNS, (np.array([0.0, 100, 200]), np.array([0.0, 40, 60]), np.array([0.0, 50, 100]),
                              np.array([0.0, 25, 40])), strict=True))  # fmt: skip
    assert fewer_by_control(arms).tolist() == [0.0, 10.0, 20.0]
    assert fewer_by_control(counted(np.array([7.0]))).tolist() == [7.0]


def test_an_absent_effect_is_named_by_the_control_group_and_not_without_it() -> None:
    judge, new = Judge(plan()), worlds(60, 7)
    assert BY_CONTROL in judge.links
    none = [follow_up(judge, seen(new, k, 12, effect=False)) for k in range(60)]
    assert np.mean([f.verdict == "behind" and f.broken == "no_effect" for f in none]) > 0.95
    assert all("full_time_persons" not in f.links and f.effect == BY_CONTROL for f in none)
    stock = {**new["planned"], "full_time_persons": new["nothing"]["full_time_persons"]}
    del stock[BY_CONTROL]
    blind = [follow_up(judge, {name: v[k, :12] for name, v in stock.items()}) for k in range(60)]
    assert np.mean([f.broken == "no_effect" for f in blind]) < 0.4
    works = [follow_up(judge, seen(new, k, 12, effect=True)) for k in range(60)]
    assert np.mean([f.verdict == "as_planned" for f in works]) > 0.9
    assert np.mean([f.payback for f in works]) > 5 * np.mean([f.payback for f in none])


def test_false_alarms_with_a_control_group_are_as_rare_as_stated() -> None:
    found, stated = [], []
    for seed in range(25):
        judge = Judge(plan(seed, 44))
        new = worlds(100, 500 + seed)["planned"]
        short = judge.shortfall(new)
        found.append(np.mean(np.max([z.max(axis=1) for z in short.values()], axis=0) > judge.limit))
        stated.append(judge.false_alarm)
    assert max(stated) <= 0.05
    assert 0.005 < np.mean(found) <= np.mean(stated) + 0.02


def test_fewer_meetings_of_a_plan_are_no_link() -> None:
    """A plan that works has fewer people and so fewer meetings: more of them later is not 'meetings not held'."""
    made = plan()
    fewer = {**made.planned, "meetings_held": made.nothing["meetings_held"] - 400.0}
    more = {**made.planned, "meetings_held": made.nothing["meetings_held"] + 400.0}
    assert "meetings_held" not in Judge(replace(made, planned=fewer)).links
    assert "meetings_held" in Judge(replace(made, planned=more)).links


def test_the_page_tells_of_the_arms() -> None:
    judge = Judge(plan())
    months = seen(worlds(1, 8), 0, 12, effect=False)
    page = html(quarterly(judge, months, follow_up(judge, months), Words("da"), "jobcenter follow-up"))
    assert Words("da")("follow.story.no_effect") in page
    assert "Færre deltagere på ydelse, end kontrolgruppen tilsiger" in page and "på de to grupper" in page


def test_a_first_month_is_no_line_of_the_arms() -> None:
    """Nobody is enrolled before the start, so there is no level to take out."""
    values, beside = sums({BY_CONTROL: np.array([[5.0, 1.0], [1.0, 9.0]])}, BY_CONTROL)
    assert not beside.any()
    assert Yardstick(values, beside).adjusted(values, beside).tolist() == values.tolist()


@pytest.fixture(scope="module")
def trial() -> Scenario:
    own = made_scenario("x", early_intervention={"groups": ["dagpenge"], "meetings_per_26_weeks": 13}).levers
    base = load("baseline", overrides=["world.share=0.05"]).for_weeks(30)
    from sim.scenario.trial import Trial

    made = Trial.model_validate(
        {
            "lever": "early_intervention",
            "groups": ["dagpenge"],
            "size": 200,
            "start": "2027-W02",
            "enrol_weeks": 20,
        }
    )
    return replace(base, levers=own, trial=made)


def test_arms_are_those_of_the_evaluators_register(trial: Scenario) -> None:
    """The same world by the trial's own register: everybody enrolled is counted, in the right arm."""
    assert trial.trial is not None
    start = starting_state(trial, 5)
    result, arms = lived(trial, trial.trial, 5, start.copy())
    model = Followed(trial, 5, state=start.copy(), registers=[trial.trial]).run()
    arm = np.concatenate(model.registers[0].arms)
    assert [arms[name][-1] for name in ("treated_persons", "control_persons")] == [
        (arm == 2).sum(),
        (arm == 1).sum(),
    ]
    assert np.array_equal(result.rows, model.result().rows)
    assert (arms["treated_on_support"] <= arms["treated_persons"]).all()
    assert fewer_by_control(arms).shape == arms["control_persons"].shape
