"""The file of Slagelse against the facts: stocks, posts, budgets, prices, sectors."""

import pytest
from data_files import CASH, SCENARIOS, number_of, rows_of

from sim.codes import BENEFITS, TEAMS
from sim.scenario import Scenario, load


@pytest.fixture(scope="module")
def slagelse() -> Scenario:
    return load(str(SCENARIOS / "slagelse_2024.yaml"))


def test_stocks_are_those_of_the_statistics(slagelse: Scenario) -> None:
    stocks = slagelse.municipality.stocks
    mean = {r["group"]: float(r["value"]) for r in rows_of("stocks.csv", geography="Slagelse", period="2024")}
    assert stocks["cash_benefit_system"].value == round(
        mean["cash-benefit system (kontanthjaelp incl. youth)"]
    )
    assert stocks["dagpenge"].value == pytest.approx(mean["dagpenge (unemployed)"], abs=0.5)
    jobready = mean["gross unemployed"] - mean["dagpenge (unemployed)"]
    assert stocks["kontanthjaelp_jobready"].value == pytest.approx(jobready, abs=0.5)
    assert sum(stocks[benefit].value for benefit in CASH) == stocks["cash_benefit_system"].value
    assert set(stocks) == {*BENEFITS, "cash_benefit_system"}
    assert {stock.use for stock in stocks.values()} == {"target"}


def test_activity_ready_and_young_split_as_in_july_2026(slagelse: Scenario) -> None:
    """69 % of the system is activity-ready of all ages; the young's education-ready part is 15 %."""
    split = {
        row["group"].partition(": ")[2]: float(row["value"])
        for row in rows_of("stocks.csv", geography="Slagelse", period="2026-07")
        if row["group"].startswith("cash-benefit system: ")
    }
    total = sum(split.values())
    system = slagelse.municipality.stocks["cash_benefit_system"].value
    activity = split["activity-ready"] / total * system
    education = (split["education-ready"] + split["obviously education-ready"]) / total * system
    young = system * 384 / 1103
    older = activity - (young - education)
    excess = young + older + slagelse.municipality.stocks["kontanthjaelp_jobready"].value + 110 - system
    for name, group in (("kontanthjaelp_activityready", older), ("uddannelseshjaelp", young)):
        want = group - excess * group / (young + older)
        assert slagelse.municipality.stocks[name].value == pytest.approx(want, abs=5)


@pytest.mark.parametrize(
    ("benefit", "factor"),
    [("sygedagpenge", 1.07), ("jobafklaring", 1.07), ("ressourceforloeb", 1.07), ("revalidering", 1.07),
     ("ledighedsydelse", 1.07), ("fleksjob", 1.07), ("foertidspension", 1.07 * 1.2)],
)  # fmt: skip
def test_benefits_without_a_local_count_are_scaled_as_told(
    slagelse: Scenario, benefit: str, factor: float
) -> None:
    group = "disability pension" if benefit == "foertidspension" else benefit
    default = number_of(
        "local_stocks.csv", geography="Default 75,000 inhabitants", period="2024", group=group
    )
    assert slagelse.municipality.stocks[benefit].value == pytest.approx(default * factor, rel=0.01)


def test_unemployment_history_is_the_statistics(slagelse: Scenario) -> None:
    rows = rows_of("raw/dst_unemployment_pct.csv", municipality="Slagelse")
    read = {int(row["year"]): float(row["value"]) for row in rows}
    assert slagelse.municipality.population.unemployment_history == read
    assert set(range(2012, 2025)) <= set(read)


def test_sectors_add_up(slagelse: Scenario) -> None:
    companies = slagelse.municipality.companies
    sectors = companies.sectors
    assert 6 <= len(sectors) <= 8
    for name in ("jobs_share", "workplaces_share"):
        assert sum(getattr(sector, name) for sector in sectors.values()) == pytest.approx(1)
    public = sum(sector.jobs_share for name, sector in sectors.items() if name.startswith("public"))
    assert public == pytest.approx(companies.public_share)
    hires = companies.jobs * sum(s.jobs_share * s.hires_per_job_year for s in sectors.values())
    assert hires == pytest.approx(11_000, rel=0.03)
    assert sum(s.jobs_share * s.cycle_sensitivity for s in sectors.values()) == pytest.approx(1, abs=0.05)


def test_start_shares_leave_room_for_all(slagelse: Scenario) -> None:
    shares = slagelse.municipality.start_shares
    for band, employed in shares.employed.items():
        support = shares.foertidspension[band] + shares.fleksjob[band]
        assert support + (1 - support) * employed + shares.education[band] < 1, band


