"""The worked example: the packaged facts' proposal for 75,000 inhabitants, nobody's accounts, as a workbook.

Persons, amounts and shares are those of facts/municipal_budgets.csv 2024 (themselves computed on judged mean payments);
the budget is the same persons at amounts moved to its year by the index of the baseline.
"""

from typing import Final

from jobcenter.planner.own_form import STEPS, Answers
from sim.codes import BENEFITS
from sim.scenario import load

NAME: Final = "Default 75,000 inhabitants"
INHABITANTS: Final = 75_000
YEARS: Final = (2024, 2027)
# Benefit: persons, kr. a year, weeks on the ladder's four steps, and the share of older awards with the state's share
# of them. facts/municipal_budgets.csv 2024; the cash-benefit system's 1,103 are split as in docs/data.md (159 job-ready
# counted, 384 young, 6 % on sho taken from the two others in proportion). revalidering, ressourceforloeb and
# jobafklaring: steps that give the facts' state share. Pension: 35 % older awards at 40 % give its 27 %.
_BENEFITS: Final = {
    "dagpenge": (954, 222_000, (0.12, 0.48, 0.20, 0.20), (0.0, 0.0)),
    "kontanthjaelp_jobready": (159, 140_000, (0.01, 0.09, 0.10, 0.80), (0.0, 0.0)),
    "kontanthjaelp_activityready": (521, 140_000, (0.01, 0.09, 0.10, 0.80), (0.0, 0.0)),
    "uddannelseshjaelp": (357, 140_000, (0.01, 0.09, 0.10, 0.80), (0.0, 0.0)),
    "sygedagpenge": (979, 225_000, (0.04, 0.46, 0.20, 0.30), (0.0, 0.0)),
    "jobafklaring": (230, 165_000, (0.0, 0.05, 0.25, 0.70), (0.0, 0.0)),
    "ressourceforloeb": (190, 165_000, (0.0, 0.01, 0.04, 0.95), (0.0, 0.0)),
    "revalidering": (60, 210_000, (0.01, 0.08, 0.12, 0.79), (0.0, 0.0)),
    "ledighedsydelse": (217, 205_000, (0.01, 0.05, 0.08, 0.86), (0.0, 0.0)),
    "fleksjob": (1117, 140_000, (0.0, 0.0, 0.0, 0.67), (0.33, 0.65)),
    "foertidspension": (2984, 235_000, (0.0, 0.0, 0.0, 0.65), (0.35, 0.40)),
    "sho": (66, 140_000, (0.01, 0.09, 0.10, 0.80), (0.0, 0.0)),
}
# Team: posts, cases. facts/staffing.csv 2024, posts in quarters.
_TEAMS: Final = {
    "dagpenge_jobready": (14.75, 1113), "activityready": (14.0, 560), "young": (9.5, 384), "sickness": (24.25, 1209),
    "clarification": (11.0, 467), "rehabilitation": (3.0, 0), "fleksjob": (3.0, 1117), "integration": (4.0, 200),
}  # fmt: skip
_OFFICE: Final = {
    "company_consultants_fte": 18.0, "mentors_fte": 29.0, "managers_fte": 10.0, "administration_fte": 19.0,
    "cost_per_fte_kr_year": 555_000.0, "caseworkers_left": 18.0, "sick_days_per_year": 14.0, "weeks_to_fill": 13.0,
}  # fmt: skip
# Mio. kr. of 2024, facts/municipal_budgets.csv.
_POTS: Final = {
    "authority_staff": 83.0, "company_service": 12.0, "in_house_courses": 26.0, "external_courses": 28.0,
    "wage_subsidies": 13.0, "integration": 11.0,
}  # fmt: skip
_PRICES: Final = {
    "placement_setup_hours": 8.0, "course_week_kr": 1700.0, "external_week_kr": 3900.0, "mentor_hour_kr": 300.0,
    "wage_subsidy_hour_kr": 105.0,
}  # fmt: skip
MONEY: Final = (
    "cost_per_fte_kr_year",
    "course_week_kr",
    "external_week_kr",
    "mentor_hour_kr",
    "wage_subsidy_hour_kr",
)


def state_share(steps: tuple[float, ...], older: tuple[float, float]) -> float:
    """The state's part of a benefit, out of its shares by step and of older awards."""
    ladder = sum(part * share for part, share in zip(steps, STEPS.values(), strict=True))
    return ladder + older[0] * older[1]


def worked_example(inhabitants: float = INHABITANTS, name: str = NAME) -> Answers:
    """The workbook filled in, scaled to another number of inhabitants; posts in quarters, whole persons."""
    by = inhabitants / INHABITANTS
    grown = (1.0 + load("baseline").prices.rate_index_per_year) ** (YEARS[1] - YEARS[0])
    values: dict[tuple[str, str, str], float | str] = {
        ("people", "name", "value"): name,
        ("people", "inhabitants", "value"): round(inhabitants),
        ("people", "accounts_year", "value"): YEARS[0],
        ("people", "budget_year", "value"): YEARS[1],
    }
    for benefit in BENEFITS:
        persons, kr, steps, older = _BENEFITS[benefit]
        share = round(1.0 - state_share(steps, older), 4)
        for year, factor in (("accounts", 1.0), ("budget", grown)):
            values["benefits", benefit, f"{year}_persons"] = round(persons * by)
            values["benefits", benefit, f"{year}_month_kr"] = round(kr / 12 * factor)
            values["benefits", benefit, f"{year}_share"] = share
        values |= {("steps", benefit, step): part for step, part in zip(STEPS, steps, strict=True)}
        if older[0]:
            values["steps", benefit, "older"], values["steps", benefit, "older_state"] = older
    for team, (fte, clients) in _TEAMS.items():
        values["teams", team, "fte"], values["teams", team, "clients"] = (
            round(fte * by * 4) / 4,
            round(clients * by),
        )
    for row, value in _OFFICE.items():
        if row in MONEY:
            values["office", row, "value"] = round(value * grown)
        elif row.endswith("_fte"):
            values["office", row, "value"] = round(value * by * 4) / 4
        else:
            values["office", row, "value"] = round(value * by) if row == "caseworkers_left" else value
    for pot, mio in _POTS.items():
        values["measures", pot, "accounts_tkr"] = round(mio * by * 1000)
        values["measures", pot, "budget_tkr"] = round(mio * by * grown * 1000)
    for row, value in _PRICES.items():
        values["prices", row, "value"] = round(value * grown) if row in MONEY else value
    return Answers(values, "facts/municipal_budgets.csv and staffing.csv, 2024", example=True)
