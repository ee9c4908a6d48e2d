"""Refusion of 2015 turning into the ladder of 2016 in one run: who pays what part of a week, by date and benefit."""

import numpy as np
import pytest
from worlds import lived, tables_of, world

from sim.calendar import week_of
from sim.codes import A_BENEFIT, BENEFITS, MUNICIPALITY, STATE
from sim.law.refusion import load_rule_set
from sim.model import JobcenterModel

WEEKS = 60  # 2015-W01 to 2016-W07
RULES = load_rule_set("reform_2016")
BEFORE = RULES.steps.index("before_2016")
# The act's ladder (§ 5) and old awards (§ 30), in percent; what was paid before, where it did not follow the activity.
LADDER = {"1-4": 80, "5-26": 40, "27-52": 30, "53+": 20}
OLD_AWARD = {"foertidspension": 35, "fleksjob": 65}
UNTIL_2015 = {"foertidspension": (35, 35), "fleksjob": (65, 65), "kontanthjaelp_jobready": (30, 50)}
ROUNDING = 1e-4  # half an øre a person-week of about 3,000 kr., and far to spare


@pytest.fixture(scope="module")
def model() -> JobcenterModel:
    return lived(world("slagelse_2015", weeks=WEEKS, share=0.1))


def paid(model: JobcenterModel, week: str, benefit: str) -> dict[str, tuple[int, float]]:
    """By step of refusion: øre paid in the week and the state's share of it."""
    cells = model.books.ledger.payers[week_of(week) - model.first_week, A_BENEFIT, BENEFITS.index(benefit)]
    both = cells[:, STATE] + cells[:, MUNICIPALITY]
    return {
        RULES.steps[step]: (int(both[step]), float(cells[step, STATE] / both[step]))
        for step in np.flatnonzero(both)
    }


@pytest.mark.parametrize("benefit", UNTIL_2015)
@pytest.mark.parametrize("week", ["2015-W01", "2015-W30", "2015-W53"])
def test_until_the_end_of_2015_the_old_shares_hold(model: JobcenterModel, week: str, benefit: str) -> None:
    ((step, (amount, share)),) = paid(model, week, benefit).items()
    low, high = UNTIL_2015[benefit]
    assert step == "before_2016"
    assert amount > 0
    assert low / 100 - ROUNDING <= share <= high / 100 + ROUNDING


@pytest.mark.parametrize(
    "benefit", ["kontanthjaelp_jobready", "kontanthjaelp_activityready", "fleksjob", "foertidspension"]
)
@pytest.mark.parametrize("week", ["2016-W01", "2016-W07"])
def test_from_2016_the_ladder_holds(model: JobcenterModel, week: str, benefit: str) -> None:
    found = paid(model, week, benefit)
    assert found
    for step, (_, share) in found.items():
        percent = OLD_AWARD[benefit] if step == "old award" else LADDER[step]
        assert share == pytest.approx(percent / 100, abs=ROUNDING)


def test_sickness_benefit_turns_a_week_earlier(model: JobcenterModel) -> None:
    """§ 29(3): from 28 December 2015, the Monday of 2015-W53."""
    assert set(paid(model, "2015-W52", "sygedagpenge")) == {"before_2016"}
    assert set(paid(model, "2015-W53", "sygedagpenge")) <= set(LADDER)
    assert set(paid(model, "2015-W53", "dagpenge")) == {"before_2016"}


def test_the_clock_has_counted_since_july_2014(model: JobcenterModel) -> None:
    """On the first day of the ladder the long-term stand at its lowest step, nobody of them at its first."""
    weeks_counted = week_of("2016-W01") - week_of("2014-W27")
    assert weeks_counted > 53
    found = paid(model, "2016-W01", "kontanthjaelp_activityready")
    assert found["53+"][0] > sum(amount for step, (amount, _) in found.items() if step != "53+")


def test_each_half_is_what_its_own_rules_say() -> None:
    """People and benefits are those of a run under either rule set alone; only the payer changes on the date."""
    turns, kept, ladder = (
        tables_of(lived(world("slagelse_2015", f"law.refusion={name}", weeks=WEEKS, share=0.04)))
        for name in ("reform_2016", "before_2016", "ladder_2016")
    )
    first = week_of("2015-W52") - week_of("2015-W01") + 1
    later = week_of("2016-W01") - week_of("2015-W01")
    for payer in (STATE, MUNICIPALITY):
        by_benefit = [
            table["payers"][:, A_BENEFIT, :, :, payer].sum(axis=2) for table in (turns, kept, ladder)
        ]
        assert np.array_equal(by_benefit[0][:first], by_benefit[1][:first])
        assert np.array_equal(by_benefit[0][later:], by_benefit[2][later:])
        assert not np.array_equal(by_benefit[1][:first], by_benefit[2][:first])
    rows = [name for name in turns if name.startswith("row ") and not name.startswith("row ladder")]
    assert all(np.array_equal(turns[name], other[name]) for name in rows for other in (kept, ladder))
