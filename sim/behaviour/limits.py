"""Legal time limits and re-assessments: what a spell that has lasted too long turns into."""

from collections import namedtuple

import numpy as np

from sim.behaviour.entry import barriers_of, without_work
from sim.codes import (
    ACTIVITYREADY,
    DAGPENGE,
    FIRST_BENEFIT,
    JOBAFKLARING,
    JOBREADY,
    RESSOURCEFORLOEB,
    REVALIDERING,
    SYGEDAGPENGE,
    UDDANNELSESHJAELP,
)
from sim.compiled import rule
from sim.population.citizens import GRADUATE

LimitTable = namedtuple(
    "LimitTable",
    [
        "least",  # int64 (benefits): no limit falls due before this week of the spell (dagpenge: of the right)
        "dagpenge",  # int64: weeks
        "graduate_dagpenge",  # int64
        "revaluation",  # int64: weeks of sygedagpenge before re-assessment
        "extension",  # int64: weeks until the next one
        "jobafklaring",  # int64
        "ressourceforloeb",  # int64
        "revalidering",  # int64
        "youth_age_weeks",  # int64
        "extended_share",  # float64
        "to_jobafklaring_share",  # float64
        "renewed_share",  # float64: jobafklaring courses followed by a new one
    ],
)


@rule
def limit_may_be_due(c, limits, i, benefit, week):
    """The light question first: for most people on support the answer is no."""
    used, in_spell = np.int64(c.right_used[i]), week - np.int64(c.since[i])
    return (used if benefit == DAGPENGE else in_spell) + 1 >= limits.least[benefit]


@rule
def limit_is_due(c, limits, i, benefit, week, age_weeks):
    """Whether a time limit or re-assessment of person i's benefit falls due in `week`.

    Source: scenarios/law/transitions.yaml (dagpenge 104 weeks; sygedagpenge re-assessed after 22 paid weeks and again
    when the extension ends; jobafklaring 104; ressourceforloeb 156, 260 before 2022; uddannelseshjaelp until 30).
    """
    weeks = week - np.int64(c.since[i]) + 1
    if benefit == DAGPENGE:
        limit = limits.graduate_dagpenge if c.flags[i] & GRADUATE else limits.dagpenge
        return np.int64(c.right_used[i]) + 1 >= limit
    if benefit == SYGEDAGPENGE:
        return weeks >= limits.revaluation and (weeks - limits.revaluation) % limits.extension == 0
    if benefit == JOBAFKLARING:
        return weeks % limits.jobafklaring == 0
    if benefit == RESSOURCEFORLOEB:
        return weeks >= limits.ressourceforloeb
    if benefit == REVALIDERING:
        return weeks >= limits.revalidering
    return benefit == UDDANNELSESHJAELP and age_weeks >= limits.youth_age_weeks


@rule
def limit_target(c, limits, entry, i, week, age_weeks, u, u_means, u_residence, u_error):
    """Status that person i's benefit gives way to now that a limit is due, or -1 when it may go on.

    At the first sickness re-assessment a share is extended; the rest, and everybody at the next one, go to jobafklaring
    or are declared fit. A share of the jobafklaring courses that reach their limit is followed by a new one.
    """
    benefit = np.int64(c.status[i]) - FIRST_BENEFIT
    if benefit == SYGEDAGPENGE:
        first = week - np.int64(c.since[i]) + 1 == limits.revaluation
        if first and u < limits.extended_share:
            return -1
        rest = (u - limits.extended_share) / (1.0 - limits.extended_share) if first else u
        if rest < limits.to_jobafklaring_share:
            return FIRST_BENEFIT + JOBAFKLARING
    elif benefit == JOBAFKLARING:
        if u < limits.renewed_share:
            return -1
    elif benefit == RESSOURCEFORLOEB:
        return FIRST_BENEFIT + ACTIVITYREADY
    elif benefit == UDDANNELSESHJAELP:
        return FIRST_BENEFIT + (ACTIVITYREADY if barriers_of(c, i) >= 2 else JOBREADY)
    elif benefit == DAGPENGE:
        c.right_used[i] = max(
            np.int64(c.right_used[i]), limits.dagpenge
        )  # used up, graduates' shorter one too
    return without_work(c, entry, i, age_weeks, u_means, u_residence, u_error)
