"""Is a trial worth its price? Persons per arm -> standard error -> value of what it would teach, beside what it costs.

Everything leans to the trial's side, so "may be worth it" is not yet a yes: the trial is taken to see what the whole
town gains per person reached (a real one does not see who is pushed out), its result to be there at once, and the
municipality to follow it. "Not worth it" is said only where what it is worth stays below the price with its calculation
error too. Assumes that the form of the model is right (economics rule 24).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.decisions import value
from experiments.decisions.amounts import kroner
from experiments.decisions.precision import reaches_above
from experiments.decisions.question import Trials
from sim.scenario import Scenario

if TYPE_CHECKING:
    from experiments.decisions.answer import Pairs

ENROLLED: Final = 2000  # persons followed to see how much outcomes of persons differ
FEWEST: Final = 30  # of them, or the spread cannot be stated
ENROL_WEEKS: Final = 26

Worth = Callable[["Pairs"], dict[str, float]]  # pairs -> "PERSONS/PRIOR" -> kr.


@dataclass(frozen=True)
class Pilot:
    """One strategy's trial at one size."""

    strategy: str
    persons_per_arm: int
    standard_error: float  # of the difference in weeks on support within the follow-up, per person
    known_sd: float  # what is not known of that effect today, per person
    resolved_share: float  # of the variance of what is not known, at the evidence range
    worth_kr: dict[str, float]  # prior -> at most, over the horizon
    error_kr: dict[str, float]  # prior -> how much more it may be worth by calculation error
    price_kr: float

    @property
    def may_pay(self) -> dict[str, bool]:
        """Prior -> whether the most it can be worth exceeds its price, calculation error left aside."""
        return {prior: kr > self.price_kr for prior, kr in self.worth_kr.items()}

    @property
    def not_worth(self) -> dict[str, bool]:
        """Prior -> whether the most it can be worth stays below its price with the calculation error too. Where this
        and `may_pay` are both false, it cannot be told."""
        return {prior: kr + self.error_kr[prior] < self.price_kr for prior, kr in self.worth_kr.items()}


@dataclass(frozen=True)
class Reach:
    """What a trial of a strategy meets: persons, how much they differ, and what treating one costs."""

    persons_a_year: float  # reached by the strategy, whole municipality
    kr_per_person: float  # of the lever, for a person treated
    sd_weeks: float  # of weeks on support within the follow-up, between persons
    world_share: float = 1.0  # part of the municipality that is simulated


def pilots(
    names: tuple[str, ...],
    pairs: "Pairs",
    reach: Mapping[str, Reach],
    trials: Trials,
    priors: Mapping[str, float],
) -> list[Pilot]:
    """Every size a strategy can fill within a year, of every strategy that can be given by lot (those in `reach`).
    Kroner are of the whole municipality, as a trial is held in it. Raises ValueError with too few repeats of draws."""
    out = []
    for k, name in enumerate(names):
        if name not in reach:
            continue
        one = reach[name]
        sizes = [n for n in trials.persons_per_arm if n <= one.persons_a_year]
        worth: Worth = partial(_worth, strategy=k, reach=one, sizes=sizes, priors=priors)
        found = worth(pairs)

        def of_sample(rows: np.ndarray, anew: np.ndarray, worth: Worth = worth) -> dict[str, float]:
            return worth(pairs.chosen(rows, anew))

        errors = reaches_above(pairs.draw, of_sample, found)
        _, per_person = _benefit_and_effect(pairs, k, one)
        for n in sizes:
            error = _standard_error(one, n)
            price = trials.fixed_kr + n * one.kr_per_person + 2 * n * trials.kr_per_person
            resolved = value.resolved_share(float(per_person.var()), error)
            at = {prior: f"{n}/{prior}" for prior in priors}
            out.append(
                Pilot(
                    strategy=name,
                    persons_per_arm=n,
                    standard_error=error,
                    known_sd=float(per_person.std()),
                    resolved_share=resolved,
                    worth_kr={prior: found[key] for prior, key in at.items()},
                    error_kr={prior: errors[key] for prior, key in at.items()},
                    price_kr=float(price),
                )
            )
    return out


def _worth(
    pairs: "Pairs", strategy: int, reach: Reach, sizes: Sequence[int], priors: Mapping[str, float]
) -> dict[str, float]:
    """ "PERSONS/PRIOR" -> kr. a trial is worth."""
    benefit, per_person = _benefit_and_effect(pairs, strategy, reach)
    return {
        f"{n}/{prior}": value.trial(
            value.widened(benefit, width), width * per_person, _standard_error(reach, n)
        )
        for n in sizes
        for prior, width in priors.items()
    }


