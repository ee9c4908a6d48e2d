"""Double entry: every øre of a week has a payer, an account, a budget frame and a payee; the books balance or
the run stops.

The kernels post benefits and wage subsidies person by person; this file posts staff, measures and levers,
keeps the pots of the budget year, and checks the week.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.codes import (
    ACCOUNTS,
    N_ACCOUNTS,
    N_BENEFITS,
    N_POTS,
    N_STEPS,
    PAYEE_OF_ACCOUNT,
    PAYEES,
    PAYERS,
)

# Budget frame of each account. Status: benefits are transfers (read); operating accounts service (to verify).
FRAME_OF_ACCOUNT = {
    "benefit": "transfers",
    "staff": "service",
    "company_service": "service",
    "in_house_courses": "service",
    "external_courses": "service",
    "wage_subsidy": "transfers",
    "integration": "service",
    "lever_one_off": "service",
    "retention_pay": "service",
}
# What "gross operating spending" means: all accounts but income transfers.
OPERATING = tuple(name for name in ACCOUNTS if FRAME_OF_ACCOUNT[name] == "service")
NO_BENEFIT = N_BENEFITS  # row of the ledger for postings that belong to no benefit


# int64 (payees, accounts): 1 where the account's money goes to the payee.
_GOES_TO: Final = (np.arange(len(PAYEES))[:, None] == np.array(PAYEE_OF_ACCOUNT)).astype(np.int64)


class BooksDoNotBalance(RuntimeError):
    """A week's payers and payees differ."""


@dataclass
class Ledger:
    """Postings by week: payers' side int64 (weeks, accounts, benefits + 1, steps, payers) and payees' side
    (weeks, payees), øre."""

    payers: np.ndarray
    payees: np.ndarray
    pots: np.ndarray  # int64 (years, pots, 4): authorised, committed, spent, carried over
    years: list[int] = field(default_factory=list)

    @classmethod
    def empty(cls, weeks: int, years: list[int]) -> "Ledger":
        """An unwritten ledger for a horizon."""
        return cls(
            np.zeros((weeks, N_ACCOUNTS, N_BENEFITS + 1, N_STEPS, len(PAYERS)), np.int64),
            np.zeros((weeks, len(PAYEES)), np.int64),
            np.zeros((len(years), N_POTS, 4), np.int64),
            years,
        )

    def post(self, week: int, account: int, amount_oere: int, payer: int = 0) -> None:
        """One posting that belongs to no benefit: `payer` pays the account's payee."""
        self.payers[week, account, NO_BENEFIT, 0, payer] += amount_oere
        self.payees[week, PAYEE_OF_ACCOUNT[account]] += amount_oere

    def receive(self, week: int, payee: int, amount_oere: int) -> None:
        """The payee's side of what the kernels paid out person by person."""
        self.payees[week, payee] += amount_oere

    def balance(self, week: int) -> None:
        """Raises when the week's payments do not equal the week's receipts, payee by payee."""
        paid = _GOES_TO @ self.payers[week].reshape(N_ACCOUNTS, -1).sum(axis=1)
        if not np.array_equal(paid, self.payees[week]):
            difference = {
                name: int(a - b) for name, a, b in zip(PAYEES, paid, self.payees[week], strict=True) if a != b
            }
            raise BooksDoNotBalance(f"week {week} of the run: paid minus received, øre: {difference}")
