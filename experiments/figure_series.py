"""What the figures of a comparison are made of: names as they are read, and weekly series with their units."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from experiments.comparison import Comparison
from experiments.figure_axes import NOTHING
from experiments.figure_style import Palette
from sim import codes
from sim.records.outcomes import SUPPORT_APART

BENEFIT_WORDS: Final = {
    "dagpenge": "Dagpenge",
    "kontanthjaelp_jobready": "Kontanthjælp, job-ready",
    "kontanthjaelp_activityready": "Kontanthjælp, activity-ready",
    "uddannelseshjaelp": "Uddannelseshjælp (young)",
    "sygedagpenge": "Sygedagpenge (sickness)",
    "jobafklaring": "Jobafklaring",
    "ressourceforloeb": "Ressourceforløb",
    "revalidering": "Revalidering",
    "ledighedsydelse": "Ledighedsydelse",
    "fleksjob": "Fleksjob",
    "foertidspension": "Førtidspension",
    "sho": "SHO",
}
SUPPORT: Final = tuple(name for name in codes.BENEFITS if name not in SUPPORT_APART)
CAUSE_WORDS: Final = {
    "resignation": "resignation",
    "absence": "absence",
    "group_shift": "change of benefit or group",
    "reorganisation": "reorganisation",
    "own_request": "own request",
}
SMOOTH_WEEKS: Final = 13  # a quarter: single weeks of few people jump


def words(scenario: str) -> str:
    """A scenario's name as it is read aloud."""
    return scenario.replace("_", " ")


def others(comparison: Comparison) -> list[str]:
    """The scenarios besides the base, each once."""
    return [name for name in dict.fromkeys(comparison.scenarios) if name != comparison.base]


def palette_of(comparison: Comparison) -> Palette:
    """Colours for all figures of one comparison."""
    return Palette(comparison.base, others(comparison))


def moves_people(comparison: Comparison, scenario: str) -> bool:
    """Whether any status ever holds another number of people than in the base; a refusion rule alone never does."""
    base, other = comparison.weekly[comparison.base], comparison.weekly[scenario]
    return any(
        bool(np.any(np.abs(other[f"stock.{s}"] - base[f"stock.{s}"]) > NOTHING)) for s in codes.STATUSES
    )


def in_panels(comparison: Comparison, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Strategies and contexts apart, with a heading each; only those there are."""
    strategies = [name for name in names if comparison.kinds[name] != "context"]
    contexts = [name for name in names if comparison.kinds[name] == "context"]
    found = [("Strategies", strategies), ("Contexts (not a choice; own scale)", contexts)]
    return [(heading, members) for heading, members in found if members] or [("", [])]


def support(comparison: Comparison, scenario: str) -> np.ndarray:
    """People on support each week, fleksjob and førtidspension apart, float64 (weeks,)."""
    series = comparison.weekly[scenario]
    return np.asarray(np.sum([series[f"stock.{name}"] for name in SUPPORT], axis=0), np.float64)


def quarter_mean(values: np.ndarray) -> np.ndarray:
    """Mean of the quarter around each week, shorter at the ends, float64 (weeks,)."""
    half = SMOOTH_WEEKS // 2
    total = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    week = np.arange(len(values))
    first, last = np.maximum(week - half, 0), np.minimum(week + half + 1, len(values))
    return np.asarray((total[last] - total[first]) / (last - first))


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Quarter means divided; not a number where there is nothing to divide by."""
    above, below = quarter_mean(top), quarter_mean(bottom)
    found = np.full(len(above), np.nan)
    np.divide(above, below, out=found, where=below > NOTHING)
    return found


def changes_per_citizen_year(comparison: Comparison, scenario: str) -> dict[str, float]:
    """Caseworker changes a year for each open case, by cause; the first assignment is not a change."""
    series = comparison.weekly[scenario]
    citizen_years = float(np.sum(series["casework.cases"])) / 52.0
    return {
        cause: float(np.sum(series[f"changes.{cause}"])) / citizen_years if citizen_years > NOTHING else 0.0
        for cause in CAUSE_WORDS
    }


def steps(comparison: Comparison, scenario: str) -> np.ndarray:
    """Persons by step, float64 (steps with a name, weeks)."""
    named = len(comparison.step_labels[scenario])
    return np.array([comparison.weekly[scenario][f"ladder.step{k}"] for k in range(named)], np.float64)
