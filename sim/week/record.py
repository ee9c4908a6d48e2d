"""Step 12: stocks of the week, and what became of those whose support began 8, 26, 52 and 104 weeks ago."""

import numpy as np

from sim.behaviour.entry import barriers_of
from sim.codes import JOB, N_STATUSES
from sim.compiled import kernel, rule
from sim.records.weekly import (
    CO_BARRIERS,
    CO_ENTRANTS,
    CO_JOB_26,
    CO_JOB_52,
    CO_SERVICE,
    CO_STILL,
    CO_WEEKS_104,
    STOCK,
    STOCK_HEALTH,
)
from sim.week.moving import counts_as_support
from sim.week.world import L_ENTRANTS


@kernel
def record_week(c, w, row_of, entrants_until, cohort, lived, week):
    """Copies the stocks the week was lived with into its record (taken before next Monday's moves), and follows entry
    cohorts. entrants_until: int64 (weeks + 1), end of each week's entrants in the list; cohort: int64 (weeks, columns);
    lived: weeks lived since the start, this one included; 0 before the start, when there are no cohorts."""
    _record_stocks(w)
    if lived > 0:
        _follow_cohorts(c, w, row_of, entrants_until, cohort, lived - 1, week)


@rule
def _record_stocks(w):
    for status in range(N_STATUSES):
        total = 0
        for health in range(3):
            total += w.stocks[status, health]
            w.row[STOCK_HEALTH + status * 3 + health] = w.stocks[status, health]
        w.row[STOCK + status] = total


@rule
def _follow_cohorts(c, w, row_of, entrants_until, cohort, t, week):
    entrants_until[t + 1] = w.lengths[L_ENTRANTS]
    cohort[t, CO_ENTRANTS] = entrants_until[t + 1] - entrants_until[t]
    for k in range(4):
        lag = 8 if k == 0 else (26 if k == 1 else (52 if k == 2 else 104))
        entry = t - lag
        if entry < 0:
            continue
        for position in range(entrants_until[entry], entrants_until[entry + 1]):
            i = row_of[w.entrant[position]]
            in_job = c.status[i] == JOB
            if k == 0:
                if barriers_of(c, i) >= 2:
                    cohort[entry, CO_BARRIERS] += 1
                    if np.int64(c.mentor_until[i]) > 0 or c.programme[i] > 0:
                        cohort[entry, CO_SERVICE] += 1
            elif k == 1:
                if in_job:
                    cohort[entry, CO_JOB_26] += 1
            elif k == 2:
                if in_job:
                    cohort[entry, CO_JOB_52] += 1
                    if week - np.int64(c.since[i]) >= 26:
                        cohort[entry, CO_STILL] += 1
            else:
                this_week = (
                    1 if counts_as_support(np.int64(c.status[i])) else 0
                )  # already paid, but the 105th
                total = np.int64(c.support_total[i]) - w.entrant_total[position]
                cohort[entry, CO_WEEKS_104] += total - this_week
