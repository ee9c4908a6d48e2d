"""What a week skips or lists for speed, against the questions written out."""

from typing import Any

import numpy as np
import pytest
from worlds import at_start, busy_world, lived, world

from benchmarks.mesa_objects import Objects, rules_of
from sim.behaviour.exits import band_of, benefit_of
from sim.chance import keys_of_week, uniform, uniforms
from sim.codes import BAND_STARTS, FIRST_BENEFIT, N_BENEFITS, N_STATUSES
from sim.compiled import kernel
from sim.model import JobcenterModel
from sim.population.storage import on_support
from sim.week.assignment import list_present, may_change
from sim.week.moving import TEAM, _weeks_set
from sim.week.world import BLOCK, L_CASES, L_OTHERS, L_REQUESTED, L_SUPPORTED, has_case


def plain(rule: Any) -> Any:
    """A rule as plain Python."""
    return getattr(rule, "py_func", rule)


@kernel
def _note_present(seats, w, week):
    list_present(seats, w, week)


class Listed(JobcenterModel):
    """Looks at the lists of people when the week's status is fixed."""

    def _arrivals(self, week: int) -> None:
        assert self.state["lengths"][L_REQUESTED] == 0  # its list is where arrivals keep theirs
        super()._arrivals(week)
        length, status = self.state["lengths"], self.state["status"]
        cases = self.world.cases[: length[L_CASES]]
        others = self.world.cases[self.world.cases.size - length[L_OTHERS] :]
        together = np.sort(np.concatenate([cases, others]))
        assert np.array_equal(together, np.sort(self.world.supported[: length[L_SUPPORTED]]))
        assert np.array_equal(together, np.flatnonzero(on_support(status)))
        assert plain(has_case)(status[cases]).all() and not plain(has_case)(status[others]).any()


def test_those_on_support_have_a_case_or_are_only_paid() -> None:
    scenario = busy_world(weeks=30)
    model = Listed(scenario, 1, state=at_start(scenario))
    model.run()
    assert model.state["lengths"][L_CASES] > 100 and model.state["lengths"][L_OTHERS] > 20


def test_a_list_that_is_full_stops_the_run() -> None:
    model = lived(busy_world(weeks=20), weeks=6)
    n = int(model.state["lengths"][L_SUPPORTED])
    model.world = model.world._replace(cases=model.world.cases[: n // 2].copy())
    with pytest.raises(RuntimeError, match="a buffer of the week is full"):
        model.step()


def test_whoever_is_passed_over_keeps_the_caseworker() -> None:
    """`may_change` against its conditions written out, each of which decides for somebody."""
    model = lived(busy_world(weeks=30))
    s, week, meeting = model.state, model.state.week, model.tables.meeting
    rows = np.flatnonzero(plain(has_case)(s["status"]))
    teams = np.array([TEAM[status] for status in s["status"][rows]])
    s["seat_gone"][:], s["seat_vacant_until"][:], s["seat_until"][:] = 0, week, week + 1
    s["trust"][rows] = np.maximum(s["trust"][rows], meeting.own_request_below_trust)
    for k, seat in enumerate(np.unique(s["caseworker"][rows][s["caseworker"][rows] >= 0])[:3]):
        s[("seat_gone", "seat_vacant_until", "seat_until")[k]][seat] = (1, week + 1, week)[k]
    s["caseworker"][rows[::11]] = -1
    s["caseworker"][rows[::13]] = np.flatnonzero(s["seat_team"] != teams[0])[0]
    s["trust"][rows[::7]] = 0.0
    model.call(_note_present, model.seats, model.world, week)
    decided = np.zeros(6, np.int64)
    for i, team in zip(rows, teams, strict=True):
        seat, trust = int(s["caseworker"][i]), float(s["trust"][i])
        why = np.array(
            [
                seat < 0,
                seat >= 0 and s["seat_gone"][seat] != 0,
                seat >= 0 and s["seat_vacant_until"][seat] > week,
                seat >= 0 and s["seat_until"][seat] <= week,
                seat >= 0 and s["seat_team"][seat] != team,
                trust < meeting.own_request_below_trust,
            ]
        )
        assert bool(plain(may_change)(model.citizens, model.seats, meeting, i)) == why.any()
        decided += why if why.sum() == 1 else 0
    assert (decided > 0).all(), decided
    nobody = model.seats._replace(seat_serves=model.seats.seat_serves[:0])  # an office without caseworkers
    assert s["caseworker"][rows[11]] == -1 and plain(may_change)(model.citizens, nobody, meeting, rows[11])


def test_the_model_and_objects_live_the_same_weeks() -> None:
    """One Mesa object per agent, asked one by one (benchmarks/mesa_objects.py): another way through the same rules."""
    scenario = world("baseline", weeks=8, share=0.01)
    objects = Objects(scenario, 1, rules_of("undecorated rules"))
    for _ in range(8):
        objects.step()
    assert np.array_equal(np.array(objects.rows), lived(scenario).rows)


def test_weeks_set_are_counted() -> None:
    rule = plain(_weeks_set)
    words = [0, (1 << 52) - 1, *(1 << k for k in range(52)), *((1 << k) - 1 for k in range(52))]
    words += np.random.default_rng(5).integers(0, 1 << 52, 2000).tolist()
    assert [rule(word) for word in words] == [word.bit_count() for word in words]


def test_benefits_and_bands_are_looked_up() -> None:
    benefit, band = plain(benefit_of), plain(band_of)
    statuses = range(FIRST_BENEFIT, N_STATUSES)
    assert [benefit(np.uint8(status)) for status in statuses] == list(range(N_BENEFITS))
    for weeks in range(1, 400):
        assert band(weeks) == sum(start <= weeks for start in BAND_STARTS) - 1


@pytest.mark.parametrize("n", [0, 1, 7, BLOCK])
def test_many_draws_are_the_same_one_by_one(n: int) -> None:
    keys = keys_of_week(3, 100)
    ids = np.random.default_rng(n).integers(0, 1 << 62, BLOCK)
    mixed, out = np.zeros(BLOCK, np.uint64), np.full(BLOCK, -1.0)
    uniforms(keys, 4, ids, n, mixed, out)
    assert out[:n].tolist() == [uniform(keys, 4, agent) for agent in ids[:n]]
    assert (out[n:] == -1.0).all()
