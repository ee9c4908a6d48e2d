"""What a comparison holds: the paired differences and all a report prints beside them.

Tables are pandas frames; every column is listed with its unit in docs/results.md. Money is in kroner here (the ledger's
øre divided by 100), expenditure positive, at the price level of `price_level`.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

WATERMARK: Final = "Not calibrated: shows mechanisms, not for decisions"
CALCULATION_ERROR: Final = (
    "calculation error"  # the one spread this kind of comparison knows (economics rule 1)
)
ONE_SPREAD: Final = (
    "Intervals are calculation error only: behaviour is held at its central values, so they say how well the mean of"
    " these runs is known, not how well the effect is known."
)
NEITHER_LIMIT: Final = 0.25  # above it the headline warns that a saving is not a job

DIFFERENCE_COLUMNS: Final = (
    "scenario",
    "outcome",
    "group",
    "year",  # a budget year, or "all" for the whole horizon
    "unit",
    "estimand",
    "evidence_class",  # A, B, C; empty for a context
    "baseline",
    "difference",
    "low",
    "high",
    "interval_kind",
    "runs",
)
PAIRING_COLUMNS: Final = ("scenario", "outcome", "group", "year", "variance_removed", "var_difference")
BOUND_COLUMNS: Final = (
    "scenario",
    "lever",
    "evidence_class",
    "persons_reached",  # a year
    "bound_kr_year",
    "simulated_kr_year",
    "within",  # simulated gain at most twice the bound
    "evidence",
)
# door: job | ordinary education | other benefit | neither
EXIT_COLUMNS: Final = ("scenario", "door", "person_weeks", "share")
EXIT_DOORS: Final = ("job", "ordinary education", "other benefit", "neither")
# line: accounting | behaviour | total; `people` is the change in full-time persons on support
REFUSION_COLUMNS: Final = ("scenario", "line", "municipal_kr_year", "state_kr_year", "people")
REFUSION_LINES: Final = ("accounting", "behaviour", "total")

# Weekly series made of the ledger, kroner a week and added up since the start.
MONEY_SERIES: Final = ("net_municipal_kr", "net_state_kr", "operating_kr")
CUMULATIVE: Final = "cumulative_"


def mark(calibrated: bool, assumptions: tuple[str, ...]) -> str | None:
    """What every output must carry: the watermark of an uncalibrated ground, and effects that were typed in."""
    said = [] if calibrated else [WATERMARK]
    if assumptions:
        said.append(f"Assumed, not measured: {'; '.join(assumptions)}")
    return ". ".join(said) or None


@dataclass(frozen=True)
class Comparison:
    """Scenarios against one base, seed by seed."""

    base: str
    scenarios: tuple[str, ...]  # the others, in the order given
    kinds: dict[str, str]  # scenario -> strategy | context | baseline
    evidence_class: dict[str, str | None]  # scenario -> A | B | C | None
    questions: dict[str, str]
    seeds: tuple[int, ...]
    start: int  # week index
    weeks: int
    years: tuple[int, ...]  # budget years touched by the horizon
    differences: "pd.DataFrame"
    pairing: "pd.DataFrame"
    weekly: "dict[str, dict[str, np.ndarray]]"  # scenario (base too) -> series -> mean over seeds, float64 (weeks,)
    step_labels: dict[str, tuple[str, ...]]  # scenario (base too) -> words for ladder.step0, step1, ...
    bounds: "pd.DataFrame"
    exit_split: "pd.DataFrame"
    refusion_lines: "pd.DataFrame"
    notes: list[str]
    calibrated: bool
    rules_not_verified: int
    command: str
    version: str  # code version of the model
    price_level: int  # kroner of this year
    assumptions: tuple[str, ...] = ()  # effects typed in by the user that no study has measured
    municipality: str = ""
    world_share: float = 1.0
    money: "pd.DataFrame | None" = (
        None  # money over time, tidy (experiments/money_table.py); None when not made
    )
    discount_rate: float = 0.035  # real, a year
    # every strategy at one price (experiments/equal_budget_table.py); None when it was not asked for
    equal_budget: "pd.DataFrame | None" = None
    # savings that flow back, by year (experiments/investing.py); None where no scenario has an investment model
    flows_back: "pd.DataFrame | None" = None
    # scenario -> series -> half-width of the 95 % calculation error of (scenario - base), float64 (weeks,)
    weekly_error: "dict[str, dict[str, np.ndarray]]" = field(default_factory=dict)

    @property
    def money_unit(self) -> str:
        """The words that stand beside every amount."""
        return f"kr., {self.price_level} prices"

    @property
    def watermark(self) -> str | None:
        """The line every output carries until the fit targets pass; None when they do."""
        return mark(self.calibrated, self.assumptions)

    def difference(self, scenario: str, outcome: str, group: str = "all", year: str = "all") -> "pd.Series":
        """One row of the differences. Raises KeyError when there is none."""
        frame = self.differences
        rows = frame[
            (frame.scenario == scenario)
            & (frame.outcome == outcome)
            & (frame.group == group)
            & (frame.year == year)
        ]
        if rows.empty:
            raise KeyError(f"no difference for {scenario}, {outcome}, {group}, {year}")
        return rows.iloc[0]

    def by_class(self) -> dict[str, list[str]]:
        """Scenarios in the groups that may stand in one ranking: A, B, C, contexts."""
        groups: dict[str, list[str]] = {}
        for name in self.scenarios:
            what = "context" if self.kinds[name] == "context" else (self.evidence_class[name] or "none")
            groups.setdefault(what, []).append(name)
        return {what: groups[what] for what in ("A", "B", "C", "none", "context") if what in groups}
