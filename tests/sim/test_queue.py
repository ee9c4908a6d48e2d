"""One caseworker as a single queue: the kernels of casework against queueing theory, and their order of service.

Every week a random number A of new cases asks for a first meeting, then the caseworker holds as many as hours allow.
With one meeting a week the number left waiting follows Lindley's recursion L' = max(L + A - 1, 0), whose mean is
E[A(A - 1)] / (2 (1 - E[A])): square both sides of the recursion in equilibrium. By Little's law the mean wait is that
over E[A].
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from worlds import world

from sim.chance import fill_keys, keys_of_week
from sim.codes import BENEFITS, FIRST_BENEFIT, N_STATUSES, N_TEAMS
from sim.compiled import Calls, column
from sim.population.caseworkers import CASEWORKERS, Seats
from sim.population.citizens import CITIZENS, Citizens
from sim.records.weekly import MT_DUE, MT_HELD, MT_NO_SHOW, N_COLUMNS, QUEUE, ST_USED
from sim.state import State
from sim.tables import build_tables
from sim.week import casework
from sim.week.world import BLOCK, L_CASES, L_SUPPORTED, N_LENGTHS, N_LUCK, World

MINUTES = 60
JOBREADY = BENEFITS.index("kontanthjaelp_jobready")
TEAM = 0


@dataclass
class Desk:
    """One caseworker of `meetings` meetings a week and people who each want exactly one."""

    meetings: int = 1
    people: int = 400
    no_show: float = 0.0
    waits: list[int] = field(default_factory=list)  # weeks from arrival to meeting
    left: list[int] = field(default_factory=list)  # waiting at the end of each week
    overtaken: int = 0  # weeks in which somebody was met before somebody who had come earlier
    used: int = 0

    def __post_init__(self) -> None:
        scenario = world("baseline", share=0.01)
        tables = build_tables(scenario, scenario.start_week)
        self.offer = tables.offer
        self.table = table = tables.meeting._replace(
            reorganisation=0.0, own_request=0.0, overhead=1.0, preparation=0.0, no_show_cost=1.0
        )
        for array in (table.interval_x2, table.statutory_x2, table.a_kasse):
            array[:] = 0
        table.first_by[:] = 1
        table.covered[:] = 1.0
        table.direct_minutes[:] = MINUTES
        table.no_show[:] = self.no_show
        self.offer.allowed[:] = 0
        self.state = State(0, {})
        self.state.add(CITIZENS, self.people)
        self.state.add(CASEWORKERS, 1)
        self.state["id"][:] = np.arange(self.people)
        self.state["seat_team"][:] = TEAM
        self.state["seat_fte"][:] = 1.0
        self.state["seat_until"][:] = 32_000
        self.free = list(range(self.people))[::-1]
        self.waiting: dict[int, int] = {}  # row -> week of arrival
        n = self.people
        self.world = World(  # of the model's types, so that its compiled code is what is asked
            keys=np.zeros((len(keys_of_week(0, 0)), 2), np.uint64),
            row=np.zeros(N_COLUMNS, np.int64),
            supported=column(n, "uint32"),
            first_of_status=np.zeros(N_STATUSES, np.int64),
            first_of_team=np.zeros(N_TEAMS + 1, np.int64),
            requested=column(n, "uint32"),
            lengths=np.zeros(N_LENGTHS, np.int64),
            hired=np.zeros(3, np.int64),
            stocks=np.zeros((N_STATUSES, 3), np.int64),
            entrant=np.zeros(1, np.int32),
            entrant_total=column(1, "int16"),
            cases=column(n, "uint32"),
            ids=np.zeros(BLOCK, np.int64),
            mixed=column(BLOCK, "uint64"),
            luck=np.zeros((N_LUCK, BLOCK)),
            answer=column(BLOCK, "uint8"),
            bracket=column(BLOCK, "uint16"),
            spell_person=np.zeros(0, np.int32),
            spell_benefit=np.zeros(0, np.uint8),
            spell_begin=np.zeros(0, np.int16),
            spell_end=np.zeros(0, np.int16),
            spell_door=np.zeros(0, np.uint8),
        )
        self.life_keys = keys_of_week(7, -1)
        self.work = np.zeros(n, np.int64), np.zeros(2 * n, np.int64), np.arange(n)

    def live(self, arrivals: np.ndarray) -> "Desk":
        """One week per entry: that many new cases, then the caseworker's hours."""
        state, w = self.state, self.world
        due, offers, row_of = self.work
        call = Calls()
        citizens, seats = state.view(Citizens), state.view(Seats)
        for week, new in enumerate(arrivals.tolist()):
            for _ in range(new):
                row = self.free.pop()
                self.waiting[row] = week
                state["status"][row] = FIRST_BENEFIT + JOBREADY
                state["since"][row] = week
                state["caseworker"][row], state["last_meeting"][row], state["meetings"][row] = 0, -1, 0
            rows = sorted(self.waiting)
            w.cases[: len(rows)] = w.supported[: len(rows)] = rows
            w.lengths[L_CASES] = w.lengths[L_SUPPORTED] = len(rows)
            w.row[:] = 0
            state["seat_minutes"][0] = MINUTES * self.meetings
            fill_keys(7, week, w.keys)
            n_due = casework.open_cases(
                call, citizens, seats, w, self.table, self.life_keys, row_of, week, due, offers
            )
            casework.hold_meetings(
                call, citizens, seats, w, self.table, self.offer, row_of, due, n_due, week, offers
            )
            assert w.row[MT_DUE] == len(rows)
            assert w.row[MT_HELD] + w.row[MT_NO_SHOW] + w.row[QUEUE] == len(rows)
            self.used += int(w.row[ST_USED])
            met = [row for row in rows if state["meetings"][row]]
            came = [self.waiting.pop(row) for row in met]
            self.waits += [week - arrival for arrival in came]
            self.free += met
            self.overtaken += max(came, default=-1) > min(self.waiting.values(), default=week)
            self.left.append(len(self.waiting))
        return self


