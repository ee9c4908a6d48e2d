"""Outcomes of a run: from its weekly tables to one number per outcome, group and period. Pure NumPy, one pass.

What each outcome means stands in `outcome_list`. A share with nothing to divide by is NaN: it is not known, not zero.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from sim import codes
from sim.money.ledger import FRAME_OF_ACCOUNT, OPERATING
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
# Changes the jobcentre decides on itself; of the counted ones, resignation and absence are the others.
PREVENTABLE: Final = ("group_shift", "reorganisation")
SUPPORT_APART: Final = ("fleksjob", "foertidspension")  # shown beside "on support" in goal 1, never in it
LIVED_STATUSES: Final = tuple(
    name for name in codes.STATUSES if name not in ("absent", "gone", "reserved")
)  # residents

SUPPORT_STOCKS: Final = tuple(f"stock.{name}" for name in codes.BENEFITS if name not in SUPPORT_APART)
CASH_STOCKS: Final = tuple(f"stock.{codes.BENEFITS[b]}" for b in codes.CASH_BENEFITS)
_PAYER_OUTCOMES: Final = {
    "municipality": ("net_municipal_cost", "municipal_by_account"),
    "state": ("net_state_cost", "state_by_account"),
}


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
    """Sums of the weekly tables over periods: the whole horizon first, then each budget year. Exact whole numbers."""

    def __init__(self, result: RunResult):
        self.result = result
        years, begins = np.unique(result.year_of_week(), return_index=True)
        self.begins = begins
        self.periods = (ALL, *(str(year) for year in years))
        self.weeks = self._over_periods(np.ones(result.weeks, np.int64)).astype(np.float64)
        self.totals = dict(zip(NAMES, self._over_periods(result.rows).T, strict=True))
        self.ledger = self._over_periods(result.ledger)  # (periods, accounts, benefits + 1, steps, payers)
        self.keys: list[Key] = []
        self.parts: list[np.ndarray] = []

    def _over_periods(self, weekly: np.ndarray) -> np.ndarray:
        by_year = np.add.reduceat(weekly, self.begins, axis=0)
        return np.concatenate([by_year.sum(axis=0, keepdims=True), by_year])

    def total(self, *names: str) -> np.ndarray:
        """Sum of weekly columns over each period, int64 (periods,)."""
        return np.asarray(sum(self.totals[name] for name in names), np.int64)

    def mean(self, *names: str) -> np.ndarray:
        """The same as a mean over the period's weeks."""
        return np.asarray(self.total(*names) / self.weeks)

    def cohort_share(self, part: str, whole: str, follow: int) -> np.ndarray:
        """A cohort ratio over entry weeks that were followed to the end; the others are left out of both sides."""
        followed = np.arange(self.result.weeks) < self.result.weeks - follow
        return _divide(
            self._over_periods(self.result.cohort_column(part) * followed),
            self._over_periods(self.result.cohort_column(whole) * followed),
        )

    def add(self, outcome: str, group: str, values: np.ndarray) -> None:
        """One outcome, a number for every period."""
        self.keys += [Key(outcome, group, period) for period in self.periods]
        self.parts.append(np.asarray(values, np.float64))

    def add_kr(self, outcome: str, group: str, oere: np.ndarray) -> None:
        """The same for money, given in øre."""
        self.add(outcome, group, oere / OERE)


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


def _people(w: _Writer) -> None:
    for status in LIVED_STATUSES:
        w.add("full_time_persons", status, w.mean(f"stock.{status}"))
    w.add("full_time_persons", "cash_benefit_system", w.mean(*CASH_STOCKS))
    w.add("full_time_persons", "support", w.mean(*SUPPORT_STOCKS))
    for step in range(codes.N_STEPS):
        w.add("persons_by_step", f"step{step}", w.mean(f"ladder.step{step}"))


