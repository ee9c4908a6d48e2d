"""Step 5: who has which caseworker, whose meeting is due, and which meetings the hours allow."""

import numpy as np

from sim.behaviour.entry import barriers_of
from sim.behaviour.exits import band_of, benefit_of
from sim.behaviour.meetings import (
    contact_after,
    may_meet_early,
    meeting_is_due,
    trust_after_meeting,
)
from sim.behaviour.priority import BY_DEADLINE, LEVELS, priority_level
from sim.chance import (
    S_ASSESSMENT,
    S_ATTENDANCE,
    S_EXEMPTION,
    S_QUEUE_TIE,
    S_REFERRAL,
    S_REORGANISATION,
    tie,
    uniform,
    uniforms,
)
from sim.codes import (
    ACTIVITYREADY,
    FIRST_BENEFIT,
    JOBREADY,
)
from sim.compiled import kernel, rule
from sim.population.citizens import MISASSESSED
from sim.records.weekly import (
    CASEWEEKS,
    FL_BELOW_PLAN,
    HELD_BY,
    MT_A_KASSE,
    MT_ABOVE,
    MT_DUE,
    MT_FIRST,
    MT_FIRST_WAIT,
    MT_HELD,
    MT_NO_SHOW,
    MT_PREPARED,
    PLAN_OK,
    PLAN_WEEKS,
    QUEUE,
)
from sim.week.assignment import (
    find_caseworker,
    hand_over,
    list_present,
    may_change,
    note_used,
    spell_id,
)
from sim.week.moving import TEAM, ask
from sim.week.world import BLOCK, FAULT_BUFFER, L_CASES, L_FAULT, L_SUPPORTED, RANK_OTHER, next_block

_REORGANISATION, _EXEMPTION = range(2)  # rows of `luck`
_COACHING = 1 << 40  # marks the draw of whether a meeting is coaching
FIRST_BAND_BY_NEED = 3  # from week 27
NOT_CALLED, CALLED, CALLED_EARLY = range(3)  # to a meeting
BY_CHOICE = 255  # least urgent: a meeting earlier than planned, because there is time


def open_cases(call, c, seats, w, table, life_keys, row_of, week, due, handovers):
    """Gives every case a caseworker and lists the meetings that are due; hand-overs are held while there is time.

    due: int64, filled with sortable keys (seat, urgency, tie, id). Returns their number. handovers: int64 work space.
    """
    n_due, n_handovers = call(_assign, c, seats, w, table, life_keys, week, due, handovers)
    if n_handovers:
        handovers[:n_handovers].sort()
        call(hand_over, c, seats, w, table, row_of, handovers, n_handovers)
    return n_due


@kernel
def _assign(c, seats, w, table, life_keys, week, due, handovers):
    """Gives every case a caseworker; fills the lists of meetings due and of hand-overs wanted, returns their lengths.

    handovers: int64 keys (tie, old seat, id), as the people waiting for one caseworker's time must not be served in the
    order they are stored.
    """
    n_due = 0
    n_handovers = 0
    list_present(seats, w, week)
    for first in range(0, w.lengths[L_CASES], BLOCK):
        cases, n = next_block(c, w, first)
        uniforms(w.keys, S_REORGANISATION, w.ids, n, w.mixed, w.luck[_REORGANISATION])
        for k in range(n):
            w.ids[k] = spell_id(c, cases[k])
        uniforms(life_keys, S_EXEMPTION, w.ids, n, w.mixed, w.luck[_EXEMPTION])
        if max(n_due, n_handovers) + n > due.size:
            w.lengths[L_FAULT] = FAULT_BUFFER
            break
        for k in range(n):
            moves = w.luck[_REORGANISATION, k] < table.reorganisation
            w.answer[k] = moves | may_change(c, seats, table, cases[k])
        for k in range(n):
            if w.answer[k]:
                moves = w.luck[_REORGANISATION, k] < table.reorganisation
                n_handovers += find_caseworker(
                    c, seats, w, table, life_keys, cases[k], moves, handovers, n_handovers, week
                )
        _call_in(c, w, table, cases, n, week)
        for k in range(n):
            if w.answer[k]:
                n_due += _queue_up(c, w, table, cases[k], w.answer[k], due, n_due, week)
    return n_due, n_handovers


@rule
def _call_in(c, w, table, cases, n, week):
    """Asks of each of the n cases of a block whether it is called in, and counts what the plan asked for. The answers
    (NOT_CALLED, CALLED, CALLED_EARLY) are left in `answer`."""
    trust, planned, kept, below, due, waiting = 0, 0, 0, 0, 0, 0
    for k in range(n):
        i = cases[k]
        trust += int(c.trust[i] * 1000.0)
        w.answer[k], has_plan, in_time, less = called_in(c, w, table, i, w.luck[_EXEMPTION, k], week)
        planned += has_plan
        kept += in_time
        below += less
        due += w.answer[k] == CALLED
        waiting += (w.answer[k] == CALLED) & (c.caseworker[i] < 0)
    count_calls(w, n, trust, planned, kept, below, due, waiting)


