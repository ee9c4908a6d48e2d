"""Step 5: who has which caseworker, whose meeting is due, and which meetings the hours allow."""

import numpy as np

from sim.behaviour.entry import barriers_of
from sim.behaviour.exits import band_of
from sim.behaviour.meetings import (
    contact_after,
    may_meet_early,
    meeting_is_due,
    trust_after_change,
    trust_after_meeting,
)
from sim.behaviour.priority import BY_DEADLINE, LEVELS, priority_level
from sim.chance import (
    S_ASSESSMENT,
    S_ASSIGNMENT,
    S_ATTENDANCE,
    S_EXEMPTION,
    S_FOLLOW,
    S_HANDOVER,
    S_OWN_REQUEST,
    S_QUEUE_TIE,
    S_REFERRAL,
    S_REORGANISATION,
    tie,
    uniform,
    uniforms,
)
from sim.codes import (
    ACTIVITYREADY,
    C_FIRST,
    C_GROUP_SHIFT,
    C_OWN_REQUEST,
    C_REORGANISATION,
    C_RESIGNATION,
    FIRST_BENEFIT,
    JOBREADY,
    N_TEAMS,
)
from sim.compiled import kernel, rule
from sim.population.citizens import MISASSESSED
from sim.records.weekly import (
    CASEWEEKS,
    CHANGES,
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
    ST_USED,
    TEAM_USED,
)
from sim.week.moving import TEAM, ask
from sim.week.world import BLOCK, FAULT_BUFFER, L_FAULT, L_SUPPORTED, RANK_OTHER, next_block

_REORGANISATION, _EXEMPTION = range(2)  # rows of `luck`
_COACHING = 1 << 40  # marks the draw of whether a meeting is coaching
FIRST_BAND_BY_NEED = 3  # from week 27
WAITING = -2  # a case without a caseworker keeps the cause of its change: WAITING - cause
BY_CHOICE = 255  # least urgent: a meeting earlier than planned, because there is time
SPELL_SHIFT = 4096  # ids of spells: person x 4096 + week the spell began


@rule
def _note_used(seats, w, seat, minutes):
    w.row[ST_USED] += minutes
    w.row[TEAM_USED + np.int64(seats.seat_team[seat])] += minutes


@rule
def _list_present(seats, w):
    """Lists the caseworkers at work, team by team: only these can take a case."""
    n = 0
    for team in range(N_TEAMS):
        w.first_of_team[team] = n
        for s in range(seats.seat_team.size):
            if seats.seat_team[s] == team and seats.seat_minutes[s] > 0:
                seats.seat_listed[n] = s
                n += 1
    w.first_of_team[N_TEAMS] = n


@rule
def _choose_seat(w, seats, team, agent):
    """A caseworker at work in `team`: the less loaded of the two this person scores highest, -1 if nobody is there.

    Scores are hash(week, person, seat), so an extra seat draws only the people who score it highest.
    """
    best, second = -1, -1
    best_score, second_score = -1.0, -1.0
    for k in range(w.first_of_team[team], w.first_of_team[team + 1]):
        s = np.int64(seats.seat_listed[k])
        score = uniform(w.keys, S_ASSIGNMENT, agent * 1024 + s)
        if score > best_score:
            second, second_score = best, best_score
            best, best_score = s, score
        elif score > second_score:
            second, second_score = s, score
    if second >= 0 and _load(seats, second) < _load(seats, best):
        return second
    return best


@rule
def _load(seats, s):
    """Cases a full-time post of this kind would have: a quarter of a post is to hold a quarter of the cases."""
    return float(seats.seat_load[s]) / seats.seat_fte[s]


def open_cases(call, c, seats, w, table, life_keys, row_of, week, due, handovers):
    """Gives every case a caseworker and lists the meetings that are due; hand-overs are held while there is time.

    due: int64, filled with sortable keys (seat, urgency, tie, id). Returns their number. handovers: int64 work space.
    """
    n_due, n_handovers = call(_assign, c, seats, w, table, life_keys, week, due, handovers)
    if n_handovers:
        handovers[:n_handovers].sort()
        call(_hand_over, c, seats, w, table, row_of, handovers, n_handovers)
    return n_due


