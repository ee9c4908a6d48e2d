"""What must add up, whatever happens: people, spells, cases, meetings, vacancies, hires, hours, money and pots.

One eventful world is lived with somebody looking on between the steps; the counts of the kernels are then held against
a recount from the people themselves.
"""

from dataclasses import dataclass, field

import numpy as np
import pytest
from worlds import at_start, busy_world

from sim.books import Books
from sim.codes import (
    A_BENEFIT,
    A_WAGE_SUBSIDY,
    ABSENT,
    ACCOUNTS,
    ACT_LEGACY,
    BENEFITS,
    CAUSES,
    DOORS,
    FIRST_BENEFIT,
    FLEKSJOB,
    FOERTIDSPENSION,
    GONE,
    JOB,
    M_PAID_HOURS,
    MEASURES,
    N_BENEFITS,
    N_STATUSES,
    N_TEAMS,
    PAYEES,
    POTS,
    RATE_CLASSES,
    STATE,
    STATUSES,
    SUBSIDISED_JOB,
    TEAM_OF_BENEFIT,
)
from sim.model import JobcenterModel
from sim.money.amounts import state_part
from sim.money.ledger import BooksDoNotBalance
from sim.population.citizens import LEGACY_AWARD
from sim.records.result import RunResult
from sim.records.tables import with_open_spells
from sim.records.weekly import ENTRIES, MK_HIRES
from sim.week.casework import BY_CHOICE
from sim.week.world import L_REQUESTED

WEEKS = 80
TEAM = np.array(TEAM_OF_BENEFIT)


@dataclass
class Seen:
    """What was seen between the steps, one entry a week."""

    status: list[np.ndarray] = field(default_factory=list)  # of every row, while the week lasts
    by_health: list[np.ndarray] = field(default_factory=list)
    monday_entries: list[np.ndarray] = field(default_factory=list)
    new_caseworkers: list[int] = field(default_factory=list)
    called: list[np.ndarray] = field(
        default_factory=list
    )  # planned meetings listed and held, early ones listed and held
    load: list[np.ndarray] = field(default_factory=list)
    load_recount: list[np.ndarray] = field(default_factory=list)
    minutes_left: list[int] = field(default_factory=list)
    guests: list[np.ndarray] = field(default_factory=list)
    guests_recount: list[np.ndarray] = field(default_factory=list)
    job_asked: list[int] = field(default_factory=list)
    hired: list[np.ndarray] = field(default_factory=list)  # rows of people hired this week
    leaving: list[np.ndarray] = field(default_factory=list)  # (rows that move, status they move to)
    open_after: list[int] = field(default_factory=list)
    paid: list[np.ndarray] = field(default_factory=list)  # øre by benefit and payer, recounted


