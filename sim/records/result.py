"""What one run returns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.calendar import year_of
from sim.codes import ACCOUNTS, PAYERS
from sim.money.ledger import FRAME_OF_ACCOUNT
from sim.records.weekly import COHORT_NAMES, NAMES


@dataclass(frozen=True)
class RunResult:
    """Tables of one run. Weeks are counted from `start`; money is integer øre at the scenario's price level."""

    scenario: str
    seed: int
    start: int  # week index of the first week
    weeks: int
    rows: np.ndarray  # int64 (weeks, weekly columns)
    ledger: np.ndarray  # int64 (weeks, accounts, benefits + 1, steps, payers) øre
    pots: np.ndarray  # int64 (years, pots, 4) øre: authorised, committed, spent, carried over
    years: tuple[int, ...]
    cohort: np.ndarray  # int64 (weeks of entry, cohort columns)
    step_labels: tuple[str, ...]
    hired: np.ndarray | None = (
        None  # int64 (weeks, educations): hires of people on support by their schooling
    )
    spells: dict[str, np.ndarray] | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def column(self, name: str) -> np.ndarray:
        """A weekly column by name, int64 (weeks,)."""
        return self.rows[:, NAMES.index(name)]

    def cohort_column(self, name: str) -> np.ndarray:
        """A cohort column by name, int64 (weeks of entry,)."""
        return self.cohort[:, COHORT_NAMES.index(name)]

    def year_of_week(self) -> np.ndarray:
        """Budget year of each week, int64 (weeks,)."""
        return np.array([year_of(self.start + k) for k in range(self.weeks)])

    def spending(
        self, payer: str | None = None, accounts: tuple[str, ...] | None = None, frame: str | None = None
    ) -> np.ndarray:
        """Øre a week by payer, accounts and budget frame (None means all of them), int64 (weeks,)."""
        chosen = [
            k
            for k, name in enumerate(ACCOUNTS)
            if (accounts is None or name in accounts) and (frame is None or FRAME_OF_ACCOUNT[name] == frame)
        ]
        ledger = self.ledger[:, chosen]
        if payer is not None:
            return np.asarray(ledger[..., PAYERS.index(payer)].sum(axis=(1, 2, 3)))
        return np.asarray(ledger.sum(axis=(1, 2, 3, 4)))
