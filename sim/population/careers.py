"""The history people start with: each resident's working life before the jobcentre is simulated.

From 2014-W27, when weeks began to count for the refusion clock (or twelve years before the start, whichever is
earlier), each
person moves between work, education, benefits and the rest at the fitted hazards and the unemployment observed each
year, without jobcentre or companies. So the clock, the elapsed spell, earlier spells and the clocks of people in work
come out jointly, long spells over-represented as they are in reality.
"""

import math
from collections import namedtuple

import numpy as np

from sim.behaviour.entry import EDUCATED_FROM_WEEKS, cash_benefit_of, without_work
from sim.behaviour.events import (
    SLOT_DEATH,
    candidate_gap,
    event_hazard,
    event_slot,
    slot_ceiling,
)
from sim.behaviour.exits import TO_OWN_JOB, TO_UNEMPLOYMENT, band_of, exit_hazard, exit_slot
from sim.behaviour.limits import limit_is_due, limit_target
from sim.behaviour.search import skill_after_weeks_in, skill_after_weeks_out
from sim.chance import (
    S_ASSESSMENT,
    S_CAREER_JOB,
    S_CLOCK_EVENT,
    S_CLOCK_GAP,
    S_DESTINATION,
    S_EXIT,
    S_HEALTH,
    S_REVALUATION,
    uniform,
)
from sim.codes import (
    ACTIVITYREADY,
    EDUCATION,
    FIRST_BENEFIT,
    FOERTIDSPENSION,
    JOB,
    JOBREADY,
    ON_LEAVE,
    OUTSIDE,
    SYGEDAGPENGE,
    UDDANNELSESHJAELP,
)
from sim.compiled import kernel, rule
from sim.population.citizens import ADULT_AGE_WEEKS, GRADUATE, INSURED, MISASSESSED
from sim.week.moving import begin_status, count_on_clock, counts_as_support, remember_support

DriftTable = namedtuple(
    "DriftTable", ["health_worse", "health_better"]
)  # float64 (1): chances a week on benefits


@rule
def event_target(c, entry, leave_share, i, slot, week, u, u_means, u_residence, u_error):
    """Where the event of `slot` takes person i: a status, or -1 when nothing comes of it."""
    status = np.int64(c.status[i])
    age = week - np.int64(c.birth_week[i])
    if age < ADULT_AGE_WEEKS:
        return -1  # under 18 nobody holds a benefit or leaves school in this model
    if status == JOB:
        if slot == 0:
            return without_work(c, entry, i, age, u_means, u_residence, u_error)
        if slot == 1:
            return FIRST_BENEFIT + SYGEDAGPENGE
        if slot == 2:
            return ON_LEAVE if u < leave_share else OUTSIDE
        return EDUCATION
    if status == EDUCATION:
        if slot == 0:
            if u < entry.graduate_job_share:
                return JOB
            if c.flags[i] & INSURED and u < entry.graduate_job_share + entry.graduate_dagpenge_share:
                c.flags[i] |= GRADUATE
                c.right_used[i] = 0
                return without_work(c, entry, i, age, u_means, u_residence, u_error)
            return OUTSIDE
        if slot == 1:
            if c.education[i] == 0 or age < EDUCATED_FROM_WEEKS:
                return FIRST_BENEFIT + UDDANNELSESHJAELP
            return -1
        return -1
    if status == OUTSIDE:
        if slot == 0:
            return JOB
        if slot == 1:
            return cash_benefit_of(c, entry, i, age, u_residence, u_error)
        if slot == 2:
            return EDUCATION
        return -1
    if status == ON_LEAVE and slot == 0:
        return JOB
    return -1


@rule
def exit_target(c, entry, i, target, age, u_means, u_residence, u_error):
    """Resolves a door that leads to 'own job' or 'unemployment' into a status."""
    if target == TO_OWN_JOB:
        return JOB
    if target == TO_UNEMPLOYMENT:
        return without_work(c, entry, i, age, u_means, u_residence, u_error)
    return target


@rule
def _draw(keys, stream, k, agent):
    """The agent's uniform number of a stream in week k of `keys`."""
    return uniform(keys[k], stream, agent)


@rule
def gap_address(agent, week):
    """Address of the draw that says how long after `week` a person's candidate clock calls again."""
    return agent * 65536 + week


@rule
def next_candidate(c, life_keys, gaps, i):
    """Moves person i's candidate clock on to the next week of its chain, drawn from the one before."""
    week = np.int64(c.candidate_week[i])
    u = uniform(life_keys, S_CLOCK_GAP, gap_address(np.int64(c.id[i]), week))
    c.candidate_week[i] = week + candidate_gap(u, gaps)


