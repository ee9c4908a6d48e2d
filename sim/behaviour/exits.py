"""Ways out of a benefit other than the open labour market, and what a person's health does to them."""

from collections import namedtuple
from typing import Final

import numpy as np

from sim.codes import BAND_STARTS, FIRST_BENEFIT
from sim.compiled import rule

# One uniform number serves six doors; each owns a sixth of [0, 1), so that a changed hazard at one door leaves the
# others' outcomes alone. A hazard above a sixth stops the run.
EXIT_SLOTS: Final = 6
SLOT_WIDTH: Final = 1.0 / EXIT_SLOTS

# What a door's hazard depends on.
PLAIN, BAD_HEALTH, GOOD_HEALTH, YOUTH = range(4)
# Targets that need a further decision.
TO_UNEMPLOYMENT: Final = 100  # dagpenge if insured, else cash benefit or own means
TO_OWN_JOB: Final = 101

# Looked up: six comparisons a person, three times a week, would be guessed wrong by the processor half the time.
_BAND_OF_WEEK = np.maximum(np.searchsorted(BAND_STARTS, np.arange(BAND_STARTS[-1] + 1), side="right") - 1, 0)
_BAND_OF_WEEK = _BAND_OF_WEEK.astype(np.uint8)

ExitTable = namedtuple(
    "ExitTable",
    [
        "hazard",  # float64 (benefits, bands, slots)
        "target",  # int64 (benefits, slots): status, or one of the targets above
        "kind",  # int64 (benefits, slots)
        "highest",  # float64 (benefits): no hazard of a person on that benefit is above this
        "bad_health",  # float64 (3)
        "good_health",  # float64 (3)
        "youth",  # float64 (2): under 30, 30 and over
        "relapse",  # float64: on falling ill anew in the half year after a sickness benefit ended, 1 as for others
        "pension_age_factor",  # float64 (3): under 40, 40-54, 55 and over
    ],
)


@rule
def exit_slot(u):
    """Door a draw is about, and how far into its slice it fell."""
    slot = int(u * EXIT_SLOTS)
    return slot, u - slot * SLOT_WIDTH


@rule
def exit_hazard(table, benefit, band, slot, health, age_weeks):
    """Hazard a week that a person on `benefit` leaves by the door of `slot`."""
    hazard = table.hazard[benefit, band, slot]
    kind = table.kind[benefit, slot]
    if kind == BAD_HEALTH:
        age = 0 if age_weeks < 2087 else (1 if age_weeks < 2870 else 2)
        hazard *= table.bad_health[health] * table.pension_age_factor[age]
    elif kind == GOOD_HEALTH:
        hazard *= table.good_health[health]
    elif kind == YOUTH:
        hazard *= table.youth[0 if age_weeks < 1565 else 1]
    return hazard


@rule
def benefit_of(status):
    """Benefit (codes.BENEFITS) that a status is; only of statuses that are one: of others it lies outside every table.

    Like `band_of` it passes through a type without negative numbers: whatever is looked up by it in a table need not be
    asked first whether it counts from the table's end (measured: a tenth of the instructions of calling people in).
    """
    return np.int64(np.uint8(status - FIRST_BENEFIT))


@rule
def band_of(weeks):
    """Band of codes.BANDS for the number of the week in a spell (1 in its first week)."""
    return np.int64(_BAND_OF_WEEK[min(weeks, _BAND_OF_WEEK.size - 1)])
