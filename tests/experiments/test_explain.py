"""One citizen read off the columns: nothing changes by reading, and what is read adds up to the books."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner, Result
from worlds import at_start, busy_world, everything, lived, require_same, world

from experiments.explain import (
    CAVEAT,
    Watched,
    Week,
    applications,
    cause_if_changed,
    live,
    paid,
    parting,
    spells,
)
from experiments.explain_find import VOCABULARY, Searched, conditions, find
from jobcenter.cli import app
from sim.codes import A_BENEFIT, A_WAGE_SUBSIDY, CAUSES, SUBSIDISED_JOB
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.population.storage import on_support
from sim.scenario import Scenario

WEEKS = 30


# ---- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Watched, Searched])
def test_reading_changes_nothing(kind: type[JobcenterModel]) -> None:
    scenario = busy_world(weeks=WEEKS)
    more = {"citizen": 7} if kind is Watched else {}
    model = kind(scenario, 1, state=at_start(scenario), **more).run()
    require_same(everything(lived(scenario)), everything(model))


class Everybody(JobcenterModel):
    """What `explain` reads of one citizen, read of all of them."""

    def __init__(self, scenario: Scenario):
        self.causes: list[np.ndarray] = []
        self.sent: list[int] = []
        self.asked: list[int] = []
        self.paid: list[np.ndarray] = []
        super().__init__(scenario, 1, state=at_start(scenario))

    def _casework(self, week: int) -> int:
        s = self.state
        before = s["caseworker"].astype(np.int64)
        rows = np.flatnonzero(on_support(s["status"]))
        cause = {int(i): cause_if_changed(self, int(i), week) for i in rows}
        offers = super()._casework(week)
        after = s["caseworker"].astype(np.int64)
        changed = np.flatnonzero((after != before) & (after >= 0))
        self.causes.append(np.bincount([cause[int(i)] for i in changed], minlength=len(CAUSES)))
        return offers

    def _live(self, week: int) -> int:
        rows = np.flatnonzero(on_support(self.state["status"]))
        asked, sent = applications(self, rows, week)
        self.asked.append(int(asked.sum()))
        self.sent.append(int(sent.sum()))
        out = super()._live(week)
        table = np.zeros((2, 2), np.int64)
        for i in rows:
            subsidised = int(self.state["status"][i]) == SUBSIDISED_JOB
            table[int(subsidised)] += paid(self, int(i), week)[1:]
        self.paid.append(table)
        return out


@pytest.fixture(scope="module")
def everybody() -> Everybody:
    model = Everybody(busy_world(weeks=WEEKS))
    model.run()
    return model


def test_causes_read_are_those_the_model_counts(everybody: Everybody) -> None:
    result = everybody.result()
    counted = np.array([result.column(f"changes.{cause}") for cause in CAUSES]).T
    assert (counted.sum(axis=0) > 0).all(), "every cause occurs"
    assert np.array_equal(np.array(everybody.causes), counted)


def test_applications_read_are_those_the_model_counts(everybody: Everybody) -> None:
    result = everybody.result()
    assert np.array_equal(everybody.sent, result.column("market.applications"))
    assert np.array_equal(everybody.asked, result.column("market.draws"))
    assert sum(everybody.sent) > 50


def test_payments_read_are_those_in_the_books(everybody: Everybody) -> None:
    ledger = everybody.result().ledger[:, [A_BENEFIT, A_WAGE_SUBSIDY]].sum(axis=(2, 3))
    assert (ledger.sum(axis=(0, 2)) > 0).all()
    assert np.array_equal(np.array(everybody.paid), ledger)


# ---- one life ----------------------------------------------------------------------------------------------------


def test_a_life_has_every_week_and_its_spells_cover_it() -> None:
    scenario = busy_world(weeks=WEEKS)
    ids = find(scenario, 1, "changed caseworker twice").ids
    life = live(scenario, int(ids[0]), 1)
    assert [week.week for week in life] == list(range(scenario.start_week, scenario.start_week + WEEKS))
    parts = list(spells(life))
    assert [week for part in parts for week in part] == life
    assert all(a[-1].status != b[0].status for a, b in zip(parts, parts[1:], strict=False))


def test_lives_part_where_the_policy_bites_and_not_before() -> None:
    base, policy = world(weeks=WEEKS), world(
        "baseline", "levers.early_intervention={from: start+12, groups: [dagpenge, kontanthjaelp_jobready],"
        " meetings_per_26_weeks: 52, until_week: 104}", weeks=WEEKS,
    )  # fmt: skip
    found = []
    for citizen in find(base, 1, "on dagpenge").ids[:12]:
        one = live(base, int(citizen), 1)
        assert parting(one, live(base, int(citizen), 1)) is None
        found.append(parting(one, live(policy, int(citizen), 1)))
    known = [part for part in found if part is not None]
    assert known and all(part.week >= base.start_week + 12 for part in known)
    assert any("meeting" in [what for what, _, _ in part.what] for part in known)


def made(week: int, **changes: object) -> Week:
    plain = Week(
        week, "dagpenge", "outside", "3.0", "", "", 0, 0, False, "", False, "1-4", 100, 200, 0.5, 0.6
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_parting_names_what_differs() -> None:
    a = [made(10), made(11), made(12, trust=0.5)]
    b = [made(10), made(11, meeting="caseworker", trust=0.7), made(12)]
    found = parting(a, b)
    assert found is not None and found.week == 11
    assert found.what == (("meeting", "none", "caseworker"), ("trust", "0.6", "0.7"))
    assert parting(a, a) is None


def test_nobody_of_that_number() -> None:
    scenario = world(weeks=2)
    for citizen in (-1, 10_000_000):
        with pytest.raises(UserError, match="nobody has this number"):
            live(scenario, citizen, 1)
    start = at_start(scenario)
    left = np.setdiff1d(np.arange(start["row_of"].size), start["id"])
    assert left.size
    with pytest.raises(UserError, match="gone"):
        live(scenario, int(left[0]), 1)


# ---- finding citizens --------------------------------------------------------------------------------------------

HELD = {
    "changed caseworker twice": lambda life: sum(w.change not in ("", "first_assignment") for w in life) >= 2,
    "sick": lambda life: any(w.status == "sygedagpenge" for w in life),
    "on cash benefit": lambda life: any(
        w.status.startswith("kontanthjaelp") or w.status in ("uddannelseshjaelp", "sho") for w in life
    ),
    "found a job": lambda life: any(
        b.status == "job" and a.refusion != "" for a, b in zip(life, life[1:], strict=False)
    ),
    "had a placement": lambda life: any(w.measure.startswith("placement") for w in life),
    "had a wage subsidy": lambda life: any(w.status == "subsidised_job" for w in life),
}


@pytest.mark.parametrize("word", HELD)
def test_those_found_fit_and_others_do_not(word: str) -> None:
    scenario = busy_world(weeks=WEEKS)
    found = find(scenario, 1, word)
    assert found.ids.size and found.alone == {word: found.ids.size}
    start = at_start(scenario)
    others = np.setdiff1d(start["id"][on_support(start["status"])], found.ids)
    for ids, fits in ((found.ids[:4], True), (others[:4], False)):
        for citizen in ids:
            assert HELD[word](live(scenario, int(citizen), 1)) == fits


def test_all_conditions_must_hold() -> None:
    scenario = world(weeks=WEEKS)
    both = find(scenario, 1, "sick, long-term")
    one, other = (find(scenario, 1, word).ids for word in ("sick", "long-term"))
    assert np.array_equal(both.ids, np.intersect1d(one, other)) and 0 < both.ids.size < one.size


@pytest.mark.parametrize(
    "text", ["", "  ,", "happy", "changed caseworker often", "on holiday", "sick and tired"]
)
def test_unknown_words_list_what_is_allowed(text: str) -> None:
    with pytest.raises(UserError) as wrong:
        conditions(text)
    assert "dagpenge" in str(wrong.value)


def test_every_word_of_the_vocabulary_is_understood() -> None:
    words = [word.replace("BENEFIT", "jobafklaring") for word in VOCABULARY]
    more = [
        "changed caseworker 4 times",
        "Changed  caseworker three times",
        "on cash benefit",
        "on a ledighedsydelse",
    ]
    assert len(conditions(", ".join([*words, *more]))) == len(words) + len(more)


# ---- the command -------------------------------------------------------------------------------------------------

SMALL = ("--set", "world.share=0.05", "--weeks", "40")


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["explain", *words])


def test_find_then_explain() -> None:
    found = call("baseline", *SMALL, "--find", "changed caseworker, on dagpenge", "--json")
    assert found.exit_code == 0, found.output
    citizen = str(json.loads(found.stdout)["citizens"][0])
    done = call("baseline", *SMALL, "--citizen", citizen, "--against", "early_and_one_caseworker")
    assert done.exit_code == 0, done.output
    for words in (
        CAVEAT,
        "dagpenge",
        "caseworker changes",
        "paid by the state",
        "refusion step",
    ):
        assert words in done.output
    assert "The two lives" in done.output and "not a real one" in done.output


def test_json_holds_both_lives() -> None:
    citizen = call("baseline", *SMALL, "--find", "on dagpenge", "--json")
    number = str(json.loads(citizen.stdout)["citizens"][0])
    done = json.loads(
        call("baseline", *SMALL, "--citizen", number, "--against", "early_intervention", "--json").stdout
    )
    assert list(done["lives"]) == ["baseline", "early_intervention"] and done["caveat"] == CAVEAT
    assert [week["iso_week"] for week in done["lives"]["baseline"]][:2] == ["2027-W01", "2027-W02"]
    assert len(done["lives"]["baseline"]) == 40


def test_few_are_not_counted_out() -> None:
    done = call("baseline", *SMALL, "--find", "changed caseworker 2 times, sick")
    assert "fewer than 30 citizens" in done.output or "Nobody fits" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("baseline",), "give either --citizen"),
        (("baseline", "--citizen", "1", "--find", "sick"), "give either --citizen"),
        (("baseline", "--find", "happy"), "long-term"),
        (("baseline", "--find", "sick", "--against", "recession"), "leave --against out"),
        (("baseline", "--citizen", "1", "--against", "slagelse_2024"), "do not begin in the same world"),
        (("baseline", *SMALL, "--citizen", "99999999"), "nobody has this number"),
    ],
    ids=str,
)
def test_mistakes_end_with_one_message(words: tuple[str, ...], said: str) -> None:
    done = call(*words)
    assert done.exit_code == 2 and said in done.output, done.output