@kernel
def live_careers(
    c,
    law,
    events,
    exits,
    limits,
    entry,
    search,
    drift,
    gaps,
    life_keys,
    keys,
    begin,
    finding,
    loss,
    first,
    until,
):
    """Lives every person's career from `begin` (int64, week per person) up to `until` (int64, first week not lived).

    finding, loss: float64 by week from week `first`, the earliest `begin`: factors on job finding and job loss from the
    year's unemployment. keys: uint64 (weeks from `first`, streams, 2). The person's columns are changed in place.
    Returns 1 if a hazard was above its slice, else 0.
    """
    fault = 0
    for i in range(c.id.size):
        week = np.int64(begin[i])
        end = np.int64(until[i])
        agent = np.int64(c.id[i])
        c.clock_stamp[i] = max(week, law.clock_from)
        c.support_stamp[i] = week
        c.candidate_week[i] = week - 1
        next_candidate(c, life_keys, gaps, i)
        while week < end:
            status = np.int64(c.status[i])
            if status < FIRST_BENEFIT:
                week = np.int64(c.candidate_week[i])
                if week >= end:
                    break
                slot, x = event_slot(_draw(keys, S_CLOCK_EVENT, week - first, agent))
                if slot < SLOT_DEATH:  # residents at the end are alive and have stayed
                    hazard = event_hazard(c, events, i, slot, week)
                    if slot == 0 and status == JOB:
                        hazard *= loss[week - first]
                    if hazard > slot_ceiling(slot):
                        fault = 1
                    if x < hazard:
                        target = event_target(
                            c, entry, events.leave_share, i, slot, week,
                            _draw(keys, S_DESTINATION, week - first, agent * 4),
                            _draw(keys, S_DESTINATION, week - first, agent * 4 + 1),
                            _draw(keys, S_DESTINATION, week - first, agent * 4 + 2),
                            _draw(keys, S_DESTINATION, week - first, agent * 4 + 3),
                        )  # fmt: skip
                        if target >= 0 and target != status:
                            if status == JOB:
                                c.skill[i] = skill_after_weeks_in(
                                    c.skill[i], week - np.int64(c.since[i]), search
                                )
                            begin_status(c, law, i, target, week)
                next_candidate(c, life_keys, gaps, i)
                continue
            benefit = status - FIRST_BENEFIT
            if benefit == FOERTIDSPENSION:  # for life
                if end > law.clock_from:
                    c.clock_n[i] += min(32000 - np.int64(c.clock_n[i]), end - max(week, law.clock_from))
                week = end
                break
            count_on_clock(c, law, i, week)
            if counts_as_support(status):
                remember_support(c, i, week)
            if benefit == 0:
                c.right_used[i] += 1
            if search.losing[benefit]:
                c.skill[i] = skill_after_weeks_out(c.skill[i], search)
            health = np.int64(c.health[i])
            u_health = _draw(keys, S_HEALTH, week - first, agent)
            if u_health < drift.health_worse and health < 2:
                c.health[i] = health + 1
            elif u_health > 1.0 - drift.health_better and health > 0:
                c.health[i] = health - 1
            age = week - np.int64(c.birth_week[i])
            weeks_in = week - np.int64(c.since[i]) + 1
            target = -1
            if limit_is_due(c, limits, i, benefit, week, age):
                target = limit_target(
                    c, limits, entry, i, week, age,
                    _draw(keys, S_REVALUATION, week - first, agent * 4),
                    _draw(keys, S_REVALUATION, week - first, agent * 4 + 1),
                    _draw(keys, S_REVALUATION, week - first, agent * 4 + 2),
                    _draw(keys, S_REVALUATION, week - first, agent * 4 + 3),
                )  # fmt: skip
            if target < 0 and c.flags[i] & MISASSESSED and (benefit == JOBREADY or benefit == ACTIVITYREADY):
                if _draw(keys, S_ASSESSMENT, week - first, agent) < entry.correction_before:
                    c.flags[i] &= 255 - MISASSESSED
                    target = FIRST_BENEFIT + (ACTIVITYREADY if benefit == JOBREADY else JOBREADY)
            if target < 0:
                slot, x = exit_slot(_draw(keys, S_EXIT, week - first, agent))
                hazard = exit_hazard(exits, benefit, band_of(weeks_in), slot, health, age)
                if x < hazard:
                    target = exit_target(
                        c, entry, i, exits.target[benefit, slot], age,
                        _draw(keys, S_DESTINATION, week - first, agent * 4 + 1),
                        _draw(keys, S_DESTINATION, week - first, agent * 4 + 2),
                        _draw(keys, S_DESTINATION, week - first, agent * 4 + 3),
                    )  # fmt: skip
                elif search.hazard[benefit] > 0.0:
                    h = search.hazard[benefit] * search.person_factor[c.attachment[i], c.education[i], health]
                    u = _draw(keys, S_CAREER_JOB, week - first, agent)
                    # Habits are lost, never gained, so most people need no exponential.
                    if u < h * finding[week - first] and u < h * (
                        finding[week - first] * math.exp(c.skill[i])
                    ):
                        target = JOB
            week += 1
            while np.int64(c.candidate_week[i]) < week:
                next_candidate(c, life_keys, gaps, i)
            if target >= 0 and target != status:
                begin_status(c, law, i, target, week)
        while np.int64(c.candidate_week[i]) < end:
            next_candidate(c, life_keys, gaps, i)
    return fault
