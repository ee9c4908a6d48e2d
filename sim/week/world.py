"""What every step of the week shares: lists of people, counters of the week, and the law in force."""

from collections import namedtuple
from typing import Final

from sim.codes import FIRST_BENEFIT, FOERTIDSPENSION
from sim.compiled import rule

# Lists whose lengths live in `lengths`.
L_SUPPORTED, L_REQUESTED, L_VACANCIES, L_ENTRANTS, L_SPELLS, L_FAULT, L_CASES, L_OTHERS = range(8)
N_LENGTHS: Final = 8

# Faults a kernel can meet; the model raises after the step.
FAULT_HAZARD, FAULT_BUFFER = 1, 2

# What remembers the market and the centres of the effect channels (float64 `memory`).
Y_YIELD, Y_FILL_WEEKS, Y_YIELD_ANCHOR, Y_FILL_ANCHOR = range(4)
N_MEMORY: Final = 8

# Walks through people on support take so many at a time, question by question: what is read of them stays at hand, and
# in a short loop a processor reads the next person while it waits for this one (measured: payments in three short loops
# take three quarters of one long loop's time).
BLOCK: Final = 256
N_LUCK: Final = 3

World = namedtuple(
    "World",
    [
        "keys",  # uint64 (streams, 2): this week's keys of chance
        "row",  # int64 (weekly columns): this week's record
        "supported",  # uint32: rows of people on a benefit or in a subsidised job this week
        "first_of_status",  # int64 (statuses): work space of sorting that list
        "first_of_team",  # int64 (teams + 1): where each team begins in the list of caseworkers at work
        "requested",  # uint32: rows of people who ask to move next Monday; before that, of those called (arrivals.py)
        "lengths",  # int64: lengths of the lists, and a fault code
        "hired",  # int64 (educations): hires of people on support this week
        "stocks",  # int64 (statuses, health): residents by status
        "entrant",  # int32: ids of people whose support began after the start, by week of entry
        "entrant_total",  # int16: their weeks on support at entry
        "cases",  # uint32: rows of those in `supported` who have a case (`has_case`); from its end, the others
        "ids",  # int64 (BLOCK): whom the draws in `luck` belong to
        "mixed",  # uint64 (BLOCK): work space of these draws
        "luck",  # float64 (N_LUCK, BLOCK): draws of one walk
        "answer",  # uint8 (BLOCK): what the last question to each of a block has brought
        "bracket",  # uint16 (BLOCK): what those of a block who are on a benefit are paid by
        "spell_person",  # int32: closed spells not yet written out
        "spell_benefit",  # uint8
        "spell_begin",  # int16
        "spell_end",  # int16: first week after the spell
        "spell_door",  # uint8
    ],
)


@rule
def next_block(c, w, first):
    """The block of cases from place `first` of their list: rows, and how many; their ids are written into `ids`."""
    n = min(BLOCK, w.lengths[L_CASES] - first)
    cases = w.cases[first : first + n]
    for k in range(n):
        w.ids[k] = c.id[cases[k]]
    return cases, n


@rule
def others_on_support(w):
    """Rows of those on support without a case, two in five: they are paid, and that is all."""
    return w.cases[w.cases.size - w.lengths[L_OTHERS] :]


@rule
def has_case(status):
    """Whom the office sees, who may look for work and may leave: people on any benefit but the pension."""
    return (status >= FIRST_BENEFIT) & (status != FIRST_BENEFIT + FOERTIDSPENSION)


# The law in force this week, as far as moves between statuses need it.
Law = namedtuple(
    "Law",
    [
        "clock_kind",  # int64 (statuses): what a week in the status does to the refusion clock
        "reset_weeks",  # int64: self-support weeks that start the clock over
        "window_weeks",  # int64
        "clear_at_reset",  # int64
        "clock_from",  # int64: first week whose benefit weeks and self-support weeks count
        "pension_age_weeks",  # int64
        "legacy_before",  # int64: pensions and fleksjobs awarded before this week keep their old share
    ],
)

# Standing of requests, lower wins (sim/week/transitions.py).
RANK_LEAVES, RANK_LIMIT, RANK_PENSION, RANK_SICKNESS, RANK_JOB, RANK_EDUCATION, RANK_OTHER = range(7)
