"""One simulated citizen's life under one or two policies with the same luck, read off the columns week by week.

Reading changes no result. The same citizen in two worlds is one arbitrary coupling of the two: it shows how the model
works, never what a policy does to a person (economics rule on individual counterfactuals; docs/estimands.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from sim.behaviour.exits import band_of
from sim.chance import S_OWN_REQUEST, S_SEARCH, uniform
from sim.codes import (
    ACT_GUIDANCE,
    ACT_LEGACY,
    ACT_WAGE_SUBSIDY,
    C_FIRST,
    C_GROUP_SHIFT,
    C_OWN_REQUEST,
    C_REORGANISATION,
    C_RESIGNATION,
    CAUSES,
    FIRST_BENEFIT,
    FLEKSJOB,
    FOERTIDSPENSION,
    JOB,
    M_PAID_HOURS,
    MEASURES,
    N_BENEFITS,
    RATE_CLASSES,
    STATUSES,
    SUBSIDISED_JOB,
    TEAM_OF_BENEFIT,
)
from sim.compiled import kernel
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.money.amounts import state_part
from sim.population.citizens import LEGACY_AWARD
from sim.population.history import starting_state
from sim.records.weekly import MK_APPLICATIONS
from sim.scenario import Scenario
from sim.week.assignment import WAITING
from sim.week.casework import BY_CHOICE
from sim.week.hiring import apply_for_work, companies_asked
from sim.week.world import Y_YIELD_ANCHOR, has_case

CAVEAT: Final = (
    "This is one simulated person, not a real one. The same person under two policies is one arbitrary coupling of two"
    " worlds: it shows how the model works, not what a policy does to anybody."
)
ARMS: Final = ("outside", "control", "treated")


@dataclass(frozen=True)
class Week:
    """One week of the citizen's life, as it was lived."""

    week: int
    status: str
    arm: str  # of a trial
    caseworker: str  # seat and how many people have left it before, "" without one
    change: str  # cause of a new caseworker this week, "" none
    meeting: str  # "caseworker", "a-kasse", "due, not held" or ""
    companies_asked: int  # companies the citizen turned to
    applications: int  # of these, companies with an open post
    found_job: bool  # a company hires the citizen; the job begins next Monday
    measure: str  # main measure running, "" none
    mentor: bool
    refusion: str  # step of the week's payment, "" where nothing is refunded
    municipality_oere: int
    state_oere: int
    contact: float  # decayed number of recent meetings
    trust: float  # in the present caseworker, 0-1


# What a timeline names when two lives part, in the order of the week.
WORDS: Final = {
    "status": "status",
    "arm": "arm of the trial",
    "caseworker": "caseworker",
    "change": "caseworker change",
    "meeting": "meeting",
    "measure": "measure",
    "mentor": "mentor",
    "companies_asked": "companies asked",
    "applications": "applications",
    "found_job": "job found",
    "refusion": "refusion step",
    "municipality_oere": "municipality's payment, øre",
    "state_oere": "state's payment, øre",
    "contact": "contact dose",
    "trust": "trust",
}


class Watched(JobcenterModel):
    """The model with somebody reading one citizen's columns between the steps."""

    def __init__(self, *args: Any, citizen: int, **options: Any):
        super().__init__(*args, **options)
        self.citizen = citizen
        self.lived: list[Week] = []
        self._seen: dict[str, Any] = {}

    @property
    def place(self) -> int:
        """The row that holds the citizen this week."""
        return int(self.state["row_of"][self.citizen])

    def _casework(self, week: int) -> int:
        i, s = self.place, self.state
        before, cause = int(s["caseworker"][i]), cause_if_changed(self, i, week)
        self._due[:] = 0
        offers = super()._casework(week)
        after = int(s["caseworker"][i])
        changed = after >= 0 and after != before
        self._seen = {
            "change": CAUSES[cause] if changed else "",
            "meeting": _meeting(self, i, week),
        }
        return offers

    def _live(self, week: int) -> int:
        i = self.place
        asked, applied = applications(self, np.array([i]), week)
        s = self.state
        self._seen |= {
            "companies_asked": int(asked[0]),
            "applications": int(applied[0]),
            "measure": MEASURES[int(s["measure"][i])] if s["measure"][i] else "",
            "mentor": bool(s["mentor_until"][i] > week),
            "contact": float(s["contact"][i]),
            "trust": float(s["trust"][i]),
        }
        out = super()._live(week)
        step, municipality, state = paid(self, i, week)
        label = self.settings.law.rule_set.steps[step] if step >= 0 else ""
        self._seen |= {"refusion": label, "municipality_oere": municipality, "state_oere": state}
        return out

    def _hire(self, week: int, draws: int) -> None:
        before = int(self.state["request"][self.place])
        super()._hire(week, draws)
        after = int(self.state["request"][self.place])
        self._seen["found_job"] = after != before and after == JOB + 1

    def _record(self, week: int) -> None:
        super()._record(week)
        i, s = self.place, self.state
        seat = int(s["caseworker"][i])
        desk = f"{seat}.{int(s['seat_generation'][seat])}" if seat >= 0 else ""
        status, arm = STATUSES[int(s["status"][i])], ARMS[int(s["arm"][i])]
        self.lived.append(Week(week=week, status=status, arm=arm, caseworker=desk, **self._seen))


