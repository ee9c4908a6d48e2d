"""The law and municipality files against the facts they are made from: sources, dates, rates, limits."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from data_files import CASH, SCENARIOS, rows_of, tree

from jobcenter.data import facts
from sim.calendar import week_of
from sim.codes import BENEFITS, FOERTIDSPENSION
from sim.money.amounts import weekly_oere
from sim.scenario import Scenario, load
from sim.scenario.validate import STATUSES

FILES = (
    "municipalities/slagelse.yaml",
    "municipalities/slagelse_2015.yaml",
    "municipalities/hedensted.yaml",
    "municipalities/silkeborg.yaml",
    "law/benefit_rates.yaml",
    "law/contact_plan.yaml",
    "law/transitions.yaml",
    "law/measures.yaml",
    "law/economy.yaml",
)

# Share of each benefit's people that is under 30 (judged); with the municipality's shares of providers and of young
# people at home it makes the mix of rate classes behind `paid_share`. docs/data.md tells the same table.
UNDER_30 = {
    "kontanthjaelp_jobready": 0.1,
    "kontanthjaelp_activityready": 0.0,
    "uddannelseshjaelp": 1.0,
    "sho": 0.2,
    "jobafklaring": 0.12,
    "ressourceforloeb": 0.2,
}


@pytest.fixture(scope="module")
def slagelse() -> Scenario:
    return load(str(SCENARIOS / "slagelse_2024.yaml"))


@pytest.fixture(scope="module")
def baseline() -> Scenario:
    return load(str(SCENARIOS / "baseline.yaml"))


# ---- every number says what it is and where it comes from --------------------------------------------------------


def tables(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every table of a file with its path, the innermost too."""
    if isinstance(value, Mapping):
        yield path, value
        for key, entry in value.items():
            yield from tables(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for at, entry in enumerate(value):
            yield from tables(entry, f"{path}[{at}]")


def is_number(text: Any) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[-+]?\d+(\.\d+)?", text) is not None


def bare_numbers(value: Mapping[str, Any], path: str) -> Iterator[str]:
    """Keys that hold a number in a table that does not say its source."""
    for key, entry in value.items():
        if is_number(entry) and not {"source", "status"} <= set(value):
            yield f"{path}.{key}" if path else key


@pytest.mark.parametrize("name", FILES)
def test_every_number_has_unit_source_and_status(name: str) -> None:
    allowed = {"schema", "price_year"}
    bare = [found for path, table in tables(tree(name)) for found in bare_numbers(table, path)]
    assert not set(bare) - allowed, bare
    counted = 0
    for path, table in tables(tree(name)):
        if not {"value", "kr", "meetings"} & set(table):
            continue
        counted += 1
        assert table.get("source", "").strip(), f"{path}: no source"
        assert table.get("status") in STATUSES, f"{path}: status {table.get('status')!r}"
        if "kr" in table:
            assert table["per"] in ("month", "week", "day", "year"), path
        elif "value" in table:
            assert table.get("unit", "").strip(), f"{path}: no unit"
        if table["status"] in ("computed", "inferred", "not_found"):
            assert table.get("note") or table["source"] != "judgement", (
                f"{path}: {table['status']} without a note"
            )
        if table["source"] == "judgement":
            assert table["status"] == "judgement", f"{path}: a judgement must say so"
        if "low" in table or "high" in table:
            assert float(table["low"]) <= float(table["value"]) <= float(table["high"]), path
    assert counted > 15


@pytest.mark.parametrize("name", FILES)
def test_sources_that_name_a_facts_file_find_it(name: str) -> None:
    text = (SCENARIOS / name).read_text(encoding="utf-8")
    named = set(re.findall(r"facts/([\w/]+\.csv)", text))
    assert named, f"{name} names no facts file"
    for file in named:
        assert facts(file).stat().st_size > 100


def test_an_unknown_facts_file_is_refused_with_what_there_is() -> None:
    with pytest.raises(FileNotFoundError, match="benefit_rates.csv"):
        facts("benefit_rate.csv")


# ---- dates -------------------------------------------------------------------------------------------------------


def day(text: str | None, otherwise: date) -> date:
    return date.fromisoformat(text) if text else otherwise


@pytest.mark.parametrize("name", ["law/transitions.yaml", "law/measures.yaml", "law/economy.yaml"])
def test_dated_rows_follow_each_other_without_gap_or_overlap(name: str) -> None:
    for key, rows in tree(name).items():
        if not isinstance(rows, list):
            continue
        for before, after in pairwise(rows):
            until, since = date.fromisoformat(before["to"]), date.fromisoformat(after["from"])
            assert (since - until).days == 1, f"{key}: {until} is followed by {since}"
        assert all(day(r.get("from"), date.min) <= day(r.get("to"), date.max) for r in rows), key


def test_rates_come_in_order_of_time() -> None:
    law = tree("law/benefit_rates.yaml")
    assert set(law) == {*BENEFITS, "schema", "paid_share"}
    assert set(law["paid_share"]) == set(BENEFITS)
    for benefit in BENEFITS:
        starts = [date.fromisoformat(period["from"]) for period in law[benefit]]
        assert starts == sorted(set(starts)), benefit
        # A period holds alone: a class it forgets would be paid the standard rate from that day on.
        classes = [set(period["rates"]) for period in law[benefit]]
        assert all(found == classes[0] and "standard" in found for found in classes), benefit


def test_rates_never_fall_but_at_a_reform() -> None:
    law = tree("law/benefit_rates.yaml")
    for benefit in BENEFITS:
        for before, after in pairwise(law[benefit]):
            for name, rate in after["rates"].items():
                now, then = (weekly_oere(r["kr"], r["per"]) for r in (rate, before["rates"][name]))
                # Graduates were cut in 2017 (82 to 71.5 % of the maximum) and in 2023; one kontanthjaelp in 2025.
                reform = after["from"] == "2025-07-01" or (
                    name == "graduate" and after["from"] in ("2017-01-01", "2024-01-01")
                )
                assert now >= then or reform, (benefit, name, after["from"])
                assert 0.75 < now / then < 1.25, (benefit, name, after["from"])


def test_contact_plan_rows_of_one_duty_do_not_overlap() -> None:
    duties: dict[tuple[str, str, str], list[tuple[date, date]]] = {}
    for row in tree("law/contact_plan.yaml")["rows"]:
        key = (row["group"], row["holder"], row["window_weeks"])
        span = (date.fromisoformat(row["from"]), day(None if row["to"] == "null" else row["to"], date.max))
        duties.setdefault(key, []).append(span)
    for key, spans in duties.items():
        assert spans == sorted(spans), key
        assert all(until < since for (_, until), (since, _) in pairwise(spans)), key


# ---- rates and what they add up to -------------------------------------------------------------------------------


def test_rates_marked_as_read_stand_in_the_facts() -> None:
    printed: dict[str, set[float]] = {}
    for row in rows_of("benefit_rates.csv"):
        printed.setdefault(row["year"], set()).add(float(row["amount_dkk"]))
    checked = 0
    for benefit, periods in tree("law/benefit_rates.yaml").items():
        if benefit in ("schema", "paid_share"):
            continue
        for period in periods:
            for name, rate in period["rates"].items():
                if rate["status"] == "read":
                    checked += 1
                    assert float(rate["kr"]) in printed[period["from"][:4]], (benefit, name, period["from"])
    assert checked > 60


def paid_per_year(scenario: Scenario, benefit: str) -> float:
    """Mean payment of a full-time year on a benefit in the kroner of its rates, by the mix of rate classes."""
    people = scenario.municipality.population
    rates = scenario.law.rates(benefit, week_of("2024-W30"))
    yearly = {name: weekly_oere(rate.kr, rate.per) * 52 / 100 for name, rate in rates.items()}
    standard = yearly["standard"]

    def of(name: str) -> float:
        return yearly.get(name, standard)

    if benefit == "dagpenge":
        graduates = [
            float(r["value"])
            for r in rows_of("population.csv", group="dagpenge")
            if "graduate" in r["measure"]
        ]
        share = sum(graduates) / len(graduates) / 100
        assert len(graduates) == 12
        listed = share * of("graduate") + (1 - share) * standard
    else:
        young, home = UNDER_30.get(benefit, 0.0), people.at_home_share_16_29
        alone = (1 - young) * standard + young * (home * of("young_at_home") + (1 - home) * of("young"))
        listed = people.provider_share * of("provider") + (1 - people.provider_share) * alone
    return listed * scenario.law.paid_share[benefit]


def mean_payment(item: str) -> float:
    """Kroner a year per full-time person in the facts ('954 persons x 222,000 DKK a year')."""
    (row,) = [
        r
        for r in rows_of("municipal_budgets.csv", geography="Default 75,000 inhabitants", year="2024")
        if r["benefit_or_item"].startswith(item) and r["account"].startswith("benefit")
    ]
    found = re.search(r"persons x ([\d,]+) DKK a year", row["note"])
    assert found
    return float(found[1].replace(",", ""))


@pytest.mark.parametrize(
    ("benefit", "item"),
    [
        ("dagpenge", "dagpenge"),
        ("sygedagpenge", "sygedagpenge"),
        ("jobafklaring", "jobafklaring"),
        ("ressourceforloeb", "ressourceforloeb"),
        ("revalidering", "revalidering"),
        ("ledighedsydelse", "ledighedsydelse"),
        ("fleksjob", "fleksjob"),
        ("foertidspension", "disability pension"),
    ],
)
def test_gross_spending_per_full_time_person_meets_the_facts(
    slagelse: Scenario, benefit: str, item: str
) -> None:
    assert paid_per_year(slagelse, benefit) == pytest.approx(mean_payment(item), rel=0.03)


def test_gross_spending_of_the_cash_benefit_system_meets_the_facts(slagelse: Scenario) -> None:
    stocks = slagelse.municipality.stocks
    kroner = sum(stocks[benefit].value * paid_per_year(slagelse, benefit) for benefit in CASH)
    people = sum(stocks[benefit].value for benefit in CASH)
    assert kroner / people == pytest.approx(mean_payment("cash-benefit system"), rel=0.03)


# ---- law in force ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "on", "value"),
    [
        ("dagpenge_limit_weeks", "2008-W20", 208),
        ("dagpenge_limit_weeks", "2012-W50", 208),
        ("dagpenge_limit_weeks", "2013-W02", 104),
        ("dagpenge_limit_weeks", "2024-W20", 104),
        ("graduate_limit_weeks", "2023-W10", 104),
        ("graduate_limit_weeks", "2024-W20", 52),
        ("sygedagpenge_revaluation_weeks", "2014-W20", 52),
        ("sygedagpenge_revaluation_weeks", "2024-W20", 22),
        ("ressourceforloeb_limit_weeks", "2021-W20", 260),
        ("ressourceforloeb_limit_weeks", "2024-W20", 156),
        ("ressourceforloeb_open", "2026-W20", 1),
        ("ressourceforloeb_open", "2026-W40", 0),
        ("revalidering_open", "2027-W01", 0),
        ("jobready_default", "2026-W50", 0),
        ("jobready_default", "2027-W02", 1),
        ("one_kontanthjaelp", "2025-W20", 0),
        ("one_kontanthjaelp", "2025-W30", 1),
        ("pension_age", "2018-W20", 65),
        ("pension_age", "2019-W20", 65.5),
        ("pension_age", "2027-W01", 67),
        ("pension_age", "2031-W20", 68),
        ("pension_age", "2036-W20", 69),
    ],
)
def test_law_by_date(baseline: Scenario, name: str, on: str, value: float) -> None:
    assert baseline.law.transition(name, week_of(on)) == value


