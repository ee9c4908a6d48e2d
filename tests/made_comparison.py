"""A comparison made of hand-made run results: what a report needs, without any simulation."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from made_results import START, lived_result

from experiments.compare import build, summarise
from experiments.comparison import Comparison
from sim import codes
from sim.calendar import monday_of
from sim.codes import A_BENEFIT, MUNICIPALITY, STATE
from sim.policies.registry import levers
from sim.records.result import RunResult
from sim.scenario import load


class _Law:
    """Law of which nothing was left unread but one switch."""

    rule_set = SimpleNamespace(
        parameters={},
        switches={"education_is_self_support": True},
        share_bp=np.full((codes.N_BENEFITS, 1, 60), 2000),
    )
    economy = load("baseline").law.economy
    transitions: dict[str, Any] = {}
    measures: dict[str, Any] = {}
    contact_plan: tuple[Any, ...] = ()
    benefit_rates: dict[str, Any] = {}

    @staticmethod
    def day_of(week: int) -> Any:
        return monday_of(week)

    @staticmethod
    def contact_rules(group: str, week: int) -> tuple[Any, ...]:
        """The a-kasse has the insured for three months."""
        return (SimpleNamespace(holder="a_kasse", window_weeks=13),) if group == "dagpenge" else ()


def made_scenario(
    name: str,
    kind: str = "strategy",
    grade: str | None = None,
    weeks: int = 260,
    refusion: str = "ladder_2016",
    **doses: Any,
) -> Any:
    """What a comparison asks of a scenario. `doses`: lever name -> its parameters."""
    known = levers()
    built = {lever: known[lever].model_validate(dose) for lever, dose in doses.items()}
    return SimpleNamespace(
        name=name,
        question=f"What does {name.replace('_', ' ')} do?",
        kind=kind,
        evidence_class=grade,
        start_week=START,
        weeks=weeks,
        levers=built,
        trial=None,
        municipality_name="slagelse",
        municipality=SimpleNamespace(
            name="Slagelse",
            staff=SimpleNamespace(teams={team: SimpleNamespace(fte=10.0) for team in codes.TEAMS}),
        ),
        world=SimpleNamespace(share=1.0),
        assumptions=(),
        prices=SimpleNamespace(level_year=2026, discount_rate=0.035),
        law=_Law(),
        behaviour={"staff.long_absence": 0.002, "staff.long_absence_weeks": 8},
        canonical=lambda: {"law": {"refusion": refusion}, "doses": doses, "municipality": {}},
    )


def other_payer(result: RunResult) -> RunResult:
    """The same run with half of every benefit krone paid by the state."""
    paid = result.ledger[:, A_BENEFIT].sum(axis=-1)
    result.ledger[:, A_BENEFIT, ..., STATE] = paid // 2
    result.ledger[:, A_BENEFIT, ..., MUNICIPALITY] = paid - paid // 2
    return result


def made_comparison(seeds: int = 5, weeks: int = 260, ranked: tuple[str, ...] = ("A",)) -> Comparison:
    """A base, two class A strategies, a class B one and a refusion context."""
    luck = tuple(range(1, seeds + 1))
    base = made_scenario("baseline", "baseline", weeks=weeks)
    dose = {"groups": ["dagpenge", "kontanthjaelp_jobready"], "meetings_per_26_weeks": 13}
    others = [
        made_scenario("early_intervention", grade="A", weeks=weeks, early_intervention=dose),
        made_scenario("one_caseworker", grade="A", weeks=weeks, continuity={"handover_meeting_share": 1.0}),
        made_scenario("extra_caseworkers", grade="B", weeks=weeks, staffing={"extra_fte": {"sickness": 4.0}}),
        made_scenario("refusion_flat", "context", weeks=weeks, refusion="flat_50"),
    ]
    runs = [
        [summarise(lived_result(weeks, seed)) for seed in luck],
        [summarise(lived_result(weeks, seed, "early_intervention", 0.06, 6e6)) for seed in luck],
        [summarise(lived_result(weeks, seed, "one_caseworker", 0.01, 3e6)) for seed in luck],
        [summarise(lived_result(weeks, seed, "extra_caseworkers", 0.02, 4.4e6)) for seed in luck],
        [summarise(other_payer(lived_result(weeks, seed, "refusion_flat"))) for seed in luck],
    ]
    return build(base, others, luck, runs, command="jobcenter compare baseline ... --seeds 5", ranked=ranked)
