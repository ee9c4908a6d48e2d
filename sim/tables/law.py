"""Tables made of dated law: time limits, who gets which benefit, rates and refusion."""

from datetime import date

import numpy as np

from sim import codes
from sim.behaviour.entry import EntryTable
from sim.behaviour.limits import LimitTable
from sim.calendar import first_week_from, year_of
from sim.codes import BENEFITS, RATE_CLASSES
from sim.money.amounts import weekly_oere
from sim.population.citizens import NEVER
from sim.scenario import Scenario
from sim.scenario.law_tables import RatePeriod
from sim.week.payments import PayTable
from sim.week.world import Law

# Awards of pension and fleksjob before this date keep their former share (financing act § 30).
LADDER_AWARDS_FROM = date(2014, 7, 1)
WEEKS_PER_YEAR = 52.1775

# The activity a refusion rule may ask for, by measure running (codes.MEASURES).
_ACTIVITY_OF_MEASURE = (
    codes.ACT_NONE,
    codes.ACT_PLACEMENT,
    codes.ACT_PLACEMENT,
    codes.ACT_GUIDANCE,
    codes.ACT_GUIDANCE,
    codes.ACT_WAGE_SUBSIDY,
    codes.ACT_NONE,
    codes.ACT_NONE,  # ordinary paid hours are no offer of the jobcentre
)


def price_factor(scenario: Scenario, year: int) -> float:
    """What a krone of `year` is in kroner of the scenario's price level."""
    return float((1.0 + scenario.prices.rate_index_per_year) ** (scenario.prices.level_year - year))


def law_change_weeks(scenario: Scenario) -> set[int]:
    """Weeks in which some row of the law begins or ends; when the law is frozen only those of the refusion rule set,
    which is chosen by name and not by date, and of time limits that move all the same."""
    law = scenario.law
    weeks: set[int] = set(law.rule_set.change_weeks)
    for row in law.moving_rows():
        if row.from_date:
            weeks.add(first_week_from(row.from_date))
        if row.to_date:
            weeks.add(first_week_from(row.to_date) + 1)
    if law.as_of is None:
        for periods in law.benefit_rates.values():
            weeks |= {first_week_from(period.from_date) for period in periods}
    return weeks


def limit(scenario: Scenario, name: str, week: int) -> float:
    """A number of scenarios/law/transitions.yaml in force in `week`; it must have a value."""
    value = scenario.law.transition(name, week)
    if value is None:
        raise ValueError(
            f"law/transitions.yaml: {name} has no value for the week of {scenario.law.day_for(name, week)}"
        )
    return value


def law_table(scenario: Scenario, week: int) -> Law:
    """What moves between statuses do to clocks and awards."""
    rules = scenario.law.rule_set
    return Law(
        clock_kind=np.array(rules.week_class, np.int64),
        reset_weeks=int(rules.reset_weeks),
        window_weeks=int(rules.window_weeks),
        clear_at_reset=int(rules.clear),
        clock_from=int(rules.history_from),
        pension_age_weeks=int(round(limit(scenario, "pension_age", week) * WEEKS_PER_YEAR)),
        legacy_before=int(first_week_from(LADDER_AWARDS_FROM)),
    )


def entry_table(scenario: Scenario, week: int) -> EntryTable:
    """Who gets which benefit when one begins."""
    value = scenario.behaviour
    return EntryTable(
        means_test_share=float(value["exits.means_test_share"]),
        misassessed_share=float(value["staff.misassessed_share"]),
        sho_share=float(value["events.sho_share"]),
        # One meeting per `by_need_weeks`, at the trust a case usually has.
        correction_before=float(
            value["staff.correction_share"] * value["trust.usual"] / value["contact.by_need_weeks"]
        ),
        dagpenge_limit=int(limit(scenario, "dagpenge_limit_weeks", week)),
        youth_age_weeks=int(limit(scenario, "youth_age", week) * WEEKS_PER_YEAR),
        graduate_job_share=float(value["events.graduate_job_share"]),
        graduate_dagpenge_share=float(value["events.graduate_dagpenge_share"]),
    )