@pytest.mark.parametrize(("status", "people"), [("foertidspension", 3_400), ("fleksjob", 1_300)])
def test_start_shares_give_the_number_they_are_judged_around(
    slagelse: Scenario, status: str, people: int
) -> None:
    """Ages are equally large; health spreads the shares (0.4, 1.6, 3.5), schooling spreads health (1.5, 1, 0.6)."""
    population = slagelse.municipality.population
    higher, vocational = population.higher_education_share, population.vocational_share
    risk = 1.5 * (1 - higher - vocational) + vocational + 0.6 * higher
    some, severe = population.health_some_share * risk, population.health_severe_share * risk
    factor = 0.4 * (1 - some - severe) + 1.6 * some + 3.5 * severe
    years = {"18-29": 12, "30-44": 15, "45-54": 10, "55-66": 12}
    shares = slagelse.municipality.start_shares.get(status)
    found = population.residents_16_66 / 51 * factor * sum(years[band] * shares[band] for band in years)
    assert found == pytest.approx(people, rel=0.05)


def test_posts_follow_clients_and_lie_in_the_band_of_the_facts(slagelse: Scenario) -> None:
    municipality = slagelse.municipality
    staff, stocks = municipality.staff, municipality.stocks
    assert set(staff.teams) == set(TEAMS)
    clients = {
        "dagpenge_jobready": ("dagpenge", "kontanthjaelp_jobready"),
        "activityready": ("kontanthjaelp_activityready",),
        "young": ("uddannelseshjaelp",),
        "sickness": ("sygedagpenge", "jobafklaring"),
        "clarification": ("ressourceforloeb", "revalidering", "ledighedsydelse"),
        "fleksjob": ("fleksjob",),
    }
    for team, benefits in clients.items():
        assert staff.teams[team].clients == sum(stocks[benefit].value for benefit in benefits), team
    loads = {
        "dagpenge_jobready": 75,
        "activityready": 40,
        "young": 40,
        "sickness": 50,
        "clarification": 42,
        "fleksjob": 370,
    }
    for team, per_post in loads.items():
        assert staff.teams[team].clients / staff.teams[team].fte == pytest.approx(per_post, rel=0.02), team
    for team in staff.teams.values():
        assert team.fte * 4 == round(team.fte * 4)
    posts = sum(team.fte for team in staff.teams.values())
    posts += staff.company_consultants_fte + staff.mentors_fte + staff.managers_fte + staff.administration_fte
    inhabitants = 80_285 / 75_000
    assert 145 * inhabitants < posts < 276 * inhabitants
    assert 2.13 < posts / 80.285 < 3.3


def test_budgets_are_the_defaults_scaled_by_clients(slagelse: Scenario) -> None:
    municipality = slagelse.municipality
    clients = sum(team.clients for team in municipality.staff.teams.values())
    default = sum(
        float(row["value"])
        for row in rows_of(
            "staffing.csv", geography="Default 75,000 inhabitants", period="2024", measure="clients"
        )
    )
    factor = clients / default
    assert factor == pytest.approx(1.163, abs=0.001)
    pots = {
        "authority_staff": "authority staff and administration (konto 6)",
        "company_service": "company service",
        "in_house_courses": "in-house courses and mentors",
        "external_courses": "external courses and providers",
        "wage_subsidies": "wage subsidies, mentors in firms, aids, transport",
        "integration": "Danish language and integration programme",
    }
    for pot, item in pots.items():
        row = {"geography": "Default 75,000 inhabitants", "year": "2024", "account": "operating pots"}
        found = [
            r for r in rows_of("municipal_budgets.csv", **row) if r["benefit_or_item"].startswith(item[:12])
        ]
        assert len(found) == 1, pot
        kroner = municipality.budgets[pot].kr_per_year
        assert kroner == pytest.approx(float(found[0]["gross_mio_dkk"]) * 1e6 * factor, rel=0.005), pot


@pytest.mark.parametrize(
    ("price", "item"),
    [
        ("caseworker_hour_kr", "one hour of caseworker time incl. overhead"),
        ("course_week_kr", "guidance / other course, municipal"),
        ("external_week_kr", "external provider, intensive"),
        ("mentor_hour_kr", "mentor, external"),
    ],
)
def test_prices_are_the_default_price_list_of_2024(slagelse: Scenario, price: str, item: str) -> None:
    listed = number_of(
        "measure_prices.csv", geography="Default 75,000 inhabitants", period="2024", measure=item
    )
    assert slagelse.municipality.prices[price] == listed
    assert slagelse.municipality.price_year == 2024


def test_provenance_reaches_the_program(slagelse: Scenario) -> None:
    known = slagelse.provenance["municipality.staff.leave_share_per_year"]
    assert (known.status, known.low, known.high) == ("judgement", 0.1, 0.35)
    assert slagelse.provenance["municipality.population.unemployment_history.2024"].status == "read"