@kernel
def _assign(c, seats, w, table, life_keys, week, due, handovers):
    """Gives every case a caseworker; fills the lists of meetings due and of hand-overs wanted, returns their lengths.

    handovers: int64 keys (tie, old seat, id), as the people waiting for one caseworker's time must not be served in the
    order they are stored.
    """
    n_due = 0
    n_handovers = 0
    _list_present(seats, w)
    for first in range(0, w.lengths[L_SUPPORTED], BLOCK):
        n = next_block(c, w, first)
        uniforms(w.keys, S_REORGANISATION, w.ids, n, w.luck[_REORGANISATION])
        for k in range(n):
            w.ids[k] = spell_id(c, w.cases[k])
        uniforms(life_keys, S_EXEMPTION, w.ids, n, w.luck[_EXEMPTION])
        if max(n_due, n_handovers) + n > due.size:
            w.lengths[L_FAULT] = FAULT_BUFFER
            break
        for k in range(n):
            w.answer[k] = wishes_another(c, w, table, w.cases[k])
        for k in range(n):
            i, wishes = w.cases[k], w.answer[k] != 0
            moves = w.luck[_REORGANISATION, k] < table.reorganisation
            n_handovers += find_caseworker(
                c, seats, w, table, life_keys, i, wishes, moves, handovers, n_handovers, week
            )
        for k in range(n):
            n_due += call_in(c, w, table, w.cases[k], w.luck[_EXEMPTION, k], due, n_due, week)
    return n_due, n_handovers


@rule
def wishes_another(c, w, table, i):
    """Whether person i asks for another caseworker this week, and is heard. Few trust theirs so little."""
    if c.trust[i] >= table.own_request_below_trust:
        return False
    return uniform(w.keys, S_OWN_REQUEST, np.int64(c.id[i])) < table.own_request * table.request_met[c.arm[i]]


@rule
def spell_id(c, i):
    """Address of the chance of person i's present spell."""
    return np.int64(c.id[i]) * SPELL_SHIFT + np.int64(c.since[i])


@rule
def find_caseworker(c, seats, w, table, life_keys, i, wishes, moves, handovers, n, week):
    """Looks after who has person i's case. A **caseworker change** is counted by cause; a first assignment is none.

    wishes, moves: whether it is a week in which the person asks for another caseworker, or caseloads are levelled.
    Returns 1 if a hand-over is wanted, written to handovers[n], else 0.
    """
    seat = np.int64(c.caseworker[i])
    team = TEAM[c.status[i]]
    cause = -1
    if seat < 0:
        cause = C_FIRST if seat == -1 else WAITING - seat  # waiting since a change nobody could take over
    elif (
        (seats.seat_gone[seat] != 0)
        | (week < seats.seat_vacant_until[seat])
        | (week >= seats.seat_until[seat])
        | (seats.seat_team[seat] != team)
    ):
        cause = _cause_of_change(c, seats, table, life_keys, i, seat, team, week)
    elif wishes | moves:
        cause = C_OWN_REQUEST if wishes else C_REORGANISATION
    if cause < 0:
        return 0
    agent = np.int64(c.id[i])
    new = _choose_seat(w, seats, team, agent)
    if seat >= 0:
        if cause == C_REORGANISATION and week < seats.seat_until[seat]:
            if new < 0 or _load(seats, new) > table.levelling_load * _load(seats, seat):
                new = seat  # caseloads are level enough; the case stays
        elif new < 0 and (cause == C_OWN_REQUEST or cause == C_GROUP_SHIFT):
            new = seat  # nobody is free to take over; the case stays where it is
    if new < 0:
        c.caseworker[i] = WAITING - cause if cause != C_FIRST else -1
        return 0
    if new == seat:
        return 0
    w.row[CHANGES + cause] += 1
    c.caseworker[i] = new
    if cause == C_FIRST:
        c.trust[i] = max(c.trust[i], table.trust_entry)
    elif (
        seat >= 0
        and seats.seat_minutes[seat] > 0
        and uniform(life_keys, S_HANDOVER, spell_id(c, i) + week)
        < table.handover_share[c.arm[i], _case_from(c, i)]
    ):
        handovers[n] = (((tie(w.keys, S_HANDOVER, agent, 22) << 16) | seat) << 24) | agent
        return 1
    else:
        c.trust[i] = trust_after_change(c.trust[i], False, table)
    return 0


