"""A quarter of Slagelse tells the factors that matter as the whole does.

Design with enough power: the municipality's net cost of the base, which luck moves little beside what these twelve
levels and prices do over the whole of their ranges; Morris, five trajectories, two seeds. (Of the difference a policy
makes, a quarter's luck hides all but the largest drivers: docs/sensitivity.md.)
"""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from experiments.sensitivity.factors import factors_of
from experiments.sensitivity.study import Plan, for_weeks, lived, of_scenarios, study
from experiments.store import Store

OUTCOME = "net_municipal_cost/all/all"
FACTORS = (
    "events.job_loss",
    "events.outside_to_cash_benefit",
    "exits.jobready_to_outside",
    "exits.sick_return_1_4",
    "exits.sick_return_5_13",
    "exits.young_to_education",
    "law.benefit_rates.paid_share.fleksjob",
    "law.benefit_rates.paid_share.foertidspension",
    "municipality.population.health_severe_share",
    "municipality.staff.cost_per_fte_kr_year",
    "search.dagpenge",
    "search.kontanthjaelp_activityready",
)


def importance(share: float, folder: Path, trajectories: int = 5) -> np.ndarray:
    """Root mean square effects on the cost, float64 (factors,)."""
    experiment = for_weeks(of_scenarios(["baseline"], [f"world.share={share}"]), 104)
    factors = factors_of(experiment, (), FACTORS)
    store = Store.create_or_open(folder)
    plan = Plan("morris", trajectories, 2, (OUTCOME,))
    u, runs = lived(experiment, plan, factors, store)
    with store.writing():
        runs.make("threads", 2)
    [found] = study(experiment, plan, factors, u, runs).analyses
    return np.array([one["rms"].value for one in found.indices])


@pytest.mark.slow
def test_a_quarter_orders_the_factors_as_the_whole_does(tmp_path: Path) -> None:
    small, whole = importance(0.25, tmp_path / "small"), importance(1.0, tmp_path / "whole")
    top = [set(np.argsort(-one)[:5]) for one in (small, whole)]
    assert len(top[0] & top[1]) >= 4
    ten = np.argsort(-whole)[:10]
    assert spearmanr(small[ten], whole[ten]).statistic >= 0.8
