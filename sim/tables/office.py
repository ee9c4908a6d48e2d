"""Tables of the office: staff, the contact plan, measures and the effect channels."""

import math

import numpy as np

from sim.behaviour.meetings import MeetingTable
from sim.behaviour.offers import OfferTable
from sim.behaviour.priority import by_deadline
from sim.behaviour.programmes import MOST_PROGRAMMES
from sim.behaviour.staff import StaffTable
from sim.codes import (
    ACTIVITYREADY,
    BAND_STARTS,
    BENEFITS,
    DAGPENGE,
    FLEKSJOB,
    FOERTIDSPENSION,
    JOBREADY,
    LEDIGHEDSYDELSE,
    M_COURSE,
    M_EXTERNAL,
    M_MENTOR,
    M_PLACEMENT_PRIVATE,
    M_PLACEMENT_PUBLIC,
    M_WAGE_SUBSIDY,
    N_BANDS,
    N_BENEFITS,
    N_MEASURES,
    N_TEAMS,
    POTS,
    RESSOURCEFORLOEB,
    SHO,
    SYGEDAGPENGE,
    TEAMS,
    UDDANNELSESHJAELP,
)
from sim.errors import UserError
from sim.scenario import Scenario
from sim.scenario.law_tables import ContactRule
from sim.tables.law import price_factor
from sim.week.hiring import ChannelTable

N_ARMS = 3
NO_DEADLINE = 9999
WHEN_EMPTY = ("stop", "thin", "overspend", "carry")
_VULNERABLE = (ACTIVITYREADY, UDDANNELSESHJAELP, RESSOURCEFORLOEB)
# Teams with a row of their own for what a case takes besides meetings.
_CASE_MINUTES = {
    "dagpenge_jobready": "jobready",
    "young": "young",
    "sickness": "sickness",
    "clarification": "clarification",
    "fleksjob": "fleksjob",
    "integration": "integration",
}
_QUOTA = ("minimum", "employees_per_place", "small_limit", "employees_per_further_place")
_WEAKER = [ACTIVITYREADY, RESSOURCEFORLOEB]
_JOB_READY_GROUPS = (DAGPENGE, JOBREADY)


def staff_table(scenario: Scenario) -> StaffTable:
    """Hours, absence, resignation and learning of caseworkers."""
    value, staff = scenario.behaviour, scenario.municipality.staff
    lost_to_long_absence = value["staff.long_absence"] * value["staff.long_absence_weeks"]
    weekly_hours = staff.productive_hours_per_fte_year / 52.0 / (1.0 - lost_to_long_absence)
    case_minutes = np.full(N_TEAMS, float(value["contact.case_minutes_per_week"]))
    for team, row in _CASE_MINUTES.items():
        case_minutes[TEAMS.index(team)] = value[f"contact.{row}_case_minutes"]
    return StaffTable(
        minutes_per_fte=float(weekly_hours * 60.0),
        case_minutes=case_minutes,
        resignation=float(1.0 - (1.0 - staff.leave_share_per_year) ** (1.0 / 52.0)),
        overload=float(value["staff.overload_resignation"]),
        retention=1.0,
        long_absence=float(value["staff.long_absence"]),
        long_absence_weeks=int(value["staff.long_absence_weeks"]),
        cover_weeks=int(value["staff.absence_cover_weeks"]),
        weeks_to_fill=int(max(1, staff.weeks_to_fill)),
        novice_weeks=int(staff.novice_weeks),
        novice_pace=float(staff.novice_productivity),
        novice_log=float(value["staff.novice_log"]),
        quality_sd=float(value["staff.quality_sd_log"]),
        slack=np.zeros(N_TEAMS),
        leaving=np.zeros(N_TEAMS),
        frozen_weeks=0,
    )


def _interval_x2(rule: ContactRule, band: int) -> int:
    """Half weeks between a rule's meetings in a band; 0 where it asks for none."""
    if BAND_STARTS[band] <= rule.window_weeks and rule.meetings > 0:
        return max(1, round(2.0 * rule.window_weeks / rule.meetings))
    return 2 * rule.after_window_interval_weeks


