"""Every outcome by name: its unit, whose outcome it is, and what it means; and the ten goals with their weak spots.

An outcome has groups (a benefit, a cause, a payer and frame ...) and a period: a budget year, or "all" for the whole
horizon. Counts and kroner are totals of the period, persons and shares its mean over weeks.
"""

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """What an outcome is. `people` | `time` | `money` is the part of a table it belongs to."""

    unit: str
    part: str
    meaning: str


OUTCOMES: Final[dict[str, Kind]] = {
    # ---- people
    "full_time_persons": Kind(
        "full-time persons",
        "people",
        "residents by status, mean of the period's weeks; cash_benefit_system and support are sums",
    ),
    "support_share": Kind(
        "share", "people", "goal 1: full-time persons on support / residents aged 16 to 66"
    ),
    "company_measure_share": Kind(
        "share",
        "people",
        "goal 2: weeks in placement or wage subsidy, those dropped within two weeks left out, / weeks on support"
        " and in subsidised jobs",
    ),
    "in_job_26_share": Kind(
        "share", "people", "goal 3: of those whose support began, in work after 26 weeks"
    ),
    "in_job_52_share": Kind(
        "share", "people", "goal 3: of those whose support began, in work after 52 weeks"
    ),
    "still_in_job_share": Kind(
        "share",
        "people",
        "goal 3: of those whose support began, in work at 26 weeks and 26 weeks later still",
    ),
    "passive_share": Kind(
        "share",
        "people",
        "goal 4: weeks without meeting or measure in the last 8 / weeks on support, exempt weeks apart",
    ),
    "passive_exempt_share": Kind(
        "share", "people", "goal 4: weeks on support not asked about (the first 8 of a spell)"
    ),
    "long_term_persons": Kind("persons", "people", "goal 5: on support at least 42 of the last 52 weeks"),
    "long_term_share": Kind("share", "people", "goal 5: of those on support"),
    "long_term_inflow": Kind("persons", "people", "goal 5: became long-term in the period"),
    "health_barrier_in_work": Kind(
        "full-time persons",
        "people",
        "goal 6: persons with a health barrier in job, fleksjob, subsidised_job",
    ),
    "weeks_on_support_104": Kind(
        "weeks", "people", "goal 7: mean weeks on any support in the 104 weeks after entry"
    ),
    "elapsed_weeks": Kind("weeks", "people", "goal 7: mean weeks since support began, of those on support"),
    "second_service_share": Kind(
        "share",
        "people",
        "goal 10: of entrants with two barriers or more, a supporting service begun within 8 weeks",
    ),
    "entries": Kind("spells", "people", "spells that begin"),
    "exits": Kind("spells", "people", "spells that end, by benefit and door"),
    "exits_by_door": Kind("spells", "people", "spells that end, by door"),
    "completed_spell_weeks": Kind("weeks", "people", "mean length of the spells that end"),
    "persons_by_step": Kind("full-time persons", "people", "benefit persons by refusion step"),
    "hires": Kind(
        "hires", "people", "vacancies filled, by who was hired; people on support by schooling too"
    ),
    "vacancies": Kind("vacancies", "people", "open vacancies, mean of the period's weeks"),
    "vacancy_flow": Kind(
        "vacancies",
        "people",
        "vacancies posted, posted again, lapsed; replaced: not opened because somebody supported does the work",
    ),
    "resident_flows": Kind("persons", "people", "events of residents and below-plan weeks"),
    # ---- caseworkers' time
    "changes_per_citizen_year": Kind(
        "changes per citizen-year",
        "time",
        "goal 8: new caseworkers per open case and year; `counted` leaves first assignment and own request out,"
        " `preventable` are group shifts and reorganisations among them, `unpreventable` the rest",
    ),
    "caseworker_changes": Kind("changes", "time", "new caseworkers by cause"),
    "wait_weeks_first_meeting": Kind(
        "weeks",
        "time",
        "weeks from the start of a spell to its first meeting, mean of all benefits but those whose first meetings the"
        " a-kasse holds; the plan asks for it by week 26 in fleksjob and, since July 2026, of the sick, so it can be"
        " long although the plan is kept",
    ),
    "queue_persons": Kind("persons", "time", "due meetings left over at the end of a week, mean"),
    "queue_hours": Kind("hours", "time", "work left over at the end of a week, mean"),
    "meetings": Kind(
        "meetings", "time", "meetings by what became of them; `due` counts a waiting one each week"
    ),
    "meetings_held": Kind("meetings", "time", "municipal meetings held, by benefit"),
    "plan_compliance": Kind("share", "time", "person-weeks under the contact plan that are not overdue"),
    "cases": Kind("cases", "time", "open cases with a team, mean"),
    "cases_without_caseworker": Kind("cases", "time", "due meetings with nobody to hold them, mean a week"),
    "trust": Kind("0-1", "time", "mean trust in the caseworker over open cases"),
    "staff_fte": Kind("FTE", "time", "caseworkers by state, mean"),
    "resignations": Kind("persons", "time", "caseworkers who left their post"),
    "casework_hours": Kind("hours", "time", "hours for cases: available and used"),
    "hours_used_share": Kind(
        "share",
        "time",
        "hours for cases that were used, by team; a team with hours to spare has no use for more",
    ),
    "measures_started": Kind("starts", "time", "measures begun, by kind"),
    "measures_running": Kind("persons", "time", "persons in a measure, mean"),
    "measures_refused": Kind("offers", "time", "offers not started, by reason"),
    "companies_cooperating": Kind(
        "companies", "time", "goal 9: companies with a placement or hire, each counted once a budget year"
    ),
    "companies_repeat_share": Kind("share", "time", "goal 9: of them, with more than one in the budget year"),
    # ---- money
    "gross_operating_spending": Kind("kr.", "money", "all spending of the service frame, before any saving"),
    "net_municipal_cost": Kind("kr.", "money", "what the municipality pays, all frames"),
    "net_state_cost": Kind("kr.", "money", "what the state pays"),
    "money": Kind("kr.", "money", "spending by payer and budget frame (payer/frame)"),
    "municipal_by_account": Kind("kr.", "money", "what the municipality pays, by account"),
    "state_by_account": Kind("kr.", "money", "what the state pays, by account"),
    "municipal_benefit_cost": Kind("kr.", "money", "the municipality's part of benefits, by benefit"),
    "benefit_paid": Kind("kr.", "money", "benefits paid out before refusion, by benefit"),
    "municipal_benefit_cost_by_step": Kind(
        "kr.", "money", "the municipality's part of benefits, by refusion step"
    ),
    "pot_authorised": Kind("kr.", "money", "authorised in the pot"),
    "pot_committed": Kind("kr.", "money", "committed from the pot"),
    "pot_spent": Kind("kr.", "money", "spent from the pot"),
    "pot_carried_over": Kind("kr.", "money", "of what is authorised, left over in the pot the year before"),
    "pot_overspent": Kind("kr.", "money", "spent beyond what is authorised in the pot"),
}