@rule
def _case_from(c, i):
    """Benefit a case comes from, or the present one when it was no case before."""
    origin = np.int64(c.origin[i])
    return (origin if origin >= FIRST_BENEFIT else np.int64(c.status[i])) - FIRST_BENEFIT


@rule
def _cause_of_change(c, seats, table, life_keys, i, seat, team, week):
    """Why the case cannot stay with its caseworker, -1 if it stays although the team is another's."""
    if seats.seat_gone[seat] != 0:
        return np.int64(seats.seat_gone[seat])
    if week < seats.seat_vacant_until[seat]:
        return C_RESIGNATION  # the caseworker left while the person was in a subsidised job
    if week >= seats.seat_until[seat]:
        return C_REORGANISATION  # the post was cut meanwhile
    follows = uniform(life_keys, S_FOLLOW, spell_id(c, i)) < table.follow_share[c.arm[i], _case_from(c, i)]
    return -1 if follows else C_GROUP_SHIFT


@rule
def call_in(c, w, table, i, u_exemption, due, n, week):
    """Whether person i is called to a meeting this week; the a-kasse's meetings are held at once.

    u_exemption: the spell's draw of the stream `exemption`. Returns 1 if a key (seat, urgency, tie, id) was written to
    due[n], else 0. Most questions are answered without branches, which a processor would often guess wrong.
    """
    w.row[CASEWEEKS] += 1
    w.row[CASEWEEKS + 1] += int(c.trust[i] * 1000.0)
    agent = np.int64(c.id[i])
    seat = np.int64(c.caseworker[i])
    benefit = np.int64(c.status[i]) - FIRST_BENEFIT
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
    w.row[PLAN_WEEKS] += planned
    w.row[PLAN_OK] += planned & (since_last * 2 <= statutory + 4)  # a fortnight's grace
    w.row[FL_BELOW_PLAN] += planned & ((interval > statutory) | (interval == 0))
    if table.a_kasse[benefit, band]:
        a_kasse_plan = statutory * covered  # the first talk is held with everybody
        if meeting_is_due(held, weeks_in, week - last, table.first_by[0, benefit], a_kasse_plan):
            w.row[MT_A_KASSE] += 1
            c.contact[i] = (
                contact_after(c.contact[i], week - last, table.unprepared_value, table) if last >= 0 else 1.0
            )
            c.last_meeting[i] = week
            c.meetings[i] = min(held + 1, 255)
        return 0
    is_due = meeting_is_due(held, weeks_in, week - last, table.first_by[arm, benefit], interval)
    w.row[MT_DUE] += is_due
    w.row[CASEWEEKS + 2] += is_due & (seat < 0)
    if (seat < 0) | (not (is_due | may_meet_early(held, week - last, interval))):
        return 0
    overdue = 100 + weeks_in if held == 0 else min((week - last) - interval // 2 + 1, 90)
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


@kernel
def _hand_over(c, seats, w, table, row_of, keys, n):
    """Hand-over meetings of old caseworker, new caseworker and citizen, in the order of the keys, while both have time.

    Without the time the citizen changes hands as others do.
    """
    minutes = table.handover_minutes
    for k in range(n):
        i = row_of[keys[k] & 0xFFFFFF]
        old = (keys[k] >> 24) & 0xFFFF
        new = np.int64(c.caseworker[i])
        held = seats.seat_minutes[old] >= minutes and seats.seat_minutes[new] >= minutes
        if held:
            seats.seat_minutes[old] -= minutes
            seats.seat_minutes[new] -= minutes
            _note_used(seats, w, old, minutes)
            _note_used(seats, w, new, minutes)
        before = int(c.trust[i] * 1000.0)
        c.trust[i] = trust_after_change(c.trust[i], held, table)
        w.row[CASEWEEKS + 1] += int(c.trust[i] * 1000.0) - before


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
        benefit = np.int64(c.status[i]) - FIRST_BENEFIT
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
            _note_used(seats, w, seat, lost)
            w.row[MT_NO_SHOW] += 1
            continue
        seats.seat_minutes[seat] -= cost
        _note_used(seats, w, seat, cost)
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
    for position in range(w.lengths[L_SUPPORTED]):
        seat = np.int64(c.caseworker[w.supported[position]])
        if seat >= 0:
            seats.seat_load[seat] += 1
    return n_offers
