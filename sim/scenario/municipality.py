"""What a municipality file holds: people, companies, staff, budgets, prices and stocks.

Every number may carry unit, source, status, range and note in the file. Models hold the number in their
own unit, `Scenario.provenance` holds the rest.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from sim.codes import BENEFITS, POTS, TEAMS
from sim.scenario.scalars import (
    Count,
    Frozen,
    Fte,
    Kr,
    Number,
    OneOf,
    Percent,
    Share,
    Status,
    Weeks,
    WithRange,
    item,
)

Team = Annotated[str, OneOf(TEAMS)]
Pot = Annotated[str, OneOf(POTS)]
Benefit = Annotated[str, OneOf(BENEFITS)]
AGE_BANDS = ("18-29", "30-44", "45-54", "55-66")
AgeBand = Annotated[str, OneOf(AGE_BANDS)]
# Benefits one by one, and the sums that statistics count.
StockName = Annotated[str, OneOf((*BENEFITS, "cash_benefit_system"))]
# Weeks of the refusion ladder: the name of a band and its first benefit week.
CLOCK_BANDS: Mapping[str, int] = {"1-4": 1, "5-26": 5, "27-52": 27, "53+": 53}
ClockBand = Annotated[str, OneOf(tuple(CLOCK_BANDS))]
WHEN_EMPTY = ("stop", "thin", "overspend", "carry")


def _inhabited(residents: int) -> int:
    if residents < 1:
        raise ValueError(
            f"a municipality without citizens cannot be simulated; found {residents}, allowed: 1 or more"
        )
    return residents


def _whole(shares: dict[str, float]) -> dict[str, float]:
    total = sum(shares.values())
    if abs(total - 1) > 0.005:
        raise ValueError(
            f"shares by refusion step add up to {total:.3f}; the weeks {', '.join(CLOCK_BANDS)} together must give 1"
        )
    return shares


class Death(Frozen):
    """Gompertz mortality: the yearly chance at 40 doubles every so many years of age."""

    at_age_40: Share = item(unit="share per year", meaning="chance of dying within a year at age 40")
    doubling_years: Number = item(unit="years", meaning="years of age in which the chance doubles", gt=0)


class Population(Frozen):
    """Residents from 16 to pension age and the traits that last."""

    residents_16_66: Annotated[Count, AfterValidator(_inhabited)] = item(
        unit="persons", meaning="residents aged 16-66; the model's adults"
    )
    birth_cohort_per_year: Number = item(
        unit="persons per year", meaning="residents who turn 16 in a year", ge=0
    )
    out_move_share_per_year: Share = item(
        unit="share per year", meaning="residents who move away in a year; as many move in"
    )
    death_per_year: Death
    higher_education_share: Share = item(unit="share", meaning="adults with higher education")
    vocational_share: Share = item(unit="share", meaning="adults with vocational education")
    health_some_share: Share = item(unit="share", meaning="adults with some lasting health barrier")
    health_severe_share: Share = item(unit="share", meaning="adults with a severe lasting health barrier")
    non_danish_origin_share: Share = item(unit="share", meaning="adults of non-Danish origin")
    provider_share: Share = item(unit="share", meaning="adults with children to support")
    single_share: Share = item(
        unit="share", meaning="adults living without a partner (not used by the model)"
    )
    at_home_share_16_29: Share = item(unit="share", meaning="those aged 16-29 who live with their parents")
    insured_share: Share = item(unit="share", meaning="labour force insured against unemployment (a-kasse)")
    unemployment_history: dict[int, Percent] = item(
        unit="%",
        meaning="unemployment by year, percent of the labour force; the shape of demand before the start",
    )
    unemployment_reference: Percent | None = item(
        None,
        unit="%",
        meaning="unemployment at which demand is normal; without it the municipality's own of 2024",
        gt=0,
        unsaid=True,
    )

    @model_validator(mode="after")
    def _parts_of_a_whole(self) -> Self:
        if self.higher_education_share + self.vocational_share > 1:
            raise ValueError("higher_education_share and vocational_share together exceed 1")
        if self.health_some_share + self.health_severe_share > 1:
            raise ValueError("health_some_share and health_severe_share together exceed 1")
        return self


class Sector(Frozen):
    """One branch of the local economy."""

    jobs_share: Share = item(unit="share", meaning="part of the municipality's jobs")
    workplaces_share: Share = item(unit="share", meaning="part of the municipality's workplaces")
    hires_per_job_year: Number = item(
        unit="hires per job per year", meaning="hires in a year per job, all applicants", ge=0
    )
    cycle_sensitivity: Number = item(
        unit="factor", meaning="how strongly postings follow demand; 1 = average", ge=0
    )


class Companies(Frozen):
    """Workplaces and jobs in the municipality. None at all is allowed: then nobody is hired locally."""

    workplaces: Count = item(unit="workplaces", meaning="workplaces with employees", ge=0)
    jobs: Count = item(unit="jobs", meaning="jobs at workplaces in the municipality", ge=0)
    public_share: Share = item(unit="share", meaning="jobs with a public employer (not used by the model)")
    sectors: dict[str, Sector] = Field(min_length=1)

    @model_validator(mode="after")
    def _parts_of_a_whole(self) -> Self:
        for name in ("jobs_share", "workplaces_share"):
            total = sum(getattr(sector, name) for sector in self.sectors.values())
            if abs(total - 1) > 0.005:
                raise ValueError(f"the {name} of all sectors must add up to 1, found {total:.3f}")
        if (self.workplaces == 0) != (self.jobs == 0):
            raise ValueError("workplaces and jobs must both be zero or both be above zero")
        return self


# Facts kept with their source that no rule reads; they are no factor of an analysis.
UNUSED: Final = (
    "municipality.population.single_share", "municipality.companies.public_share", "municipality.staff.mentors_fte",
    "municipality.staff.overhead_share", "municipality.staff.sick_days_per_year",
    "municipality.prices.caseworker_hour_kr",
)  # fmt: skip


class TeamStaff(Frozen):
    """One team of the jobcentre."""

    fte: Fte = item(unit="FTE", meaning="caseworkers of the team, full-time posts; none is allowed", ge=0)
    clients: Number = item(unit="clients", meaning="open cases of the team in the source", ge=0)


class Staff(Frozen):
    """The jobcentre's people, what they cost and how much of their year is casework."""

    teams: dict[Team, TeamStaff]
    company_consultants_fte: Fte = item(unit="FTE", meaning="staff who find placements and vacancies", ge=0)
    mentors_fte: Fte = item(unit="FTE", meaning="employed mentors (not used by the model)", ge=0)
    managers_fte: Fte = item(unit="FTE", meaning="managers", ge=0)
    administration_fte: Fte = item(unit="FTE", meaning="administration", ge=0)
    cost_per_fte_kr_year: Kr = item(unit="kr per FTE per year", meaning="marginal cost of one post", ge=0)
    overhead_share: Share = item(
        unit="share", meaning="overhead on top of the marginal cost (not used by the model)"
    )
    productive_hours_per_fte_year: Number = item(
        unit="hours per FTE per year",
        meaning="hours left for cases after holiday, meetings and training",
        ge=0,
        le=2000,
    )
    sick_days_per_year: Number = item(
        unit="days per year", meaning="sick days of a caseworker (not used by the model)", ge=0, le=220
    )
    leave_share_per_year: Share = item(
        unit="share per year", meaning="caseworkers who leave their post in a year, normal load"
    )
    weeks_to_fill: Weeks = item(
        unit="weeks", meaning="from resignation to a new person in the post", ge=0, le=104
    )
    novice_weeks: Weeks = item(
        unit="weeks", meaning="until a new caseworker works at full pace", ge=0, le=208
    )
    novice_productivity: Share = item(unit="share", meaning="pace of a new caseworker against a settled one")

    @model_validator(mode="after")
    def _all_teams(self) -> Self:
        missing = [team for team in TEAMS if team not in self.teams]
        if missing:
            raise ValueError(
                f"teams without a row: {', '.join(missing)} (a team without staff is {{fte: 0, clients: 0}})"
            )
        return self