def limit_table(scenario: Scenario, week: int) -> LimitTable:
    """Time limits and re-assessments."""
    value = scenario.behaviour
    weeks = {
        name: int(limit(scenario, f"{law}_weeks", week))
        for name, law in {
            "dagpenge": "dagpenge_limit",
            "graduate_dagpenge": "graduate_limit",
            "revaluation": "sygedagpenge_revaluation",
            "extension": "sygedagpenge_extension",
            "jobafklaring": "jobafklaring_limit",
            "ressourceforloeb": "ressourceforloeb_limit",
            "revalidering": "revalidering_limit",
        }.items()
    }
    least = np.full(len(BENEFITS), NEVER)
    least[codes.DAGPENGE] = min(weeks["dagpenge"], weeks["graduate_dagpenge"])
    least[codes.SYGEDAGPENGE] = weeks["revaluation"]
    least[codes.JOBAFKLARING] = weeks["jobafklaring"]
    least[codes.RESSOURCEFORLOEB] = weeks["ressourceforloeb"]
    least[codes.REVALIDERING] = weeks["revalidering"]
    least[codes.UDDANNELSESHJAELP] = 0  # until an age
    return LimitTable(
        least=least,
        **weeks,
        youth_age_weeks=int(limit(scenario, "youth_age", week) * WEEKS_PER_YEAR),
        extended_share=float(value["exits.revaluation_extended_share"]),
        to_jobafklaring_share=float(value["exits.revaluation_jobafklaring_share"]),
        renewed_share=float(value["exits.jobafklaring_renewed_share"]),
    )


def rate_period(scenario: Scenario, benefit: str, week: int) -> RatePeriod:
    """The rates of a benefit in force in `week`; before the first row the first row holds."""
    rows, day = scenario.law.benefit_rates[benefit], scenario.law.day_of(week)
    return next((row for row in reversed(rows) if row.from_date <= day), rows[0])


def amounts_oere(scenario: Scenario, week: int) -> np.ndarray:
    """A week's benefit in øre at the scenario's price level: int64 (benefits, rate classes).

    The rates of the law in force are moved from their own year to `prices.level_year` by `rate_index_per_year`, and
    scaled by the share of the full rate that is paid on average (`paid_share`: part-time claims, deductions, own pay).
    """
    table = np.zeros((len(BENEFITS), len(RATE_CLASSES)), np.int64)
    for b, benefit in enumerate(BENEFITS):
        period = rate_period(scenario, benefit, week)
        factor = price_factor(scenario, period.from_date.year) * scenario.law.paid_share[benefit]
        standard = period.rates.get("standard") or next(iter(period.rates.values()))
        for r, name in enumerate(RATE_CLASSES):
            rate = period.rates.get(name, standard)
            table[b, r] = int(weekly_oere(rate.kr, rate.per) * factor + 0.5)
    return table


def pay_table(scenario: Scenario, week: int) -> PayTable:
    """Amounts and the refusion rule set."""
    rules = scenario.law.rule_set
    arrays = rules.tables_at(week)
    subsidy = scenario.municipality.prices["wage_subsidy_hour_kr"] * 37.0 * 100.0
    subsidy *= price_factor(scenario, scenario.municipality.price_year)
    full = amounts_oere(scenario, week)
    return PayTable(
        # Beside paid hours a benefit is smaller: by how much, the lever that brings them about says.
        amount_oere=np.concatenate([full, full], axis=1),
        share_bp=arrays.share_bp,
        step=arrays.step,
        bracket=arrays.bracket.astype(np.uint16),  # looked up person by person: a quarter of the memory
        brackets=arrays.brackets,
        counter=arrays.counter,
        subsidy_oere=int(subsidy + 0.5),
        subsidy_counts=int(arrays.week_class[codes.SUBSIDISED_JOB] == 2),
        activity=np.array(_ACTIVITY_OF_MEASURE, np.int64),
        operating_bp=arrays.operating_bp,
    )


def is_open(scenario: Scenario, benefit: str, week: int) -> bool:
    """Whether new cases may enter ressourceforloeb or revalidering (closed to new cases from 1 July 2026)."""
    return bool(scenario.law.transition(f"{benefit}_open", week))


def budget_years(scenario: Scenario) -> list[int]:
    """Budget years the horizon touches."""
    return list(range(year_of(scenario.start_week), year_of(scenario.start_week + scenario.weeks - 1) + 1))
