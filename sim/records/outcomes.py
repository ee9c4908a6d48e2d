"""Outcomes of a run: from its weekly tables to one number per outcome, group and period. Pure NumPy, one pass.

What each outcome means stands in `outcome_list`. A share with nothing to divide by is NaN: it is not known, not zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from sim import codes
from sim.money.ledger import OPERATING
from sim.records.outcome_list import OUTCOMES
from sim.records.result import RunResult
from sim.records.weekly import NAMES

ALL: Final = "all"
WEEKS_PER_YEAR: Final = 365.2425 / 7
OERE: Final = 100.0  # øre in a krone
# Follow-up of an entry week: it must lie this many weeks before the last week lived.
FOLLOW_SERVICE, FOLLOW_26, FOLLOW_52, FOLLOW_104 = 8, 26, 52, 104
# New caseworkers nobody in the jobcentre could have avoided, or that the citizen wanted: shown apart (goal 8).
APART: Final = ("first_assignment", "own_request")
SUPPORT_APART: Final = ("fleksjob", "foertidspension")  # shown beside "on support" in goal 1, never in it
LIVED_STATUSES: Final = tuple(
    name for name in codes.STATUSES if name not in ("absent", "gone", "reserved")
)  # residents


class Key(NamedTuple):
    """Which number: `year` is a budget year or "all"."""

    outcome: str
    group: str
    year: str


class Outcome(NamedTuple):
    """One number of a run, tidy."""

    outcome: str
    group: str
    year: str
    unit: str
    value: float


@dataclass(frozen=True)
class Sheet:
    """All outcomes of one run as a vector; runs over the same weeks have the same keys in the same order."""

    keys: tuple[Key, ...]
    values: np.ndarray  # float64 (keys,)

    def __getitem__(self, key: tuple[str, str, str]) -> float:
        return float(self.values[self.keys.index(Key(*key))])

    def rows(self) -> list[Outcome]:
        """The vector as tidy rows."""
        return [
            Outcome(*key, OUTCOMES[key.outcome].unit, float(value))
            for key, value in zip(self.keys, self.values, strict=True)
        ]


class _Writer:
    """Adds weekly series up over periods: the whole horizon first, then each budget year."""

    def __init__(self, result: RunResult):
        self.result = result
        years = result.year_of_week()
        self.periods = (ALL, *(str(year) for year in np.unique(years)))
        self.inside = np.vstack([np.ones_like(years), *(years == year for year in np.unique(years))]).astype(
            np.int64
        )
        self.weeks = self.inside.sum(axis=1).astype(np.float64)
        self.keys: list[Key] = []
        self.parts: list[np.ndarray] = []

    def total(self, series: np.ndarray) -> np.ndarray:
        """Sum over each period's weeks, exact in whole numbers until the end."""
        return np.asarray(self.inside @ series, np.float64)

    def mean(self, series: np.ndarray) -> np.ndarray:
        return np.asarray(self.total(series) / self.weeks)

    def share(self, part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return _divide(self.total(part), self.total(whole))

    def cohort_share(self, part: str, whole: str, follow: int) -> np.ndarray:
        """A cohort ratio over entry weeks that were followed to the end; the others are left out of both sides."""
        followed = np.arange(self.result.weeks) < self.result.weeks - follow
        return self.share(
            self.result.cohort_column(part) * followed, self.result.cohort_column(whole) * followed
        )

    def add(self, outcome: str, group: str, values: np.ndarray) -> None:
        self.keys += [Key(outcome, group, period) for period in self.periods]
        self.parts.append(values)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(a, b, out=np.full(a.shape, np.nan), where=b != 0))


def outcome_sheet(result: RunResult) -> Sheet:
    """Every outcome of a run."""
    writer = _Writer(result)
    _people(writer)
    _goals(writer)
    _flows(writer)
    _casework(writer)
    _measures(writer)
    _money(writer)
    return Sheet(tuple(writer.keys), np.concatenate(writer.parts))


def outcomes(result: RunResult) -> list[Outcome]:
    """Every outcome of a run as tidy rows."""
    return outcome_sheet(result).rows()


def on_support(result: RunResult) -> np.ndarray:
    """Persons on a benefit other than fleksjob and pension, int64 (weeks,): the fixed list of goal 1."""
    return _sum(result, "stock", (name for name in codes.BENEFITS if name not in SUPPORT_APART))


def residents(result: RunResult) -> np.ndarray:
    """Adults who live in the municipality, int64 (weeks,)."""
    return _sum(result, "stock", LIVED_STATUSES)


