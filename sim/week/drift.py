"""Step 9: health and habits change slowly; people leave benefits by doors other than the open labour market."""

import numpy as np

from sim.behaviour.exits import band_of, benefit_of, exit_hazard, exit_slot
from sim.behaviour.search import skill_after_weeks_out
from sim.chance import S_DESTINATION, uniform
from sim.codes import EDUCATION, FIRST_BENEFIT, FOERTIDSPENSION, JOB, SYGEDAGPENGE
from sim.compiled import rule
from sim.population.careers import exit_target
from sim.week.moving import age_weeks, ask
from sim.week.world import (
    RANK_EDUCATION,
    RANK_JOB,
    RANK_OTHER,
    RANK_PENSION,
    RANK_SICKNESS,
)

RELAPSE_WEEKS = 26


@rule
def _set_health(c, w, i, health):
    w.stocks[c.status[i], c.health[i]] -= 1
    w.stocks[c.status[i], health] += 1
    c.health[i] = health


@rule
def drift_and_exits(c, w, exits, entry, search, drift, i, u_health, u_exit, week):
    """A week with a case costs person i habits, may move health one step, and may open a door to somewhere else.

    u_health, u_exit: the person's draws of the streams `health` and `exit`.
    """
    status = np.int64(c.status[i])
    benefit = benefit_of(status)
    agent = np.int64(c.id[i])
    if search.losing[benefit]:
        c.skill[i] = skill_after_weeks_out(c.skill[i], search)
    health = np.int64(c.health[i])
    if u_health < drift.health_worse and health < 2:
        _set_health(c, w, i, health + 1)
    elif u_health > 1.0 - drift.health_better and health > 0:
        _set_health(c, w, i, health - 1)
    slot, x = exit_slot(u_exit)
    if x >= exits.highest[benefit]:
        return
    age = age_weeks(c, i, week)
    hazard = exit_hazard(exits, benefit, band_of(week - np.int64(c.since[i]) + 1), slot, health, age)
    if exits.target[benefit, slot] == FIRST_BENEFIT + SYGEDAGPENGE:
        came_from_sickness = np.int64(c.origin[i]) == FIRST_BENEFIT + SYGEDAGPENGE
        hazard *= exits.relapse if came_from_sickness and week - np.int64(c.since[i]) < RELAPSE_WEEKS else 1.0
    if x >= hazard:
        return
    target = exit_target(
        c, entry, i, exits.target[benefit, slot], age,
        uniform(w.keys, S_DESTINATION, agent * 4 + 1),
        uniform(w.keys, S_DESTINATION, agent * 4 + 2),
        uniform(w.keys, S_DESTINATION, agent * 4 + 3),
    )  # fmt: skip
    if target != status:
        ask(c, w, i, target, rank_of(target))


@rule
def rank_of(target):
    """Standing of a request to leave for `target` by a door other than the open labour market."""
    if target == JOB:
        return RANK_JOB
    if target == EDUCATION:
        return RANK_EDUCATION
    if target == FIRST_BENEFIT + FOERTIDSPENSION:
        return RANK_PENSION
    return RANK_SICKNESS if target == FIRST_BENEFIT + SYGEDAGPENGE else RANK_OTHER
