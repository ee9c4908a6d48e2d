"""Citizens: one row per resident, one column per attribute.

A row is never reused; everybody who will arrive within the horizon has a row from the start (status `absent` until the
week of arrival). Rows may be stored in any order: the id, not the row, addresses chance.
"""

from collections import namedtuple
from typing import Final, NamedTuple


class Column(NamedTuple):
    """One attribute of an agent."""

    name: str
    dtype: str
    unit: str
    meaning: str


CITIZENS: Final = (
    Column("id", "int32", "-", "address of the person's chance; never reused"),
    Column("birth_week", "int16", "week", "week of birth"),
    Column("arrive_week", "int16", "week", "first week as a resident"),
    Column("education", "uint8", "code", "codes.EDUCATIONS"),
    Column("health", "uint8", "code", "codes.HEALTH: lasting barrier from illness or disability"),
    Column("attachment", "uint8", "class", "lasting foothold in the labour market, 0 weakest to 4 strongest"),
    Column("sector", "uint8", "code", "sector of the municipality the person looks to first"),
    Column("flags", "uint8", "bits", "traits, see the FLAG constants below"),
    Column("status", "uint8", "code", "codes.STATUSES, holds for the whole week"),
    Column("since", "int16", "week", "week the present status began"),
    Column("support_since", "int16", "week", "week the present unbroken support began"),
    Column("origin", "uint8", "code", "status before the present one"),
    Column("rate_class", "uint8", "code", "codes.RATE_CLASSES of the present benefit"),
    Column("right_used", "int16", "weeks", "weeks of the dagpenge right used up"),
    Column("clock_n", "int16", "weeks", "refusion clock: benefit weeks counted"),
    Column("clock_w0", "int64", "bits", "self-support weeks, the latest 52"),
    Column("clock_w1", "int64", "bits", "self-support weeks, 53-104 back"),
    Column("clock_w2", "int64", "bits", "self-support weeks, 105-156 back"),
    Column("clock_stamp", "int16", "week", "first week the self-support words do not yet hold"),
    Column("support_bits", "int64", "bits", "weeks on support among the 52 before support_stamp"),
    Column("support_count", "uint8", "weeks", "number of weeks set in support_bits"),
    Column("support_total", "int16", "weeks", "weeks on support since the history began"),
    Column("support_stamp", "int16", "week", "first week support_bits does not yet hold"),
    Column("candidate_week", "int16", "week", "next week of the person's candidate clock"),
    Column(
        "caseworker",
        "int16",
        "seat",
        "seat that holds the case, -1 none, below -1 none since a change",
    ),
    Column("last_meeting", "int16", "week", "latest meeting held in the present spell, -1 none"),
    Column("meetings", "uint8", "meetings", "meetings held in the present spell (stops at 255)"),
    Column("contact", "float64", "meetings", "decayed number of recent meetings at last_meeting"),
    Column("trust", "float64", "0-1", "trust in the present caseworker"),
    Column("skill", "float64", "log", "work habits lost while out of work (zero or negative)"),
    Column("after_effect", "float64", "log hazard", "what completed measures left behind"),
    Column("after_until", "int16", "week", "week the after-effect ends"),
    Column("measure", "uint8", "code", "main measure running, codes.MEASURES"),
    Column("measure_start", "int16", "week", "first week of the main measure"),
    Column("measure_until", "int16", "week", "first week after the main measure"),
    Column("host", "int32", "company", "company that holds the placement, -1 none"),
    Column("mentor_until", "int16", "week", "first week after the supporting measure"),
    Column("programme", "uint8", "code", "programme of a lever the person takes part in, 0 none"),
    Column("programme_until", "int16", "week", "first week after that programme"),
    Column("arm", "uint8", "code", "0 outside any trial, 1 control, 2 enrolled"),
    Column("request", "uint8", "status + 1", "where the person asks to go next Monday, 0 nowhere"),
    Column("request_rank", "uint8", "rank", "standing of that request, lower wins"),
)

# The columns as kernels see them, one array per field.
Citizens = namedtuple("Citizens", [column.name for column in CITIZENS])  # type: ignore[misc]

# Bits of `flags`. The first five are traits, the last two change.
INSURED, PROVIDER, AT_HOME, NON_DANISH, SOCIAL_BARRIER, LEGACY_AWARD, MISASSESSED, GRADUATE = (
    1 << k for k in range(8)
)

MINIMUM_AGE_WEEKS: Final = 16 * 52 + 20  # residents are modelled from their 16th birthday: 16 years in weeks
NEVER: Final = 32000  # a week no run reaches
ADULT_AGE_WEEKS: Final = 939  # 18 years: nobody younger holds a benefit


def bytes_per_citizen() -> int:
    """Bytes of state for one citizen, counted from the columns."""
    import numpy as np

    return sum(np.dtype(column.dtype).itemsize for column in CITIZENS)