def _sum(result: RunResult, block: str, names: Iterable[str]) -> np.ndarray:
    return np.asarray(sum(result.column(f"{block}.{name}") for name in names), np.int64)


def _people(w: _Writer) -> None:
    r = w.result
    for status in LIVED_STATUSES:
        w.add("full_time_persons", status, w.mean(r.column(f"stock.{status}")))
    cash = tuple(codes.BENEFITS[b] for b in codes.CASH_BENEFITS)
    w.add("full_time_persons", "cash_benefit_system", w.mean(_sum(r, "stock", cash)))
    w.add("full_time_persons", "support", w.mean(on_support(r)))
    for step in range(codes.N_STEPS):
        w.add("persons_by_step", f"step{step}", w.mean(r.column(f"ladder.step{step}")))


def _goals(w: _Writer) -> None:
    """The ten goals (economics rule 18); goal 8 is counted in `_casework`."""
    r = w.result
    support, column = on_support(r), r.column
    w.add("support_share", ALL, w.share(support, residents(r)))
    # People in a subsidised job are in a company measure and on no benefit: they stand on both sides.
    in_company = column("company_measure.weeks") - column("company_measure.weeks_dropped_early")
    w.add("company_measure_share", ALL, w.share(in_company, support + column("stock.subsidised_job")))
    w.add("in_job_26_share", ALL, w.cohort_share("in_job_26", "entrants", FOLLOW_26))
    w.add("in_job_52_share", ALL, w.cohort_share("in_job_52", "entrants", FOLLOW_52))
    w.add("still_in_job_share", ALL, w.cohort_share("still_in_job", "entrants", FOLLOW_52))
    asked, exempt = column("passive.weeks_asked"), column("passive.weeks_exempt")
    w.add("passive_share", ALL, w.share(column("passive.weeks"), asked))
    w.add("passive_exempt_share", ALL, w.share(exempt, asked + exempt))
    w.add("long_term_persons", ALL, w.mean(column("long_term.stock")))
    w.add("long_term_share", ALL, w.share(column("long_term.stock"), support))
    w.add("long_term_inflow", ALL, w.total(column("long_term.inflow")))
    for status in ("job", "fleksjob", "subsidised_job"):
        barred = column(f"stock_health.{status}.some") + column(f"stock_health.{status}.severe")
        w.add("health_barrier_in_work", status, w.mean(barred))
    w.add("weeks_on_support_104", ALL, w.cohort_share("weeks_on_support_104", "entrants", FOLLOW_104))
    w.add("elapsed_weeks", ALL, w.share(column("elapsed.weeks"), column("elapsed.persons")))
    first, second = column("companies.first_contact_this_year"), column("companies.second_contact_this_year")
    w.add("companies_cooperating", ALL, w.total(first))
    w.add("companies_repeat_share", ALL, w.share(second, first))
    w.add("second_service_share", ALL, w.cohort_share("second_service_8", "two_barriers", FOLLOW_SERVICE))


def _flows(w: _Writer) -> None:
    r = w.result
    doors: dict[str, np.ndarray] = {door: np.zeros(r.weeks, np.int64) for door in codes.DOORS}
    for benefit in codes.BENEFITS:
        w.add("entries", benefit, w.total(r.column(f"entries.{benefit}")))
        ended = np.zeros(r.weeks, np.int64)
        for door in codes.DOORS:
            exits = r.column(f"exits.{benefit}.{door}")
            w.add("exits", f"{benefit}.{door}", w.total(exits))
            doors[door] = doors[door] + exits
            ended = ended + exits
        w.add("completed_spell_weeks", benefit, w.share(r.column(f"completed_weeks.{benefit}"), ended))
    for door, exits in doors.items():
        w.add("exits_by_door", door, w.total(exits))
    for applicant in codes.APPLICANTS:
        w.add("hires", applicant, w.total(r.column(f"market.hires_{applicant}")))
    w.add("vacancies", ALL, w.mean(r.column("market.vacancies")))
    for flow in ("posted", "reposted", "lapsed"):
        w.add("vacancy_flow", flow, w.total(r.column(f"market.{flow}")))
    for flow in _names("flows"):
        w.add("resident_flows", flow, w.total(r.column(f"flows.{flow}")))


