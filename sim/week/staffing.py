"""Step 4: caseworkers fall ill, resign, are replaced after a while and learn; orphaned cases are marked by cause."""

from sim.behaviour.staff import quality_from, resignation_hazard
from sim.chance import S_ABSENCE, S_QUALITY, S_RESIGNATION, uniform
from sim.codes import C_ABSENCE, C_REORGANISATION, C_RESIGNATION
from sim.compiled import kernel
from sim.records.weekly import (
    ST_ABSENT,
    ST_FTE,
    ST_MINUTES,
    ST_NOVICE,
    ST_PRESENT,
    ST_RESIGNED,
    ST_VACANT,
)


@kernel
def staff_the_week(seats, w, table, life_keys, week):
    """Decides who is at work this week and how many minutes they have.

    A resignation leaves the seat empty for `weeks_to_fill`; the successor starts as a novice. A long absence moves the
    cases only when it outlasts the cover. With slack in the team, absences are covered and the cases stay.
    """
    for s in range(seats.seat_team.size):
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
        if uniform(w.keys, S_RESIGNATION, s) < resignation_hazard(
            table, float(seats.seat_backlog[s]), capacity
        ):
            seats.seat_gone[s] = C_RESIGNATION
            seats.seat_generation[s] = generation + 1
            seats.seat_vacant_until[s] = week + table.weeks_to_fill
            seats.seat_novice_until[s] = week + table.weeks_to_fill + table.novice_weeks
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