def z_of_batches(values: np.ndarray, mean: float, batches: int = 40) -> float:
    """z of a mean of dependent values, from the spread of the means of long stretches (Student's t, 39 degrees)."""
    means = values[: values.size // batches * batches].reshape(batches, -1).mean(axis=1)
    return float((means.mean() - mean) / (means.std(ddof=1) / math.sqrt(batches)))


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_a_single_queue_is_as_long_as_theory_says(load: float) -> None:
    """12,000 weeks; |z| < 5 on 39 degrees of freedom fails by luck once in 80,000 seeds."""
    candidates = 10
    p = load / candidates
    weeks = 12_000
    arrivals = np.random.default_rng(3).binomial(candidates, p, weeks)
    desk = Desk().live(arrivals)
    pairs = candidates * (candidates - 1) * p * p
    expected = pairs / (2 * (1 - load))
    left = np.array(desk.left, dtype=float)
    assert abs(z_of_batches(left, expected)) < 5, (left.mean(), expected)
    assert abs(z_of_batches(left, 1.5 * expected)) > 5  # a queue half as long again would be seen
    assert np.mean(desk.waits) == pytest.approx(left.sum() / len(desk.waits), rel=0.01)  # Little
    assert desk.used == MINUTES * len(desk.waits)


def test_the_queue_follows_the_recursion_week_by_week() -> None:
    arrivals = np.random.default_rng(4).poisson(2.7, 1_500)
    for meetings in (1, 3, 5):
        desk = Desk(meetings=meetings, people=6_000).live(arrivals[: 1_500 if meetings > 1 else 900])
        length, expected = 0, []
        for new in arrivals[: len(desk.left)].tolist():
            length = max(0, length + new - meetings)
            expected.append(length)
        assert desk.left == expected


def test_who_has_waited_longest_is_met_first() -> None:
    """While nobody has waited more than three years, arrivals are served in their order; ties by lot."""
    desk = Desk(meetings=2).live(np.random.default_rng(5).poisson(1.8, 2_000))
    assert max(desk.waits) < 150
    assert max(desk.waits) > 3
    assert desk.overtaken == 0


def test_no_shows_cost_time_and_come_again() -> None:
    """A share of no-shows stretches service: load rises to E[A] / (1 - share)."""
    weeks, share = 6_000, 0.3
    arrivals = np.random.default_rng(6).binomial(8, 0.06, weeks)
    desk = Desk(no_show=share).live(arrivals)
    used = desk.used / (MINUTES * weeks)
    expected = arrivals.mean() / (1 - share)
    assert used == pytest.approx(expected, abs=4.5 * math.sqrt(expected * share / weeks) + 0.002)


def test_an_overloaded_caseworker_falls_behind_without_end() -> None:
    desk = Desk(people=2_000).live(np.random.default_rng(8).binomial(8, 0.2, 2_000))
    assert desk.left[-1] > 900
    assert len(desk.waits) == 2_000  # one meeting every week, no more
    assert desk.used == 2_000 * MINUTES
