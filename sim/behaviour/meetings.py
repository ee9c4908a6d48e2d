"""What a meeting does: contact, trust, and how both fade or break."""

from collections import namedtuple

from sim.compiled import rule

MeetingTable = namedtuple(
    "MeetingTable",
    [
        # the plan, by arm, benefit and band of weeks in the spell
        "interval_x2",  # int64 (arms, benefits, bands): half weeks between meetings, 0 none
        "statutory_x2",  # int64 (benefits, bands): what the law asks for, half weeks, 0 none
        "first_by",  # int64 (arms, benefits): week of the spell by which the first meeting is due
        "direct_minutes",  # float64 (arms, benefits, bands)
        "always_prepared",  # float64 (arms, benefits, bands): share of meetings prepared however long the queue is
        "a_kasse",  # uint8 (benefits, bands): 1 where the a-kasse holds the meeting
        "covered",  # float64 (benefits): share of people the plan covers beyond the first meeting
        # time
        "overhead",  # float64: minutes in all per direct minute
        "preparation",  # float64: part of it that is preparation
        "no_show",  # float64 (benefits)
        "no_show_cost",  # float64
        # what it does
        "decay",  # float64 (weeks): share of the contact dose left after that many weeks
        "unprepared_value",  # float64
        "worth",  # float64 (arms, benefits): contact of a meeting of this length against one of the usual length
        "trust_gain",  # float64
        "trust_kept",  # float64 (2): at a change without and with hand-over
        "trust_entry",  # float64
        "correction",  # float64
        "own_request",  # float64
        "request_met",  # float64 (arms)
        "own_request_below_trust",  # float64
        "levelling_load",  # float64: a case moves to a caseload at most this share of the present one
        "reorganisation",  # float64
        # continuity
        "follow_share",  # float64 (arms, benefits): cases that stay with the person when the target group changes
        "handover_share",  # float64 (arms, benefits)
        "handover_minutes",  # int64
        "specialisation",  # float64 (arms): extra time on cases outside the caseworker's own team
        "priority",  # PriorityTable: whose meeting and whose offer come first
    ],
)


@rule
def contact_after(contact, weeks_since, value, table):
    """Contact dose right after a meeting worth `value`: what is left of earlier ones plus this one."""
    k = weeks_since if weeks_since < table.decay.size - 1 else table.decay.size - 1
    return contact * table.decay[k] + value


@rule
def contact_now(contact, last_meeting, week, table):
    """Contact dose in `week`, meetings."""
    k = week - last_meeting
    k = k if k < table.decay.size - 1 else table.decay.size - 1
    return contact * table.decay[k] * (last_meeting >= 0)


@rule
def trust_after_meeting(trust, table):
    """An attended meeting closes part of the distance to full trust."""
    return trust + table.trust_gain * (1.0 - trust)


@rule
def trust_after_change(trust, handover, table):
    """Trust carried to a new caseworker."""
    return trust * table.trust_kept[1 if handover else 0]


@rule
def meeting_is_due(meetings_held, weeks_in, weeks_since_last, first_by, interval_x2):
    """Whether a person should be called in this week. weeks_in counts from 1."""
    first = (meetings_held == 0) & (first_by > 0) & (weeks_in + 1 >= first_by)
    return first | ((meetings_held > 0) & (interval_x2 > 0) & (weeks_since_last * 2 >= interval_x2))


@rule
def may_meet_early(meetings_held, weeks_since_last, interval_x2):
    """Whether a caseworker with time to spare calls a person in before the planned week: from half the interval on.

    Freed hours become meetings, which is how a lower caseload works (facts: "gains need the freed hours to become
    meetings, employer contact and referrals").
    """
    planned = (meetings_held > 0) & (interval_x2 > 0)
    return planned & (weeks_since_last * 4 >= interval_x2) & (weeks_since_last >= 2)