class Watched(JobcenterModel):
    """The model with somebody looking on. The week itself is untouched."""

    weeks_between_gatherings = (
        1 << 20
    )  # nobody changes rows, so rows seen in different weeks are the same people

    def __init__(self, *args: object, **options: object):
        self.seen = Seen()
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def _arrivals(self, week: int) -> None:
        super()._arrivals(week)
        self.seen.monday_entries.append(self._row[ENTRIES : ENTRIES + N_BENEFITS].copy())
        self.seen.status.append(self.state["status"].astype(np.int64))

    def _casework(self, week: int) -> int:
        before = self.state["caseworker"].astype(np.int64)
        self._due[:] = 0
        offers = super()._casework(week)
        after = self.state["caseworker"].astype(np.int64)
        keys = self._due[self._due > 0]
        early = (keys >> 36) & 255 == BY_CHOICE
        met = self.state["last_meeting"][self.state["row_of"][keys & 0xFFFFFF]] == week
        counts = (~early).sum(), (~early & met).sum(), early.sum(), (early & met).sum()
        self.seen.called.append(np.array(counts))
        self.seen.new_caseworkers.append(int(((after != before) & (after >= 0)).sum()))
        status = self.state["status"]
        held = after[(after >= 0) & ((status >= FIRST_BENEFIT) | (status == SUBSIDISED_JOB))]
        self.seen.load_recount.append(np.bincount(held, minlength=self.state["seat_load"].size))
        self.seen.load.append(self.state["seat_load"].astype(np.int64))
        self.seen.minutes_left.append(int(self.state["seat_minutes"].sum()))
        return offers

    def _hire(self, week: int, draws: int) -> None:
        before = self.state["request"].astype(np.int64)
        super()._hire(week, draws)
        after = self.state["request"].astype(np.int64)
        changed = np.flatnonzero(before != after)
        assert (after[changed] == JOB + 1).all()
        self.seen.hired.append(changed)
        self.seen.open_after.append(int(self.state["lengths"][2]))

    def _live(self, week: int) -> int:
        draws = super()._live(week)
        self.seen.paid.append(recount_of_benefits(self, week))
        return draws

    def _record(self, week: int) -> None:
        health = np.zeros((N_STATUSES, 3), np.int64)
        np.add.at(health, (self.state["status"].astype(int), self.state["health"].astype(int)), 1)
        self.seen.by_health.append(health)
        super()._record(week)

    def _transitions(self, week: int) -> None:
        rows = self.state["requested"][: self.state["lengths"][L_REQUESTED]].astype(np.int64)
        self.seen.leaving.append(np.stack([rows, self.state["request"][rows].astype(np.int64) - 1]))
        super()._transitions(week)
        host = self.state["host"].astype(np.int64)
        n = self.state["company_guests"].size
        self.seen.guests.append(self.state["company_guests"].astype(np.int64))
        self.seen.guests_recount.append(np.bincount(host[host >= 0], minlength=n))


def recount_of_benefits(model: JobcenterModel, week: int) -> np.ndarray:
    """Benefits of the week from the people: int64 (benefits, 2 payers) øre, each person-week rounded by itself."""
    state, table = model.state, model.tables.pay
    out = np.zeros((N_BENEFITS, 2), np.int64)
    for i in np.flatnonzero(state["status"] >= FIRST_BENEFIT):
        benefit = int(state["status"][i]) - FIRST_BENEFIT
        activity = int(table.activity[state["measure"][i]])
        if benefit in (FLEKSJOB, FOERTIDSPENSION) and state["flags"][i] & LEGACY_AWARD:
            activity = ACT_LEGACY
        own_clock = table.counter[benefit] == 0
        weeks = int(state["clock_n"][i]) if own_clock else week - int(state["since"][i]) + 1
        share = int(table.share_bp[benefit, activity, min(max(weeks, 1), table.share_bp.shape[2] - 1)])
        beside = len(RATE_CLASSES) * int(state["measure"][i] == M_PAID_HOURS)
        amount = int(table.amount_oere[benefit, state["rate_class"][i] + beside])
        out[benefit] += (amount - state_part(amount, share), state_part(amount, share))
    return out


@dataclass
class Life:
    """A watched run and its tables."""

    model: Watched
    result: RunResult
    seen: Seen

    def column(self, name: str) -> np.ndarray:
        return self.result.column(name)

    def sum(self, prefix: str) -> np.ndarray:
        names = [name for name in _names() if name.startswith(prefix)]
        assert names
        return np.asarray(np.array([self.column(name) for name in names]).sum(axis=0))


def _names() -> tuple[str, ...]:
    from sim.records.weekly import NAMES

    return NAMES


@pytest.fixture(scope="module")
def life() -> Life:
    scenario = busy_world(weeks=WEEKS, share=0.08)
    model = Watched(scenario, 3, state=at_start(scenario, 3), recording="spells")
    model.run()
    return Life(model, model.result(), model.seen)


