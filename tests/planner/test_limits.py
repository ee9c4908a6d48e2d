"""Sizes that cannot be, limits that agree, and how many pairs a plan needs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_plan import made_plan

from experiments.experiment_file import load_experiment
from experiments.plan import Planned
from jobcenter.commands.plan import _limit
from jobcenter.planner.actuals import read_actuals
from jobcenter.planner.follow_up import follow_up
from jobcenter.planner.follow_up_paper import quarterly
from jobcenter.planner.plan import Judge, _check_enough, fewest_pairs
from jobcenter.planner.words import Words
from jobcenter.planner.writers import html
from sim.errors import UserError


def write(folder: Path, head: str, *rows: str) -> Path:
    (folder / "a.csv").write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return folder / "a.csv"


def test_posts_filled_faster_than_the_model_hires_are_followed(tmp_path: Path) -> None:
    """Six posts decided, the model fills them late: all of them in the first month are no mistake of the unit."""
    plan = made_plan()
    most = float(plan.planned["posts_filled"].max())
    assert min(world["posts_filled"].min() for world in (plan.planned, plan.nothing)) == 0.0
    assert "-0.0" not in str(plan.planned["posts_filled"].tolist())
    head = "month,full_time_persons,posts_filled"
    fast = write(tmp_path, head, f"2027-01,1000,{most}", "2027-02,1000,0")
    assert read_actuals(fast, plan)["posts_filled"].tolist() == [most, 0.0]
    with pytest.raises(
        UserError, match=r"posts_filled: found '800'; the plan expects about \d.* from 0.0 to"
    ):
        read_actuals(write(tmp_path, head, "2027-01,1000,800"), plan)


def test_who_is_behind_is_not_told_to_go_on() -> None:
    """Posts and staff are told from nothing long before a shortfall shows: the two limits cross, and one is shown."""
    crossed = 0
    for seed in range(4):
        judge = Judge(made_plan(40, seed))
        for month, link, stop, go in judge.limits():
            if stop is not None and go is not None:
                assert judge.sign[link] * (go - stop) >= 0, (month, link)
                crossed += go == stop
    assert crossed
    assert [_limit(end) for end in (-0.04, -0.4, None)] == ["0.0", "-0.4", "not yet"]


@pytest.mark.parametrize(
    "file, first", [("", 28), ("draws: none", 18), ("replicates: 2", 22), ("replicates: 0", 18)]
)
def test_the_pairs_asked_for_are_the_fewest_that_work(file: str, first: int, tmp_path: Path) -> None:
    text = f"question: q\nbase: baseline\nscenarios: [early_intervention]\npairs: 12\nweeks: 52\n{file}\n"
    (tmp_path / "few.yaml").write_text(text, encoding="utf-8")
    planned = Planned(load_experiment(str(tmp_path / "few.yaml")))
    assert fewest_pairs(planned) == first
    many = planned.experiment.file.model_copy(update={"pairs": first})
    draws = [pair.draw for pair in Planned(replace(planned.experiment, file=many)).pairs()]
    _check_enough(draws, planned)
    with pytest.raises(UserError, match=f"run {first} pairs"):
        _check_enough(draws[:-1], planned)


def test_an_input_no_run_has_is_named_and_not_what_it_explains() -> None:
    plan = made_plan()
    seen = {s: plan.planned[s][3, :9] for s in ("full_time_persons", "new_spells")}
    judge = Judge(plan)
    assert follow_up(judge, seen).outside == ()
    seen["new_spells"] = seen["new_spells"] * 0.7
    found = follow_up(judge, seen)
    assert (found.outside, found.verdict) == (("new_spells",), "fits_neither")
    page = html(quarterly(judge, seen, found, Words("en"), "jobcenter follow-up"))
    mean = plan.planned["new_spells"][:, :9].mean()
    assert f"new spells in the target groups a week (seen {seen['new_spells'].mean():.1f}, planned" in page
    assert f"planned {mean:,.1f})" in page


def test_kroner_in_thousands_are_refused_where_luck_is_wide(tmp_path: Path) -> None:
    """A sixth of the spending is not known: ten such s.d. down are below nothing."""
    plan = made_plan()
    wide = 2.8e6 * np.random.default_rng(2).normal(1.0, 0.17, plan.planned["spending_kr"].shape)
    plan = replace(plan, **{w: {**getattr(plan, w), "spending_kr": wide} for w in ("planned", "nothing")})
    head = "month,full_time_persons,spending_kr"
    assert "spending_kr" not in Judge(plan).links
    for cell in ("12000", "12000000000"):
        with pytest.raises(UserError, match=f"2:3: 2027-01, spending_kr: found '{cell}'"):
            read_actuals(write(tmp_path, head, f"2027-01,1000,{cell}"), plan)
    assert read_actuals(write(tmp_path, head, "2027-01,1000,6000000"), plan)["spending_kr"][0] > 0


def test_an_empty_cell_is_refused_with_what_to_do(tmp_path: Path) -> None:
    rows = "month,full_time_persons,new_spells", "2027-01,1000,4400", "2027-02,1000,"
    with pytest.raises(UserError, match="3:3: .*found ''.*a column is given for every month or left out"):
        read_actuals(write(tmp_path, *rows), made_plan())
