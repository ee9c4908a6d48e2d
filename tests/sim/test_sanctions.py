"""More or fewer sanctions than today: mean hazards and payments by hand, the threat counted once."""

import numpy as np
import pytest
from worlds import world

from sim.codes import DAGPENGE, OUTSIDE, SYGEDAGPENGE
from sim.errors import UserError
from sim.tables import build_tables


def test_sanctions_change_mean_hazards_and_payments_by_hand() -> None:
    """Twice the 6 % of dagpenge with 1.5 and 1.25 times the hazards: (1 + .12 x .5) / (1 + .06 x .5), and so on."""
    a, b = (
        build_tables(s, s.start_week)
        for s in (world("baseline"), world("baseline", "levers.sanctions={factor: 2}"))
    )
    assert b.search.hazard[DAGPENGE] / a.search.hazard[DAGPENGE] == pytest.approx(1.06 / 1.03)
    out = a.exits.target[DAGPENGE] == OUTSIDE
    assert b.exits.hazard[DAGPENGE][:, out] == pytest.approx(a.exits.hazard[DAGPENGE][:, out] * 1.03 / 1.015)
    assert a.exits.hazard[DAGPENGE][:, out].max() > 0
    assert np.array_equal(a.exits.hazard[DAGPENGE][:, ~out], b.exits.hazard[DAGPENGE][:, ~out])
    lost = 1.0 - b.pay.amount_oere[DAGPENGE] / a.pay.amount_oere[DAGPENGE]
    assert lost == pytest.approx(0.06 * 0.5 / 13, rel=1e-2)  # whole øre
    assert np.array_equal(a.pay.amount_oere[SYGEDAGPENGE], b.pay.amount_oere[SYGEDAGPENGE])


def test_sanctions_behind_a_threat_are_counted_once() -> None:
    with pytest.raises(UserError, match="counted twice"):
        world("baseline", "levers.early_intervention={meetings_per_26_weeks: 1, threat_share: 1}",
              "levers.sanctions={factor: 2}")  # fmt: skip