def test_limits_have_a_value_in_every_year(baseline: Scenario) -> None:
    """A run from 2014 on with two years before it must never meet a limit without a number."""
    for year in range(2012, 2041):
        for name in baseline.law.transitions:
            assert baseline.law.transition(name, week_of(f"{year}-W26")) is not None, (name, year)


def test_frozen_law_is_that_of_its_day(slagelse: Scenario) -> None:
    assert slagelse.law.transition("ressourceforloeb_open", week_of("2028-W01")) == 1
    assert {
        row.meetings for row in slagelse.law.contact_rules("kontanthjaelp_activityready", week_of("2028-W01"))
    } == {4}


@pytest.mark.parametrize("on", ["2016-W10", "2019-W50", "2021-W10", "2024-W10", "2026-W30", "2030-W10"])
def test_every_benefit_but_pension_has_a_contact_plan(baseline: Scenario, on: str) -> None:
    without = [b for b in BENEFITS if not baseline.law.contact_rules(b, week_of(on))]
    assert without == [BENEFITS[FOERTIDSPENSION]]


def test_the_a_kasse_holds_the_first_three_months_of_dagpenge_from_2024(baseline: Scenario) -> None:
    for on, holders in (("2023-W20", {"municipality"}), ("2024-W20", {"a_kasse", "municipality"})):
        assert {row.holder for row in baseline.law.contact_rules("dagpenge", week_of(on))} == holders
    held = {row.group for row in baseline.law.contact_plan if row.holder == "a_kasse"}
    assert held == {"dagpenge"}
    for row in baseline.law.contact_rules("dagpenge", week_of("2024-W20")):
        assert (row.meetings, row.window_weeks) == ((3, 13) if row.holder == "a_kasse" else (3, 26))
    for row in baseline.law.contact_rules("dagpenge", week_of("2027-W01")):
        assert (row.meetings, row.share_covered) == (2, 0.75)


def test_measures_name_every_benefit(baseline: Scenario) -> None:
    on = week_of("2024-W20")
    for benefit in BENEFITS:
        weeks = baseline.law.measure(f"placement_weeks_{benefit}", on)
        assert weeks in (4, 13), benefit
        assert f"offer_deadline_weeks_{benefit}" in baseline.law.measures
    assert baseline.law.measure("offer_deadline_weeks_dagpenge", week_of("2018-W20")) == 20
    assert baseline.law.measure("offer_deadline_weeks_sygedagpenge", on) is None
    assert baseline.law.measure("mentor_weeks", on) == 26


def test_exit_shares_of_ressourceforloeb_are_those_of_the_facts_and_add_up(baseline: Scenario) -> None:
    on = week_of("2024-W20")
    shares = [baseline.law.transition(n, on) for n in baseline.law.transitions if "_exit_" in n]
    ended = rows_of("transitions.csv", geography="Denmark", measure="share of ended spells")
    found = {r["group"]: float(r["value"]) / 100 for r in ended}
    assert sorted(s for s in shares if s is not None) == sorted(found.values())
    assert sum(found.values()) == pytest.approx(1)
