"""Steps 8, 9 and 11 for the people on support: they look for work, change, and are paid, in one walk.

The week's status is fixed since step 3 and every move waits for Monday, so nothing a person does here changes what
another is paid; walking once, a block of people at a time, saves fetching everybody's columns anew.
"""

from sim.chance import S_EXIT, S_HEALTH, S_SEARCH, uniforms
from sim.compiled import kernel
from sim.week.drift import drift_and_exits
from sim.week.hiring import (
    apply_for_work,
    bound_effects,
    companies_asked,
    invite_rivals,
    learn_what_is_usual,
    may_ask,
)
from sim.week.payments import note_support, pay_benefits, pay_block
from sim.week.world import BLOCK, L_CASES, Y_YIELD_ANCHOR, next_block, others_on_support

_SEARCH, _HEALTH, _EXIT = range(3)  # rows of `luck`


@kernel
def live(
    c, companies, seats, w, law, search, channel, meeting, offer, market, exits, entry, drift, pay, tickets, vacancies,
    best_score, best_row, memory, centre, highest, sums, counts, paid, ledger, received, learning, week,
):  # fmt: skip
    """Everybody on support applies for work, lives a week and is paid for it. Returns the number of companies drawn.

    best_score, best_row: float64 and int64 by vacancy, left with the best applicant; sim/week/hiring.py decides.
    highest: float64 (benefits, bands), paid: int64 (brackets, N_RATES), work space. ledger: int64 (accounts,
    benefits + 1, steps, payers) øre; received: int64 (payees) øre.
    """
    invite_rivals(w, market, vacancies, best_score, best_row)
    bound_effects(seats, channel, offer, centre, highest)
    sums[:] = 0
    counts[:] = 0
    paid[:] = 0
    per_application = 1.0 / memory[Y_YIELD_ANCHOR]
    draws = 0
    for first in range(0, w.lengths[L_CASES], BLOCK):
        cases, n = next_block(c, w, first)
        uniforms(w.keys, S_SEARCH, w.ids, n, w.mixed, w.luck[_SEARCH])
        uniforms(w.keys, S_HEALTH, w.ids, n, w.mixed, w.luck[_HEALTH])
        uniforms(w.keys, S_EXIT, w.ids, n, w.mixed, w.luck[_EXIT])
        for k in range(n):
            u = w.luck[_SEARCH, k]
            w.answer[k] = learning == 1 or may_ask(c, search, per_application, highest, cases[k], u, week)
        for k in range(n):
            if w.answer[k] > 0:
                w.answer[k] = companies_asked(
                    c, seats, search, channel, meeting, offer, per_application, centre, sums, counts, learning,
                    cases[k], w.luck[_SEARCH, k], week,
                )  # fmt: skip
        for k in range(n):
            if w.answer[k] > 0:
                draws += w.answer[k]
                apply_for_work(
                    c, companies, w, market, tickets, vacancies, best_score, best_row, cases[k], w.answer[k], week
                )  # fmt: skip
        for k in range(n):
            drift_and_exits(
                c, w, exits, entry, search, drift, cases[k], w.luck[_HEALTH, k], w.luck[_EXIT, k], week
            )
        pay_block(c, w, law, pay, paid, ledger, received, cases, n, week)
        note_support(c, w, cases, n, week)
    others = others_on_support(w)
    for first in range(0, others.size, BLOCK):
        n = min(BLOCK, others.size - first)
        pay_block(c, w, law, pay, paid, ledger, received, others[first : first + n], n, week)
    pay_benefits(w, pay, paid, ledger, received)
    if learning == 1:
        learn_what_is_usual(market, memory, centre, sums, counts)
    return draws