# ---- what the columns say of one citizen -------------------------------------------------------------------


def cause_if_changed(model: JobcenterModel, i: int, week: int) -> int:
    """Cause (codes.CAUSES) of a new caseworker for row i, if casework finds one this week: to be read before it.

    The order of sim/week/assignment.py: what happened to the caseworker comes before what anybody wishes.
    """
    s, meeting = model.state, model.tables.meeting
    seat, status = int(s["caseworker"][i]), int(s["status"][i])
    if seat < 0:
        return C_FIRST if seat == -1 else WAITING - seat
    if s["seat_gone"][seat]:
        return int(s["seat_gone"][seat])
    if week < s["seat_vacant_until"][seat]:
        return C_RESIGNATION
    if week >= s["seat_until"][seat]:
        return C_REORGANISATION
    if status >= FIRST_BENEFIT and s["seat_team"][seat] != TEAM_OF_BENEFIT[status - FIRST_BENEFIT]:
        return C_GROUP_SHIFT
    met = meeting.own_request * meeting.request_met[s["arm"][i]]
    wish = uniform(model.keys, S_OWN_REQUEST, int(s["id"][i])) < met
    return C_OWN_REQUEST if s["trust"][i] < meeting.own_request_below_trust and wish else C_REORGANISATION


def _meeting(model: JobcenterModel, i: int, week: int) -> str:
    """Who met the citizen this week; read after casework."""
    s = model.state
    benefit = int(s["status"][i]) - FIRST_BENEFIT
    if benefit < 0:
        return ""
    if int(s["last_meeting"][i]) == week:
        band = band_of(week - int(s["since"][i]) + 1)
        return "a-kasse" if model.tables.meeting.a_kasse[benefit, band] else "caseworker"
    keys = model._due[(model._due > 0) & ((model._due & 0xFFFFFF) == int(s["id"][i]))]
    planned = ((keys >> 36) & 255) != BY_CHOICE
    return "due, not held" if planned.any() else ""


@kernel
def _count_applications(
    c: Any, companies: Any, seats: Any, w: Any, search: Any, channel: Any, meeting: Any, offer: Any, market: Any,
    tickets: Any, vacancies: Any, best_score: Any, best_row: Any, memory: Any, centre: Any, sums: Any, counts: Any,
    rows: Any, asked: Any, applied: Any, week: int,
) -> None:  # fmt: skip
    per_application = 1.0 / memory[Y_YIELD_ANCHOR]
    for k in range(rows.size):
        i = rows[k]
        if not has_case(c.status[i]):
            continue
        before = w.row[MK_APPLICATIONS]
        asked[k] = companies_asked(
            c, seats, search, channel, meeting, offer, per_application, centre, sums, counts, 0, i,
            uniform(w.keys, S_SEARCH, np.int64(c.id[i])), week,
        )  # fmt: skip
        apply_for_work(c, companies, w, market, tickets, vacancies, best_score, best_row, i, asked[k], week)
        applied[k] = w.row[MK_APPLICATIONS] - before


