"""What happens to a caseworker: resigning, long absence, learning."""

import math
from collections import namedtuple

from sim.compiled import rule

StaffTable = namedtuple(
    "StaffTable",
    [
        "minutes_per_fte",  # float64: working minutes a week at full pace
        "case_minutes",  # float64 (teams): administration of one case a week
        "resignation",  # float64: hazard a week at the usual backlog
        "overload",  # float64: log hazard per week of backlog
        "retention",  # float64: factor on resignation from retention pay
        "long_absence",  # float64
        "long_absence_weeks",  # int64
        "cover_weeks",  # int64: an absence beyond this moves the cases
        "weeks_to_fill",  # int64
        "novice_weeks",  # int64
        "novice_pace",  # float64
        "novice_log",  # float64: what a novice adds to clients' job finding
        "quality_sd",  # float64
        "slack",  # float64 (teams): FTE of cover for absence
        "leaving",  # float64 (teams): FTE that a shock makes resign this week
        "frozen_weeks",  # int64: weeks those posts stay empty beyond `weeks_to_fill`
    ],
)


@rule
def resignation_hazard(table, backlog_minutes, capacity_minutes):
    """Hazard a week that a caseworker resigns; backlog of a full week's work multiplies it by exp(overload)."""
    load = backlog_minutes / capacity_minutes if capacity_minutes > 0.0 else 0.0
    load = load if load < 2.0 else 2.0
    return table.resignation * table.retention * math.exp(table.overload * load)


@rule
def quality_from(u, v, sd):
    """A caseworker's lasting quality in log points, standard deviation `sd`: triangular, from two uniform numbers."""
    return (u + v - 1.0) * sd * 2.449489742783178