class Budget(Frozen):
    """A pot of the budget year."""

    kr_per_year: Kr = item(
        unit="kr per year", meaning="authorised gross spending in a budget year; zero buys nothing", ge=0
    )
    when_empty: Annotated[str, OneOf(WHEN_EMPTY)] = Field(
        description="stop new starts, thin them out, overspend (shown), or carry over to next year"
    )


class LocalPrices(Frozen):
    """What things cost here, in kroner of the file's price year. Also read by name: prices["course_week_kr"]."""

    caseworker_hour_kr: Kr = item(
        unit="kr per hour", meaning="an hour of casework with overhead (not used by the model)", ge=0
    )
    placement_setup_hours: Number = item(
        unit="hours", meaning="consultant's hours to set up and follow a company placement", ge=0
    )
    course_week_kr: Kr = item(unit="kr per week", meaning="a person's week in a municipal course", ge=0)
    external_week_kr: Kr = item(unit="kr per week", meaning="a person's week with an external provider", ge=0)
    mentor_hour_kr: Kr = item(unit="kr per hour", meaning="an hour of mentoring", ge=0)
    wage_subsidy_hour_kr: Kr = item(unit="kr per hour", meaning="wage subsidy for an hour of work", ge=0)

    def __getitem__(self, name: str) -> float:
        if name not in type(self).model_fields:
            raise KeyError(name)
        return float(getattr(self, name))