def _benefit_and_effect(pairs: "Pairs", strategy: int, reach: Reach) -> tuple[np.ndarray, np.ndarray]:
    """Kr. each option gives the whole municipality, and weeks on support a strategy saves per person, by draw."""
    from experiments.decisions.answer import Effects
    from sim.records.outcomes import WEEKS_PER_YEAR

    benefit, support = Effects(pairs).with_support_weeks(strategy)
    persons = reach.persons_a_year * reach.world_share * pairs.weeks / WEEKS_PER_YEAR
    return benefit / reach.world_share, -support / persons


def _standard_error(reach: Reach, persons_per_arm: int) -> float:
    return float(reach.sd_weeks * np.sqrt(2.0 / persons_per_arm))


def reach_of(scenario: Scenario, trials: Trials) -> Reach | str:
    """What a trial of a scenario's levers meets, from one world without them; or why none can be held."""
    from experiments.break_even import break_even, changes_of_office, groups_of_stocks
    from experiments.equal_budget import active
    from experiments.reach import reached

    levers = active(scenario)
    office = [name for name, lever in levers.items() if not lever.per_person]
    if office:
        return f"{office[0]} acts on a whole office and cannot be given by lot"
    found = break_even(scenario)
    least = min(trials.persons_per_arm)
    if found.persons_reached < least:
        return f"it reaches {found.persons_reached:,.0f} persons a year, fewer than the {least:,} of the smallest arm"
    stocks, changes = groups_of_stocks(scenario), changes_of_office(scenario)
    groups = dict.fromkeys(
        group for lever in levers.values() for group in reached(scenario, lever, stocks, changes, 1.0)
    )
    persons = outcomes_of_persons(scenario, tuple(groups), trials.follow_up_weeks)
    if persons.size < FEWEST:
        return f"{persons.size} persons could be enrolled, fewer than {FEWEST}"
    return Reach(
        found.persons_reached,
        found.kr_year / found.persons_reached,
        float(persons.std(ddof=1)),
        scenario.world.share,
    )


def outcomes_of_persons(scenario: Scenario, groups: tuple[str, ...], follow_up_weeks: int) -> np.ndarray:
    """Weeks on support within the follow-up of everybody a trial would enrol, (persons,): one world, no lever, new
    spells of half a year."""
    from experiments.trial import Followed
    from sim.population.history import starting_state
    from sim.scenario.trial import Trial

    trial = Trial(
        lever=next(iter(scenario.levers)),
        groups=groups,
        size=ENROLLED,
        start=scenario.start_week,
        by="person",
        enrol_weeks=ENROL_WEEKS,
        intake="new_spells",
        follow_up_weeks=(follow_up_weeks,),
    )
    horizon = trial.weeks_needed(scenario.start_week, follow_up_weeks)
    world = replace(scenario, levers={}, trial=None, weeks=horizon)
    lived = Followed(world, 1, state=starting_state(world, 1).copy(), registers=[trial]).run()
    _, _, outcomes = lived.registers[0].outcomes()
    return np.asarray(outcomes[f"weeks_on_support_{follow_up_weeks}"])


def verdict(pilot_of_sizes: list[Pilot]) -> str:
    """One sentence on the trials of one strategy, all its sizes."""
    first = pilot_of_sizes[0]
    best = max(pilot_of_sizes, key=lambda one: max(one.worth_kr.values()) - one.price_kr)
    pays = [prior for prior in best.worth_kr if any(one.may_pay[prior] for one in pilot_of_sizes)]
    worth, error = max((kr, best.error_kr[prior]) for prior, kr in best.worth_kr.items())
    told = (
        f"a trial of {first.strategy} with {best.persons_per_arm:,} persons in each arm takes away"
        f" {100 * best.resolved_share:.0f} % of what is not known of its effect per person, is worth at most"
        f" {kroner(min(best.worth_kr.values()))} to {kroner(worth, error)} and costs {kroner(best.price_kr)}"
    )
    if all(not_worth(pilot_of_sizes).values()):
        return f"Not worth its price under any prior at the sizes asked for: {told}"
    if not pays:
        return f"Whether it is worth its price cannot be told from these runs: {told}"
    if len(pays) == len(best.worth_kr):
        return f"May be worth its price under every prior: {told}"
    return f"May be worth its price under the prior {', '.join(pays)}: {told}{_others(pilot_of_sizes, pays)}"


def not_worth(pilot_of_sizes: Sequence[Pilot]) -> dict[str, bool]:
    """Prior -> whether no size asked for is worth its price, calculation error counted."""
    return {
        prior: all(one.not_worth[prior] for one in pilot_of_sizes) for prior in pilot_of_sizes[0].worth_kr
    }


def _others(pilot_of_sizes: Sequence[Pilot], pays: Sequence[str]) -> str:
    """What is said of the priors under which no size seems to pay."""
    surely = not_worth(pilot_of_sizes)
    no = [prior for prior, so in surely.items() if so]
    open_ = [prior for prior, so in surely.items() if not so and prior not in pays]
    told = f" Not under {', '.join(no)}." if no else ""
    return told + (f" Under {', '.join(open_)} it cannot be told." if open_ else "")
