"""More or fewer sanctions than today: mean hazards and payments by hand, the threat counted once."""

import numpy as np
import pytest
from worlds import world

from sim.codes import ACTIVITYREADY, DAGPENGE, JOBREADY, OUTSIDE, SYGEDAGPENGE, UDDANNELSESHJAELP
from sim.errors import UserError
from sim.tables import build_tables


def changes(parameters: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a lever does to job finding, leaving for neither, and the benefit paid: ratios by benefit."""
    a, b = (
        build_tables(s, s.start_week)
        for s in (world("baseline"), world("baseline", f"levers.sanctions={parameters}"))
    )
    out = a.exits.target == OUTSIDE
    others = np.repeat(~out[:, None, :], a.exits.hazard.shape[1], axis=1)
    assert np.array_equal(a.exits.hazard[others], b.exits.hazard[others])
    with np.errstate(invalid="ignore"):
        leaving = out[:, None, :] & (
            a.exits.hazard > 0
        )  # a door that is not used has the number of one that is
        leak = np.where(leaving, b.exits.hazard / a.exits.hazard, 0.0).max(axis=(1, 2))
        paid = (b.pay.amount_oere / a.pay.amount_oere)[:, 0]
        return b.search.hazard / a.search.hazard, leak, paid


def test_sanctions_change_mean_hazards_and_payments_by_hand() -> None:
    """Twice the 6 and 10 % with 1.5 and 1.25 times the hazards: (1 + .12 x .5) / (1 + .06 x .5), and so on."""
    job, leak, paid = changes("{factor: 2, cash_share: 0.1}")
    for benefit, share in ((DAGPENGE, 0.06), (JOBREADY, 0.1), (ACTIVITYREADY, 0.1), (UDDANNELSESHJAELP, 0.1)):
        assert job[benefit] == pytest.approx((1 + share) / (1 + share / 2))
        assert leak[benefit] == pytest.approx((1 + share / 2) / (1 + share / 4))
        assert 1 - paid[benefit] == pytest.approx(share * 0.5 / 13, rel=1e-2)  # whole øre
    assert paid[SYGEDAGPENGE] == 1.0


def test_without_any_sanction_todays_are_taken_back() -> None:
    job, leak, paid = changes("{factor: 0, weeks_lost: 3}")
    assert job[DAGPENGE] == pytest.approx(1 / 1.03) and leak[DAGPENGE] == pytest.approx(1 / 1.015)
    assert paid[DAGPENGE] - 1 == pytest.approx(0.06 * 3 / 13, rel=1e-3)


def test_a_leak_is_never_nothing_and_only_known_benefits_are_sanctioned() -> None:
    for parameters, told in (
        ("{factor: 2, leak_factor: 1}", "1.05"),
        ("{factor: 2, groups: [sygedagpenge]}", "no rate of sanctions is known of sygedagpenge"),
    ):
        with pytest.raises(UserError, match=told):
            world("baseline", f"levers.sanctions={parameters}")


def test_it_takes_no_budget_and_its_rates_are_drawn() -> None:
    lever = world("baseline", "levers.sanctions={factor: 2, job_factor: 1.6}").levers["sanctions"]
    with pytest.raises(NotImplementedError, match="no dose"):
        lever.dose(world("baseline"))
    assert set(lever.ranges()) == {
        "dagpenge_share",
        "cash_share",
        "leak_factor",
        "weeks_lost",
    }  # not what was typed


def test_sanctions_behind_a_threat_are_counted_once() -> None:
    with pytest.raises(UserError, match="counted twice"):
        world("baseline", "levers.early_intervention={meetings_per_26_weeks: 1, threat_share: 1}",
              "levers.sanctions={factor: 2}")  # fmt: skip
