"""Light questions asked first: nobody to whom they say no would have had anything happen by the full rule."""

import numpy as np
from worlds import busy_world, lived

from sim.behaviour.events import SLOT_MAX, event_hazard
from sim.codes import ABSENT, FIRST_BENEFIT, GONE
from sim.compiled import kernel
from sim.week.hiring import bound_effects, companies_asked, may_ask
from sim.week.world import Y_YIELD_ANCHOR, has_case


@kernel
def _passed_over(
    c, seats, search, channel, meeting, offer, memory, centre, highest, sums, counts, week, seen
):
    """Counts into `seen` who is passed over at numbers from 0 to 1 and near the bound, and who of these would ask."""
    bound_effects(seats, channel, offer, centre, highest)
    per_application = 1.0 / memory[Y_YIELD_ANCHOR]
    for i in range(c.id.size):
        if not has_case(c.status[i]):
            continue
        lowest = 1.0
        for k in range(1001):
            u = k / 1001.0
            if u < lowest and not may_ask(c, search, per_application, highest, i, u, week):
                lowest = u
        if lowest == 1.0:
            continue
        below = max(lowest - 1.0 / 1001.0, 0.0)
        for _ in range(60):  # down to the very bound
            middle = (below + lowest) / 2.0
            if may_ask(c, search, per_application, highest, i, middle, week):
                below = middle
            else:
                lowest = middle
        seen[0] += 1
        asked = companies_asked(
            c,
            seats,
            search,
            channel,
            meeting,
            offer,
            per_application,
            centre,
            sums,
            counts,
            0,
            i,
            lowest,
            week,
        )
        seen[1] += asked > 0


@kernel
def _above_bound(c, events, week, seen):
    for i in range(c.id.size):
        if c.status[i] >= FIRST_BENEFIT:
            continue
        for slot in range(events.highest.shape[1]):
            seen[0] += 1
            bound = events.highest[c.status[i], slot, c.attachment[i]]
            seen[1] += event_hazard(c, events, i, slot, week) > bound


def test_whoever_is_passed_over_would_have_asked_nobody() -> None:
    model = lived(busy_world(weeks=40))
    t, state = model.tables, model.state
    seen = np.zeros(2, np.int64)
    _passed_over(
        model.citizens, model.seats, t.search, t.channel, t.meeting, t.offer, state["memory"], state["centre"],
        model._highest.copy(), model._sums.copy(), model._counts.copy(), state.week, seen,
    )  # fmt: skip
    assert seen[0] > 100 and seen[1] == 0
    assert (state["after_until"] > state.week).any()  # those in whom a measure has left something among them


def test_no_hazard_is_above_the_bound_of_its_status_and_attachment() -> None:
    model = lived(busy_world(weeks=40))
    seen = np.zeros(2, np.int64)
    here = ~np.isin(model.state["status"], (ABSENT, GONE))
    assert here.any() and model.tables.events.highest.shape[1] == len(SLOT_MAX)
    people = model.citizens._replace(**{n: getattr(model.citizens, n)[here] for n in model.citizens._fields})
    _above_bound(people, model.tables.events, model.state.week, seen)
    assert seen[0] > 1000 and seen[1] == 0
