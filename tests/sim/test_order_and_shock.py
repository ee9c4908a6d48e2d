"""Who comes first when hours are short, and caseworkers who resign at once."""

from itertools import pairwise

import numpy as np
import pytest
from worlds import MANY_SEATS, at_start, everything, lived, require_same, world

from sim.behaviour.entry import barriers_of
from sim.behaviour.priority import BY_NEED, BY_SAVING, LEVELS, priority_level
from sim.codes import (
    A_EXTERNAL,
    A_IN_HOUSE,
    BENEFITS,
    C_RESIGNATION,
    CAUSES,
    FIRST_BENEFIT,
    M_COURSE,
    M_EXTERNAL,
    MUNICIPALITY,
    N_BENEFITS,
    N_MEASURES,
    STATE,
    TEAMS,
)
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.records.weekly import NAMES
from sim.scenario import load
from sim.tables import build_tables

SHORT = ("behaviour.contact.overhead_factor=3.8", "municipality.staff.productive_hours_per_fte_year=1100")


def ordered(by: str, *more: str, weeks: int = 60, share: float = 0.1) -> JobcenterModel:
    return lived(world("baseline", f"levers.priority={{by: {by}}}", *SHORT, *more, weeks=weeks, share=share))


def waits(model: JobcenterModel, who: np.ndarray) -> float:
    """Weeks since the last meeting, mean over open cases with a team."""
    state, week = model.state, model.state.week
    cases = who & (state["caseworker"] >= 0)
    last = np.where(state["last_meeting"] >= 0, state["last_meeting"], state["since"] - 1)
    return float((week - last)[cases].mean())


@pytest.fixture(scope="module")
def by_deadline() -> JobcenterModel:
    return lived(world("baseline", *SHORT, weeks=60, share=0.1))


def many_barriers(model: JobcenterModel) -> np.ndarray:
    c = model.citizens
    return np.array([barriers_of(c, i) >= 2 for i in range(c.id.size)])


def test_by_need_those_with_barriers_wait_less(by_deadline: JobcenterModel) -> None:
    by_need = ordered("need")
    assert waits(by_need, many_barriers(by_need)) < waits(by_deadline, many_barriers(by_deadline))
    assert waits(by_need, ~many_barriers(by_need)) > waits(by_deadline, ~many_barriers(by_deadline))


def test_by_saving_those_who_save_little_wait_longer(by_deadline: JobcenterModel) -> None:
    """Waits of those placed last against those placed first in the order by saving, in one team, under both orders."""
    by_saving = ordered("municipal_saving")
    order = by_saving.tables.meeting.priority

    def gap(model: JobcenterModel) -> float:
        c, week = model.citizens, model.state.week
        team = (model.state["status"] == FIRST_BENEFIT + BENEFITS.index("dagpenge")) & (
            model.state["caseworker"] >= 0
        )
        level = np.array([priority_level(c, order, i, week) if team[i] else -1 for i in range(c.id.size)])
        middle = np.median(level[team])
        return waits(model, team & (level > middle)) - waits(model, team & (level <= middle))

    assert gap(by_saving) > gap(by_deadline) + 1.0


def test_levels_rank_people_as_said() -> None:
    scenario = world("baseline", "levers.priority={by: municipal_saving}", share=0.1)
    model = JobcenterModel(scenario, 1, state=at_start(scenario))
    c, week, order = model.citizens, model.state.week, model.tables.meeting.priority
    assert order.rule == BY_SAVING
    rows = np.flatnonzero(model.state["status"] >= FIRST_BENEFIT)[:400]
    levels = np.array([priority_level(c, order, i, week) for i in rows])
    assert 0 <= levels.min() and levels.max() < LEVELS and len(set(levels.tolist())) > 4
    saved = []
    for i in rows:
        b = int(c.status[i]) - FIRST_BENEFIT
        weeks = int(c.clock_n[i]) if order.counter[b] == 0 else week - int(c.since[i]) + 1
        kr = order.saving[b, min(max(weeks, 1), order.saving.shape[1] - 1)]
        saved.append(kr * order.chance[b] * order.person_factor[c.attachment[i], c.education[i], c.health[i]])
    by_level = [np.array(saved)[levels == level] for level in range(LEVELS)]
    by_level = [group for group in by_level if group.size]
    assert all(a.min() >= b.max() for a, b in pairwise(by_level))
    # On the ladder a week on cash benefit after a year saves 80 % of it, in the first month 20 %.
    jobready = BENEFITS.index("kontanthjaelp_jobready")
    assert order.saving[jobready, 60] == pytest.approx(4 * order.saving[jobready, 2], rel=1e-3)


