"""Step 4: caseworkers fall ill, resign, are replaced after a while and learn; orphaned cases are marked by cause."""

from sim.behaviour.staff import quality_from, resignation_hazard
from sim.chance import S_ABSENCE, S_QUALITY, S_RESIGNATION, uniform
from sim.codes import C_ABSENCE, C_REORGANISATION, C_RESIGNATION
from sim.compiled import kernel, rule
from sim.records.weekly import (
    ST_ABSENT,
    ST_FTE,
    ST_MINUTES,
    ST_NOVICE,
    ST_PRESENT,
    ST_RESIGNED,
    ST_VACANT,
    TEAM_MINUTES,
)

_SHOCK = 1 << 20  # marks the draw of who leaves first in a shock


@rule
def _next_to_leave(seats, w, team, week):
    """The seat of `team` whose holder a shock makes leave next, drawn by lot; -1 when nobody is left."""
    chosen, lowest = -1, 2.0
    for s in range(seats.seat_team.size):
        held = seats.seat_from[s] <= week < seats.seat_until[s] and week >= seats.seat_vacant_until[s]
        if seats.seat_team[s] != team or not held or seats.seat_gone[s] != 0 or seats.seat_fte[s] <= 0.0:
            continue
        u = uniform(w.keys, S_RESIGNATION, s | _SHOCK)
        if u < lowest:
            chosen, lowest = s, u
    return chosen


@rule
def _mark_shocked(seats, w, table, week):
    """Marks, team by team, whose holders a shock makes leave this week, to within half a seat of the posts it names."""
    for s in range(seats.seat_team.size):
        seats.seat_gone[s] = 0
    for team in range(table.leaving.size):
        left = table.leaving[team]
        while left > 0.0:
            s = _next_to_leave(seats, w, team, week)
            if s < 0 or seats.seat_fte[s] > 2.0 * left:
                break
            seats.seat_gone[s] = C_RESIGNATION
            left -= seats.seat_fte[s]


@kernel
def staff_the_week(seats, w, table, life_keys, week):
    """Decides who is at work this week and how many minutes they have.

    A resignation leaves the seat empty for `weeks_to_fill`; the successor starts as a novice. A long absence moves the
    cases only when it outlasts the cover. With slack in the team, absences are covered and the cases stay.
    """
    _mark_shocked(seats, w, table, week)
    for s in range(seats.seat_team.size):
        shocked = seats.seat_gone[s] != 0
        seats.seat_gone[s] = 0
        seats.seat_minutes[s] = 0
        if week < seats.seat_from[s] or seats.seat_fte[s] <= 0.0:
            continue
        if week >= seats.seat_until[s]:
            if week == seats.seat_until[s]:
                seats.seat_gone[s] = C_REORGANISATION  # the post is cut: its cases move
            continue
        fte = seats.seat_fte[s]
        milli = int(fte * 1000.0 + 0.5)
        w.row[ST_FTE] += milli
        generation = seats.seat_generation[s]
        if week < seats.seat_vacant_until[s]:
            w.row[ST_VACANT] += milli
            continue
        if week == seats.seat_vacant_until[s] or week == seats.seat_from[s]:
            person = s * 4096 + generation
            seats.seat_quality[s] = quality_from(
                uniform(life_keys, S_QUALITY, person * 2),
                uniform(life_keys, S_QUALITY, person * 2 + 1),
                table.quality_sd,
            )
        capacity = fte * table.minutes_per_fte
        hazard = resignation_hazard(table, float(seats.seat_backlog[s]), capacity)
        if shocked or uniform(w.keys, S_RESIGNATION, s) < hazard:
            empty = table.weeks_to_fill + table.frozen_weeks * shocked
            seats.seat_gone[s] = C_RESIGNATION
            seats.seat_generation[s] = generation + 1
            seats.seat_vacant_until[s] = week + empty
            seats.seat_novice_until[s] = week + empty + table.novice_weeks
            seats.seat_absent_until[s] = 0
            w.row[ST_RESIGNED] += 1
            w.row[ST_VACANT] += milli
            continue
        pace = 1.0
        if week < seats.seat_absent_until[s]:
            w.row[ST_ABSENT] += milli
            begun = seats.seat_absent_until[s] - table.long_absence_weeks
            if uniform(life_keys, S_ABSENCE, s * 4096 + begun) >= table.slack[seats.seat_team[s]]:
                if week - begun == table.cover_weeks:
                    seats.seat_gone[s] = C_ABSENCE
                continue
            pace = table.novice_pace  # a substitute holds the meetings; the cases stay
        elif uniform(w.keys, S_ABSENCE, s) < table.long_absence:
            seats.seat_absent_until[s] = week + table.long_absence_weeks
            w.row[ST_ABSENT] += milli
            continue
        if week < seats.seat_novice_until[s]:
            pace = table.novice_pace
            w.row[ST_NOVICE] += milli
        minutes = int(capacity * pace) - int(
            table.case_minutes[seats.seat_team[s]] * float(seats.seat_load[s])
        )
        seats.seat_minutes[s] = minutes if minutes > 0 else 0
        w.row[ST_PRESENT] += milli
        w.row[ST_MINUTES] += seats.seat_minutes[s]
        w.row[TEAM_MINUTES + seats.seat_team[s]] += seats.seat_minutes[s]
