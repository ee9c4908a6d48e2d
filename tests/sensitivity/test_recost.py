"""Costed again is lived again, to the øre: refusion rules that change nobody's behaviour."""

import numpy as np
import pytest

from experiments.recost import live_under, under, why_not
from sim.codes import A_WAGE_SUBSIDY
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.records.outcomes import outcome_sheet
from sim.scenario import Scenario, load

SMALL = ("world.share=0.05", "weeks=60")
RULES = """
schema: 1
name: finer
meaning: Other steps than the ladder's, so that its own counts are too coarse.
ladder:
  - {from_week: 1, to_week: 12, state_share: 0.7333}
  - {from_week: 13, to_week: 39, state_share: 0.41}
  - {from_week: 40, state_share: 0.1}
"""


def scenario(*changes: str) -> Scenario:
    return load("one_caseworker", overrides=[*SMALL, *changes])


def nothing(_: int) -> None:
    """Nobody watches."""


@pytest.fixture
def finer(tmp_path) -> str:  # type: ignore[no-untyped-def]
    path = tmp_path / "finer.yaml"
    path.write_text(RULES)
    return f"law.refusion={path}"


def test_costed_again_is_lived_again_to_the_oere(finer: str) -> None:
    plain, *others = scenario(), scenario("law.refusion=flat_50"), scenario(finer)
    assert [why_not(plain, other) for other in others] == ["", ""]
    start = starting_state(plain, 3)
    found = live_under(plain, [other.law for other in others], 3, start.copy(), nothing)
    for again, one in zip(found, (plain, *others), strict=True):
        lived = JobcenterModel(one, 3, start.copy()).run().result()
        for table in ("rows", "ledger", "pots", "cohort", "hired"):
            assert np.array_equal(getattr(again, table), getattr(lived, table)), (one.law.refusion, table)
        assert (again.step_labels, again.notes) == (lived.step_labels, lived.notes)
        assert np.array_equal(outcome_sheet(again).values, outcome_sheet(lived).values, equal_nan=True)
    assert found[0].ledger[:, A_WAGE_SUBSIDY].sum() > 0, "no subsidised week: the harder half is not tested"
    nets = [one.spending("municipality").sum() for one in found]
    assert len(set(nets)) == 3 and len({one.ledger.sum() for one in found}) == 1


def test_what_must_be_lived_says_why(finer: str) -> None:
    plain = scenario()
    assert "refunds" in why_not(plain, scenario("law.refusion=before_2016"))
    assert "more than" in why_not(plain, scenario("law.refusion=flat_50", "behaviour.trust.gain=0.2"))
    order = "levers.priority.by=municipal_saving"
    assert "lever" in why_not(scenario(order), scenario(order, "law.refusion=flat_50"))
    switched = scenario("law.refusion_switches.education_is_self_support=true")
    standing = plain.law.rule_set.switches["education_is_self_support"]
    assert bool(why_not(plain, switched)) == (not standing)


def test_rules_are_laid_over_a_scenario_and_nothing_else(finer: str) -> None:
    other = scenario(finer, "municipality.prices.course_week_kr=1")
    laid = under(scenario(), other.law)
    assert laid.canonical() == scenario(finer).canonical()
