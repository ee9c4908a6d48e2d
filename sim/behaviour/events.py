"""What can happen to people who are not on a benefit: candidate clocks and the hazards they are thinned by.

Everybody carries a chain of candidate weeks that depends on (seed, id) alone and runs whatever the person does. At a
candidate week something happens only if a second draw falls below the person's true hazard. So two scenarios share
every event whose hazard the policy leaves alone.
"""

from collections import namedtuple
from typing import Final

import numpy as np

from sim.codes import EDUCATION, FIRST_BENEFIT, JOB, ON_LEAVE, OUTSIDE, SUBSIDISED_JOB, SYGEDAGPENGE
from sim.compiled import rule
from sim.population.citizens import NON_DANISH

# Six kinds of event share one clock; each owns a slice of [0, CANDIDATE_HAZARD). A slice is about four times
# the highest
# hazard in use; a hazard above its slice stops the run.
SLOT_MAX: Final = (0.1, 0.015, 0.008, 0.008, 0.003, 0.003)
CANDIDATE_HAZARD: Final = sum(SLOT_MAX)
SLOT_START: Final = tuple(sum(SLOT_MAX[:k]) for k in range(len(SLOT_MAX)))
SLOT_DEATH, SLOT_MOVE = 4, 5

_MAX = np.array(SLOT_MAX)
_START = np.array(SLOT_START)
_N_SLOTS = len(SLOT_MAX)

# Longest gap in the table of gaps; the chance of a longer one is (1 - 0.137)^400, below 1e-25.
_LONGEST_GAP = 400
GAP_TABLE: Final = np.array([1.0 - (1.0 - CANDIDATE_HAZARD) ** g for g in range(1, _LONGEST_GAP + 1)])

# Where in the table to begin looking: the first gap that a number in each 2048th of [0, 1) can mean. In parts so narrow
# it is nearly always the right one; short numbers, so that they stay in the processor's first cache.
_PARTS = 2048
_BEGIN = np.searchsorted(GAP_TABLE, np.arange(_PARTS) / _PARTS, side="right").astype(np.uint16)

EventTable = namedtuple(
    "EventTable",
    [
        "base",  # float64 (4 statuses job, education, outside, on_leave; 4 slots): hazard a week, average person
        "separation",  # float64 (5 attachment classes): factor on job loss
        "sickness_by_health",  # float64 (3)
        "new_job",  # float64 (3): factor on job loss in weeks 1-26, 27-52, later
        "retained",  # float64: factor on job loss of those who came from a benefit, in their first weeks in work
        "retained_weeks",  # int64
        "relapse",  # float64: factor on sickness in the half year after a return from sickness
        "non_danish_cash",  # float64
        "death_by_age",  # float64 (120): hazard a week by age in years
        "move_by_age",  # float64 (120): hazard a week of moving to another municipality
        "cycle",  # float64 (sectors): factor on job loss this week
        "outside_job",  # float64 (5): factor on finding work from outside, by attachment
        "leave_share",  # float64: part of those who withdraw from work who go on leave
        "highest",  # float64 (statuses, 6 slots, 5 attachment classes): no hazard of such a person is above this
    ],
)


@rule
def candidate_gap(u, table):
    """Weeks to the next candidate week, from a uniform number: geometric with the candidate hazard, at least 1.

    table: GAP_TABLE.
    """
    gap = np.int64(_BEGIN[int(u * _PARTS)])
    while gap < _LONGEST_GAP - 1 and u >= table[gap]:
        gap += 1
    return gap + 1


@rule
def event_slot(u):
    """Which kind of event a candidate week is about, and how far into that kind's slice the draw fell."""
    x = u * CANDIDATE_HAZARD
    slot = 0
    for later in range(1, _N_SLOTS):  # adding up is faster than looking for the slot: no branch to guess
        slot += x >= _START[later]
    return slot, x - _START[slot]


@rule
def slot_ceiling(slot):
    """Largest hazard a slot can represent."""
    return _MAX[slot]


@rule
def event_hazard(c, table, i, slot, week):
    """Hazard a week that person i meets the event of `slot`, given where the person is."""
    if slot == SLOT_DEATH:
        return table.death_by_age[max(0, (week - np.int64(c.birth_week[i])) // 52)]
    if slot == SLOT_MOVE:
        return table.move_by_age[max(0, (week - np.int64(c.birth_week[i])) // 52)]
    status = np.int64(c.status[i])
    if status == JOB:
        hazard = table.base[0, slot]
        tenure = week - np.int64(c.since[i])
        if slot == 0:
            spell = 0 if tenure < 26 else (1 if tenure < 52 else 2)
            hazard *= table.separation[c.attachment[i]] * table.new_job[spell] * table.cycle[c.sector[i]]
            origin = np.int64(c.origin[i])
            if tenure < table.retained_weeks and (origin >= FIRST_BENEFIT or origin == SUBSIDISED_JOB):
                hazard *= table.retained
        elif slot == 1:
            hazard *= table.sickness_by_health[c.health[i]]
            if tenure < 26 and np.int64(c.origin[i]) == FIRST_BENEFIT + SYGEDAGPENGE:
                hazard *= table.relapse
        elif slot == 3 and week - np.int64(c.birth_week[i]) > 1565:
            hazard = 0.0  # back to education happens before 30
        return hazard
    if status == EDUCATION:
        return table.base[1, slot]
    if status == OUTSIDE:
        hazard = table.base[2, slot]
        if slot == 0:
            hazard *= table.outside_job[c.attachment[i]]
        elif slot == 1 and c.flags[i] & NON_DANISH:
            hazard *= table.non_danish_cash
        elif slot == 2 and week - np.int64(c.birth_week[i]) > 1565:
            hazard = 0.0
        return hazard
    if status == ON_LEAVE:
        return table.base[3, slot]
    return 0.0
