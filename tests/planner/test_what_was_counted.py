"""What nobody counted is no evidence: it names no link and explains no luck; and months are not equally long."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from made_plan import made, made_plan

from jobcenter.planner.actuals import read_actuals
from jobcenter.planner.follow_up import follow_up, judging
from jobcenter.planner.follow_up_paper import quarterly
from jobcenter.planner.follow_up_series import FLOWS, monthly, months_of, weeks_in
from jobcenter.planner.plan import Judge, Plan
from jobcenter.planner.words import Words
from jobcenter.planner.writers import html
from sim.calendar import year_start
from sim.records.result import RunResult


def without_effect(months: int = 18) -> dict[str, np.ndarray]:
    """A plan of which nothing came."""
    return {s: v[0, :months] for s, v in made(1, seed=7)["nothing"].items()}


@pytest.mark.parametrize(("columns", "broken", "lacking"), [
    (("full_time_persons",), None, ("posts_filled", "staff_fte", "meetings_held")),
    (("full_time_persons", "posts_filled"), "no_staff", ()),
    (("full_time_persons", "staff_fte"), "no_staff", ()),
    (("full_time_persons", "meetings_held"), None, ("posts_filled", "staff_fte")),
    (("full_time_persons", "posts_filled", "staff_fte", "meetings_held"), "no_staff", ()),
])  # fmt: skip
def test_a_broken_link_is_named_only_where_every_earlier_one_was_counted(
    columns: tuple[str, ...], broken: str | None, lacking: tuple[str, ...]
) -> None:
    """Nobody was hired and only people are counted: it is not said that staff and meetings are in place."""
    judge, months = Judge(made_plan()), without_effect()
    seen = {s: months[s] for s in columns} | {"new_spells": months["new_spells"]}
    found = follow_up(judge, seen)
    assert (found.verdict, found.broken, found.not_reported) == ("behind", broken, lacking)
    page = html(quarterly(judge, seen, found, Words("da"), "jobcenter follow-up"))
    assert "samtaler er på plads" not in page
    assert ("Hvilket led der brast, vides ikke (ikke oplyst: " in page) == (broken is None)


def test_staff_in_one_of_its_two_counts_is_enough() -> None:
    judge = Judge(made_plan())
    new = made(1, seed=8)
    for staff in ("posts_filled", "staff_fte"):
        seen = {s: new["planned" if s == staff else "nothing"][s][0]
                for s in (staff, "meetings_held", "full_time_persons", "new_spells")}  # fmt: skip
        assert follow_up(judge, seen).broken == "no_meetings"


def moved_by_who_came(runs: int, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """Paths in which nearly all luck in the number of people is how many came."""
    worlds, dice = made(runs, seed=seed), np.random.default_rng(seed + 1000)
    came = 100 + dice.normal(0, 10, (runs, 1)) + dice.normal(0, 10, (runs, 18))
    so_far = np.cumsum(came - 100, axis=1)
    for world in worlds.values():
        effect = world["full_time_persons"] - worlds["nothing"]["full_time_persons"]
        world["new_spells"] = came
        world["full_time_persons"] = 1000 + effect + 0.5 * so_far + dice.normal(0, 1, (runs, 18))
    return worlds


def test_false_alarms_stay_rare_where_nobody_counts_who_came() -> None:
    plan = replace(made_plan(), **moved_by_who_came(200, 3))  # type: ignore[arg-type]
    judge, new = Judge(plan), moved_by_who_came(200, 50)["planned"]
    for columns in (("full_time_persons",), ("full_time_persons", "new_spells")):
        found = [follow_up(judge, {s: new[s][k] for s in columns}).verdict for k in range(200)]
        assert np.mean([verdict == "behind" for verdict in found]) < judge.false_alarm + 0.04
    # Counting them is worth it: the limits are far narrower.
    alone, both = (judge.seeing(c) for c in (("full_time_persons",), ("full_time_persons", "new_spells")))
    assert both.none["full_time_persons"].sd[-1] < 0.5 * alone.worlds["full_time_persons"][1].sd[-1]


def test_when_nothing_is_caught_is_told_by_what_is_counted() -> None:
    judge = Judge(made_plan())
    people = judging(judge, {"full_time_persons": np.zeros(3), "new_spells": np.zeros(3)})
    assert judge.caught is not None and people.caught is not None
    assert people.caught > judge.caught
    months = without_effect(6)
    seen = {s: months[s] for s in ("full_time_persons", "new_spells")}
    page = html(quarterly(judge, seen, follow_up(judge, seen), Words("en"), ""))
    assert f"that is said by {people.caught} with the figures reported" in page


# ---- months ----------------------------------------------------------------------------------------------------------


class Steady:
    """A lived world in which each week is like the last."""

    start, weeks = year_start(2027), 70

    def column(self, name: str) -> np.ndarray:
        return np.full(self.weeks, 7.0)

    def spending(self, payer: str, frame: str) -> np.ndarray:
        return np.full(self.weeks, 700.0)


def test_a_steady_world_is_steady_whatever_its_months() -> None:
    lengths = set(np.bincount(months_of(Steady.start, Steady.weeks)[1][:60]).tolist())
    assert lengths == {4, 5}
    found = monthly(cast(RunResult, Steady()), ("dagpenge",))
    assert all(np.ptp(values) == pytest.approx(0.0, abs=1e-9) for values in found.values())
    assert (found["meetings_held"][0], found["spending_kr"][0]) == pytest.approx((7.0, 7.0))


def test_what_is_counted_over_a_month_is_read_a_week(tmp_path: Path) -> None:
    assert (weeks_in("2027-02"), weeks_in("2028-02")) == (4.0, 29 / 7)
    plan = exact()
    seen = read_actuals(calendar(tmp_path / "a.csv", plan), plan)
    assert seen["meetings_held"] == pytest.approx(plan.planned["meetings_held"].mean(axis=0))
    assert seen["full_time_persons"] == pytest.approx(np.full(18, 950.0))


def exact() -> Plan:
    """A plan with next to no luck in its meetings: from 100 a week to 120."""
    plan, dice = made_plan(), np.random.default_rng(4)
    held = 100 + dice.normal(0, 0.3, plan.planned["meetings_held"].shape)
    return replace(
        plan,
        planned={**plan.planned, "meetings_held": held + np.linspace(0, 20, 18)},
        nothing={**plan.nothing, "meetings_held": held},
    )


def calendar(path: Path, plan: Plan) -> Path:
    """Months of the calendar exactly on the plan's schedule."""
    held = plan.planned["meetings_held"].mean(axis=0)
    rows = [f"{month},950,{held[k] * weeks_in(month):.6f}" for k, month in enumerate(plan.months)]
    path.write_text("\n".join(("month,full_time_persons,meetings_held", *rows)), encoding="utf-8")
    return path