class Goal(NamedTuple):
    """One of the ten goals: the rows that show it and how each could be met without being reached."""

    number: int
    name: str
    better: int  # -1 lower is better, +1 higher, 0 neither alone
    rows: tuple[tuple[str, str, str], ...]  # (outcome, group, label)
    looks_good_by: str


GOALS: Final = (
    Goal(
        1,
        "Fewer on public support",
        -1,
        (
            ("support_share", "all", "on support / residents 16-66"),
            ("full_time_persons", "support", "on support"),
            ("full_time_persons", "fleksjob", "in fleksjob (apart)"),
            ("full_time_persons", "foertidspension", "on pension (apart)"),
        ),
        "moving people to pension, fleksjob or no income at all",
    ),
    Goal(
        2,
        "More in company-based measures",
        1,
        (("company_measure_share", "all", "weeks in company measures / weeks on support"),),
        "many short placements: those dropped within two weeks are not counted",
    ),
    Goal(
        3,
        "More end in work",
        1,
        (
            ("in_job_26_share", "all", "in work 26 weeks after entry"),
            ("in_job_52_share", "all", "in work 52 weeks after entry"),
            ("still_in_job_share", "all", "in work at 26 and still at 52 weeks"),
        ),
        "an inflow of people who find work anyway",
    ),
    Goal(
        4,
        "Fewer passive",
        -1,
        (
            ("passive_share", "all", "weeks without meeting or measure"),
            ("passive_exempt_share", "all", "weeks not asked about (apart)"),
        ),
        "brief meetings with no purpose, or more exemptions",
    ),
    Goal(
        5,
        "Fewer long-term",
        -1,
        (
            ("long_term_persons", "all", "on support 42 of 52 weeks"),
            ("long_term_share", "all", "share of those on support"),
            ("long_term_inflow", "all", "new long-term in the period"),
        ),
        "short breaks in support, or more short spells in the denominator",
    ),
    Goal(
        6,
        "More with a health barrier in work",
        1,
        (
            ("health_barrier_in_work", "job", "in ordinary jobs"),
            ("health_barrier_in_work", "fleksjob", "in fleksjob"),
            ("health_barrier_in_work", "subsidised_job", "in subsidised jobs"),
        ),
        "worse health among those at work",
    ),
    Goal(
        7,
        "Shorter support",
        -1,
        (
            ("weeks_on_support_104", "all", "weeks on support in 104 weeks from entry"),
            ("elapsed_weeks", "all", "elapsed weeks of those on support"),
        ),
        "splitting spells (weeks are added over spells), or an inflow of easy cases",
    ),
    Goal(
        8,
        "Fewer caseworker changes",
        -1,
        (
            ("changes_per_citizen_year", "counted", "changes per citizen-year"),
            ("changes_per_citizen_year", "first_assignment", "first assignments (apart)"),
            ("changes_per_citizen_year", "own_request", "own requests (apart)"),
        ),
        "leaving cases without a caseworker, or refusing citizens who ask for another",
    ),
    Goal(
        9,
        "More companies take part",
        1,
        (
            ("companies_cooperating", "all", "companies with a placement or hire in the year"),
            ("companies_repeat_share", "all", "share with more than one"),
        ),
        "one placement each in many companies",
    ),
    Goal(
        10,
        "The other service in time",
        1,
        (("second_service_share", "all", "of those with two barriers, second service within 8 weeks"),),
        "registering fewer barriers",
    ),
)


def estimand(outcome: str, group: str) -> str:
    """Whose outcome a row is (docs/estimands.md): everybody who lives in the municipality, or people outside it."""
    return "outsiders" if outcome == "hires" and group == "non_resident" else "total"
