"""Programmes a lever buys for a target group: who may take part, and what they do to work-finding while and after."""

from collections import namedtuple
from typing import Final

import numpy as np

from sim.codes import FIRST_BENEFIT, M_COURSE, N_BENEFITS
from sim.compiled import rule
from sim.population.citizens import NEVER, NON_DANISH

MOST_PROGRAMMES: Final = 15  # at once: a lever's programmes are numbered 1, 2, ...
AGAIN_AFTER_WEEKS: Final = 52  # nobody is given a second programme sooner (judgement)
LOT, LONGEST, NEWEST = range(3)  # who gets the places: by lot, longest on support first, newest first

ProgrammeTable = namedtuple(
    "ProgrammeTable",
    [
        "n",  # int64: number of programmes in force
        "first_week",  # int64: week the lever begins
        # by number of the programme, row 0 unused
        "groups",  # uint8 (programmes + 1, benefits): 1 where people on the benefit may take part
        "treated_only",  # uint8: 1 where only a trial's treated may
        "non_danish_only",  # uint8
        "least_barriers",  # int64
        "least_health",  # int64: codes.HEALTH
        "support_from",  # int64: weeks since support began, first and last
        "support_to",
        "age_from",  # int64: weeks
        "age_below",  # int64: weeks
        "chosen_by",  # int64: LOT, LONGEST, NEWEST
        "places",  # int64: starts a budget year at most
        "intake_weeks",  # int64: weeks between intakes
        "weeks",  # int64: length
        "price_oere",  # int64: a week of one place
        "pot",  # int64: codes.POTS, where its money is ring-fenced
        "bought_as",  # int64: codes.MEASURES, whose account and count it goes to
        "minutes",  # int64: of the participant's own caseworker, a week
        "after_log",  # float64 (programmes + 1, benefits): log hazard after it is completed
        "after_weeks",  # int64
    ],
)


def no_programmes() -> ProgrammeTable:
    """The table without a programme; a lever fills in rows and the number."""
    whole = {
        name: np.zeros(MOST_PROGRAMMES + 1, np.int64)
        for name in ProgrammeTable._fields
        if name not in ("n", "first_week", "groups", "treated_only", "non_danish_only", "after_log")
    }
    whole["support_to"][:] = whole["age_below"][:] = NEVER
    whole["bought_as"][:] = M_COURSE
    return ProgrammeTable(
        n=0,
        first_week=0,
        groups=np.zeros((MOST_PROGRAMMES + 1, N_BENEFITS), np.uint8),
        treated_only=np.zeros(MOST_PROGRAMMES + 1, np.uint8),
        non_danish_only=np.zeros(MOST_PROGRAMMES + 1, np.uint8),
        after_log=np.zeros((MOST_PROGRAMMES + 1, N_BENEFITS)),
        **whole,
    )


@rule
def may_take_part(c, table, p, i, barriers, week):
    """Whether person i belongs to those programme p is for. People in one programme are in no other."""
    benefit = np.int64(c.status[i]) - FIRST_BENEFIT
    if benefit < 0 or table.groups[p, benefit] == 0 or c.programme[i] != 0:
        return False
    last = np.int64(c.programme_until[i])
    if last > 0 and week < last + AGAIN_AFTER_WEEKS:
        return False
    if table.treated_only[p] and c.arm[i] != 2:
        return False
    if table.non_danish_only[p] and not c.flags[i] & NON_DANISH:
        return False
    on_support = week - np.int64(c.support_since[i]) + 1
    age = week - np.int64(c.birth_week[i])
    return (
        table.support_from[p] <= on_support <= table.support_to[p]
        and table.age_from[p] <= age < table.age_below[p]
        and np.int64(c.health[i]) >= table.least_health[p]
        and barriers >= table.least_barriers[p]
    )
