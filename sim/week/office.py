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
    MUNICIPALITY,
    PAYEE_OF_ACCOUNT,
    POTS,
)
from sim.compiled import kernel
from sim.money.ledger import NO_BENEFIT
from sim.week.measures import COMMITTED, SPENT

_SUBSIDIES: Final = POTS.index("wage_subsidies")
# By account: who is paid, and the pot the office's payments are debited to (-1: measures debit theirs as they start).
_PAYEE: Final = np.array(PAYEE_OF_ACCOUNT, np.int64)
_POT: Final = np.full(len(ACCOUNTS), POTS.index("authority_staff"), np.int64)
_POT[[A_COMPANY_SERVICE, A_INTEGRATION]] = POTS.index("company_service"), POTS.index("integration")
_POT[[A_BENEFIT, A_IN_HOUSE, A_EXTERNAL, A_WAGE_SUBSIDY]] = -1


@kernel
def pay(due, cells, received, pots):
    """Pays what is due by account this week, int64 øre (accounts), and debits the pots; wage subsidies, paid person by
    person before, are counted as spent."""
    for account in range(due.size):
        cells[account, NO_BENEFIT, 0, MUNICIPALITY] += due[account]
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