def statutory_plan(scenario: Scenario, week: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The contact plan of the law in force: the zero point of early intervention.

    Returns interval (int64 (benefits, bands), half weeks, 0 none), first meeting by week (int64 (benefits)),
    who holds it (uint8 (benefits, bands), 1 a-kasse) and the share of people covered (float64 (benefits)).
    """
    interval = np.zeros((N_BENEFITS, N_BANDS), np.int64)
    first = np.zeros(N_BENEFITS, np.int64)
    a_kasse = np.zeros((N_BENEFITS, N_BANDS), np.uint8)
    covered = np.ones(N_BENEFITS)
    for b, group in enumerate(BENEFITS):
        rules = scenario.law.contact_rules(group, week)
        a_kasse_until = max((rule.window_weeks for rule in rules if rule.holder == "a_kasse"), default=0)
        for rule in rules:
            covered[b] = min(covered[b], rule.share_covered)
            if rule.first_meeting_by_week:
                first[b] = min(first[b] or 999, rule.first_meeting_by_week)
            for band in range(N_BANDS):
                # The a-kasse holds the first months; the municipality's own duties begin after them.
                held_by_a_kasse = BAND_STARTS[band] <= a_kasse_until
                if held_by_a_kasse != (rule.holder == "a_kasse"):
                    continue
                asked = _interval_x2(rule, band)
                if rule.holder == "municipality" and a_kasse_until and BAND_STARTS[band] <= rule.window_weeks:
                    own_weeks = rule.window_weeks - a_kasse_until
                    asked = max(1, round(2.0 * own_weeks / rule.meetings)) if rule.meetings else asked
                if asked and (interval[b, band] == 0 or asked < interval[b, band]):
                    interval[b, band] = asked
                a_kasse[b, band] = held_by_a_kasse
    return interval, first, a_kasse, covered


def meeting_table(scenario: Scenario, week: int) -> MeetingTable:
    """The office's plan: the law's, and meetings by need where the law sets none."""
    value = scenario.behaviour
    statutory, first, a_kasse, covered = statutory_plan(scenario, week)
    plan = statutory.copy()
    by_need = round(2 * value["contact.by_need_weeks"])
    for benefit in range(N_BENEFITS):
        if benefit == FOERTIDSPENSION:
            continue
        if first[benefit] == 0:
            first[benefit] = round(value["contact.first_by_need_weeks"])
        for band in range(N_BANDS):
            if plan[benefit, band] == 0:
                plan[benefit, band] = by_need if benefit != FLEKSJOB else 2 * by_need
    first[FOERTIDSPENSION] = 0
    direct_minutes = np.full((N_ARMS, N_BENEFITS, N_BANDS), float(value["contact.direct_minutes"]))
    direct_minutes[:, [DAGPENGE, JOBREADY]] = value["contact.jobready_minutes"]
    direct_minutes[:, FLEKSJOB] = value["contact.fleksjob_minutes"]
    no_show = np.full(N_BENEFITS, value["contact.no_show_share"])
    no_show[list(_VULNERABLE)] = value["contact.no_show_vulnerable_share"]
    memory = value["contact.memory_weeks"]
    return MeetingTable(
        interval_x2=np.repeat(plan[None], N_ARMS, axis=0),
        statutory_x2=statutory,
        first_by=np.repeat(first[None], N_ARMS, axis=0),
        direct_minutes=direct_minutes,
        worth=np.ones((N_ARMS, N_BENEFITS)),
        always_prepared=np.zeros((N_ARMS, N_BENEFITS, N_BANDS)),
        a_kasse=a_kasse,
        covered=covered,
        overhead=float(value["contact.overhead_factor"]),
        preparation=float(value["contact.preparation_share"]),
        no_show=no_show,
        no_show_cost=float(value["contact.no_show_cost_share"]),
        decay=np.array([math.exp(-k / memory) for k in range(105)]),
        unprepared_value=float(value["contact.unprepared_value"]),
        trust_gain=float(value["trust.gain"]),
        trust_kept=np.array([value["trust.kept_at_change"], value["trust.kept_with_handover"]]),
        trust_entry=float(value["trust.at_entry"]),
        correction=float(value["staff.correction_share"]),
        own_request=float(value["staff.own_request"]),
        request_met=np.full(N_ARMS, float(value["staff.request_met_share"])),
        own_request_below_trust=float(value["staff.own_request_below_trust"]),
        levelling_load=float(value["staff.levelling_load_share"]),
        reorganisation=float(value["staff.reorganisation"]),
        follow_share=np.zeros((N_ARMS, N_BENEFITS)),
        handover_share=np.zeros((N_ARMS, N_BENEFITS)),
        handover_minutes=0,
        specialisation=np.zeros(N_ARMS),
        priority=by_deadline(),
    )


def _log(factor: float) -> float:
    return math.log(factor)


def offer_table(scenario: Scenario, week: int) -> OfferTable:
    """Measures: kinds, lengths within the law's limits, prices at the scenario's price level, pots and
    after-effects."""
    value, prices, staff = scenario.behaviour, scenario.municipality.prices, scenario.municipality.staff
    law = scenario.law

    def in_force(name: str) -> int:
        number = law.measure(name, week)
        if number is None:
            raise UserError(f"law/measures.yaml: {name} has no value for the week of {law.day_of(week)}")
        return round(number)

    def deadline_weeks(name: str) -> int:
        weeks = law.measure(name, week)
        return NO_DEADLINE if weeks is None else round(weeks)  # where the law sets none, none is ever passed

    allowed = np.ones(N_BENEFITS, np.uint8)
    allowed[[SYGEDAGPENGE, FLEKSJOB, FOERTIDSPENSION]] = 0
    subsidy_allowed = np.zeros(N_BENEFITS, np.uint8)
    subsidy_allowed[[DAGPENGE, JOBREADY, ACTIVITYREADY, UDDANNELSESHJAELP, SHO]] = 1
    weeks = np.zeros((N_BENEFITS, N_MEASURES), np.int64)
    deadline = np.full(N_BENEFITS, NO_DEADLINE, np.int64)
    for b, benefit in enumerate(BENEFITS):
        if not allowed[b]:
            continue
        weeks[b, M_PLACEMENT_PRIVATE] = weeks[b, M_PLACEMENT_PUBLIC] = in_force(f"placement_weeks_{benefit}")
        weeks[b, M_COURSE] = round(value["measures.course_weeks"])
        weeks[b, M_EXTERNAL] = round(value["measures.external_weeks"])
        weeks[b, M_WAGE_SUBSIDY] = in_force("wage_subsidy_weeks_private")
        weeks[b, M_MENTOR] = in_force("mentor_weeks")
        deadline[b] = deadline_weeks(f"offer_deadline_weeks_{benefit}")
    price = np.zeros(N_MEASURES, np.int64)
    oere = 100.0 * price_factor(scenario, scenario.municipality.price_year)
    price[M_COURSE] = round(prices["course_week_kr"] * oere)
    price[M_EXTERNAL] = round(prices["external_week_kr"] * oere)
    price[M_MENTOR] = round(prices["mentor_hour_kr"] * value["measures.mentor_hours_per_week"] * oere)
    price[M_WAGE_SUBSIDY] = round(prices["wage_subsidy_hour_kr"] * 37 * oere)
    pot = np.full(N_MEASURES, -1, np.int64)
    pot[M_COURSE] = pot[M_MENTOR] = POTS.index("in_house_courses")
    pot[M_EXTERNAL] = POTS.index("external_courses")
    pot[M_WAGE_SUBSIDY] = POTS.index("wage_subsidies")
    shares = np.cumsum(
        [value["measures.placement_share"], value["measures.course_share"], value["measures.external_share"]]
    )
    lock_in = np.zeros(N_MEASURES)
    lock_in[M_PLACEMENT_PRIVATE] = _log(value["measures.lock_in_private"])
    lock_in[M_PLACEMENT_PUBLIC] = _log(value["measures.lock_in_public"])
    lock_in[M_COURSE] = lock_in[M_EXTERNAL] = _log(value["measures.lock_in_course"])
    after = np.zeros((N_BENEFITS, N_MEASURES))
    after[:, M_PLACEMENT_PRIVATE] = _log(value["measures.after_private_jobready"])
    after[_WEAKER, M_PLACEMENT_PRIVATE] = _log(value["measures.after_private_activityready"])
    after[:, M_PLACEMENT_PUBLIC] = _log(value["measures.after_public"])
    after[:, M_COURSE] = after[:, M_EXTERNAL] = _log(value["measures.after_course"])
    referral = np.full(N_BENEFITS, value["measures.referral_share"])
    referral[LEDIGHEDSYDELSE] *= value["measures.ledighedsydelse_referral_factor"]
    consultant_hours = (
        staff.company_consultants_fte * scenario.world.share * staff.productive_hours_per_fte_year / 52.0
    )
    return OfferTable(
        allowed=allowed,
        wage_subsidy_allowed=subsidy_allowed,
        referral=referral,
        before_deadline=float(value["measures.referral_before_deadline"]),
        deadline=deadline,
        mentor_share=float(value["measures.mentor_share"]),
        kind_share=np.array([*shares, 1.0]),
        private_share=float(value["measures.private_share"]),
        weeks=weeks,
        price_oere=price,
        consultant_minutes=int(prices["placement_setup_hours"] * 60),
        consultant_minutes_week=int(consultant_hours * 60),
        pot=pot,
        when_empty=np.array(
            [WHEN_EMPTY.index(scenario.municipality.budgets[name].when_empty) for name in POTS], np.int64
        ),
        thin_out=float(value["measures.thin_out_share"]),
        lock_in_log=lock_in,
        after_log=after,
        after_weeks=int(value["measures.after_weeks"]),
        mentor_log=float(value["measures.mentor_log"]),
        programme_log=np.zeros((MOST_PROGRAMMES + 1, N_BENEFITS)),
        subsidy_hired=float(value["measures.wage_subsidy_hire_share"]),
        openness_gain=float(value["measures.openness_gain"]),
        quota=np.array([in_force(f"place_quota_{part}") for part in _QUOTA], np.int64),
        partner_share=0.0,
        partner_openness=0.0,
        substitution=0.0,
        paid_hours=np.zeros(N_BENEFITS, np.uint8),
        small_job_share=0.0,
        hybrid_share=0.0,
    )


def channel_table(scenario: Scenario) -> ChannelTable:
    """Effect channels: ln(contrast) x share of the channel / dose, the dose solved by replays (docs/replicas.md).

    All times how well this municipality carries things out. Raises UserError when two effects claim one channel.
    """
    contact, trust, threat = np.zeros((3, N_BENEFITS))
    seen: dict[tuple[str, str], str] = {}
    for name, effect in scenario.effects.items():
        for group in effect.groups:
            other = seen.setdefault((group, effect.channel), name)
            if other != name:
                raise UserError(
                    f"effects: {other!r} and {name!r} both set the effect of {effect.channel} on {group};"
                    f" take {group} out of the groups of one of them"
                )
        beta = math.log(effect.contrast.value) * effect.channel_share.value / effect.dose.value
        groups = [BENEFITS.index(group) for group in effect.groups]
        if effect.channel == "contact":
            contact[groups] = beta
            # What meetings do not carry of their package is the threat of activation, sanctions behind it included.
            threat[groups] = math.log(effect.contrast.value) * (1.0 - effect.channel_share.value)
        else:
            trust[groups] = -beta  # the dose is trust lost
    carried_out = scenario.behaviour["implementation.effect_factor"]
    return ChannelTable(
        contact=contact * carried_out,
        saturation=float(scenario.behaviour["contact.saturation_meetings"]),
        trust=trust * carried_out,
        novice_log=float(scenario.behaviour["staff.novice_log"]),
        threat=threat * carried_out,
        added=np.zeros((N_ARMS, N_BENEFITS, N_BANDS)),
    )
