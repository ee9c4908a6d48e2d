"""Step 5, before casework: programmes that levers buy end, are paid, take their caseworkers' time, and start.

A programme is a second slot beside the ordinary measures: buying one takes no place, offer or krone from them. Its
money is ring-fenced in the pot it is bought from (sim/books.py) and spent week by week, for places taken only.
"""

import numpy as np

from sim.behaviour.entry import barriers_of
from sim.behaviour.programmes import LONGEST, LOT, may_take_part
from sim.chance import S_MEASURE_QUEUE, tie
from sim.codes import FIRST_BENEFIT, N_BENEFITS
from sim.compiled import kernel, rule
from sim.records.weekly import MEASURE_WEEKS, MEASURES, ST_USED, TEAM_USED
from sim.week.measures import SPENT
from sim.week.world import FAULT_BUFFER, L_FAULT, L_SUPPORTED

_LOT_OF_PROGRAMME = 3  # the number of the stream's draw, beside the three of an ordinary offer


def run_programmes(call, c, seats, w, table, row_of, started, keys, bought, pots, week, year_begin, year_end):
    """A week of every programme. started: int64 (programmes + 1), starts of the budget year; keys: int64 work space;
    bought: int64 (measures x benefits) øre; pots: int64 (pots, 4) øre of the budget year."""
    if week == max(year_begin, table.first_week):
        started[:] = 0
    call(_go_on, c, seats, w, table, bought, pots, week)
    for p in range(1, table.n + 1):
        free = call(_places_free, table, p, started, week, year_begin, year_end)
        if free > 0:
            n = call(_list_eligible, c, w, table, p, keys, week)
            keys[:n].sort()
            call(_start, c, w, table, row_of, p, keys, min(n, free), started, bought, pots, week)


@kernel
def _places_free(table, p, started, week, year_begin, year_end):
    """Places of programme p that may be filled this week: those of the year so far, evenly over its intakes."""
    begin = max(year_begin, table.first_week)
    if (week - table.first_week) % table.intake_weeks[p]:
        return np.int64(0)
    reached = min(week + table.intake_weeks[p], year_end) - begin
    of_year = table.places[p] * (year_end - begin) // (year_end - year_begin)
    return max(of_year * reached // (year_end - begin) - started[p], 0)


@rule
def _lived(w, table, p, benefit, bought, pots):
    """One person is in programme p this week: counted and bought."""
    kind = table.bought_as[p]
    w.row[MEASURE_WEEKS + kind] += 1
    bought[kind * N_BENEFITS + benefit] += table.price_oere[p]
    pots[table.pot[p], SPENT] += table.price_oere[p]


@kernel
def _go_on(c, seats, w, table, bought, pots, week):
    """Ends what has run its time, leaving its after-effect; the rest are paid and take their caseworkers' minutes."""
    for position in range(w.lengths[L_SUPPORTED]):
        i = w.supported[position]
        p = np.int64(c.programme[i])
        if p == 0:
            continue
        benefit = np.int64(c.status[i]) - FIRST_BENEFIT
        if benefit < 0 or week >= c.programme_until[i]:
            c.programme[i] = 0
            if benefit >= 0 and table.after_log[p, benefit] != 0.0:
                at_work = np.int64(c.after_until[i]) > week
                c.after_effect[i] = (c.after_effect[i] if at_work else 0.0) + table.after_log[p, benefit]
                c.after_until[i] = max(np.int64(c.after_until[i]), week + table.after_weeks[p])
            continue
        _lived(w, table, p, benefit, bought, pots)
        seat = np.int64(c.caseworker[i])
        if seat >= 0:
            minutes = min(table.minutes[p], np.int64(seats.seat_minutes[seat]))
            seats.seat_minutes[seat] -= minutes
            w.row[ST_USED] += minutes
            w.row[TEAM_USED + np.int64(seats.seat_team[seat])] += minutes


@kernel
def _list_eligible(c, w, table, p, keys, week):
    """Writes a key (priority, lot, id) for everybody programme p is for; returns their number."""
    n = 0
    for position in range(w.lengths[L_SUPPORTED]):
        i = w.supported[position]
        if not may_take_part(c, table, p, i, barriers_of(c, i), week):
            continue
        if n == keys.size:
            w.lengths[L_FAULT] = FAULT_BUFFER
            return n
        agent = np.int64(c.id[i])
        place = np.int64(0)
        if table.chosen_by[p] != LOT:
            place = min(week - np.int64(c.support_since[i]), 2047)
            place = 2047 - place if table.chosen_by[p] == LONGEST else place
        lot = tie(w.keys, S_MEASURE_QUEUE, (p << 40) | (agent * 4 + _LOT_OF_PROGRAMME), 26)
        keys[n] = (((place << 26) | lot) << 24) | agent
        n += 1
    return n


@kernel
def _start(c, w, table, row_of, p, keys, n, started, bought, pots, week):
    """The first n of the list begin programme p; the week is lived in it."""
    for k in range(n):
        i = row_of[keys[k] & 0xFFFFFF]
        c.programme[i] = p
        c.programme_until[i] = week + table.weeks[p]
        started[p] += 1
        w.row[MEASURES + table.bought_as[p]] += 1
        _lived(w, table, p, np.int64(c.status[i]) - FIRST_BENEFIT, bought, pots)
