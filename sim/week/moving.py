"""How one person moves from one status to another, and how a move is asked for."""

import numpy as np

from sim import codes
from sim.codes import (
    ABSENT,
    ACTIVITYREADY,
    DAGPENGE,
    EDUCATION,
    FIRST_BENEFIT,
    FLEKSJOB,
    FOERTIDSPENSION,
    GONE,
    JOB,
    JOBREADY,
    M_WAGE_SUBSIDY,
    NO_TEAM,
    ON_LEAVE,
    OUTSIDE,
    SUBSIDISED_JOB,
    TEAM_OF_BENEFIT,
)
from sim.compiled import rule
from sim.law import clock
from sim.population.citizens import AT_HOME, GRADUATE, LEGACY_AWARD, MISASSESSED, NEVER, PROVIDER
from sim.records.weekly import ENTRIES, EXITS, SPELL_WEEKS
from sim.week.world import FAULT_BUFFER, L_ENTRANTS, L_FAULT, L_REQUESTED, L_SPELLS, L_SUPPORTED, has_case

_self_support_weeks = rule(clock.self_support_weeks)
_other_weeks = rule(clock.other_weeks)

TEAM = np.array((NO_TEAM,) * FIRST_BENEFIT + TEAM_OF_BENEFIT, np.int64)  # by status
_STANDARD, _PROVIDER, _YOUNG, _YOUNG_AT_HOME, _GRADUATE = range(len(codes.RATE_CLASSES))
_D_JOB, _D_EDUCATION, _D_OTHER, _D_OUTSIDE, _D_SUBSIDISED, _D_LEAVE, _D_GONE = range(len(codes.DOORS))
THIRTY_YEARS_WEEKS = 1565
_FULL_YEAR_BITS = (1 << 52) - 1


@rule
def age_weeks(c, i, week):
    """Age of person i in weeks."""
    return week - np.int64(c.birth_week[i])


@rule
def is_on_support(status):
    """Whom the steps of a week walk through: people on a benefit or in a subsidised job."""
    return status >= FIRST_BENEFIT or status == SUBSIDISED_JOB


@rule
def ask(c, w, i, target, rank):
    """Person i asks to be in `target` from next Monday; among several requests the one of lowest rank stands."""
    if c.request[i] == 0:
        w.requested[w.lengths[L_REQUESTED]] = i
        w.lengths[L_REQUESTED] += 1
    elif c.request_rank[i] <= rank:
        return
    c.request[i] = target + 1
    c.request_rank[i] = rank


@rule
def rate_class_of(c, i, benefit, week):
    """Rate class a person belongs to when a benefit begins."""
    flags = np.int64(c.flags[i])
    if benefit == DAGPENGE:
        return _GRADUATE if flags & GRADUATE else _STANDARD
    if flags & PROVIDER:
        return _PROVIDER
    if age_weeks(c, i, week) >= THIRTY_YEARS_WEEKS:
        return _STANDARD
    return _YOUNG_AT_HOME if flags & AT_HOME else _YOUNG


@rule
def settle_clock(c, law, i, week):
    """Brings the refusion clock's window up to `week` for the status the person has had since the last time."""
    k = week - np.int64(c.clock_stamp[i])
    if k <= 0:
        return
    n, w0, w1, w2 = np.int64(c.clock_n[i]), c.clock_w0[i], c.clock_w1[i], c.clock_w2[i]
    if law.clock_kind[c.status[i]] == 1:
        n, w0, w1, w2 = _self_support_weeks(
            n, w0, w1, w2, k, law.reset_weeks, law.window_weeks, law.clear_at_reset == 1
        )
    else:
        n, w0, w1, w2 = _other_weeks(n, w0, w1, w2, k, law.window_weeks)
    c.clock_n[i] = n
    c.clock_w0[i] = w0
    c.clock_w1[i] = w1
    c.clock_w2[i] = w2
    c.clock_stamp[i] = week


@rule
def settle_support(c, i, week):
    """Brings the 52-week memory of support up to `week`; only called for people who were not on support."""
    k = week - np.int64(c.support_stamp[i])
    if k <= 0:
        return
    bits = c.support_bits[i]
    if k >= 52:
        bits = 0
    else:
        bits = (bits & (_FULL_YEAR_BITS >> k)) << k
    c.support_bits[i] = bits
    c.support_count[i] = _weeks_set(bits)
    c.support_stamp[i] = week


@rule
def _weeks_set(bits):
    """Number of bits set, 52 at most: added up in pairs, fours, eights and so on."""
    bits = bits - ((bits >> 1) & 0x5555555555555)
    bits = (bits & 0x3333333333333) + ((bits >> 2) & 0x3333333333333)
    bits = (bits + (bits >> 4)) & 0xF0F0F0F0F0F0F
    bits = bits + (bits >> 8)
    bits = bits + (bits >> 16)
    return (bits + (bits >> 32)) & 0x3F


@rule
def counts_as_support(status):
    """Support in the sense of the ten goals: any benefit but fleksjob and pension."""
    return (
        status >= FIRST_BENEFIT
        and status != FIRST_BENEFIT + FLEKSJOB
        and status != FIRST_BENEFIT + FOERTIDSPENSION
    )


