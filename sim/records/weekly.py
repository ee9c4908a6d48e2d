"""The columns of the weekly record: one int64 row a week, filled by the kernels as things happen.

The kernels address a column by the constants below; people by its name. Every column has a unit and a meaning.
"""

from typing import Final, NamedTuple

from sim import codes


class WeeklyColumn(NamedTuple):
    """One number a week."""

    name: str
    unit: str
    meaning: str


_columns: list[WeeklyColumn] = []


def _block(prefix: str, names: tuple[str, ...], unit: str, meaning: str) -> int:
    start = len(_columns)
    for name in names:
        _columns.append(WeeklyColumn(f"{prefix}.{name}", unit, meaning.format(name)))
    return start


STOCK: Final = _block("stock", codes.STATUSES, "persons", "residents in status {} this week")
STOCK_HEALTH: Final = _block(
    "stock_health",
    tuple(f"{status}.{health}" for status in codes.STATUSES for health in codes.HEALTH),
    "persons",
    "residents by status and health barrier ({})",
)
ENTRIES: Final = _block("entries", codes.BENEFITS, "spells", "spells on {} that begin this week")
EXITS: Final = _block(
    "exits",
    tuple(f"{benefit}.{door}" for benefit in codes.BENEFITS for door in codes.DOORS),
    "spells",
    "spells that end this week, by benefit and door ({})",
)
SPELL_WEEKS: Final = _block(
    "completed_weeks", codes.BENEFITS, "weeks", "length of the {} spells that end this week, summed"
)
LADDER: Final = _block(
    "ladder", tuple(f"step{k}" for k in range(codes.N_STEPS)), "persons", "benefit persons on refusion {}"
)
MEETINGS: Final = _block(
    "meetings",
    ("due", "held", "no_show", "prepared", "first_held", "first_wait_weeks", "above_plan", "by_a_kasse"),
    "meetings",
    "meetings {} this week; first_held counts first meetings where the municipality is responsible from"
    " the start, first_wait_weeks the weeks waited for them, summed",
)
MT_DUE, MT_HELD, MT_NO_SHOW, MT_PREPARED, MT_FIRST, MT_FIRST_WAIT, MT_ABOVE, MT_A_KASSE = range(
    MEETINGS, MEETINGS + 8
)
HELD_BY: Final = _block(
    "meetings_held", codes.BENEFITS, "meetings", "municipal meetings held with people on {}"
)
PLAN: Final = _block(
    "plan",
    ("weeks", "weeks_in_plan"),
    "weeks",
    "person-weeks under the contact plan: all, and not overdue ({})",
)
PLAN_WEEKS, PLAN_OK = PLAN, PLAN + 1
QUEUE: Final = _block(
    "queue", ("persons", "minutes"), "persons or minutes", "due tasks left over at the end of the week ({})"
)
CHANGES: Final = _block("changes", codes.CAUSES, "changes", "new caseworkers by cause: {}")
CASEWEEKS: Final = _block(
    "casework", ("cases", "trust_milli", "without_caseworker"), "cases", "open cases with a team: {}"
)
STAFF: Final = _block(
    "staff",
    (
        "milli_fte",
        "present_milli_fte",
        "vacant_milli_fte",
        "absent_milli_fte",
        "novice_milli_fte",
        "resignations",
        "minutes",
        "minutes_used",
    ),
    "as named",
    "caseworkers this week: {}",
)
(ST_FTE, ST_PRESENT, ST_VACANT, ST_ABSENT, ST_NOVICE, ST_RESIGNED, ST_MINUTES, ST_USED) = range(
    STAFF, STAFF + 8
)
TEAM_MINUTES: Final = _block(
    "team_minutes", codes.TEAMS, "minutes", "minutes for cases beside administration, team {}"
)
TEAM_USED: Final = _block("team_minutes_used", codes.TEAMS, "minutes", "of these, used by team {}")
MARKET: Final = _block(
    "market",
    (
        "vacancies",
        "posted",
        "reposted",
        "lapsed",
        "draws",
        "applications",
        "hires_benefit",
        "hires_resident_in_work",
        "hires_non_resident",
        "replaced",
    ),
    "vacancies, applications or hires",
    "labour market this week: {}; replaced: posts not opened because somebody supported does the work",
)
(
    MK_VACANCIES,
    MK_POSTED,
    MK_REPOSTED,
    MK_LAPSED,
    MK_DRAWS,
    MK_APPLICATIONS,
    MK_HIRES,
    MK_HIRES_RESIDENT,
    MK_HIRES_OUTSIDE,
    MK_REPLACED,
) = range(MARKET, MARKET + 10)
MEASURES: Final = _block(
    "measures_started", codes.MEASURES, "starts", "measures of kind {} that start this week"
)
MEASURE_WEEKS: Final = _block(
    "measures_running", codes.MEASURES, "persons", "persons in a measure of kind {} this week"
)
REFUSED: Final = _block(
    "measures_refused",
    ("no_budget", "no_place", "no_consultant_hours"),
    "offers",
    "offers not started this week: {}",
)
RF_BUDGET, RF_PLACE, RF_HOURS = range(REFUSED, REFUSED + 3)
COMPANY_WEEKS: Final = _block(
    "company_measure",
    ("weeks",),
    "persons",
    "{} in placement or wage subsidy, those dropped within two weeks left out",
)
PASSIVE: Final = _block(
    "passive",
    ("weeks", "weeks_asked", "weeks_exempt"),
    "persons",
    "no meeting or measure in the last 8 weeks ({}; asked: at risk of it)",
)
PS_PASSIVE, PS_ASKED, PS_EXEMPT = range(PASSIVE, PASSIVE + 3)
LONG_TERM: Final = _block(
    "long_term",
    ("stock", "inflow"),
    "persons",
    "on support at least 42 of the last 52 weeks, pension and fleksjob apart: {}",
)
COMPANIES: Final = _block(
    "companies", ("first_contact_this_year", "second_contact_this_year"), "companies", "companies: {}"
)
ELAPSED: Final = _block(
    "elapsed",
    ("weeks", "persons"),
    "weeks or persons",
    "weeks since the present support began, summed over recipients: {}",
)
FLOWS: Final = _block(
    "flows",
    (
        "arrivals",
        "deaths",
        "moves_out",
        "pension_age",
        "job_losses",
        "sickness",
        "relapses",
        "below_plan_weeks",
    ),
    "persons",
    "{} this week",
)
(FL_ARRIVALS, FL_DEATHS, FL_MOVES, FL_AGED, FL_JOB_LOSS, FL_SICK, FL_RELAPSE, FL_BELOW_PLAN) = range(
    FLOWS, FLOWS + 8
)

COLUMNS: Final = tuple(_columns)
N_COLUMNS: Final = len(COLUMNS)
NAMES: Final = tuple(column.name for column in COLUMNS)

# Cohort columns, one int64 row per week of entry to any support (pension and fleksjob apart).
COHORT: Final = (
    WeeklyColumn("entrants", "persons", "people whose support began in this week"),
    WeeklyColumn("in_job_26", "persons", "of them in unsubsidised work 26 weeks later"),
    WeeklyColumn("in_job_52", "persons", "of them in unsubsidised work 52 weeks later"),
    WeeklyColumn("still_in_job", "persons", "of those in work after 26 weeks, in work after 52 weeks too"),
    WeeklyColumn("weeks_on_support_104", "weeks", "their weeks on any support in 104 weeks, summed"),
    WeeklyColumn("two_barriers", "persons", "of them with at least two barriers"),
    WeeklyColumn(
        "second_service_8", "persons", "of those with two barriers, a supporting service begun within 8 weeks"
    ),
)
COHORT_NAMES: Final = tuple(column.name for column in COHORT)
(CO_ENTRANTS, CO_JOB_26, CO_JOB_52, CO_STILL, CO_WEEKS_104, CO_BARRIERS, CO_SERVICE) = range(len(COHORT))