def test_by_need_counts_barriers_before_years() -> None:
    scenario = world("baseline", "levers.priority={by: need}", share=0.1)
    model = JobcenterModel(scenario, 1, state=at_start(scenario))
    c, order = model.citizens, model.tables.meeting.priority
    assert order.rule == BY_NEED
    rows = np.flatnonzero(model.state["status"] >= FIRST_BENEFIT)[:400]
    level = {i: priority_level(c, order, i, model.state.week) for i in rows}
    barriers = {i: int(barriers_of(c, i)) for i in rows}
    for fewer, more in pairwise(sorted(set(barriers.values()))):
        if more < 4:
            assert min(level[i] for i in rows if barriers[i] == fewer) >= max(
                level[i] for i in rows if barriers[i] == more
            )


class OffersSeen(JobcenterModel):
    """Keeps, of every offer, its class (0 late, 1 not yet due), its place in the queue and whether it was late."""

    def _measures(self, week: int, n_offers: int) -> None:
        keys = self._offers[:n_offers].copy()
        rows = self.state["row_of"][keys & 0xFFFFFF]
        benefit = self.state["status"][rows].astype(int) - FIRST_BENEFIT
        weeks_in = week - self.state["since"][rows] + 1
        late = weeks_in >= np.asarray(self.tables.offer.deadline)[benefit]
        self.seen = [*getattr(self, "seen", []), (keys >> 54, np.argsort(np.argsort(keys)), late)]
        super()._measures(week, n_offers)


@pytest.mark.parametrize("by", ["need", "municipal_saving"])
def test_the_statutory_deadline_for_a_first_offer_stays_ahead(by: str) -> None:
    """Late offers, and no others, sort before all the rest, whatever the order (sim/week/casework.py)."""
    scenario = world("baseline", f"levers.priority={{by: {by}}}", weeks=12, share=0.25)
    model = OffersSeen(scenario, 1, state=at_start(scenario))
    for _ in range(12):
        model.step()
    both = 0
    for kind, place, late in model.seen:
        of_people = kind < 2  # 2: a mentor, beside a measure
        assert np.array_equal(kind[of_people] == 0, late[of_people])
        if late[of_people].any() and not late[of_people].all():
            both += 1
            assert place[of_people & late].max() < place[of_people & ~late].min()
    assert both >= 6, "weeks that had offers of both classes"


def test_same_order_under_another_refusion_moves_nobody() -> None:
    """Economics rule 17: with the order held, a refusion rule is accounting; people are the same bit for bit."""
    a = everything(ordered("municipal_saving"))
    held = lived(world("flat_refusion_same_order", *SHORT, weeks=60, share=0.1))
    require_same(a, everything(held), but=("payers", "payees", "pots", "row ladder"))
    moved = everything(lived(world("flat_refusion_new_order", *SHORT, weeks=60, share=0.1)))
    assert any(not np.array_equal(a[k], moved[k]) for k in a if k.startswith("row meetings"))


def test_an_order_by_saving_says_what_it_is() -> None:
    scenario = load("priority_by_saving")
    assert "describes an incentive, not advice" in scenario.assumptions[0] and scenario.evidence_class == "B"
    with pytest.raises(UserError, match="unknown name 'origin'"):
        load("baseline", overrides=("levers.priority={by: origin}",))


# ---- a shock to staff ------------------------------------------------------------------------------------------------


