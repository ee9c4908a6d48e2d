"""Citizens to explain: numbers of simulated people whose run fits a few plain conditions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sim.codes import BENEFITS, CASH_BENEFITS, FIRST_BENEFIT, JOB, MEASURES, STATUSES, SUBSIDISED_JOB
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.population.storage import on_support
from sim.scenario import Scenario
from sim.scenario.yaml_tree import nearest
from sim.week.payments import LONG_TERM_WEEKS

VOCABULARY: Final = {
    "changed caseworker": "a new caseworker at least once; also once, twice, three times, N times (at least so often)",
    "sick": "on sygedagpenge at some time",
    "on BENEFIT": f"on it at some time: {', '.join(BENEFITS)}, or cash benefit (any of the cash-benefit system)",
    "found a job": "from support to ordinary work",
    "had a placement": "in a company placement, private or public",
    "had a wage subsidy": "in a job with wage subsidy",
    "long-term": f"on support at least {LONG_TERM_WEEKS} of 52 weeks",
}
_TIMES: Final = {"": 1, "once": 1, "twice": 2, "three times": 3}
_PLACEMENTS: Final = tuple(k for k, name in enumerate(MEASURES) if name.startswith("placement"))


@dataclass
class Traces:
    """What is remembered of everybody while a run is lived, one entry per id."""

    changes: np.ndarray  # int64: new caseworkers, first assignments left out
    been: np.ndarray  # bool (ids, statuses)
    found_job: np.ndarray  # bool
    placement: np.ndarray  # bool
    long_term: np.ndarray  # bool
    last: np.ndarray  # uint8: status last week


Condition = Callable[[Traces], np.ndarray]


class Searched(JobcenterModel):
    """The model with somebody noting whom what happens to, all citizens at a time. Reading changes no result."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        n = self.state["row_of"].size
        self.traces = Traces(
            changes=np.zeros(n, np.int64),
            been=np.zeros((n, len(STATUSES)), bool),
            found_job=np.zeros(n, bool),
            placement=np.zeros(n, bool),
            long_term=np.zeros(n, bool),
            last=np.zeros(n, np.uint8),
        )

    def _casework(self, week: int) -> int:
        before = self.state["caseworker"].copy()
        offers = super()._casework(week)
        after = self.state["caseworker"]
        changed = np.flatnonzero((after != before) & (after >= 0) & (before != -1))
        self.traces.changes[self.state["id"][changed]] += 1
        return offers

    def _record(self, week: int) -> None:
        super()._record(week)
        s, t = self.state, self.traces
        ids, status = s["id"], s["status"]
        t.been[ids, status] = True
        t.found_job[ids[(status == JOB) & on_support(t.last[ids])]] = True
        t.placement[ids[np.isin(s["measure"], _PLACEMENTS)]] = True
        on_benefit = status >= FIRST_BENEFIT
        t.long_term[ids[on_benefit & (s["support_count"] >= LONG_TERM_WEEKS)]] = True
        t.last[ids] = status


def conditions(text: str) -> dict[str, Condition]:
    """The conditions of --find by their words, all of which must hold. Raises UserError that lists what is allowed."""
    words = [" ".join(part.lower().split()) for part in text.split(",")]
    if not any(words):
        raise UserError(f'--find "{text}": names no condition; allowed:\n{_allowed()}')
    return {word: _condition(word) for word in words if word}


def _condition(word: str) -> Condition:
    if match := re.fullmatch(r"changed caseworkers?(?: (once|twice|three times|(\d+) times?))?", word):
        least = int(match[2]) if match[2] else _TIMES[match[1] or ""]
        return lambda t: t.changes >= least
    if word == "sick":
        return _been("sygedagpenge")
    if match := re.fullmatch(r"on (?:an? )?(.+)", word):
        name = match[1].replace(" ", "_").replace("-", "_")
        if name in ("cash_benefit", "cash_benefits", "kontanthjaelp"):
            return _been(*(BENEFITS[benefit] for benefit in CASH_BENEFITS))
        if name in BENEFITS:
            return _been(name)
        raise UserError(f'--find: unknown benefit "{match[1]}"{nearest(name, (*BENEFITS, "cash benefit"))}')
    fixed: dict[str, Condition] = {
        "found a job": lambda t: t.found_job,
        "had a placement": lambda t: t.placement,
        "had a wage subsidy": lambda t: t.been[:, SUBSIDISED_JOB],
        "long-term": lambda t: t.long_term,
    }
    if word in fixed:
        return fixed[word]
    raise UserError(f'--find: "{word}" is no condition; allowed, separated by commas:\n{_allowed()}')


def _been(*names: str) -> Condition:
    codes = [STATUSES.index(name) for name in names]
    return lambda t: np.asarray(t.been[:, codes].any(axis=1))


def _allowed() -> str:
    return "\n".join(f"  {word:<20}{meaning}" for word, meaning in VOCABULARY.items())


@dataclass(frozen=True)
class Found:
    """Whose run fits, and how many fit each condition alone."""

    ids: np.ndarray  # int64, ascending
    alone: dict[str, int]


def find(scenario: Scenario, seed: int, text: str) -> Found:
    """The citizens who fit all conditions of `text` within the scenario's horizon."""
    wanted = conditions(text)
    model = Searched(scenario, seed, state=starting_state(scenario, seed))
    model.run()
    fits = {word: condition(model.traces) for word, condition in wanted.items()}
    together = np.logical_and.reduce(list(fits.values()))
    return Found(np.flatnonzero(together), {word: int(np.count_nonzero(fit)) for word, fit in fits.items()})