def applications(model: JobcenterModel, rows: np.ndarray, week: int) -> tuple[np.ndarray, np.ndarray]:
    """(companies asked, applications sent) of the rows this week, int64 each: the model's own rule on copies of what it
    writes. To be read before people live the week."""
    t, state = model.tables, model.state
    asked, applied = np.zeros(rows.size, np.int64), np.zeros(rows.size, np.int64)
    _count_applications(
        model.citizens, model.companies, model.seats, model.world._replace(row=model._row.copy()), t.search, t.channel,
        t.meeting, t.offer, t.market, state["tickets"], state["vacancies"], model._best_score.copy(),
        model._best_row.copy(), state["memory"], state["centre"], model._sums.copy(), model._counts.copy(),
        rows.astype(np.int64), asked, applied, week,
    )  # fmt: skip
    return asked, applied


def paid(model: JobcenterModel, i: int, week: int) -> tuple[int, int, int]:
    """(refusion step or -1, municipality's øre, state's øre) of row i this week; read after people have lived it.

    Benefits, and the wage subsidy its employer gets.
    """
    s, table = model.state, model.tables.pay
    status = int(s["status"][i])
    subsidised = status == SUBSIDISED_JOB
    benefit = int(s["origin"][i] if subsidised else status) - FIRST_BENEFIT
    if not 0 <= benefit < N_BENEFITS:
        return -1, 0, 0
    activity, own_clock = int(table.activity[s["measure"][i]]), True
    amount = int(table.subsidy_oere)
    if subsidised:
        activity = ACT_WAGE_SUBSIDY
    else:
        if s["programme"][i]:
            activity = max(activity, ACT_GUIDANCE)
        beside = len(RATE_CLASSES) * int(s["measure"][i] == M_PAID_HOURS)
        amount = int(table.amount_oere[benefit, s["rate_class"][i] + beside])
        own_clock = table.counter[benefit] == 0
        if benefit in (FLEKSJOB, FOERTIDSPENSION) and s["flags"][i] & LEGACY_AWARD:
            activity = ACT_LEGACY
    weeks = int(s["clock_n"][i]) if own_clock else week - int(s["since"][i]) + 1
    weeks = min(max(weeks, 1), table.share_bp.shape[2] - 1)
    state = int(state_part(amount, int(table.share_bp[benefit, activity, weeks])))
    return int(table.step[benefit, activity, weeks]), amount - state, state


# ---- lives -------------------------------------------------------------------------------------------------


def live(scenario: Scenario, citizen: int, seed: int) -> list[Week]:
    """The citizen's weeks under a scenario. Raises UserError when nobody in that world has the number."""
    start = starting_state(scenario, seed)
    where, ids = start["row_of"], start["id"]
    if not 0 <= citizen < where.size or ids[min(int(where[citizen]), ids.size - 1)] != citizen:
        raise UserError(
            f"--citizen {citizen}: nobody has this number in {scenario.name} with seed {seed}; numbers go from"
            f" {int(ids.min())} to {int(ids.max())} (those who left before the start are gone), and"
            ' --find "sick" suggests some'
        )
    model = Watched(scenario, seed, state=start, citizen=citizen)
    model.run()
    return model.lived


@dataclass(frozen=True)
class Parting:
    """The first week in which two lives differ, and in what: (what, under the first policy, under the second)."""

    week: int
    what: tuple[tuple[str, str, str], ...]


def parting(a: Sequence[Week], b: Sequence[Week]) -> Parting | None:
    """Where two lives part; None where they never do."""
    for one, other in zip(a, b, strict=False):
        if one != other:
            found = [
                (WORDS[f.name], _text(getattr(one, f.name)), _text(getattr(other, f.name)))
                for f in fields(Week)
                if getattr(one, f.name) != getattr(other, f.name)
            ]
            order = list(WORDS.values())
            return Parting(one.week, tuple(sorted(found, key=lambda row: order.index(row[0]))))
    return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value) or "none"


def spells(weeks: Sequence[Week]) -> Iterator[list[Week]]:
    """The weeks cut where the status changes."""
    spell: list[Week] = []
    for week in weeks:
        if spell and week.status != spell[-1].status:
            yield spell
            spell = []
        spell.append(week)
    if spell:
        yield spell