def shocked(*more: str, fte: float, frozen: int = 0, weeks: int = 60) -> JobcenterModel:
    lever = (
        f"levers.staff_shock={{from: start+10, resign_fte: {{activityready: {fte}}}, frozen_weeks: {frozen}}}"
    )
    return lived(world("baseline", *MANY_SEATS, lever, *more, weeks=weeks))


def resigned(model: JobcenterModel, week: int) -> int:
    return int(model.rows[week, NAMES.index("staff.resignations")])


def test_as_many_leave_as_named_and_in_that_week_only() -> None:
    base = lived(world("baseline", *MANY_SEATS, weeks=60))
    team = TEAMS.index("activityready")
    held = base.state["seat_team"] == team
    size = float(base.state["seat_fte"][held].max())
    assert base.state["seat_fte"][held].sum() > 2.5
    model = shocked(fte=50.0)  # 50 x 0.04 = 2 posts, of seats of `size`
    extra = resigned(model, 10) - resigned(base, 10)
    assert abs(extra * size - 2.0) <= size / 2.0
    assert [resigned(model, k) for k in range(10)] == [resigned(base, k) for k in range(10)]
    changes = NAMES.index(f"changes.{CAUSES[C_RESIGNATION]}")
    assert model.rows[10:16, changes].sum() > base.rows[10:16, changes].sum()


def test_frozen_posts_stay_empty_longer() -> None:
    vacant = NAMES.index("staff.vacant_milli_fte")
    usual, frozen = shocked(fte=50.0), shocked(fte=50.0, frozen=20)
    lag = usual.tables.staff.weeks_to_fill
    assert usual.rows[10 + lag + 5, vacant] < frozen.rows[10 + lag + 5, vacant]
    assert np.array_equal(usual.rows[: 10 + lag, vacant], frozen.rows[: 10 + lag, vacant])


def test_more_than_there_are_empties_the_team_and_no_other() -> None:
    model = shocked(fte=200.0, weeks=11)
    gone = model.state["seat_vacant_until"] > model.state.week
    team = model.state["seat_team"] == TEAMS.index("activityready")
    assert gone[team].all()
    assert gone[~team].mean() < 0.5


# ---- operating refusion ----------------------------------------------------------------------------------------------


def test_the_state_paid_part_of_courses_while_it_lasted() -> None:
    """Before 2016: half of courses in ressourceforloeb (booking rules 5.68.90), nothing of dagpenge's guidance."""
    old = world("refusion_before_2016", weeks=4)
    model = JobcenterModel(old, 1, state=at_start(old))
    pay = build_tables(old, old.start_week).pay
    ressource, dagpenge = BENEFITS.index("ressourceforloeb"), BENEFITS.index("dagpenge")
    assert pay.operating_bp[ressource, pay.activity[M_COURSE]] == 5_000
    assert pay.operating_bp[dagpenge, pay.activity[M_EXTERNAL]] == 0
    bought = np.zeros(N_MEASURES * N_BENEFITS, np.int64)
    bought[M_COURSE * N_BENEFITS + ressource] = 1_001
    bought[M_COURSE * N_BENEFITS + dagpenge] = 500
    bought[M_EXTERNAL * N_BENEFITS + ressource] = 2_000
    model.books.open_week(old.start_week)
    model.books.pay_office(model._row, bought, model.tables)
    cells = model.books.cells_of_week().sum(axis=(1, 2))
    assert cells[A_IN_HOUSE, STATE] == 501 and cells[A_IN_HOUSE, MUNICIPALITY] == 1_000
    assert cells[A_EXTERNAL].tolist() == [1_000, 1_000]
    model.books.close_week()


def test_under_the_ladder_the_municipality_pays_all_of_it() -> None:
    model = lived(world("baseline", weeks=30))
    paid = model.books.ledger.payers[:, [A_IN_HOUSE, A_EXTERNAL]].sum(axis=(0, 2, 3))
    assert paid[:, STATE].sum() == 0 and paid[:, MUNICIPALITY].min() > 0