def test_meetings_held_on_schedule_are_not_behind_in_any_month(tmp_path: Path) -> None:
    """February is short, and a month of the plan four or five weeks: neither is a shortfall."""
    plan = exact()
    judge = Judge(plan)
    seen = read_actuals(calendar(tmp_path / "a.csv", plan), plan)
    for months in range(1, 19):
        found = follow_up(judge, {name: values[:months] for name, values in seen.items()})
        assert found.links["meetings_held"] != "behind"
        assert "meetings_held" not in found.outside
    assert found.links["meetings_held"] == "as_planned"
    assert "meetings_held" in FLOWS


# ---- payback ---------------------------------------------------------------------------------------------------------


def test_payback_before_and_now_stand_on_the_same_footing() -> None:
    """Where nothing was learned neither chance moves: as carried out, and with what may break."""
    plan = made_plan()
    still = {s: v.copy() for s, v in plan.nothing.items()}
    judge = Judge(replace(plan, planned={**still, "posts_filled": plan.planned["posts_filled"]}))
    seen = {"full_time_persons": still["full_time_persons"][0, :6]}
    found = follow_up(judge, seen)
    assert found.payback_if_works == pytest.approx(found.payback_before)
    assert found.payback == pytest.approx(found.payback_before_all)
    assert found.payback_before_all == pytest.approx(0.75 * found.payback_before)
    page = html(quarterly(judge, seen, found, Words("en"), ""))
    assert (
        "34 % before the start and 34 % now; with the chance of a broken link counted, 25 % before the start and 25 %"
        in page
    )