def _casework(w: _Writer) -> None:
    r = w.result
    cases = r.column("casework.cases")
    citizen_years = w.total(cases) / WEEKS_PER_YEAR
    counted = np.zeros(len(w.periods))
    for cause in codes.CAUSES:
        changes = w.total(r.column(f"changes.{cause}"))
        w.add("caseworker_changes", cause, changes)
        w.add("changes_per_citizen_year", cause, _divide(changes, citizen_years))
        if cause not in APART:
            counted = counted + changes
    w.add("changes_per_citizen_year", "counted", _divide(counted, citizen_years))
    w.add(
        "wait_weeks_first_meeting",
        ALL,
        w.share(r.column("meetings.first_wait_weeks"), r.column("meetings.first_held")),
    )
    w.add("queue_persons", ALL, w.mean(r.column("queue.persons")))
    w.add("queue_hours", ALL, w.mean(r.column("queue.minutes")) / 60.0)
    for kind in ("due", "held", "no_show", "prepared", "first_held", "above_plan", "by_a_kasse"):
        w.add("meetings", kind, w.total(r.column(f"meetings.{kind}")))
    for benefit in codes.BENEFITS:
        w.add("meetings_held", benefit, w.total(r.column(f"meetings_held.{benefit}")))
    w.add("plan_compliance", ALL, w.share(r.column("plan.weeks_in_plan"), r.column("plan.weeks")))
    w.add("cases", ALL, w.mean(cases))
    w.add("cases_without_caseworker", ALL, w.mean(r.column("casework.without_caseworker")))
    w.add("trust", ALL, w.share(r.column("casework.trust_milli"), cases) / 1000.0)
    posts = r.column("staff.milli_fte")
    w.add("staff_fte", "posts", w.mean(posts) / 1000.0)
    for state in ("present", "vacant", "absent", "novice"):
        w.add("staff_fte", state, w.mean(r.column(f"staff.{state}_milli_fte")) / 1000.0)
    w.add("resignations", ALL, w.total(r.column("staff.resignations")))
    w.add("casework_hours", "available", w.total(r.column("staff.minutes")) / 60.0)
    w.add("casework_hours", "used", w.total(r.column("staff.minutes_used")) / 60.0)


def _measures(w: _Writer) -> None:
    r = w.result
    for kind in codes.MEASURES[1:]:
        w.add("measures_started", kind, w.total(r.column(f"measures_started.{kind}")))
        w.add("measures_running", kind, w.mean(r.column(f"measures_running.{kind}")))
    for reason in _names("measures_refused"):
        w.add("measures_refused", reason, w.total(r.column(f"measures_refused.{reason}")))


def _money(w: _Writer) -> None:
    r = w.result
    paid = r.ledger.sum(axis=(2, 3))  # (weeks, accounts, payers)
    w.add("gross_operating_spending", ALL, w.total(r.spending(accounts=OPERATING)) / OERE)
    for p, (payer, net) in enumerate(
        zip(codes.PAYERS, ("net_municipal_cost", "net_state_cost"), strict=True)
    ):
        w.add(net, ALL, w.total(r.spending(payer)) / OERE)
        for frame in codes.FRAMES:
            w.add("money", f"{payer}/{frame}", w.total(r.spending(payer, frame=frame)) / OERE)
        by_account = "municipal_by_account" if payer == "municipality" else "state_by_account"
        for a, account in enumerate(codes.ACCOUNTS):
            w.add(by_account, account, w.total(paid[:, a, p]) / OERE)
    benefits = r.ledger[:, codes.A_BENEFIT]  # (weeks, benefits + 1, steps, payers)
    for b, benefit in enumerate(codes.BENEFITS):
        w.add(
            "municipal_benefit_cost",
            benefit,
            w.total(benefits[:, b, :, codes.MUNICIPALITY].sum(axis=1)) / OERE,
        )
        w.add("benefit_paid", benefit, w.total(benefits[:, b].sum(axis=(1, 2))) / OERE)
    for step in range(codes.N_STEPS):
        w.add(
            "municipal_benefit_cost_by_step",
            f"step{step}",
            w.total(benefits[:, :, step, codes.MUNICIPALITY].sum(axis=1)) / OERE,
        )
    _pots(w)


def _pots(w: _Writer) -> None:
    """Pots have budget years of their own: the horizon's total first, then the years lived."""
    r = w.result
    lived = [r.years.index(int(year)) for year in w.periods[1:]]
    for p, pot in enumerate(codes.POTS):
        for k, outcome in enumerate(("pot_authorised", "pot_committed", "pot_spent")):
            yearly = r.pots[lived, p, k].astype(np.float64) / OERE
            w.add(outcome, pot, np.concatenate([[yearly.sum()], yearly]))


def _names(block: str) -> list[str]:
    """The weekly columns of a block, without its name."""
    return [name.removeprefix(f"{block}.") for name in NAMES if name.startswith(f"{block}.")]
