"""Step 5: who has which caseworker. The rules are called from sim/week/casework.py, a block of cases at a time."""

import numpy as np

from sim.behaviour.meetings import trust_after_change
from sim.chance import (
    S_ASSIGNMENT,
    S_FOLLOW,
    S_HANDOVER,
    S_OWN_REQUEST,
    tie,
    uniform,
)
from sim.codes import (
    C_FIRST,
    C_GROUP_SHIFT,
    C_OWN_REQUEST,
    C_REORGANISATION,
    C_RESIGNATION,
    FIRST_BENEFIT,
    N_TEAMS,
    NO_TEAM,
)
from sim.compiled import kernel, rule
from sim.records.weekly import CASEWEEKS, CHANGES, ST_USED, TEAM_USED
from sim.week.moving import TEAM

WAITING = -2  # a case without a caseworker keeps the cause of its change: WAITING - cause
SPELL_SHIFT = 4096  # ids of spells: person x 4096 + week the spell began


@rule
def list_present(seats, w, week):
    """Lists the caseworkers at work, team by team: only these can take a case. Notes whose cases stay with whom."""
    for s in range(seats.seat_team.size):
        left = (seats.seat_gone[s] != 0) | (week < seats.seat_vacant_until[s]) | (week >= seats.seat_until[s])
        seats.seat_serves[s] = NO_TEAM if left else seats.seat_team[s]
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
        # Without branches: a processor would guess a third of them wrong.
        wins, follows = score > best_score, score > second_score
        second = best if wins else (s if follows else second)
        second_score = best_score if wins else (score if follows else second_score)
        best, best_score = s if wins else best, score if wins else best_score
    if second >= 0 and _load(seats, second) < _load(seats, best):
        return second
    return best


@rule
def _load(seats, s):
    """Cases a full-time post of this kind would have: a quarter of a post is to hold a quarter of the cases."""
    return float(seats.seat_load[s]) / seats.seat_fte[s]


@rule
def may_change(c, seats, table, i):
    """The light question first: most people have a caseworker who stays, and trust them."""
    seat = np.int64(c.caseworker[i])
    stays = seat >= 0 and seats.seat_serves[seat] == TEAM[c.status[i]]
    return (not stays) | (c.trust[i] < table.own_request_below_trust)


@rule
def wishes_another(c, w, table, i):
    """Whether person i asks for another caseworker this week, and is heard."""
    if c.trust[i] >= table.own_request_below_trust:
        return False
    return uniform(w.keys, S_OWN_REQUEST, np.int64(c.id[i])) < table.own_request * table.request_met[c.arm[i]]


@rule
def spell_id(c, i):
    """Address of the chance of person i's present spell."""
    return np.int64(c.id[i]) * SPELL_SHIFT + np.int64(c.since[i])


@rule
def find_caseworker(c, seats, w, table, life_keys, i, moves, handovers, n, week):
    """Looks after who has person i's case. A **caseworker change** is counted by cause; a first assignment is none.

    moves: whether it is a week in which this case is looked at to level caseloads. Returns 1 if a hand-over is wanted,
    written to handovers[n], else 0.
    """
    wishes = wishes_another(c, w, table, i)
    seat = np.int64(c.caseworker[i])
    team = TEAM[c.status[i]]
    cause = -1
    if seat < 0:
        cause = C_FIRST if seat == -1 else WAITING - seat  # waiting since a change nobody could take over
    elif seats.seat_serves[seat] != team:
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
def note_used(seats, w, seat, minutes):
    """Adds minutes a caseworker has spent to the week's record, in all and by team."""
    w.row[ST_USED] += minutes
    w.row[TEAM_USED + np.int64(seats.seat_team[seat])] += minutes


@kernel
def hand_over(c, seats, w, table, row_of, keys, n):
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
            note_used(seats, w, old, minutes)
            note_used(seats, w, new, minutes)
        before = int(c.trust[i] * 1000.0)
        c.trust[i] = trust_after_change(c.trust[i], held, table)
        w.row[CASEWEEKS + 1] += int(c.trust[i] * 1000.0) - before
