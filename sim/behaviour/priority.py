"""Whose meeting and whose offer come first when hours and places are short."""

from collections import namedtuple

import numpy as np

from sim.behaviour.entry import barriers_of
from sim.codes import FIRST_BENEFIT, N_BENEFITS
from sim.compiled import rule

BY_DEADLINE, BY_NEED, BY_SAVING = range(3)
LEVELS = 16  # 0 comes first
LEVEL_FACTOR = 0.7  # of the largest expected saving, from one level to the next

PriorityTable = namedtuple(
    "PriorityTable",
    [
        "rule",  # int64: BY_DEADLINE, BY_NEED, BY_SAVING
        "saving",  # float64 (benefits, weeks): what a week less on the benefit saves the municipality, kroner
        "counter",  # int64 (benefits): 0 those weeks are the person's clock, 1 weeks in the spell
        "chance",  # float64 (benefits): chance a week of finding work, average person
        "person_factor",  # float64 (attachment, education, health)
        "highest",  # float64: expected saving of the average person on the benefit where it is largest
    ],
)


def by_deadline() -> PriorityTable:
    """Today's order: the law's deadlines, then how long overdue, then by lot."""
    return PriorityTable(
        rule=BY_DEADLINE,
        saving=np.zeros((N_BENEFITS, 2)),
        counter=np.zeros(N_BENEFITS, np.int64),
        chance=np.zeros(N_BENEFITS),
        person_factor=np.ones((5, 3, 3)),
        highest=1.0,
    )


@rule
def priority_level(c, table, i, week):
    """Place of person i in the order, 0 first.

    By need: more barriers, then more years of support. By saving: the kroner the municipality would save in a week
    without the benefit times the person's chance of finding work, which puts those far from work last.
    """
    benefit = np.int64(c.status[i]) - FIRST_BENEFIT
    if table.rule == BY_NEED:
        years = (week - np.int64(c.support_since[i])) // 52
        return LEVELS - 1 - min(LEVELS - 1, barriers_of(c, i) * 4 + min(years, 3))
    weeks = np.int64(c.clock_n[i]) if table.counter[benefit] == 0 else week - np.int64(c.since[i]) + 1
    weeks = min(max(weeks, 1), table.saving.shape[1] - 1)
    chance = table.chance[benefit] * table.person_factor[c.attachment[i], c.education[i], c.health[i]]
    expected = table.saving[benefit, weeks] * chance
    # A level is a factor, not a step: teams also hold people whose chances are all much smaller.
    level, least = 0, table.highest
    while level < LEVELS - 1 and expected < least:
        level += 1
        least *= LEVEL_FACTOR
    return level