@rule
def door_of(target):
    """By which of codes.DOORS somebody leaves a benefit for `target`."""
    if target == JOB:
        return _D_JOB
    if target == EDUCATION:
        return _D_EDUCATION
    if target == OUTSIDE:
        return _D_OUTSIDE
    if target == SUBSIDISED_JOB:
        return _D_SUBSIDISED
    if target == ON_LEAVE:
        return _D_LEAVE
    if target == GONE or target == ABSENT:
        return _D_GONE
    return _D_OTHER


@rule
def close_case(c, i):
    """Meetings, caseworker and contact end with the case."""
    c.caseworker[i] = -1
    c.last_meeting[i] = -1
    c.meetings[i] = 0
    c.contact[i] = 0.0
    c.trust[i] = 0.0
    c.mentor_until[i] = 0
    c.programme[i] = 0
    c.programme_until[i] = 0


@rule
def end_measure(c, companies, i):
    """The main measure ends: the host gets its place back."""
    host = c.host[i]
    if host >= 0:
        companies.company_guests[host] -= 1
        c.host[i] = -1
    c.measure[i] = 0
    c.measure_until[i] = 0


@rule
def count_on_clock(c, law, i, week):
    """One week on a benefit is lived: the refusion clock moves on."""
    if week >= law.clock_from and law.clock_kind[c.status[i]] == 2:
        c.clock_n[i] += 1


@rule
def remember_support(c, i, week):
    """One week on support is lived: the memory of support moves on.

    Returns 1 if the week that left the memory was on support, else 0.
    """
    bits = c.support_bits[i]
    leaving = (bits >> 51) & 1
    c.support_bits[i] = ((bits & (_FULL_YEAR_BITS >> 1)) << 1) | 1
    c.support_count[i] += 1 - leaving
    c.support_total[i] += 1
    c.support_stamp[i] = week + 1
    return leaving


@rule
def begin_status(c, law, i, target, week):
    """The personal side of a move: person i is in `target` from `week` on. Says whether support begins with it."""
    old = np.int64(c.status[i])
    settle_clock(c, law, i, week)
    begins = False
    if counts_as_support(target) and not counts_as_support(old):
        settle_support(c, i, week)
        if old != SUBSIDISED_JOB:
            c.support_since[i] = week
            begins = True
    if old == JOB:
        tenure = week - np.int64(c.since[i])
        if tenure >= 52:
            c.right_used[i] = 0  # a year of work earns a new dagpenge right
    if old == FIRST_BENEFIT + JOBREADY or old == FIRST_BENEFIT + ACTIVITYREADY:
        c.flags[i] &= 255 - MISASSESSED  # the group that was wrong is left
    if target >= FIRST_BENEFIT:
        benefit = target - FIRST_BENEFIT
        c.rate_class[i] = rate_class_of(c, i, benefit, week)
        if benefit == FOERTIDSPENSION or benefit == FLEKSJOB:
            if week < law.legacy_before:
                c.flags[i] |= LEGACY_AWARD
            else:
                c.flags[i] &= 255 - LEGACY_AWARD
    elif target == JOB:
        c.flags[i] &= 255 - MISASSESSED - GRADUATE
    elif target == GONE:
        c.candidate_week[i] = NEVER
    c.origin[i] = old
    c.status[i] = target
    c.since[i] = week
    return begins


@rule
def close_spell(c, w, i, target, week):
    """Records the end of person i's benefit spell."""
    benefit = np.int64(c.status[i]) - FIRST_BENEFIT
    door = door_of(target)
    w.row[EXITS + benefit * 7 + door] += 1
    w.row[SPELL_WEEKS + benefit] += week - np.int64(c.since[i])
    if w.spell_person.size == 0:
        return
    at = w.lengths[L_SPELLS]
    if at >= w.spell_person.size:
        w.lengths[L_FAULT] = FAULT_BUFFER
        return
    w.spell_person[at] = c.id[i]
    w.spell_benefit[at] = benefit
    w.spell_begin[at] = c.since[i]
    w.spell_end[at] = week
    w.spell_door[at] = door
    w.lengths[L_SPELLS] = at + 1


@rule
def change_status(c, companies, w, law, i, target, week):
    """Moves person i to `target` from `week` on: closes and opens spells, keeps clocks, lists and stocks."""
    old = np.int64(c.status[i])
    if old == target:
        return
    w.stocks[old, c.health[i]] -= 1
    w.stocks[target, c.health[i]] += 1
    if is_on_support(target) and not is_on_support(old):
        w.supported[w.lengths[L_SUPPORTED]] = i
        w.lengths[L_SUPPORTED] += 1
    if old >= FIRST_BENEFIT:
        close_spell(c, w, i, target, week)
    stays_a_case = has_case(target)
    if target != SUBSIDISED_JOB:
        if c.measure[i] != 0 and (
            not stays_a_case or old == SUBSIDISED_JOB or c.measure[i] == M_WAGE_SUBSIDY
        ):
            end_measure(c, companies, i)
        if not stays_a_case:
            close_case(c, i)
    support_begins = begin_status(c, law, i, target, week)
    if target >= FIRST_BENEFIT:
        w.row[ENTRIES + target - FIRST_BENEFIT] += 1
        c.meetings[i] = 0
        c.last_meeting[i] = -1
    if support_begins and old != ABSENT and w.entrant.size > 0:
        at = w.lengths[L_ENTRANTS]
        if at >= w.entrant.size:
            w.lengths[L_FAULT] = FAULT_BUFFER
        else:
            w.entrant[at] = c.id[i]
            w.entrant_total[at] = c.support_total[i]
            w.lengths[L_ENTRANTS] = at + 1