def test_the_world_is_eventful(life: Life) -> None:
    """An identity over nothing shows nothing."""
    for name in (
        *(f"changes.{cause}" for cause in CAUSES),
        *(f"measures_started.{kind}" for kind in MEASURES[1:]),
        *(f"exits.kontanthjaelp_jobready.{door}" for door in ("job", "other_benefit", "outside")),
        "exits.dagpenge.subsidised_job",
        "queue.persons", "meetings.no_show", "meetings.by_a_kasse", "market.reposted", "market.lapsed",
        "market.hires_benefit", "measures_refused.no_budget",
        "flows.arrivals", "flows.deaths", "flows.moves_out", "flows.pension_age",
    ):  # fmt: skip
        assert life.column(name).sum() > 0, name


# ---- people ----------------------------------------------------------------------------------------------------


def test_stocks_are_the_people(life: Life) -> None:
    for t in range(WEEKS):
        recount = life.seen.by_health[t]
        for s, status in enumerate(STATUSES):
            assert life.column(f"stock.{status}")[t] == recount[s].sum()
            for h, health in enumerate(("none", "some", "severe")):
                assert life.column(f"stock_health.{status}.{health}")[t] == recount[s, h]


def test_stock_and_flow_of_every_benefit(life: Life) -> None:
    """Next week's stock = this week's + entries by next Monday - exits of this week."""
    monday = np.array(life.seen.monday_entries)
    for b, benefit in enumerate(BENEFITS):
        stock, entries = life.column(f"stock.{benefit}"), life.column(f"entries.{benefit}")
        exits = life.sum(f"exits.{benefit}.")
        by_request = entries - monday[:, b]
        assert (by_request >= 0).all()
        expected = stock[:-1] + by_request[:-1] - exits[:-1] + monday[1:, b]
        assert np.array_equal(stock[1:], expected), benefit


def test_nobody_is_made_or_lost(life: Life) -> None:
    total = life.sum("stock.")
    assert (total == life.model.state["id"].size).all()
    residents = total - life.column("stock.absent") - life.column("stock.gone")
    left = life.column("flows.deaths") + life.column("flows.moves_out") + life.column("flows.pension_age")
    assert np.array_equal(np.diff(residents), life.column("flows.arrivals")[1:] - left[:-1])
    assert np.array_equal(np.diff(life.column("stock.gone")), left[:-1])


def test_spells_hold_every_week_and_every_exit(life: Life) -> None:
    """Weeks of spells within the horizon are the stocks added up; closed spells are the exits by door."""
    closed = life.result.spells
    assert closed is not None
    spells = with_open_spells(closed, life.model.state)
    start, end = life.result.start, life.result.start + WEEKS
    seen_from = np.maximum(
        np.maximum(spells["begin"], start), spells["arrived"]
    )  # movers bring a spell begun elsewhere
    lived_through = np.minimum(spells["end"], end) - seen_from
    assert (lived_through > 0).all()
    for b, benefit in enumerate(BENEFITS):
        assert lived_through[spells["benefit"] == b].sum() == life.column(f"stock.{benefit}").sum(), benefit
        of = closed["benefit"] == b
        for d, door in enumerate(DOORS):
            assert (closed["door"][of] == d).sum() == life.column(f"exits.{benefit}.{door}").sum()
        length = (closed["end"][of].astype(np.int64) - closed["begin"][of]).sum()
        assert length == life.column(f"completed_weeks.{benefit}").sum()


def test_each_benefit_person_stands_on_one_step(life: Life) -> None:
    on_benefit = sum(life.column(f"stock.{benefit}") for benefit in BENEFITS)
    assert np.array_equal(life.sum("ladder."), on_benefit)


# ---- jobs --------------------------------------------------------------------------------------------------------


def test_vacancies_and_hires(life: Life) -> None:
    hires = life.sum("market.hires_")
    open_now = life.column("market.vacancies")
    left = open_now - hires + life.column("market.reposted")
    assert np.array_equal(left, life.seen.open_after)
    assert np.array_equal(
        open_now[1:], left[:-1] - life.column("market.lapsed")[1:] + life.column("market.posted")[1:]
    )
    assert (life.column("market.reposted") <= life.column("market.hires_resident_in_work")).all()


