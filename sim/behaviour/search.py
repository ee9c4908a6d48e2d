"""Looking for work: how many applications a person sends that employers take seriously."""

import math
from collections import namedtuple
from typing import Final

from sim.behaviour.hiring import poisson
from sim.compiled import rule

# The most companies one person can turn to in a week.
MOST_APPLICATIONS: Final = 5

SearchTable = namedtuple(
    "SearchTable",
    [
        "hazard",  # float64 (benefits): chance a week of finding work at the reference demand, average person
        "person_factor",  # float64 (attachment, education, health): lasting differences
        "skill_loss",  # float64
        "skill_floor",  # float64
        "skill_recovery",  # float64
        "losing",  # uint8 (benefits): 1 where weeks without work cost work habits
    ],
)


@rule
def applications_sent(u, usual, effect):
    """Number of applications from a uniform number: Poisson with mean usual * exp(effect), at most five.

    exp(x) <= 1 / (1 - x) below 1, and a Poisson number is at least 1 with a chance no larger than its mean; so for most
    people no exponential is taken.
    """
    if effect < 1.0 and u * (1.0 - effect) >= usual:
        return 0
    return poisson(u, usual * math.exp(effect), MOST_APPLICATIONS)


@rule
def skill_after_weeks_out(skill, table):
    """Work habits after one more week without work, log points; never below the floor."""
    lower = skill - table.skill_loss
    return lower if lower > table.skill_floor else table.skill_floor


@rule
def skill_after_weeks_in(skill, weeks, table):
    """Work habits after `weeks` in work: what was lost comes back, never more."""
    higher = skill + weeks * table.skill_recovery
    return higher if higher < 0.0 else 0.0
