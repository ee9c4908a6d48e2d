"""What an experiment file may say about a decision under `decide:`; everything has a default.

decide:
  priors: {evidence range: 1, half: 0.5, double: 2}
  trials: {persons_per_arm: [100, 500, 2000], follow_up_weeks: 104, fixed_kr: 400000, kr_per_person: 300}
  break_even: [jobstart, upskilling]      # scenarios told the effect they need, not run
  mix: {pairs: 40, fresh_pairs: 40}
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.scenario.scalars import Count, Frozen, Kr, Weeks


class Trials(Frozen):
    """Sizes and prices of trials that could be run before deciding."""

    persons_per_arm: tuple[Annotated[Count, Field(ge=2, le=1_000_000)], ...] = Field(
        (100, 300, 1000, 3000), min_length=1
    )
    follow_up_weeks: Weeks = Field(104, ge=13, le=260)
    fixed_kr: Kr = Field(400_000, ge=0, description="lots, register data, analysis; a judgement")
    kr_per_person: Kr = Field(300, ge=0, description="following one person of either arm; a judgement")


class Mixes(Frozen):
    """How the split of the budget over levers is searched."""

    pairs: int = Field(40, ge=10, le=100_000, description="pairs of runs of each split of the design")
    fresh_pairs: int = Field(40, ge=10, le=100_000, description="new pairs of those that come to the final")
    splits: int | None = Field(None, ge=4, le=1000, description="splits of the design; default by levers")


class Question(Frozen):
    """The block `decide:`."""

    priors: dict[str, Annotated[float, Field(gt=0, le=10)]] = {
        "evidence range": 1.0,
        "half": 0.5,
        "double": 2.0,
    }  # economics rule 24
    trials: Trials = Trials.model_validate({})
    break_even: tuple[str, ...] = ()
    mix: Mixes = Mixes.model_validate({})

    @model_validator(mode="after")
    def _evidence_first(self) -> Self:
        if 1.0 not in self.priors.values():
            raise ValueError("priors: one of them must be 1, the evidence range itself")
        return self