def test_a_hire_is_a_person_who_takes_the_job(life: Life) -> None:
    """Hires of citizens = people who said yes; those not taken by illness or pension meanwhile leave for a job."""
    through_hiring = 0
    other_jobs = 0
    for t in range(WEEKS):
        hired = life.seen.hired[t]
        assert hired.size == life.result.rows[t, MK_HIRES]
        rows, target = life.seen.leaving[t]
        to_job = set(rows[(target == JOB) & (life.seen.status[t][rows] >= FIRST_BENEFIT)].tolist())
        went = set(hired.tolist()) & to_job
        overtaken = set(hired.tolist()) - went
        moves = dict(zip(rows.tolist(), target.tolist(), strict=True))
        stronger = {FIRST_BENEFIT + FOERTIDSPENSION, FIRST_BENEFIT + BENEFITS.index("sygedagpenge"), GONE}
        assert {moves[i] for i in overtaken} <= stronger
        through_hiring += len(went)
        other_jobs += len(to_job - went)
    exits = sum(life.column(f"exits.{benefit}.job").sum() for benefit in BENEFITS)
    assert exits == through_hiring + other_jobs
    assert through_hiring > 0
    assert other_jobs > 0  # back to the own job after sickness


# ---- the office -----------------------------------------------------------------------------------------------------


def test_every_meeting_due_is_accounted_for(life: Life) -> None:
    """Due = held, not attended, waiting or without a caseworker. Meetings before their time come on top."""
    planned, planned_held, early, early_held = np.array(life.seen.called).T
    without, waiting = life.column("casework.without_caseworker"), life.column("queue.persons")
    assert np.array_equal(life.column("meetings.due"), planned + without)
    assert np.array_equal(life.column("meetings.held"), planned_held + early_held)
    planned_missed = planned - waiting - planned_held
    early_missed = life.column("meetings.no_show") - planned_missed
    assert (planned_missed >= 0).all()
    assert (early_missed >= 0).all()
    assert (early_missed <= early - early_held).all()
    assert planned_missed.sum() > 0
    assert early_held.sum() > 0
    assert np.array_equal(life.sum("meetings_held."), life.column("meetings.held"))
    assert (life.column("meetings.prepared") <= life.column("meetings.held")).all()


def test_hours_used_and_left_are_the_hours_there_were(life: Life) -> None:
    used, left = life.column("staff.minutes_used"), np.array(life.seen.minutes_left)
    assert np.array_equal(used + left, life.column("staff.minutes"))
    assert (left >= 0).all()


def test_caseloads_are_the_cases(life: Life) -> None:
    for t in range(WEEKS):
        assert np.array_equal(life.seen.load[t], life.seen.load_recount[t])
        status = life.seen.status[t]
        benefit = np.where(status >= FIRST_BENEFIT, status - FIRST_BENEFIT, FOERTIDSPENSION)
        assert (TEAM[benefit] < N_TEAMS).sum() == life.column("casework.cases")[t]


def test_new_caseworkers_are_changes_by_cause(life: Life) -> None:
    assert np.array_equal(life.sum("changes."), life.seen.new_caseworkers)


def test_posts_are_filled_vacant_or_absent(life: Life) -> None:
    parts = sum(life.column(f"staff.{name}_milli_fte") for name in ("present", "vacant", "absent"))
    total = life.column("staff.milli_fte")
    # A substitute holds the meetings of somebody absent, who is then counted as both.
    assert (parts >= total).all()
    assert (parts - total <= life.column("staff.absent_milli_fte")).all()


def test_guests_of_companies_are_the_people_placed(life: Life) -> None:
    for t in range(WEEKS):
        assert np.array_equal(life.seen.guests[t], life.seen.guests_recount[t])
    assert np.sum(life.seen.guests) > 0


# ---- money -------------------------------------------------------------------------------------------------------


def test_payers_are_payees(life: Life) -> None:
    ledger = life.model.books.ledger
    assert (ledger.payees.sum(axis=1) == ledger.payers.sum(axis=(1, 2, 3, 4))).all()
    assert (ledger.payees > 0).any(axis=0).all(), f"somebody was never paid: {PAYEES}"
    assert (ledger.payers >= 0).all()


