"""Impossible months are refused, a plan of a part is marked, and one option has one chance of payback."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_plan import made, made_plan

from experiments.batch import Batch
from experiments.experiment_file import load_experiment
from experiments.four_spreads import Spreads
from experiments.store import Store
from experiments.stored import Stored
from jobcenter.planner import plan as planner
from jobcenter.planner.actuals import read_actuals
from jobcenter.planner.chances import chance, paid_back, range_of_share, settled
from jobcenter.planner.follow_up import follow_up
from jobcenter.planner.follow_up_paper import quarterly
from jobcenter.planner.follow_up_series import BY_CONTROL, SERIES
from jobcenter.planner.opened import opened
from jobcenter.planner.paper import Page
from jobcenter.planner.plan import Judge, freeze
from jobcenter.planner.words import Words
from jobcenter.planner.writers import html
from sim.errors import UserError

FOUR_YEARS = """
question: Hvad giver to indsatser?
base: baseline
scenarios: [early_intervention, extra_caseworkers]
pairs: 12
draws: ranges
replicates: 2
weeks: 209
set: [world.share=0.01]
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    place = tmp_path_factory.mktemp("said")
    (place / "two.yaml").write_text(FOUR_YEARS, encoding="utf-8")
    store = Store.create_or_open(place / "store")
    with store.writing():
        Batch(load_experiment(str(place / "two.yaml")), store).run(
            "threads", 2, command=f"jobcenter batch {place / 'two.yaml'} --out {place / 'store'}"
        )
    return Stored(opened(str(place / "store")))


# ---- months that cannot be -----------------------------------------------------------------------------------------


def csv(path: Path, head: str, *rows: str) -> Path:
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_figure_of_another_size_is_refused_with_the_size_expected(tmp_path: Path) -> None:
    """The whole town's persons laid on a plan of a fifth of it, and kroner written as thousands."""
    plan = replace(made_plan(), world_share=0.2)
    head = "month,full_time_persons,spending_kr"
    with pytest.raises(UserError) as wrong:
        read_actuals(csv(tmp_path / "a.csv", head, "2027-01,1001,4437", "2027-02,5000,1"), plan)
    said = str(wrong.value)
    assert "3:2: 2027-02, full_time_persons: found '5000'; the plan expects about 99" in said
    assert "3:3: 2027-02, spending_kr: found '1'" in said
    assert "20% of the municipality" in said and "dagpenge" in said
    assert "2:2" not in said and "2:3" not in said
    assert (
        "about 3,989.5" in said.split("found '1'")[1]
    )  # expected of the month, as it was counted, not of a week
    unusual = csv(tmp_path / "b.csv", head, "2027-01,1100,4900", "2027-02,850,3800")
    assert read_actuals(unusual, plan)["full_time_persons"].tolist() == [1100.0, 850.0]


def test_more_on_support_than_there_are_is_refused(tmp_path: Path) -> None:
    head = "month,full_time_persons,treated_persons,treated_on_support,control_persons,control_on_support"
    with pytest.raises(UserError, match="2:6: 2027-01, control_on_support: found 60, more than the 50"):
        read_actuals(csv(tmp_path / "a.csv", head, "2027-01,1000,50,40,50,60"), made_plan())


def test_what_fits_neither_world_gets_no_probability() -> None:
    """Fewer people than the plan promises by far: no proof that it works."""
    judge, worlds = Judge(made_plan()), made(1, seed=9)
    months = {s: v[0, :12] for s, v in worlds["planned"].items()}
    assert follow_up(judge, months).outside == ()
    drop = np.where(np.arange(12) > 0, 300.0, 0.0)
    found = follow_up(judge, {**months, "full_time_persons": months["full_time_persons"] - drop})
    assert (found.outside, found.verdict) == (("full_time_persons",), "fits_neither")
    assert (found.stories, found.payback) == ({}, None)
    page = html(quarterly(judge, months, found, Words("da"), "jobcenter follow-up"))
    assert "Passer hverken med planen eller med ingenting" in page and "det går som planlagt" not in page


def test_where_nothing_tells_chances_stay_what_they_were() -> None:
    """A plan that moves persons by nothing that could be judged is never 'as planned 100 %'."""
    plan = made_plan()
    quiet = {
        **plan.nothing,
        "posts_filled": plan.planned["posts_filled"],
        "staff_fte": plan.planned["staff_fte"],
    }
    judge = Judge(replace(plan, planned=quiet))
    assert "full_time_persons" not in judge.links
    seen = {s: quiet[s][0, :9] for s in ("full_time_persons", "new_spells")}
    assert follow_up(judge, seen).stories == pytest.approx(
        {"works": 0.75, "no_staff": 0.125, "no_effect": 0.125}
    )
    hired = follow_up(judge, {**seen, "posts_filled": quiet["posts_filled"][0, :9]}).stories
    assert hired["works"] == pytest.approx(0.75 / 0.875, abs=0.02)


