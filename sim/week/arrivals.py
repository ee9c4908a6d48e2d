"""Steps 2 and 3: people not on a benefit whose week has come, arrivals, and the time limits that fall due."""

import numpy as np

from sim.behaviour.events import (
    SLOT_DEATH,
    SLOT_MOVE,
    candidate_gap,
    event_hazard,
    event_slot,
    slot_ceiling,
)
from sim.behaviour.limits import limit_is_due, limit_may_be_due, limit_target
from sim.behaviour.search import skill_after_weeks_in
from sim.chance import S_CLOCK_EVENT, S_CLOCK_GAP, S_DESTINATION, S_REVALUATION, uniform, uniforms
from sim.codes import (
    ABSENT,
    FIRST_BENEFIT,
    GONE,
    JOB,
    SYGEDAGPENGE,
)
from sim.compiled import kernel, rule
from sim.population.careers import event_target, gap_address
from sim.population.citizens import NEVER
from sim.records.weekly import (
    FL_AGED,
    FL_ARRIVALS,
    FL_DEATHS,
    FL_JOB_LOSS,
    FL_MOVES,
    FL_RELAPSE,
    FL_SICK,
)
from sim.week.moving import age_weeks, ask, change_status, is_on_support
from sim.week.world import (
    BLOCK,
    FAULT_BUFFER,
    FAULT_HAZARD,
    L_CASES,
    L_FAULT,
    L_OTHERS,
    L_SUPPORTED,
    RANK_LEAVES,
    RANK_LIMIT,
    has_case,
)

_EVENT, _GAP = range(2)  # rows of `luck`
_BY_CLOCK = 1 << 31  # marks, in a list of rows, those whose candidate clock called them


@rule
def _something_happens(c, w, events, i, week):
    """Whether the candidate week that has come for person i is one in which something happens."""
    slot, x = event_slot(uniform(w.keys, S_CLOCK_EVENT, np.int64(c.id[i])))
    if x >= events.highest[c.status[i], slot, c.attachment[i]]:
        return False  # nobody's hazard is that high in this status
    if slot < SLOT_DEATH and np.int64(c.since[i]) == week:
        return False  # a status holds for at least a week: what began this Monday does not end with it
    hazard = event_hazard(c, events, i, slot, week)
    if hazard > slot_ceiling(slot):
        w.lengths[L_FAULT] = FAULT_HAZARD
    return x < hazard


@rule
def _event_target(c, w, events, entry, search, i, week):
    """Something happens to person i: where it takes them, -1 when they leave the town or stay where they are."""
    agent = np.int64(c.id[i])
    slot, _ = event_slot(uniform(w.keys, S_CLOCK_EVENT, agent))
    status = np.int64(c.status[i])
    if slot == SLOT_DEATH or slot == SLOT_MOVE:
        if np.int64(c.request[i]) != GONE + 1:  # not also a pensioner by age this week
            w.row[FL_DEATHS if slot == SLOT_DEATH else FL_MOVES] += 1
        ask(c, w, i, GONE, RANK_LEAVES)
        return -1
    target = event_target(
        c, entry, events.leave_share, i, slot, week,
        uniform(w.keys, S_DESTINATION, agent * 4),
        uniform(w.keys, S_DESTINATION, agent * 4 + 1),
        uniform(w.keys, S_DESTINATION, agent * 4 + 2),
        uniform(w.keys, S_DESTINATION, agent * 4 + 3),
    )  # fmt: skip
    if target >= 0 and target != status and status == JOB:
        tenure = week - np.int64(c.since[i])
        c.skill[i] = skill_after_weeks_in(c.skill[i], tenure, search)
        if slot == 0:
            w.row[FL_JOB_LOSS] += 1
        elif target == FIRST_BENEFIT + SYGEDAGPENGE:
            w.row[FL_SICK] += 1
            if tenure < 26 and np.int64(c.origin[i]) == FIRST_BENEFIT + SYGEDAGPENGE:
                w.row[FL_RELAPSE] += 1
    return target


@rule
def _move(c, companies, w, law, i, target, arrives, week):
    """Person i is in `target` from this week on. Who arrives comes with the spell, clock and rights of a life lived
    elsewhere. One place for both: each further one takes the compiler ten seconds."""
    since, stamp, support_since, right = c.since[i], c.clock_stamp[i], c.support_since[i], c.right_used[i]
    flags = c.flags[i]
    if arrives:
        c.clock_stamp[i] = week  # the clock was kept up there; nothing to settle for the time before arrival
    change_status(c, companies, w, law, i, target, week)
    if arrives:
        c.since[i] = since
        c.clock_stamp[i] = stamp
        c.support_since[i] = support_since
        c.right_used[i] = right
        c.flags[i] = flags


@rule
def _list_called(c, w, called, law, week):
    """Lists everybody whose week has come: arrival, pension age, a candidate week. Returns their number.

    Few are called and everybody is asked, so both loops only compare and count; a branch would cost more, and apart the
    first runs on many people at a time. called: uint8 work space, one per row. The list lies where requests are
    written, none of which is left from last week: nobody asks while arrivals are let in, and after that each of these
    people asks at most once, when their place in the list has been read.
    """
    now, born = np.int16(week), np.int16(week - law.pension_age_weeks)
    for i in range(c.id.size):
        called[i] = (c.arrive_week[i] == now) | (c.birth_week[i] == born) | (c.candidate_week[i] == now)
    n = 0
    for i in range(c.id.size):
        w.requested[n] = i
        n += called[i]
    return n


