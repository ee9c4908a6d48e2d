"""Steps 8, 9 and 11 for the people on support: they look for work, change, and are paid, in one walk.

The week's status is fixed since step 3 and every move waits for Monday, so nothing a person does here changes what
another is paid; walking once instead of three times saves fetching everybody's columns anew.
"""

import numpy as np

from sim.codes import FIRST_BENEFIT
from sim.compiled import kernel
from sim.week.drift import drift_and_exits
from sim.week.hiring import apply_for_work, invite_rivals, learn_what_is_usual
from sim.week.payments import pay_benefit, pay_subsidy
from sim.week.world import L_SUPPORTED, Y_YIELD_ANCHOR


@kernel
def live(
    c, companies, seats, w, law, search, channel, meeting, offer, market, exits, entry, drift, pay, tickets, vacancies,
    best_score, best_row, memory, centre, sums, counts, ledger, received, learning, week,
):  # fmt: skip
    """Everybody on support applies for work, lives a week and is paid for it. Returns the number of companies drawn.

    best_score, best_row: float64 and int64 by vacancy, left with the best applicant; sim/week/hiring.py decides.
    ledger: int64 (accounts, benefits + 1, steps, payers) øre; received: int64 (payees) øre.
    """
    invite_rivals(w, market, vacancies, best_score, best_row)
    sums[:] = 0
    counts[:] = 0
    per_application = 1.0 / memory[Y_YIELD_ANCHOR]
    draws = 0
    for position in range(w.lengths[L_SUPPORTED]):
        i = w.supported[position]
        status = np.int64(c.status[i])
        if status < FIRST_BENEFIT:
            pay_subsidy(c, pay, ledger, received, i)
            continue
        if search.hazard[status - FIRST_BENEFIT] > 0.0:
            draws += apply_for_work(
                c, companies, seats, w, search, channel, meeting, offer, market, tickets, vacancies, best_score,
                best_row, per_application, centre, sums, counts, learning, i, status - FIRST_BENEFIT, week,
            )  # fmt: skip
        drift_and_exits(c, w, exits, entry, search, drift, i, status, week)
        pay_benefit(c, w, law, pay, ledger, received, i, status, week)
    if learning == 1:
        learn_what_is_usual(market, memory, centre, sums, counts)
    return draws
