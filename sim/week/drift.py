"""Step 9: health and habits change slowly; people leave benefits by doors other than the open labour market."""

import numpy as np

from sim.behaviour.exits import SLOT_WIDTH, band_of, exit_hazard, exit_slot
from sim.behaviour.search import skill_after_weeks_out
from sim.chance import S_DESTINATION, S_EXIT, S_HEALTH, uniform
from sim.codes import EDUCATION, FIRST_BENEFIT, FOERTIDSPENSION, JOB, SYGEDAGPENGE
from sim.compiled import kernel, rule
from sim.population.careers import exit_target
from sim.week.moving import age_weeks, ask
from sim.week.world import (
    FAULT_HAZARD,
    L_FAULT,
    L_SUPPORTED,
    RANK_EDUCATION,
    RANK_JOB,
    RANK_OTHER,
    RANK_PENSION,
    RANK_SICKNESS,
)


@rule
def _set_health(c, w, i, health):
    w.stocks[c.status[i], c.health[i]] -= 1
    w.stocks[c.status[i], health] += 1
    c.health[i] = health


@kernel
def drift_and_exits(c, w, exits, entry, search, drift, week):
    """A week on a benefit costs habits, may move health one step, and may open a door to somewhere else."""
    for position in range(w.lengths[L_SUPPORTED]):
        i = w.supported[position]
        status = np.int64(c.status[i])
        benefit = status - FIRST_BENEFIT
        if benefit < 0 or benefit == FOERTIDSPENSION:
            continue
        agent = np.int64(c.id[i])
        if search.losing[benefit]:
            c.skill[i] = skill_after_weeks_out(c.skill[i], search)
        health = np.int64(c.health[i])
        u = uniform(w.keys, S_HEALTH, agent)
        if u < drift.health_worse[0] and health < 2:
            _set_health(c, w, i, health + 1)
        elif u > 1.0 - drift.health_better[0] and health > 0:
            _set_health(c, w, i, health - 1)
        age = age_weeks(c, i, week)
        slot, x = exit_slot(uniform(w.keys, S_EXIT, agent))
        hazard = exit_hazard(exits, benefit, band_of(week - np.int64(c.since[i]) + 1), slot, health, age)
        if hazard > SLOT_WIDTH:
            w.lengths[L_FAULT] = FAULT_HAZARD
        if x >= hazard:
            continue
        target = exit_target(
            c, entry, i, exits.target[benefit, slot], age,
            uniform(w.keys, S_DESTINATION, agent * 4 + 1),
            uniform(w.keys, S_DESTINATION, agent * 4 + 2),
            uniform(w.keys, S_DESTINATION, agent * 4 + 3),
        )  # fmt: skip
        if target == JOB:
            ask(c, w, i, target, RANK_JOB)
        elif target == EDUCATION:
            ask(c, w, i, target, RANK_EDUCATION)
        elif target == FIRST_BENEFIT + FOERTIDSPENSION:
            ask(c, w, i, target, RANK_PENSION)
        elif target == FIRST_BENEFIT + SYGEDAGPENGE:
            ask(c, w, i, target, RANK_SICKNESS)
        elif target != status:
            ask(c, w, i, target, RANK_OTHER)