def _goals(w: _Writer) -> None:
    """The ten goals (economics rule 18); goal 8 is counted in `_casework`."""
    total = w.total
    support = total(*SUPPORT_STOCKS)
    w.add("support_share", ALL, _divide(support, total(*(f"stock.{status}" for status in LIVED_STATUSES))))
    # People in a subsidised job are in a company measure and on no benefit: they stand on both sides.
    in_company = total("company_measure.weeks")
    w.add("company_measure_share", ALL, _divide(in_company, support + total("stock.subsidised_job")))
    w.add("in_job_26_share", ALL, w.cohort_share("in_job_26", "entrants", FOLLOW_26))
    w.add("in_job_52_share", ALL, w.cohort_share("in_job_52", "entrants", FOLLOW_52))
    w.add("still_in_job_share", ALL, w.cohort_share("still_in_job", "entrants", FOLLOW_52))
    asked, exempt = total("passive.weeks_asked"), total("passive.weeks_exempt")
    w.add("passive_share", ALL, _divide(total("passive.weeks"), asked))
    w.add("passive_exempt_share", ALL, _divide(exempt, asked + exempt))
    w.add("long_term_persons", ALL, w.mean("long_term.stock"))
    w.add("long_term_share", ALL, _divide(total("long_term.stock"), support))
    w.add("long_term_inflow", ALL, total("long_term.inflow"))
    for status in ("job", "fleksjob", "subsidised_job"):
        barred = (f"stock_health.{status}.some", f"stock_health.{status}.severe")
        w.add("health_barrier_in_work", status, w.mean(*barred))
    w.add("weeks_on_support_104", ALL, w.cohort_share("weeks_on_support_104", "entrants", FOLLOW_104))
    w.add("elapsed_weeks", ALL, _divide(total("elapsed.weeks"), total("elapsed.persons")))
    first, second = total("companies.first_contact_this_year"), total("companies.second_contact_this_year")
    w.add("companies_cooperating", ALL, first)
    w.add("companies_repeat_share", ALL, _divide(second, first))
    w.add("second_service_share", ALL, w.cohort_share("second_service_8", "two_barriers", FOLLOW_SERVICE))


def _flows(w: _Writer) -> None:
    total = w.total
    for benefit in codes.BENEFITS:
        w.add("entries", benefit, total(f"entries.{benefit}"))
        for door in codes.DOORS:
            w.add("exits", f"{benefit}.{door}", total(f"exits.{benefit}.{door}"))
        ended = total(*(f"exits.{benefit}.{door}" for door in codes.DOORS))
        w.add("completed_spell_weeks", benefit, _divide(total(f"completed_weeks.{benefit}"), ended))
    for door in codes.DOORS:
        w.add("exits_by_door", door, total(*(f"exits.{benefit}.{door}" for benefit in codes.BENEFITS)))
    for applicant in codes.APPLICANTS:
        w.add("hires", applicant, total(f"market.hires_{applicant}"))
    if w.result.hired is not None:
        by_schooling = w._over_periods(w.result.hired)
        for k, education in enumerate(codes.EDUCATIONS):
            w.add("hires", f"benefit_{education}", by_schooling[:, k])
    w.add("vacancies", ALL, w.mean("market.vacancies"))
    for flow in ("posted", "reposted", "lapsed", "replaced"):
        w.add("vacancy_flow", flow, total(f"market.{flow}"))
    for flow in _names("flows"):
        w.add("resident_flows", flow, total(f"flows.{flow}"))


