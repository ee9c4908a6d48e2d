"""The words of the model as small integers: statuses, benefits, groups, teams, doors, causes, accounts.

Codes are stored in results and snapshots, so every list here is append-only. Danish benefit names stay Danish (ASCII).
"""

from typing import Final

# ---- where a resident is in a week -----------------------------------------------------------------------------
STATUSES: Final = (
    "job",  # ordinary, unsubsidised work
    "education",  # ordinary education on SU
    "outside",  # neither job, education nor benefit: lives on own or family means
    "on_leave",  # barsel or efterloen: public support outside the refusion ladder
    "subsidised_job",  # wage subsidy (loentilskud)
    "absent",  # has not arrived yet
    "gone",  # moved away, dead or past pension age
    "reserved",
    "dagpenge",
    "kontanthjaelp_jobready",
    "kontanthjaelp_activityready",
    "uddannelseshjaelp",
    "sygedagpenge",
    "jobafklaring",
    "ressourceforloeb",
    "revalidering",
    "ledighedsydelse",
    "fleksjob",
    "foertidspension",
    "sho",
)
JOB, EDUCATION, OUTSIDE, ON_LEAVE, SUBSIDISED_JOB, ABSENT, GONE = range(7)
FIRST_BENEFIT: Final = 8
BENEFITS: Final = STATUSES[FIRST_BENEFIT:]
(
    DAGPENGE,
    JOBREADY,
    ACTIVITYREADY,
    UDDANNELSESHJAELP,
    SYGEDAGPENGE,
    JOBAFKLARING,
    RESSOURCEFORLOEB,
    REVALIDERING,
    LEDIGHEDSYDELSE,
    FLEKSJOB,
    FOERTIDSPENSION,
    SHO,
) = range(len(BENEFITS))
N_STATUSES: Final = len(STATUSES)
N_BENEFITS: Final = len(BENEFITS)

# Cash-benefit system of the statistics: job-ready, activity-ready, young, self-support/repatriation benefit.
CASH_BENEFITS: Final = (JOBREADY, ACTIVITYREADY, UDDANNELSESHJAELP, SHO)

# ---- bands of weeks in the spell, and refusion steps ---------------------------------------------------------
BANDS: Final = ("1-4", "5-13", "14-26", "27-52", "53-104", "105+")
BAND_STARTS: Final = (1, 5, 14, 27, 53, 105)
N_BANDS: Final = len(BANDS)
N_STEPS: Final = 8

# ---- activity in a benefit week, as far as a refusion rule can ask for it -------------------------------------
ACTIVITIES: Final = (
    "none",
    "guidance",
    "placement",
    "wage_subsidy",
    "ordinary_education",
    "gradual_return",
    "legacy",  # award made before the rule set in force; keeps its old share
)
ACT_NONE, ACT_GUIDANCE, ACT_PLACEMENT, ACT_WAGE_SUBSIDY, ACT_EDUCATION, ACT_GRADUAL_RETURN, ACT_LEGACY = (
    range(7)
)

# ---- the jobcentre's teams (facts/staffing.csv) ---------------------------------------------------------------
TEAMS: Final = (
    "dagpenge_jobready",
    "activityready",
    "young",
    "sickness",
    "clarification",  # ressourceforloeb, ledighedsydelse, revalidering
    "rehabilitation",  # coordinates the rehabilitation team; carries no caseload
    "fleksjob",
    "integration",
)
N_TEAMS: Final = len(TEAMS)
TEAMS_WITH_CASES: Final = tuple(team for team in TEAMS if team != "rehabilitation")
NO_TEAM: Final = 255
TEAM_OF_BENEFIT: Final = (0, 0, 1, 2, 3, 3, 4, 4, 4, 6, NO_TEAM, 7)

# ---- ways out of a benefit, and reasons for a new caseworker ----------------------------------------------------
DOORS: Final = ("job", "education", "other_benefit", "outside", "subsidised_job", "on_leave", "gone")
CAUSES: Final = (
    "first_assignment",
    "resignation",
    "absence",
    "group_shift",
    "reorganisation",
    "own_request",
)
C_FIRST, C_RESIGNATION, C_ABSENCE, C_GROUP_SHIFT, C_REORGANISATION, C_OWN_REQUEST = range(6)

# ---- people ---------------------------------------------------------------------------------------------------
EDUCATIONS: Final = ("basic", "vocational", "higher")
HEALTH: Final = ("none", "some", "severe")
RATE_CLASSES: Final = (
    "standard",  # 30+, or the only rate there is
    "provider",  # has children to support
    "young",  # under 30, lives away from parents, no children
    "young_at_home",  # under 30, lives with parents
    "graduate",  # dagpenge on the graduate rate
)

# ---- measures, two slots ----------------------------------------------------------------------------------------
MEASURES: Final = (
    "none",
    "placement_private",
    "placement_public",
    "course",
    "external",
    "wage_subsidy",
    "mentor",
    "paid_hours",  # a few ordinary paid hours a week beside the benefit
)
(
    M_NONE,
    M_PLACEMENT_PRIVATE,
    M_PLACEMENT_PUBLIC,
    M_COURSE,
    M_EXTERNAL,
    M_WAGE_SUBSIDY,
    M_MENTOR,
    M_PAID_HOURS,
) = range(8)
N_MEASURES: Final = len(MEASURES)

# ---- money --------------------------------------------------------------------------------------------------------
POTS: Final = (
    "authority_staff",
    "company_service",
    "in_house_courses",
    "external_courses",
    "wage_subsidies",
    "integration",
)
N_POTS: Final = len(POTS)
PAYERS: Final = ("municipality", "state")
MUNICIPALITY, STATE = range(2)
FRAMES: Final = ("service", "transfers", "other")
# account: (function in the authorised chart of accounts, budget frame, payee)
ACCOUNTS: Final = (
    "benefit",  # income transfers, main account 5
    "staff",  # caseworkers and other authority staff, 6.45
    "company_service",  # company consultants
    "in_house_courses",  # 5.68.90
    "external_courses",  # 5.68.90
    "wage_subsidy",  # 5.68.91-97
    "integration",  # 5.46.60
    "lever_one_off",  # one-off costs of a policy
    "retention_pay",  # supplements a continuity policy pays to staff
)
(
    A_BENEFIT,
    A_STAFF,
    A_COMPANY_SERVICE,
    A_IN_HOUSE,
    A_EXTERNAL,
    A_WAGE_SUBSIDY,
    A_INTEGRATION,
    A_ONE_OFF,
    A_RETENTION,
) = range(9)
N_ACCOUNTS: Final = len(ACCOUNTS)
PAYEES: Final = ("citizens", "staff", "providers", "companies")
PAYEE_OF_ACCOUNT: Final = (0, 1, 1, 2, 2, 3, 2, 2, 1)

APPLICANTS: Final = ("benefit", "resident_in_work", "non_resident")


def code(names: tuple[str, ...], name: str) -> int:
    """Code of `name` in a list above. Raises KeyError naming what is allowed."""
    try:
        return names.index(name)
    except ValueError:
        raise KeyError(f"{name!r} is not one of {', '.join(names)}") from None