# ---- limits ---------------------------------------------------------------------------------------------------------


def test_a_plan_of_a_part_is_refused_or_marked(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_life(*given: object) -> None:
        raise AssertionError("nothing may be simulated before the refusal")

    monkeypatch.setattr(planner, "pair_of_months", no_life)
    with pytest.raises(UserError, match=r"simulates 1% of Slagelse.*--part"):
        freeze(stored, "early_intervention", 6, 0.75, "", lambda done: None)
    with pytest.raises(UserError, match=r"12 pairs, 4 of them .* in 20% of cases.*run 22 pairs"):
        freeze(stored, "early_intervention", 6, 0.75, "", lambda done: None, part=True)


def test_no_limit_below_nothing() -> None:
    """Few posts beside wide luck: a stop limit of minus half a post says nothing and is not told."""
    plan = made_plan()
    posts = np.random.default_rng(3).normal(1.0, 0.8, plan.planned["posts_filled"].shape)
    judge = Judge(replace(plan, planned={**plan.planned, "posts_filled": posts}))
    ends = [end for _, link, *both in judge.limits() for end in both if link != BY_CONTROL]
    assert None in ends
    assert all(end is None or end >= 0.0 for end in ends)


# ---- payback ---------------------------------------------------------------------------------------------------------


def test_plan_and_paper_state_the_same_chance_of_payback(stored: Stored) -> None:
    page = Page(stored, Words("da"))
    draws = stored.draw_of()
    assert len(np.unique(draws)) < len(draws)
    for name in page.strategies:
        back, years = paid_back(stored, name)
        plan = replace(
            made_plan(len(draws)), draws=tuple(draws.tolist()), pays_back=tuple(back), payback_years=years
        )
        assert years == 4
        assert plan.n_draws == page.rows == 10
        before = follow_up(
            Judge(plan), {"full_time_persons": plan.planned["full_time_persons"][0, :3]}
        ).payback_before
        assert before == pytest.approx(page.money(name, "payback", "within 4"))


def test_repeated_draws_count_once() -> None:
    plan = replace(
        made_plan(12),
        draws=(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1),
        pays_back=(True, True, *[False] * 8, True, True),
    )
    months = {s: plan.planned[s][2, :3] for s in SERIES}
    assert follow_up(Judge(plan), months).payback_before == pytest.approx(0.2)
    assert replace(plan, draws=(-1,) * 12).draw_weights.tolist() == pytest.approx([1 / 12] * 12)


def test_a_chance_of_few_draws_comes_with_its_error() -> None:
    assert range_of_share(0.4, 10) == pytest.approx((0.168, 0.687), abs=0.001)
    assert chance(Words("en"), 0.4, 10) == "40 % (between 17 and 69 %, for there are only 10 draws)"
    assert chance(Words("en"), 0.4, 40) == "40 %"
    assert chance(Words("en"), math.nan, 10) == Words("en").percent(math.nan)


# ---- what a page may say --------------------------------------------------------------------------------------------


def test_a_sign_is_settled_only_beyond_both_errors() -> None:
    found = Spreads(0.32, 0.5, (0.1, 0.6), None, 1.0, 12, 10, 0.3)
    assert not settled(found)
    assert settled(replace(found, calculation_error=0.2))
    assert not settled(replace(found, calculation_error=0.2, knowledge_80=(-0.1, 0.6)))


def test_stars_and_unchanged(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    """A knowledge interval beside zero with a large calculation error keeps its star; a rounded 0 is no change."""
    near = Spreads(0.3, 0.5, (0.1, 0.4), None, 1.0, 12, 10, 0.3)
    monkeypatch.setattr(stored, "effect", lambda *a, **k: near)
    page = Page(stored, Words("da"))
    assert all(cell.endswith(" *") for row in page.goals().rows for cell in row[2:])
    said = page.sentence(page.strategies[0])
    assert "omtrent det samme" in said and "beregnes til omkring 0" in said
    assert "Det er ikke afgjort" in said and "10 sæt antagelser" in said


@pytest.mark.parametrize("words", [["report", "results/nosuch"], ["plan", "freeze", "results/nosuch"]])
def test_a_folder_without_a_store_is_called_that(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="there is no result store here"):
        opened(words[-1])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="there is no result store here"):
        opened("empty")
    assert not (tmp_path / "results").exists()