def test_benefits_are_paid_person_by_person(life: Life) -> None:
    """State + municipality = the amount, each person-week rounded by itself."""
    booked = life.result.ledger[:, A_BENEFIT, :N_BENEFITS].sum(axis=2)
    assert np.array_equal(booked, np.array(life.seen.paid))
    assert (life.result.ledger[:, A_BENEFIT, N_BENEFITS] == 0).all()


def test_the_state_refunds_benefits_and_wage_subsidies_only(life: Life) -> None:
    state = life.result.ledger[..., STATE].sum(axis=(0, 2, 3))
    refunded = {ACCOUNTS[k] for k in np.flatnonzero(state)}
    assert refunded == {"benefit", "wage_subsidy"}


def test_pots_spend_what_their_accounts_book(life: Life) -> None:
    accounts = {
        "authority_staff": ("staff", "lever_one_off", "retention_pay"),
        "company_service": ("company_service",),
        "in_house_courses": ("in_house_courses",),
        "external_courses": ("external_courses",),
        "wage_subsidies": ("wage_subsidy",),
        "integration": ("integration",),
    }
    assert set(accounts) == set(POTS)
    assert sorted(name for names in accounts.values() for name in names) == sorted(
        set(ACCOUNTS) - {"benefit"}
    )
    year = life.result.year_of_week()
    for pot, names in accounts.items():
        booked = life.result.spending(accounts=names)
        for y, number in enumerate(life.result.years):
            spent = life.result.pots[y, POTS.index(pot), 2]
            assert spent == booked[year == number].sum(), (pot, number)


def test_pots_that_stop_are_not_overdrawn(life: Life) -> None:
    budgets = life.model.settings.municipality.budgets
    stopping = [k for k, pot in enumerate(POTS) if budgets[pot].when_empty in ("stop", "carry")]
    assert stopping
    for k in stopping:
        authorised, committed, _, _ = life.result.pots[:, k].T
        assert (committed <= authorised).all()


@pytest.mark.parametrize("side", ["payers", "payees"])
def test_books_that_do_not_balance_stop_the_run(side: str) -> None:
    """One øre too many on either side and the week does not close."""
    scenario = busy_world(weeks=4)
    model = JobcenterModel(scenario, 1, state=at_start(scenario))
    model.run(2)
    close = model.books.close_week

    def one_oere_more() -> None:
        if side == "payers":
            model.books.cells_of_week()[A_WAGE_SUBSIDY, 0, 0, STATE] += 1
        else:
            model.books.received_of_week()[0] += 1
        close()

    model.books.close_week = one_oere_more  # type: ignore[method-assign]
    with pytest.raises(BooksDoNotBalance, match="paid minus received"):
        model.step()


def test_a_posting_that_forgets_the_payee_is_found() -> None:
    books = Books(busy_world(weeks=4), busy_world(weeks=4).start_week, 4)
    books.open_week(books.first_week)
    books.ledger.post(0, ACCOUNTS.index("staff"), 100)
    books.close_week()
    books.ledger.payers[0, ACCOUNTS.index("staff"), 0, 0, 0] += 1
    with pytest.raises(BooksDoNotBalance, match="staff"):
        books.close_week()


def test_absent_people_do_nothing(life: Life) -> None:
    """Nobody is a case, hired or paid before arriving or after leaving."""
    status = life.seen.status
    for t in range(1, WEEKS):
        came_back = (status[t - 1] == GONE) & (status[t] != GONE)
        went_back = (status[t - 1] != ABSENT) & (status[t] == ABSENT)
        assert not came_back.any()
        assert not went_back.any()
    state = life.model.state
    away = (state["status"] == ABSENT) | (state["status"] == GONE)
    assert (state["caseworker"][away] == -1).all()
    assert (state["measure"][away] == 0).all()
    assert (state["host"][away] == -1).all()