def _casework(w: _Writer) -> None:
    total, mean = w.total, w.mean
    cases = total("casework.cases")
    citizen_years = cases / WEEKS_PER_YEAR
    for cause in codes.CAUSES:
        changes = total(f"changes.{cause}")
        w.add("caseworker_changes", cause, changes)
        w.add("changes_per_citizen_year", cause, _divide(changes, citizen_years))
    counted = total(*(f"changes.{cause}" for cause in codes.CAUSES if cause not in APART))
    w.add("changes_per_citizen_year", "counted", _divide(counted, citizen_years))
    preventable = total(*(f"changes.{cause}" for cause in PREVENTABLE))
    w.add("changes_per_citizen_year", "preventable", _divide(preventable, citizen_years))
    w.add("changes_per_citizen_year", "unpreventable", _divide(counted - preventable, citizen_years))
    waited, first = total("meetings.first_wait_weeks"), total("meetings.first_held")
    w.add("wait_weeks_first_meeting", ALL, _divide(waited, first))
    w.add("queue_persons", ALL, mean("queue.persons"))
    w.add("queue_hours", ALL, mean("queue.minutes") / 60.0)
    for kind in ("due", "held", "no_show", "prepared", "first_held", "above_plan", "by_a_kasse"):
        w.add("meetings", kind, total(f"meetings.{kind}"))
    for benefit in codes.BENEFITS:
        w.add("meetings_held", benefit, total(f"meetings_held.{benefit}"))
    w.add("plan_compliance", ALL, _divide(total("plan.weeks_in_plan"), total("plan.weeks")))
    w.add("cases", ALL, mean("casework.cases"))
    w.add("cases_without_caseworker", ALL, mean("casework.without_caseworker"))
    w.add("trust", ALL, _divide(total("casework.trust_milli"), cases) / 1000.0)
    w.add("staff_fte", "posts", mean("staff.milli_fte") / 1000.0)
    for state in ("present", "vacant", "absent", "novice"):
        w.add("staff_fte", state, mean(f"staff.{state}_milli_fte") / 1000.0)
    w.add("resignations", ALL, total("staff.resignations"))
    w.add("casework_hours", "available", total("staff.minutes") / 60.0)
    w.add("casework_hours", "used", total("staff.minutes_used") / 60.0)
    for team in codes.TEAMS_WITH_CASES:
        used = _divide(total(f"team_minutes_used.{team}"), total(f"team_minutes.{team}"))
        w.add("hours_used_share", team, used)
    w.add("hours_used_share", ALL, _divide(total("staff.minutes_used"), total("staff.minutes")))


def _measures(w: _Writer) -> None:
    for kind in codes.MEASURES[1:]:
        w.add("measures_started", kind, w.total(f"measures_started.{kind}"))
        w.add("measures_running", kind, w.mean(f"measures_running.{kind}"))
    for reason in _names("measures_refused"):
        w.add("measures_refused", reason, w.total(f"measures_refused.{reason}"))


def _money(w: _Writer) -> None:
    paid = w.ledger.sum(axis=(2, 3))  # (periods, accounts, payers)
    frames = {
        frame: [a for a, account in enumerate(codes.ACCOUNTS) if FRAME_OF_ACCOUNT[account] == frame]
        for frame in codes.FRAMES
    }
    operating = [codes.ACCOUNTS.index(account) for account in OPERATING]
    w.add_kr("gross_operating_spending", ALL, paid[:, operating].sum(axis=(1, 2)))
    for p, payer in enumerate(codes.PAYERS):
        net, by_account = _PAYER_OUTCOMES[payer]
        w.add_kr(net, ALL, paid[:, :, p].sum(axis=1))
        for frame, accounts in frames.items():
            w.add_kr("money", f"{payer}/{frame}", paid[:, accounts, p].sum(axis=1))
        for a, account in enumerate(codes.ACCOUNTS):
            w.add_kr(by_account, account, paid[:, a, p])
    benefits = w.ledger[:, codes.A_BENEFIT]  # (periods, benefits + 1, steps, payers)
    for b, benefit in enumerate(codes.BENEFITS):
        w.add_kr("municipal_benefit_cost", benefit, benefits[:, b, :, codes.MUNICIPALITY].sum(axis=1))
        w.add_kr("benefit_paid", benefit, benefits[:, b].sum(axis=(1, 2)))
    for step in range(codes.N_STEPS):
        by_step = benefits[:, :, step, codes.MUNICIPALITY].sum(axis=1)
        w.add_kr("municipal_benefit_cost_by_step", f"step{step}", by_step)
    _pots(w)


def _pots(w: _Writer) -> None:
    """Pots have budget years of their own: the horizon's total first, then the years lived."""
    r = w.result
    lived = [r.years.index(int(year)) for year in w.periods[1:]]
    pots = r.pots[lived]
    over = np.maximum(pots[:, :, 2] - pots[:, :, 0], 0)

    def add(outcome: str, yearly: np.ndarray) -> None:
        for pot, oere in ((ALL, yearly.sum(axis=1)), *zip(codes.POTS, yearly.T, strict=True)):
            w.add_kr(outcome, pot, np.concatenate([[oere.sum()], oere]))

    for k, outcome in enumerate(("pot_authorised", "pot_committed", "pot_spent", "pot_carried_over")):
        add(outcome, pots[:, :, k])
    add("pot_overspent", over)


def _names(block: str) -> list[str]:
    """The weekly columns of a block, without its name."""
    return [name.removeprefix(f"{block}.") for name in NAMES if name.startswith(f"{block}.")]