@rule
def count_calls(w, n, trust, planned, kept, below, due, waiting):
    """Adds to the week's record: n cases and their trust in thousandths, how many the law plans meetings for, with whom
    they were held in time, for whom the office plans fewer, who is due, and who of these has no caseworker."""
    w.row[CASEWEEKS] += n
    w.row[CASEWEEKS + 1] += trust
    w.row[CASEWEEKS + 2] += waiting
    w.row[PLAN_WEEKS] += planned
    w.row[PLAN_OK] += kept
    w.row[FL_BELOW_PLAN] += below
    w.row[MT_DUE] += due


@rule
def called_in(c, w, table, i, u_exemption, week):
    """Whether person i is called to a meeting this week; the a-kasse's meetings are held at once.

    u_exemption: the spell's draw of the stream `exemption`. Returns NOT_CALLED, CALLED or CALLED_EARLY, and whether the
    law plans meetings in this week of the spell, whether they have been held in time, and whether the office's own plan
    asks for fewer. Most questions are answered without branches, which a processor would often guess wrong.
    """
    benefit = benefit_of(c.status[i])
    arm = np.int64(c.arm[i])
    since = np.int64(c.since[i])
    last = np.int64(c.last_meeting[i])
    held = np.int64(c.meetings[i])
    weeks_in = week - since + 1
    band = band_of(weeks_in)
    statutory = table.statutory_x2[benefit, band]
    # Exemption is from the plan of the first half year; later meetings are by need anyway.
    by_need = band >= FIRST_BAND_BY_NEED
    covered = (by_need & (statutory == 0)) | (u_exemption < table.covered[benefit])
    interval = table.interval_x2[arm, benefit, band] * (covered | by_need)
    planned = (statutory > 0) & covered
    since_last = week - (last if last >= 0 else since - 1)
    in_time = planned & (since_last * 2 <= statutory + 4)  # a fortnight's grace
    less = planned & ((interval > statutory) | (interval == 0))
    if table.a_kasse[benefit, band]:
        a_kasse_plan = statutory * covered  # the first talk is held with everybody
        if meeting_is_due(held, weeks_in, week - last, table.first_by[0, benefit], a_kasse_plan):
            w.row[MT_A_KASSE] += 1
            c.contact[i] = (
                contact_after(c.contact[i], week - last, table.unprepared_value, table) if last >= 0 else 1.0
            )
            c.last_meeting[i] = week
            c.meetings[i] = min(held + 1, 255)
        return NOT_CALLED, planned, in_time, less
    is_due = meeting_is_due(held, weeks_in, week - last, table.first_by[arm, benefit], interval)
    early = may_meet_early(held, week - last, interval)
    return CALLED * is_due + CALLED_EARLY * (early & (not is_due)), planned, in_time, less


