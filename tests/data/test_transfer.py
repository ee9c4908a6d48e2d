"""Hedensted and Silkeborg against the facts: local where a local number exists, scaled and said to be where not.

The checks are only checks as long as nothing of what they predict goes in.
"""

import pytest
from data_files import CASH, number_of, rows_of

from experiments.provenance import canonical_hash
from sim.calendar import week_of
from sim.codes import BENEFITS, TEAMS
from sim.scenario import Scenario, load
from sim.tables.levels import demand

NAMES = ("Hedensted", "Silkeborg")
# Inhabitants half-way between 2022-Q1 and 2026-02, over the default municipality's 75,000.
INHABITANTS = {"Hedensted": 0.638, "Silkeborg": 1.335}
LOADS = {
    "dagpenge_jobready": 75,
    "activityready": 40,
    "young": 40,
    "sickness": 50,
    "clarification": 42,
    "fleksjob": 370,
}
TEAM_OF = {
    "dagpenge_jobready": ("dagpenge", "kontanthjaelp_jobready"),
    "activityready": ("kontanthjaelp_activityready",),
    "young": ("uddannelseshjaelp",),
    "sickness": ("sygedagpenge", "jobafklaring"),
    "clarification": ("ressourceforloeb", "revalidering", "ledighedsydelse"),
    "fleksjob": ("fleksjob",),
}


def scenario_of(name: str) -> Scenario:
    return load(f"{name.lower()}_2024")


@pytest.fixture(scope="module", params=NAMES)
def place(request: pytest.FixtureRequest) -> tuple[str, Scenario]:
    return request.param, scenario_of(request.param)


def test_people_are_the_facts(place: tuple[str, Scenario]) -> None:
    name, scenario = place
    people = scenario.municipality.population
    low, high = (
        number_of("population.csv", geography=name, measure=f"implied population 16-66, {which} bound")
        for which in ("lower", "upper")
    )
    assert low <= people.residents_16_66 <= high
    assert people.birth_cohort_per_year == pytest.approx(people.residents_16_66 / 51, abs=1)
    share = number_of("population.csv", geography=name, period="2022", measure="share with higher education")
    assert people.higher_education_share == pytest.approx(share / 100)
    origin = [
        number_of("population.csv", geography=name, period=period, measure="immigrants and descendants") / 100
        for period in ("2022", "2026")
    ]
    assert people.non_danish_origin_share == pytest.approx(sum(origin) / 2, abs=0.001)
    ends = [
        number_of("population.csv", geography=name, period=period, measure="population, all ages")
        for period in ("2022Q1", "2026M02")
    ]
    assert sum(ends) / 2 / 75_000 == pytest.approx(INHABITANTS[name], abs=0.001)


def test_what_is_predicted_does_not_go_in(place: tuple[str, Scenario]) -> None:
    """Unemployment of 2024 is left out, the reference is Slagelse's, and stocks alter nothing."""
    name, scenario = place
    people = scenario.municipality.population
    rows = rows_of("raw/dst_unemployment_pct.csv", municipality=name)
    read = {int(row["year"]): float(row["value"]) for row in rows}
    assert people.unemployment_history == {y: v for y, v in read.items() if y < 2024}
    assert people.unemployment_reference == number_of(
        "raw/dst_unemployment_pct.csv", municipality="Slagelse", year="2024"
    )
    stocks = scenario.municipality.stocks
    assert {stock.use for stock in stocks.values()} == {"target"}
    other = load(f"{name.lower()}_2024", overrides=["municipality.stocks.dagpenge.value=9999"])
    assert canonical_hash(other) == canonical_hash(scenario)


