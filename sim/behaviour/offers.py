"""Measures: what is offered to whom, what it costs, and what it leaves behind."""

from collections import namedtuple

from sim.codes import (
    M_COURSE,
    M_EXTERNAL,
    M_PLACEMENT_PRIVATE,
    M_PLACEMENT_PUBLIC,
    M_WAGE_SUBSIDY,
)
from sim.compiled import rule

OfferTable = namedtuple(
    "OfferTable",
    [
        "allowed",  # uint8 (benefits)
        "wage_subsidy_allowed",  # uint8 (benefits)
        "referral",  # float64 (benefits): offers per attended meeting
        "before_deadline",  # float64: factor on that before the offer deadline
        "deadline",  # int64 (benefits): week of the spell by which the first offer is due
        "mentor_share",  # float64
        "kind_share",  # float64 (4): cumulative: placement, course, external, wage subsidy
        "private_share",  # float64
        "weeks",  # int64 (benefits, measures)
        "price_oere",  # int64 (measures): a week of the measure
        "consultant_minutes",  # int64: setting up and following one placement
        "consultant_minutes_week",  # int64: minutes of company consultants a week
        "pot",  # int64 (measures): codes.POTS, -1 none
        "when_empty",  # int64 (pots): 0 stop, 1 thin out, 2 overspend, 3 carry over
        "thin_out",  # float64: share of starts let through when an empty pot thins them out
        "lock_in_log",  # float64 (measures)
        "after_log",  # float64 (benefits, measures)
        "after_weeks",  # int64
        "mentor_log",  # float64
        "programme_log",  # float64 (programmes + 1, benefits): while a lever's programme runs (sim/week/programmes.py)
        "subsidy_hired",  # float64: wage subsidies that end in an ordinary job
        "openness_gain",  # float64
        # what the levers for companies change; nothing without them
        "quota",  # int64 (4): least places, employees per place, up to so many employees, employees per further place
        "partner_share",  # float64: companies with an agreement
        "partner_openness",  # float64: chance that one of them says yes, if above its own
        "substitution",  # float64: starts at a private company that take the place of a post it would have opened
        "paid_hours",  # uint8 (benefits): 1 where ordinary paid hours are arranged
        "small_job_share",  # float64: private placements offered that are a small paid job instead
        "hybrid_share",  # float64: private placements that go on as paid hours at the same company
    ],
)


@rule
def kind_of_offer(u, u_private, table, subsidy_allowed):
    """Kind of measure offered, from uniform numbers; people who may not have a wage subsidy get a placement instead."""
    if u < table.kind_share[0]:
        return M_PLACEMENT_PRIVATE if u_private < table.private_share else M_PLACEMENT_PUBLIC
    if u < table.kind_share[1]:
        return M_COURSE
    if u < table.kind_share[2]:
        return M_EXTERNAL
    return M_WAGE_SUBSIDY if subsidy_allowed else M_PLACEMENT_PRIVATE


@rule
def place_quota(jobs, quota):
    """Supported persons a workplace of so many ordinary employees may have (law/measures.yaml, place_quota_...)."""
    small = min(jobs, quota[2])
    return max(quota[0], small // quota[1]) + (jobs - small) // quota[3]
