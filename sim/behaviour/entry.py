"""Which benefit a person comes onto: the office's first decision, which can be wrong."""

from collections import namedtuple

import numpy as np

from sim.codes import (
    ACTIVITYREADY,
    DAGPENGE,
    FIRST_BENEFIT,
    JOBREADY,
    OUTSIDE,
    SHO,
    UDDANNELSESHJAELP,
)
from sim.compiled import rule
from sim.population.citizens import INSURED, MISASSESSED, NON_DANISH, SOCIAL_BARRIER

# `education` is what a person ends up with; under 23 it is taken not to be completed yet.
EDUCATED_FROM_WEEKS = 1200

EntryTable = namedtuple(
    "EntryTable",
    [
        "means_test_share",  # float64
        "misassessed_share",  # float64
        "sho_share",  # float64
        "correction_before",  # float64: before the start, chance a week that a wrong group is seen
        "dagpenge_limit",  # int64: weeks of right
        "youth_age_weeks",  # int64
        "graduate_job_share",  # float64
        "graduate_dagpenge_share",  # float64
    ],
)


@rule
def barriers_of(c, i):
    """Number of barriers to work: health (severe counts twice), schooling, social problems."""
    social = 1 if c.flags[i] & SOCIAL_BARRIER else 0
    return np.int64(c.health[i]) + social + (1 if c.education[i] == 0 else 0)


@rule
def cash_benefit_of(c, table, i, age_weeks, u_residence, u_error):
    """Cash benefit and target group of a new case; sets the trait MISASSESSED when the group is wrong.

    Young people without education get uddannelseshjaelp; those who fail the residence or work test the self-support
    benefit; others are job-ready or activity-ready by their barriers, and the office errs in a share of cases
    (Ankestyrelsen found 83 % of 102 young cases in the right group).
    """
    c.flags[i] &= 255 - MISASSESSED
    if c.flags[i] & NON_DANISH and u_residence < table.sho_share:
        return FIRST_BENEFIT + SHO
    not_yet_educated = c.education[i] == 0 or age_weeks < EDUCATED_FROM_WEEKS
    if age_weeks < table.youth_age_weeks and not_yet_educated:
        return FIRST_BENEFIT + UDDANNELSESHJAELP
    activity_ready = barriers_of(c, i) >= 2
    if u_error < table.misassessed_share:
        c.flags[i] |= MISASSESSED
        activity_ready = not activity_ready
    return FIRST_BENEFIT + (ACTIVITYREADY if activity_ready else JOBREADY)


@rule
def without_work(c, table, i, age_weeks, u_means, u_residence, u_error):
    """Status of a person who is fit for work and has none: dagpenge, a cash benefit, or own means."""
    if c.flags[i] & INSURED and np.int64(c.right_used[i]) < table.dagpenge_limit:
        return FIRST_BENEFIT + DAGPENGE
    if u_means < table.means_test_share:
        return cash_benefit_of(c, table, i, age_weeks, u_residence, u_error)
    return OUTSIDE
