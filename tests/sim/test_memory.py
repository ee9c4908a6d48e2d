"""What the model remembers of people lazily or in passing, held against their diaries week by week.

The refusion clock and the memory of support are settled at events only; entry cohorts are followed from lists. Here
every resident's status is written down each week, and clocks, memories and cohorts are counted again from that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from worlds import at_start, busy_world

from sim.codes import ABSENT, BENEFITS, FIRST_BENEFIT, GONE, JOB, SUBSIDISED_JOB
from sim.law.clock import other_weeks, self_support_weeks
from sim.model import JobcenterModel
from sim.records.weekly import COHORT_NAMES

WEEKS = 170
SUPPORT = np.array(
    [
        s >= FIRST_BENEFIT and BENEFITS[s - FIRST_BENEFIT] not in ("fleksjob", "foertidspension")
        for s in range(FIRST_BENEFIT + len(BENEFITS))
    ]
)
Clock = tuple[int, int, int, int]


class Diary(JobcenterModel):
    """Writes down everybody's status, week by week."""

    weeks_between_gatherings = 1 << 20  # nobody changes rows, so a column of the diary is one person

    def __init__(self, *args: Any, **options: Any):
        self.pages: list[np.ndarray] = []
        super().__init__(*args, **options)

    def _record(self, week: int) -> None:
        self.pages.append(self.state["status"].astype(np.int64))
        super()._record(week)


@dataclass
class Lives:
    model: Diary
    status: np.ndarray  # int64 (weeks, people)
    clocks_at_start: list[Clock]
    followed: np.ndarray  # rows of those present all the time


def clock_of(model: JobcenterModel, row: int, week: int) -> Clock:
    """The clock as it stands at the beginning of `week`, settled by hand for the weeks since it was last touched."""
    state, law = model.state, model.tables.law
    n, w0, w1, w2 = (int(state[name][row]) for name in ("clock_n", "clock_w0", "clock_w1", "clock_w2"))
    k = week - int(state["clock_stamp"][row])
    if law.clock_kind[state["status"][row]] == 1:
        return self_support_weeks(n, w0, w1, w2, k, int(law.reset_weeks), int(law.window_weeks))
    return other_weeks(n, w0, w1, w2, k, int(law.window_weeks))


@pytest.fixture(scope="module")
def lives() -> Lives:
    scenario = busy_world(weeks=WEEKS)
    model = Diary(scenario, 6, state=at_start(scenario, 6))
    n = model.state["id"].size
    clocks = [clock_of(model, row, model.first_week) for row in range(n)]
    model.run()
    status = np.array(model.pages)
    followed = np.flatnonzero(
        ((status != ABSENT) & (status != GONE)).all(axis=0) & (model.state["status"] != GONE)
    )
    return Lives(model, status, clocks, followed)


def test_clocks_settled_at_events_are_clocks_moved_every_week(lives: Lives) -> None:
    law = lives.model.tables.law
    reset, window = int(law.reset_weeks), int(law.window_weeks)
    resets = changed = 0
    for row in lives.followed.tolist():
        begun = lives.clocks_at_start[row]
        n, w0, w1, w2 = begun
        for status in lives.status[:, row].tolist():
            before = n
            if law.clock_kind[status] == 1:
                n, w0, w1, w2 = self_support_weeks(n, w0, w1, w2, 1, reset, window)
                resets += n < before
            else:
                n, w0, w1, w2 = other_weeks(n, w0, w1, w2, 1, window)
                n += law.clock_kind[status] == 2
        clock = (n, w0, w1, w2)
        assert clock_of(lives.model, row, lives.model.state.week) == clock, f"person in row {row}"
        changed += clock != begun
    assert changed > 300
    assert resets > 20


def test_the_memory_of_support_is_the_last_52_weeks(lives: Lives) -> None:
    model, on_support = lives.model, SUPPORT[lives.status]
    week = model.state.week
    last_year = on_support[-52:].sum(axis=0)
    remembered = 0
    for row in lives.followed.tolist():
        bits, count = int(model.state["support_bits"][row]), int(model.state["support_count"][row])
        assert bits.bit_count() == count
        passed = week - int(model.state["support_stamp"][row])  # weeks off support since it was touched
        bits = (bits << passed) & ((1 << 52) - 1) if passed < 52 else 0
        assert bits.bit_count() == last_year[row], f"person in row {row}"
        remembered += bits > 0
    assert remembered > 200


def test_long_term_recipients_are_counted_from_the_diaries(lives: Lives) -> None:
    """42 of the last 52 weeks, among those on support now; only weeks whose whole year lies in the run."""
    on_support = SUPPORT[lives.status]
    result = lives.model.result()
    arrived = lives.model.state["arrive_week"] - lives.model.first_week
    for t in range(52, WEEKS):
        year = on_support[t - 51 : t + 1].sum(axis=0)
        own = on_support[t] & (arrived <= t - 51)  # in-movers bring weeks lived elsewhere
        newcomers = on_support[t] & (arrived > t - 51)
        low, high = int((own & (year >= 42)).sum()), int(newcomers.sum())
        assert low <= result.column("long_term.stock")[t] <= low + high


def test_entry_cohorts_are_counted_from_the_diaries(lives: Lives) -> None:
    status, cohort = lives.status, lives.model.cohort
    counted = {name: cohort[:, k] for k, name in enumerate(COHORT_NAMES)}
    on_support, unclear = SUPPORT[status], 0
    for t in range(1, WEEKS):
        before = status[t - 1]
        begun = on_support[t] & ~on_support[t - 1] & (before != SUBSIDISED_JOB) & (before != ABSENT)
        moved_in = on_support[t] & (before == ABSENT)
        assert begun.sum() <= counted["entrants"][t] <= begun.sum() + moved_in.sum()
        if counted["entrants"][t] != begun.sum():
            unclear += 1  # somebody moved in and lost the job in the same week: the diaries do not tell
            continue
        if t + 26 < WEEKS:
            assert counted["in_job_26"][t] == (status[t + 26, begun] == JOB).sum()
        if t + 52 < WEEKS:
            assert counted["in_job_52"][t] == (status[t + 52, begun] == JOB).sum()
            still = (status[t + 26 : t + 53, begun] == JOB).all(axis=0)
            assert counted["still_in_job"][t] == still.sum()
        if t + 104 < WEEKS:
            assert counted["weeks_on_support_104"][t] == on_support[t : t + 104, begun].sum()
    assert unclear < WEEKS // 20
    assert counted["in_job_52"].sum() > 0
    assert counted["weeks_on_support_104"].max() > 0


def test_a_person_holds_one_status_a_week(lives: Lives) -> None:
    """Nobody leaves what began this Monday before the week is over: every spell in the diaries lasts."""
    assert (lives.status >= 0).all()
    exits = sum(
        int(lives.model.result().column(f"exits.{benefit}.{door}").sum())
        for benefit in BENEFITS
        for door in ("job", "education", "outside", "on_leave", "subsidised_job", "gone", "other_benefit")
    )
    moves = (lives.status[1:] != lives.status[:-1]) & (lives.status[:-1] >= FIRST_BENEFIT)
    last = (lives.model.state["status"].astype(np.int64) != lives.status[-1]) & (
        lives.status[-1] >= FIRST_BENEFIT
    )
    assert exits == moves.sum() + last.sum()