def test_stocks_are_those_of_the_statistics(place: tuple[str, Scenario]) -> None:
    name, scenario = place
    stocks = scenario.municipality.stocks
    assert set(stocks) == {*BENEFITS, "cash_benefit_system"}
    mean = {
        r["group"]: float(r["value"])
        for r in rows_of("stocks.csv", geography=name, period="2024")
        if "mean" in r["measure"]
    }
    system = mean["cash-benefit system (kontanthjaelp incl. youth)"]
    assert stocks["cash_benefit_system"].value == pytest.approx(system, abs=0.5)
    assert sum(stocks[benefit].value for benefit in CASH) == stocks["cash_benefit_system"].value
    assert stocks["dagpenge"].value == pytest.approx(mean["dagpenge (unemployed)"], abs=0.5)
    jobready = mean["gross unemployed"] - mean["dagpenge (unemployed)"]
    assert stocks["kontanthjaelp_jobready"].value == pytest.approx(jobready, abs=0.5)
    for benefit in (
        "sygedagpenge",
        "jobafklaring",
        "ressourceforloeb",
        "revalidering",
        "ledighedsydelse",
        "fleksjob",
    ):
        default = number_of(
            "local_stocks.csv", geography="Default 75,000 inhabitants", period="2024", group=benefit
        )
        assert stocks[benefit].value == pytest.approx(default * INHABITANTS[name], abs=1), benefit


def test_staff_and_budgets_are_scaled_per_client_and_say_so(place: tuple[str, Scenario]) -> None:
    _, scenario = place
    municipality = scenario.municipality
    teams, stocks = municipality.staff.teams, municipality.stocks
    assert set(teams) == set(TEAMS)
    for team, benefits in TEAM_OF.items():
        assert teams[team].clients == sum(stocks[benefit].value for benefit in benefits), team
        assert teams[team].fte == pytest.approx(teams[team].clients / LOADS[team], abs=0.126), team
        assert scenario.provenance[f"municipality.staff.teams.{team}.fte"].note.startswith("SCALED"), team
    slagelse = load("slagelse_2024").municipality
    factor = sum(t.clients for t in teams.values()) / sum(t.clients for t in slagelse.staff.teams.values())
    for pot, budget in municipality.budgets.items():
        assert budget.kr_per_year == pytest.approx(slagelse.budgets[pot].kr_per_year * factor, rel=0.01), pot
        assert scenario.provenance[f"municipality.budgets.{pot}.kr_per_year"].note.startswith("SCALED"), pot
    for post in ("company_consultants_fte", "mentors_fte", "managers_fte", "administration_fte"):
        assert getattr(municipality.staff, post) == pytest.approx(
            getattr(slagelse.staff, post) * factor, abs=0.26
        )


def test_sectors_and_start_shares_add_up(place: tuple[str, Scenario]) -> None:
    _, scenario = place
    companies, shares = scenario.municipality.companies, scenario.municipality.start_shares
    public = sum(sector.jobs_share for name, sector in companies.sectors.items() if name.startswith("public"))
    assert public == pytest.approx(companies.public_share)
    slagelse = load("slagelse_2024").municipality.companies.sectors
    for name, sector in companies.sectors.items():
        assert sector.cycle_sensitivity == slagelse[name].cycle_sensitivity
        assert sector.hires_per_job_year == slagelse[name].hires_per_job_year
    for band, employed in shares.employed.items():
        support = shares.foertidspension[band] + shares.fleksjob[band]
        assert support + (1 - support) * employed + shares.education[band] < 1, band


def test_prices_and_law_are_those_of_slagelse(place: tuple[str, Scenario]) -> None:
    _, scenario = place
    slagelse = load("slagelse_2024")
    assert scenario.municipality.prices == slagelse.municipality.prices
    assert scenario.law.as_of == slagelse.law.as_of and scenario.start_week == slagelse.start_week
    assert dict(scenario.behaviour) == dict(slagelse.behaviour)


def test_demand_is_local_against_the_place_the_levels_were_fitted_to() -> None:
    """Hedensted in 2024 has its unemployment of 2023 over Slagelse's of 2024; a national path multiplies it."""
    scenario = scenario_of("Hedensted")
    finding, loss = (scenario.behaviour[f"events.demand_elasticity_{name}"] for name in ("finding", "loss"))
    relative = 1.98 / 3.13
    assert demand(scenario, week_of("2024-W20")) == pytest.approx((relative**-finding, relative**loss))
    assert demand(load("slagelse_2024"), week_of("2024-W20")) == (1.0, 1.0)
    path = load("hindcast_2008_hedensted")
    (spell,) = (s for s in path.demand if s.from_week <= week_of("2010-W20") <= s.to_week)
    assert spell.unemployment_relative is not None and spell.unemployment_relative > 2
    relative = 1.04 / 3.13 * spell.unemployment_relative
    assert demand(path, week_of("2010-W20")) == pytest.approx((relative**-finding, relative**loss))