class StartShares(Frozen):
    """Where people are when careers begin, by age: declared start values, everything later is an outcome."""

    foertidspension: dict[AgeBand, Share] = item(
        unit="share", meaning="of all residents of the age, on pension"
    )
    fleksjob: dict[AgeBand, Share] = item(unit="share", meaning="of all residents of the age, in fleksjob")
    employed: dict[AgeBand, Share] = item(
        unit="share", meaning="of those not in pension or fleksjob, at work"
    )
    education: dict[AgeBand, Share] = item(unit="share", meaning="of all residents of the age, in education")

    @model_validator(mode="after")
    def _all_bands(self) -> Self:
        for name in type(self).model_fields:
            missing = [band for band in AGE_BANDS if band not in getattr(self, name)]
            if missing:
                raise ValueError(f"{name} has no share for the ages {', '.join(missing)}")
        return self

    def get(self, status: str, default: Mapping[str, float] | None = None) -> Mapping[str, float]:
        """The shares by age of a status that is declared; `default` for any other."""
        return getattr(self, status) if status in type(self).model_fields else default or {}


class Stock(WithRange):
    """People on a benefit, as a target to be reached or as the start."""

    value: Number = item(unit="full-time persons", meaning="full-time persons on the benefit", ge=0)
    use: Annotated[str, OneOf(("target", "start"))] = Field(
        description="a target of the sanity table, or the start"
    )
    tolerance: Share | None = item(None, unit="share", meaning="how far off still counts as met")
    unit: str = ""
    source: str = Field(min_length=1)
    status: Status
    note: str = ""


class Municipality(Frozen):
    """A municipality file."""

    schema_number: Annotated[int, Field(alias="schema", ge=1, le=1)] = 1
    name: str
    price_year: int = Field(
        ge=2000, le=2100, description="kroner of this year in prices, budgets and staff cost"
    )
    population: Population
    start_shares: StartShares
    companies: Companies
    staff: Staff
    budgets: dict[Pot, Budget]
    prices: LocalPrices
    stocks: dict[StockName, Stock]
    clock_at_start: dict[Benefit, Annotated[dict[ClockBand, Share], AfterValidator(_whole)]] | None = item(
        None,
        unit="share",
        meaning="of the people on a benefit at the start, by benefit weeks on the refusion clock (awards older than the"
        " ladder apart); benefits not named keep the clocks of their simulated careers",
        unsaid=True,
    )

    @model_validator(mode="after")
    def _all_pots(self) -> Self:
        missing = [pot for pot in POTS if pot not in self.budgets]
        if missing:
            what = "(an empty pot is {kr_per_year: 0, when_empty: stop})"
            raise ValueError(f"budgets without a row: {', '.join(missing)} {what}")
        return self
