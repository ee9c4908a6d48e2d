"""A run may be cut anywhere: 260 weeks = 130 + a snapshot + a new process + 130; a short run begins a long one."""

from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elsewhere import run_elsewhere
from worlds import at_start, busy_world, differing, everything, lived, require_same, tables_of, world

from experiments.run import starting_at
from sim.calendar import year_of
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.population.history import BURN_IN_WEEKS, starting_state
from sim.scenario import Scenario
from sim.snapshot import fork, resume, save
from sim.state import State
from sim.tables import build_tables, change_weeks

GO_ON = """
import sys
from pathlib import Path
import numpy as np
from worlds import busy_world, everything
from sim.snapshot import resume

path, weeks, more, out = sys.argv[1:]
model = resume(Path(path), busy_world(weeks=int(weeks)))
model.run(int(more))
spells = model.result().spells
np.savez(out, **everything(model), **{"spells " + name: values for name, values in spells.items()})
"""


def with_spells(model: JobcenterModel) -> dict[str, np.ndarray]:
    spells = model.result().spells
    assert spells is not None
    return everything(model) | {f"spells {name}": values for name, values in spells.items()}


def test_130_weeks_a_snapshot_a_new_process_and_130_weeks_are_260_weeks(tmp_path: Path) -> None:
    scenario = busy_world(weeks=260)
    whole = with_spells(lived(scenario, recording="spells"))
    half = lived(scenario, weeks=130, recording="spells")
    save(half, tmp_path / "half.npz")
    run_elsewhere(GO_ON, str(tmp_path / "half.npz"), "260", "130", str(tmp_path / "whole.npz"))
    with np.load(tmp_path / "whole.npz") as stored:
        require_same(whole, {name: stored[name] for name in stored.files})
    assert sum(1 for name in whole if name.startswith("spells")) == 5
    assert whole["cohort"][:, 4].sum() > 0  # cohorts followed for two years across the cut


@pytest.mark.parametrize("cut", [0, 1, 25, 52, 53, 59])
def test_a_run_can_be_cut_in_any_week(cut: int, tmp_path: Path) -> None:
    """Before the first week, at a turn of the year, in the middle of a downturn, before the last week."""
    scenario = busy_world(weeks=60)
    whole = with_spells(lived(scenario, seed=2, recording="spells"))
    save(lived(scenario, seed=2, weeks=cut, recording="spells"), tmp_path / "cut.npz")
    rest = resume(tmp_path / "cut.npz", scenario)
    assert rest.steps == cut
    require_same(whole, with_spells(rest.run(60 - cut)))