@rule
def _list_concerned(c, w, law, events, gaps, life_keys, n_called, week):
    """Moves the candidate clocks of those called and keeps those to whom something may really happen.

    Most candidate weeks end here: the draw lies above anybody's hazard. The light test is a loop of its own because the
    people called lie far apart in memory, and simple loops fetch many of them at a time.
    """
    kept = 0
    for first in range(0, n_called, BLOCK):
        n = min(BLOCK, n_called - first)
        for k in range(n):
            w.ids[k] = c.id[w.requested[first + k]]
        uniforms(w.keys, S_CLOCK_EVENT, w.ids, n, w.mixed, w.luck[_EVENT])
        for k in range(n):
            w.ids[k] = gap_address(w.ids[k], week)
        uniforms(life_keys, S_CLOCK_GAP, w.ids, n, w.mixed, w.luck[_GAP])
        for k in range(n):
            i = w.requested[first + k]
            arrives = c.arrive_week[i] == week
            ages = week - np.int64(c.birth_week[i]) == law.pension_age_weeks
            slot, x = event_slot(w.luck[_EVENT, k])
            by_clock = c.candidate_week[i] == week
            may_meet = by_clock & (arrives | (x < events.highest[c.status[i], slot, c.attachment[i]]))
            if by_clock:
                c.candidate_week[i] = week + candidate_gap(w.luck[_GAP, k], gaps)
            w.requested[kept] = i | (_BY_CLOCK * may_meet)
            kept += arrives | ages | may_meet
    return kept


@rule
def _list_struck(c, w, law, events, n, week):
    """Of the n people listed, keeps those who reach pension age and those to whom something does happen: two in three
    are spared. Asked of all before anybody moves, so that one person is fetched while the hazard of another is worked
    out."""
    kept = 0
    for position in range(n):
        entry_of_list = np.int64(w.requested[position])
        i = entry_of_list & (_BY_CLOCK - 1)
        struck = (entry_of_list & _BY_CLOCK) != 0 and _something_happens(c, w, events, i, week)
        ages = week - np.int64(c.birth_week[i]) == law.pension_age_weeks
        w.requested[kept] = i | (_BY_CLOCK * struck)
        kept += struck | ages
    return kept


@rule
def _mark_limits(c, w, limits, entry, week):
    """Strikes those who left off the list of people on support, lists who of them has a case and who has none, and
    marks time limits and re-assessments that fall due.

    What is marked takes effect next Monday.
    """
    n, n_cases, n_others = 0, 0, 0
    if w.lengths[L_SUPPORTED] >= w.cases.size:
        w.lengths[L_FAULT] = FAULT_BUFFER  # the run stops after this week, lived with nobody in the lists
        w.lengths[L_CASES] = 0
        w.lengths[L_OTHERS] = 0
        return
    for position in range(w.lengths[L_SUPPORTED]):
        i = w.supported[position]
        status = np.int64(c.status[i])
        w.supported[n] = i
        w.cases[n_cases] = i
        w.cases[w.cases.size - 1 - n_others] = i
        on_support, is_case = is_on_support(status), has_case(status)
        n += on_support
        n_cases += is_case
        n_others += on_support & (not is_case)
        benefit = status - FIRST_BENEFIT
        if benefit < 0 or limits.least[benefit] == NEVER or not limit_may_be_due(c, limits, i, benefit, week):
            continue
        age = age_weeks(c, i, week)
        if not limit_is_due(c, limits, i, benefit, week, age):
            continue
        agent = np.int64(c.id[i])
        target = limit_target(
            c, limits, entry, i, week, age,
            uniform(w.keys, S_REVALUATION, agent * 4),
            uniform(w.keys, S_REVALUATION, agent * 4 + 1),
            uniform(w.keys, S_REVALUATION, agent * 4 + 2),
            uniform(w.keys, S_REVALUATION, agent * 4 + 3),
        )  # fmt: skip
        if target >= 0 and target != status:
            ask(c, w, i, target, RANK_LIMIT)
    w.lengths[L_SUPPORTED] = n
    w.lengths[L_CASES] = n_cases
    w.lengths[L_OTHERS] = n_others


@kernel
def begin_week(c, companies, w, called, law, events, entry, search, limits, gaps, life_keys, week):
    """Lets in this week's arrivals, lets out those who reach pension age, runs the candidate clocks, marks limits.

    People not on a benefit move at once, so that the week's status is fixed from here on; people on benefits who die or
    move away leave next Monday.
    """
    n_called = _list_called(c, w, called, law, week)
    n = _list_concerned(c, w, law, events, gaps, life_keys, n_called, week)
    for happens in range(2):  # everybody's arrival, then what else the week brings
        if happens:
            n = _list_struck(c, w, law, events, n, week)
        for position in range(n):
            entry_of_list = np.int64(w.requested[position])
            i = entry_of_list & (_BY_CLOCK - 1)
            target = np.int64(-1)
            if not happens:
                if np.int64(c.arrive_week[i]) == week and c.status[i] == ABSENT:
                    w.row[FL_ARRIVALS] += 1
                    target = np.int64(c.origin[i])
            else:
                if week - np.int64(c.birth_week[i]) == law.pension_age_weeks:
                    if c.status[i] != GONE and c.status[i] != ABSENT:
                        w.row[FL_AGED] += 1
                        ask(c, w, i, GONE, RANK_LEAVES)
                if entry_of_list & _BY_CLOCK:
                    target = _event_target(c, w, events, entry, search, i, week)
            if target >= 0:
                _move(c, companies, w, law, i, target, not happens, week)
    _mark_limits(c, w, limits, entry, week)