@rule
def _queue_up(c, w, table, i, answer, due, n, week):
    """Person i, who is called in, stands in the queue of their caseworker: writes a key (seat, urgency, tie, id) to
    due[n] and returns 1, 0 without a caseworker."""
    seat = np.int64(c.caseworker[i])
    if seat < 0:
        return 0
    agent = np.int64(c.id[i])
    is_due = answer == CALLED
    held, weeks_in = np.int64(c.meetings[i]), week - np.int64(c.since[i]) + 1
    interval = table.interval_x2[c.arm[i], benefit_of(c.status[i]), band_of(weeks_in)]
    waited = week - np.int64(c.last_meeting[i])
    overdue = 100 + weeks_in if held == 0 else min(waited - interval // 2 + 1, 90)
    # A meeting that is not due comes after everything that is, if minutes are left.
    urgency = BY_CHOICE - min(overdue, BY_CHOICE) if is_due else BY_CHOICE
    lot = tie(w.keys, S_QUEUE_TIE, agent, 12)
    if table.priority.rule != BY_DEADLINE:
        level = priority_level(c, table.priority, i, week)
        if is_due:  # weeks overdue only count among people of one level
            urgency = level * LEVELS + LEVELS - 2 - min(overdue, LEVELS - 2)
        lot = (level << 8) | (lot & 255)
    due[n] = (((seat * 256 + urgency) * 4096 + lot) << 24) | agent
    return 1


def hold_meetings(call, c, seats, w, table, offer, row_of, due, n_due, week, offers):
    """Sorts the due meetings and holds those the hours allow. Returns the number of people offered a measure."""
    due[:n_due].sort()
    overloaded = seats.seat_backlog.copy()
    return call(_hold, c, seats, w, table, offer, row_of, due, n_due, overloaded, week, offers)


@rule
def _least_minutes(table):
    """Minutes of the shortest meeting there is: one held unprepared."""
    shortest = table.direct_minutes[0, 0, 0]
    for arm in range(table.direct_minutes.shape[0]):
        for benefit in range(table.direct_minutes.shape[1]):
            for band in range(table.direct_minutes.shape[2]):
                shortest = min(shortest, table.direct_minutes[arm, benefit, band])
    return int(shortest * table.overhead * (1.0 - table.preparation))


@kernel
def _hold(c, seats, w, table, offer, row_of, keys, n_due, overloaded, week, offers):
    """Holds the due meetings caseworker by caseworker, most urgent first, while the minutes last; the rest wait.

    keys: int64 of `open_cases`, sorted; overloaded: last week's backlog. offers: int64, filled with keys of
    people offered a measure (deadline passed first, then by chance). Returns their number.
    """
    n_offers = 0
    if 2 * n_due > offers.size:  # a meeting can lead to two offers
        w.lengths[L_FAULT] = FAULT_BUFFER
        return 0
    for s in range(seats.seat_team.size):
        seats.seat_load[s] = 0
    for s in range(seats.seat_backlog.size):
        seats.seat_backlog[s] = 0
    least = _least_minutes(table)
    for k in range(n_due):
        agent = keys[k] & 0xFFFFFF
        seat = keys[k] >> 44
        by_choice = (keys[k] >> 36) & 255 == BY_CHOICE
        if by_choice and seats.seat_minutes[seat] < least:
            continue  # whoever it is, there is no time left
        i = row_of[agent]
        benefit = benefit_of(c.status[i])
        arm = np.int64(c.arm[i])
        weeks_in = week - np.int64(c.since[i]) + 1
        band = band_of(weeks_in)
        full = table.direct_minutes[arm, benefit, band] * table.overhead
        if seats.seat_team[seat] != TEAM[c.status[i]]:
            full *= 1.0 + table.specialisation[arm]
        # Coaching, for one, is prepared even when the queue is long; other meetings give up preparation first.
        prepared = (
            overloaded[seat] == 0
            or uniform(w.keys, S_ATTENDANCE, agent | _COACHING) < table.always_prepared[arm, benefit, band]
        )
        cost = int(full if prepared else full * (1.0 - table.preparation))
        if seats.seat_minutes[seat] < cost:
            if by_choice:
                continue
            seats.seat_backlog[seat] += cost
            w.row[QUEUE] += 1
            w.row[QUEUE + 1] += cost
            continue
        if uniform(w.keys, S_ATTENDANCE, agent) < table.no_show[benefit]:
            lost = int(cost * table.no_show_cost)
            seats.seat_minutes[seat] -= lost
            note_used(seats, w, seat, lost)
            w.row[MT_NO_SHOW] += 1
            continue
        seats.seat_minutes[seat] -= cost
        note_used(seats, w, seat, cost)
        w.row[MT_HELD] += 1
        w.row[HELD_BY + benefit] += 1
        last = np.int64(c.last_meeting[i])
        if c.meetings[i] == 0 and not table.a_kasse[benefit, 0]:
            w.row[MT_FIRST] += 1
            w.row[MT_FIRST_WAIT] += weeks_in - 1
        if (
            table.interval_x2[arm, benefit, band] < table.statutory_x2[benefit, band]
            or table.statutory_x2[benefit, band] == 0
        ):
            w.row[MT_ABOVE] += 1
        value = table.worth[arm, benefit] * (1.0 if prepared else table.unprepared_value)
        if prepared:
            w.row[MT_PREPARED] += 1
        c.contact[i] = contact_after(c.contact[i], week - last, value, table) if last >= 0 else value
        c.last_meeting[i] = week
        c.meetings[i] = min(np.int64(c.meetings[i]) + 1, 255)
        c.trust[i] = trust_after_meeting(c.trust[i], table)
        if c.flags[i] & MISASSESSED and prepared:
            if uniform(w.keys, S_ASSESSMENT, agent) < table.correction * c.trust[i]:
                c.flags[i] &= 255 - MISASSESSED
                if benefit == JOBREADY:
                    ask(c, w, i, FIRST_BENEFIT + ACTIVITYREADY, RANK_OTHER)
                elif benefit == ACTIVITYREADY:
                    ask(c, w, i, FIRST_BENEFIT + JOBREADY, RANK_OTHER)
        # No new offer while the last one is still at work; before the deadline offers are rarer.
        if c.measure[i] == 0 and offer.allowed[benefit] and np.int64(c.after_until[i]) <= week:
            late = weeks_in >= offer.deadline[benefit]
            chance = offer.referral[benefit] * (1.0 if late else offer.before_deadline)
            if uniform(w.keys, S_REFERRAL, agent * 4) < chance:
                place = tie(w.keys, S_REFERRAL, agent * 4 + 1, 30)
                if table.priority.rule != BY_DEADLINE:
                    place = (priority_level(c, table.priority, i, week) << 26) | (place >> 4)
                offers[n_offers] = ((0 if late else 1) << 54) | (place << 24) | agent
                n_offers += 1
        if c.mentor_until[i] <= week and offer.allowed[benefit] and barriers_of(c, i) >= 2:
            if uniform(w.keys, S_REFERRAL, agent * 4 + 2) < offer.mentor_share:
                offers[n_offers] = (2 << 54) | (tie(w.keys, S_REFERRAL, agent * 4 + 3, 30) << 24) | agent
                n_offers += 1
    for position in range(w.lengths[L_SUPPORTED]):  # whoever is in a subsidised job keeps the caseworker
        seat = np.int64(c.caseworker[w.supported[position]])
        if seat >= 0:
            seats.seat_load[seat] += 1
    return n_offers