def test_saving_changes_nothing_and_two_may_go_on_from_one_snapshot(tmp_path: Path) -> None:
    scenario = busy_world(weeks=40)
    model = lived(scenario, weeks=20)
    save(model, tmp_path / "a.npz")
    first = everything(resume(tmp_path / "a.npz", scenario).run(20))
    require_same(first, everything(model.run(20)))
    require_same(first, everything(resume(tmp_path / "a.npz", scenario).run(20)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz"]


def test_a_snapshot_of_something_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    save(lived(world("baseline", weeks=10), weeks=5), path)
    for other in (
        world("recession", weeks=10),
        world("baseline", weeks=11),
        world("baseline", share=0.05, weeks=10),
    ):
        with pytest.raises(UserError, match=r"a\.npz: .*another scenario"):
            resume(path, other)
    monkeypatch.setattr("sim.snapshot.code_version", lambda: "older")
    with pytest.raises(UserError, match="another version"):
        resume(path, world("baseline", weeks=10))


def test_a_snapshot_that_lacks_something_is_found_out(tmp_path: Path) -> None:
    """The comparison can fail: without the entrants followed, cohorts after the cut differ."""
    scenario = busy_world(weeks=60)
    whole = everything(lived(scenario))
    save(lived(scenario, weeks=30), tmp_path / "a.npz")
    model = resume(tmp_path / "a.npz", scenario)
    model.world.entrant[:] = 0
    model.books.ledger.pots[:] = 0
    wrong = differing(whole, everything(model.run(30)))
    assert any(name.startswith("cohort") for name in wrong)
    assert any(name.startswith("pots") for name in wrong)


# ---- a short run is the start of a long one -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_run() -> dict[str, np.ndarray]:
    return tables_of(lived(busy_world(weeks=260), seed=5))


@pytest.mark.parametrize("weeks", [1, 52, 60, 131])
def test_a_short_run_is_the_beginning_of_a_long_one(weeks: int, long_run: dict[str, np.ndarray]) -> None:
    """Every weekly column, the books of every week, the pots of every finished year and cohorts seen to their end."""
    scenario = busy_world(weeks=weeks)
    model = lived(scenario, seed=5)
    short = tables_of(model)
    years = sum(1 for y in model.books.ledger.years if y < year_of(scenario.start_week + weeks))
    for name, values in short.items():
        if name == "cohort":
            for column, lag in ((0, 0), (1, 26), (2, 52), (3, 52), (4, 104), (5, 8), (6, 8)):
                seen = max(0, weeks - lag)
                require_same({name: values[:seen, column]}, {name: long_run[name][:seen, column]})
        elif name == "pots":
            require_same({name: values[:years]}, {name: long_run[name][:years]})
            # What a year may spend does not depend on where the run stops.
            require_same({name: values[:, :, 0]}, {name: long_run[name][: len(values), :, 0]})
        else:
            require_same({name: values}, {name: long_run[name][:weeks]})


def test_a_horizon_beyond_the_people_laid_out_first_only_adds_people() -> None:
    short, long = lived(world("baseline", weeks=260)), lived(world("baseline", weeks=261), weeks=260)
    assert long.state["id"].size > short.state["id"].size
    weekly = [name for name in tables_of(short) if name.startswith("row ") and name != "row stock.absent"]
    weekly = [name for name in weekly if not name.startswith("row stock_health.absent")]
    a, b = tables_of(short), tables_of(long)
    require_same({name: a[name] for name in weekly}, {name: b[name][:260] for name in weekly})
    require_same({"payers": a["payers"]}, {"payers": b["payers"][:260]})


# ---- the start ------------------------------------------------------------------------------------------------------


def test_a_start_from_the_cache_is_a_fresh_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = world("baseline", weeks=30, share=0.02)
    monkeypatch.setattr("sim.population.history.cache_home", lambda: tmp_path)
    fresh = starting_state(scenario, 7, use_cache=False)
    assert not (tmp_path / "starts").exists()
    written = starting_state(scenario, 7)
    assert len(list((tmp_path / "starts").iterdir())) == 1
    read = starting_state(scenario, 7)
    for other in (written, read):
        assert other.week == fresh.week == scenario.start_week
        require_same(fresh.columns, other.columns)
        assert {n: v.dtype for n, v in fresh.columns.items()} == {
            n: v.dtype for n, v in other.columns.items()
        }
    after = everything(lived(scenario, 7, state=read))
    require_same(after, everything(lived(scenario, 7, state=fresh)))


def test_a_state_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    state = at_start(world("baseline", share=0.02))
    state.snapshot(tmp_path / "s.npz")
    require_same(state.columns, State.restore(tmp_path / "s.npz").columns)
    before = (tmp_path / "s.npz").read_bytes()
    broken = State(state.week, {**state.columns, "odd": np.array([lambda: None], dtype=object)})
    with pytest.raises(Exception, match="pickle"):
        broken.snapshot(tmp_path / "s.npz")
    assert (tmp_path / "s.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"]


def require_same_table(old: Any, new: Any, where: str) -> None:
    if isinstance(new, tuple):
        for field_, a, b in zip(getattr(new, "_fields"), old, new, strict=True):  # noqa: B009
            require_same_table(a, b, f"{field_} of {where}")
    else:
        assert (
            np.array_equal(np.asarray(old), np.asarray(new)) if not isinstance(new, dict) else old == new
        ), where


@pytest.mark.parametrize("name", ["baseline", "slagelse_2024", "recession", "early_and_one_caseworker"])
def test_tables_change_in_the_weeks_announced_and_in_no_other(name: str) -> None:
    """Tables are rebuilt in `change_weeks` only: in every other week they would come out the same."""
    scenario: Scenario = world(name, weeks=260)
    first, last = scenario.start_week - BURN_IN_WEEKS, scenario.start_week + 260
    announced = change_weeks(scenario, first, last)
    assert first in announced
    held = None
    for week in range(first, last):
        now = build_tables(scenario, week)
        if held is None or week in announced:
            held = now
            continue
        for kind in vars(now):
            old, new = getattr(held, kind), getattr(now, kind)
            require_same_table(old, new, f"{kind} in week {week}")
    assert held is not None
    assert astuple(held)  # something was looked at


# ---- branching from a run under way --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["early_and_one_caseworker", "extra_caseworkers", "early_intervention"])
def test_a_scenario_that_branches_off_lives_as_if_run_whole(name: str) -> None:
    """One history, then another policy from a week on: every table as in a run of its own; the stem stays as it is."""
    base = world("baseline", weeks=60)
    cut = base.start_week + 25
    later = starting_at(world(name, weeks=60), base, cut)
    stem = lived(base, seed=3, weeks=25, recording="spells")
    before = everything(stem)
    require_same(
        with_spells(lived(later, seed=3, recording="spells")), with_spells(fork(stem, later).run(35))
    )
    require_same(before, everything(stem))
    require_same(
        everything(lived(base, seed=3)),
        everything(fork(stem, base).run(35)),
    )


def test_what_differs_before_the_branch_is_refused() -> None:
    stem = lived(world("baseline", weeks=40), weeks=20)
    for other, told in (
        (world("early_intervention", weeks=40), "levers.early_intervention"),
        (world("baseline", "levers={}", weeks=30), "weeks"),
        (world("refusion_flat", weeks=40), "law"),
    ):
        with pytest.raises(UserError, match=f"cannot branch from it there: .*{told}"):
            fork(stem, other)
