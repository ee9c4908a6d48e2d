"""Step 11: what the office costs this week is paid, and the week's books are held against each other."""

from typing import Final

import numpy as np

from sim.codes import (
    A_BENEFIT,
    A_COMPANY_SERVICE,
    A_EXTERNAL,
    A_IN_HOUSE,
    A_INTEGRATION,
    A_WAGE_SUBSIDY,
    ACCOUNTS,
    M_COURSE,
    M_EXTERNAL,
    M_MENTOR,
    MEASURES,
    MUNICIPALITY,
    PAYEE_OF_ACCOUNT,
    POTS,
    STATE,
)
from sim.compiled import kernel
from sim.money.ledger import NO_BENEFIT
from sim.week.measures import COMMITTED, SPENT

_SUBSIDIES: Final = POTS.index("wage_subsidies")
# By account: who is paid, and the pot the office's payments are debited to (-1: measures debit theirs as they start).
_PAYEE: Final = np.array(PAYEE_OF_ACCOUNT, np.int64)
# By measure: the account it is bought from; a wage subsidy is paid person by person, a placement costs nothing.
_ACCOUNT_OF_MEASURE: Final = np.full(len(MEASURES), -1, np.int64)
_ACCOUNT_OF_MEASURE[[M_COURSE, M_MENTOR, M_EXTERNAL]] = A_IN_HOUSE, A_IN_HOUSE, A_EXTERNAL
_POT: Final = np.full(len(ACCOUNTS), POTS.index("authority_staff"), np.int64)
_POT[[A_COMPANY_SERVICE, A_INTEGRATION]] = POTS.index("company_service"), POTS.index("integration")
_POT[[A_BENEFIT, A_IN_HOUSE, A_EXTERNAL, A_WAGE_SUBSIDY]] = -1


@kernel
def add_measures(bought, operating_bp, activity, due, refunded):
    """Adds up by account what measures cost this week and what the state refunds of it, rounded half up by benefit.

    bought: int64 (measures x benefits) øre; due, refunded: int64 øre (accounts).
    """
    for account in range(refunded.size):
        refunded[account] = 0
    for kind in range(_ACCOUNT_OF_MEASURE.size):
        account = _ACCOUNT_OF_MEASURE[kind]
        for benefit in range(operating_bp.shape[0]):
            spent = bought[kind * operating_bp.shape[0] + benefit]
            if account >= 0 and spent > 0:
                due[account] += spent
                refunded[account] += (spent * operating_bp[benefit, activity[kind]] + 5_000) // 10_000


@kernel
def pay(due, refunded, cells, received, pots):
    """Pays what is due by account this week, int64 øre (accounts), of which the state refunds a part, and debits the
    pots with all of it; wage subsidies, paid person by person before, are counted as spent."""
    for account in range(due.size):
        cells[account, NO_BENEFIT, 0, MUNICIPALITY] += due[account] - refunded[account]
        cells[account, NO_BENEFIT, 0, STATE] += refunded[account]
        received[_PAYEE[account]] += due[account]
        pot = _POT[account]
        if pot >= 0:
            pots[pot, COMMITTED] += due[account]
            pots[pot, SPENT] += due[account]
    for benefit in range(cells.shape[1]):
        for step in range(cells.shape[2]):
            for payer in range(cells.shape[3]):
                pots[_SUBSIDIES, SPENT] += cells[A_WAGE_SUBSIDY, benefit, step, payer]


@kernel
def balances(cells, received):
    """Whether what was paid in a week equals what was received, payee by payee."""
    for payee in range(received.size):
        left = received[payee]
        for account in range(cells.shape[0]):
            if _PAYEE[account] == payee:
                for benefit in range(cells.shape[1]):
                    for step in range(cells.shape[2]):
                        for payer in range(cells.shape[3]):
                            left -= cells[account, benefit, step, payer]
        if left != 0:
            return False
    return True
