"""The approved forecast, frozen: predicted monthly paths, limits set before the start, and a hash over all of it."""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from experiments.experiment_file import PLAIN
from experiments.plan import Planned
from experiments.provenance import hash_of
from experiments.store.atomic import write_whole
from experiments.stored import Stored
from jobcenter.planner.chances import paid_back
from jobcenter.planner.follow_up_series import (
    ADJUSTED_BY,
    BY_CONTROL,
    EFFECT,
    LEAST_SD,
    LINKS,
    Yardstick,
    monthly,
    months_of,
    sums,
    target_groups,
    with_posts,
)
from sim.errors import UserError
from sim.scenario import Scenario
from sim.version import code_version

SCHEMA: Final = 4
FALSE_ALARM: Final = 0.05  # of "behind", over all months and links together, when all goes as planned
MOST_FALSE: Final = 0.10  # a plan whose limits would be wrong more often is not frozen
POWER: Final = 0.80
FEWEST_RUNS: Final = 12
TELLING: Final = 0.5  # s.d. by which the plan must move a series before it is a link that can be judged
GIVEN: Final = (
    "posts_filled",
    "staff_fte",
    "meetings_held",
)  # what the plan itself puts in: judged where it is more
PRIOR_WORKS: Final = 0.75  # that nothing in the chain breaks: a judgement, changed with --prior


@dataclass(frozen=True)
class Plan:
    """A frozen forecast. Runs are (runs, months); the k-th run of both worlds shares draw and luck."""

    scenario: str
    base: str
    municipality: str
    world_share: float
    groups: tuple[str, ...]
    months: tuple[str, ...]
    draws: tuple[int, ...]
    pays_back: tuple[bool, ...]  # under the run's draw
    payback_years: int  # within so many; 0: within the horizon
    planned: Mapping[str, np.ndarray]
    nothing: Mapping[str, np.ndarray]
    prior_works: float
    made: str
    command: str
    version: str
    digest: str
    question: str = ""  # the scenario's own; plans frozen before it was kept hold none

    def halves(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the runs that measure, and of those that set the boundary."""
        return _halves(self.draws)

    @property
    def draw_weights(self) -> np.ndarray:
        """Weight of each run so that every draw counts once, however many runs repeat it; they add up to 1."""
        _, which, count = np.unique(self.draws, return_inverse=True, return_counts=True)
        repeats = np.where(np.array(self.draws) < 0, 1, count[which])
        return np.asarray((1.0 / repeats) / (1.0 / repeats).sum())

    @property
    def n_draws(self) -> int:
        """Draws the chances are counted in; runs with central values are each one."""
        drawn = np.array(self.draws)
        return int((drawn < 0).sum() + np.unique(drawn[drawn >= 0]).size)


def _halves(drawn: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    # Every other run that repeats no draw sets the boundary; the rest measure. Exchangeable with what will be seen.
    draws = np.array(drawn)
    once = [k for k, d in enumerate(draws) if d < 0 or (draws == d).sum() == 1]
    boundary = np.array(once[1::2], np.int64)
    return np.setdiff1d(np.arange(len(draws)), boundary), boundary


class Judge:
    """The yardsticks and limits of a plan: a pure function of its stored runs and of what is counted every month.

    reported: series the municipality counts; all of them if None. How many came explains the luck in how many there are
    only where it is counted: where it is not, the limits are as wide as luck then is.
    """

    def __init__(self, plan: Plan, reported: Collection[str] | None = None):
        self.plan = plan
        self._seeing: dict[frozenset[str], Judge] = {}
        self.reported = frozenset(plan.planned if reported is None else set(reported) & set(plan.planned))
        self.adjusted_by = {link: by for link, by in ADJUSTED_BY.items() if by in self.reported}
        fit, held = plan.halves()
        self.acts_at_once = frozenset(link for link in plan.planned if _acts_at_once(plan, link, fit))
        self.planned, self.none, self.sign = {}, {}, {}
        self.worlds: dict[str, tuple[Yardstick, Yardstick]] = {}  # judged or not: plan, and nothing done
        for link in (one for one in LINKS if one in plan.planned):
            values, beside = self.sums({k: v[fit] for k, v in plan.planned.items()}, link)
            base, base_beside = self.sums({k: v[fit] for k, v in plan.nothing.items()}, link)
            planned, none = (
                Yardstick(v, b, LEAST_SD.get(link, 0.0)) for v, b in ((values, beside), (base, base_beside))
            )
            self.worlds[link] = planned, none
            moved = planned.mean - none.mean
            if link in GIVEN and moved[-1] <= 0:
                continue  # fewer meetings follow from fewer people: nothing that could fail to be held
            if abs(moved[-1]) >= TELLING * planned.sd[-1]:
                self.planned[link], self.none[link] = planned, none
                self.sign[link] = 1.0 if moved[-1] > 0 else -1.0
        short = self.shortfall({k: v[held] for k, v in plan.planned.items()})
        more = self.beyond({k: v[held] for k, v in plan.nothing.items()})
        self.limit, self.false_alarm = _boundary(_largest(short, len(held)))
        self.limit_nothing, self.false_hope = _boundary(_largest(more, len(held)))
        planned_held = self.beyond({k: v[held] for k, v in plan.planned.items()})
        nothing_held = self.shortfall({k: v[held] for k, v in plan.nothing.items()})
        self.told = {
            link: self._month_of(planned_held[link], self.limit_nothing) for link in self.links
        }  # when a plan that works can be told from nothing
        seen = [nothing_held[link] for link in self.links if link in self.reported - self.replaced]
        together = np.max(seen, axis=0) if seen else np.zeros((1, 1))
        self.caught = self._month_of(
            together, self.limit
        )  # when a plan of which nothing came is called behind, by what is counted

    def seeing(self, reported: Collection[str]) -> "Judge":
        """The judge of the same plan where only these series are counted."""
        known = frozenset(reported) & frozenset(self.plan.planned)
        if known == self.reported:
            return self
        if known not in self._seeing:
            self._seeing[known] = Judge(self.plan, known)
        return self._seeing[known]

    def sums(self, runs: Mapping[str, np.ndarray], link: str) -> tuple[np.ndarray, np.ndarray]:
        """A link's series so far, and what is counted that its luck is known by."""
        return sums(runs, link, self.adjusted_by, link not in self.acts_at_once)

    @property
    def replaced(self) -> frozenset[str]:
        """Series that another one says sharper: all staff by the plan's own posts, people by a control group."""
        sharper = {"staff_fte": "posts_filled", EFFECT: BY_CONTROL}
        return frozenset(one for one, by in sharper.items() if by in self.links and by in self.reported)

    @property
    def links(self) -> tuple[str, ...]:
        """Links the plan moves enough to be judged."""
        return tuple(self.sign)

    def shortfall(self, runs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """By how many s.d. each month falls short of the plan, (..., months)."""
        return {
            link: -self.sign[link] * self.planned[link].z(*self.sums(runs, link))
            for link in self.links
            if link in runs
        }

    def beyond(self, runs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """By how many s.d. each month is better than nothing done."""
        return {
            link: self.sign[link] * self.none[link].z(*self.sums(runs, link))
            for link in self.links
            if link in runs
        }

    def limits(self) -> list[tuple[str, str, float | None, float | None]]:
        """(month, link, stop: worse than this is behind, go on: better than this is not nothing) at each quarter's end,
        as means of the months so far when it began at the usual level and as many came as usual. None where it would
        lie below nothing at all: no count can be worse (or better) than that, so the month tells nothing. Where the
        two cross both are the stop, for who is behind is not told to go on."""
        out = []
        for at in range(2, len(self.plan.months), 3):
            for link in self.links:
                stop = self.planned[link].mean[at] - self.sign[link] * self.limit * self.planned[link].sd[at]
                go = self.none[link].mean[at] + self.sign[link] * self.limit_nothing * self.none[link].sd[at]
                go = max(go, stop) if self.sign[link] > 0 else min(go, stop)
                least = -math.inf if link == BY_CONTROL else 0.0
                ends = [float(end) if end >= least else None for end in (stop, go)]
                out.append((self.plan.months[at], link, ends[0], ends[1]))
        return out

    def _month_of(self, statistic: np.ndarray, limit: float) -> str | None:
        """First month by which four of five runs have passed the limit."""
        passed = (np.maximum.accumulate(statistic, axis=1) > limit).mean(axis=0) >= POWER
        return self.plan.months[int(np.argmax(passed))] if passed.any() else None


def _acts_at_once(plan: Plan, link: str, runs: np.ndarray) -> bool:
    """Whether the plan moves a link's first month by so much that taking that month out as luck would take out what a
    plan that was never carried out falls short by."""
    first, without = plan.planned[link][runs, 0], plan.nothing[link][runs, 0]
    return bool(abs((first - without).mean()) > TELLING * first.std(ddof=1))


def _largest(found: Mapping[str, np.ndarray], runs: int) -> np.ndarray:
    """The largest value of each run over all months and links."""
    if not found:
        return np.zeros(runs)
    return np.asarray(np.max([values.max(axis=1) for values in found.values()], axis=0))


def _boundary(largest: np.ndarray) -> tuple[float, float]:
    """The limit, and the chance that a run like these passes it in any month.

    The k-th largest of n runs is passed by one more run of their kind with chance k / (n + 1), whatever the
    distribution and however often one looks (conformal prediction; Vovk, Gammerman & Shafer 2005).
    """
    n = len(largest)
    k = max(1, int(FALSE_ALARM * (n + 1)))
    return float(np.sort(largest)[n - k]), k / (n + 1)


def freeze(
    stored: Stored, name: str | None, months: int, prior: float, command: str, progress: Callable[[int], None],
    part: bool = False,
) -> Plan:  # fmt: skip
    """Lives the stored pairs again up to the last followed month, with the draws and seeds of the batch.

    Raises UserError for an unknown scenario, a store with too few pairs, and unless `part` a simulated part of the
    municipality: what it counts every month is all of it.
    """
    from experiments.anchor import anchored, laid_over
    from experiments.chunk import under

    names = list(stored.names)
    if name is None and len(names) == 1:
        name = names[0]
    if name not in names:
        raise UserError(
            f"--scenario {name or '?'}: the store holds {', '.join(names)}; name the one that was approved"
        )
    share = stored.base.world.share
    if share < 1.0 and not part:
        raise UserError(
            f"the store simulates {share:.0%} of {stored.base.municipality.name} (world.share={share:g}); the months of"
            " the whole municipality would be judged by limits of a part. Run the batch without world.share, or freeze"
            " with --part a plan that every output marks as one of a part"
        )
    pairs = stored.pairs[PLAIN]
    _check_enough([pair.draw for pair in pairs], stored.job.planned)
    scenario = stored.others[names.index(name)]
    weeks = min(stored.weeks, round(months * 365.2425 / 12 / 7) + 1)
    known, _ = months_of(stored.base.start_week, weeks)
    if len(known) < 3:
        raise UserError(f"the horizon holds {len(known)} whole months; 3 or more are needed")
    groups = target_groups(scenario)
    runs: tuple[list[dict[str, np.ndarray]], ...] = ([], [])
    for done, pair in enumerate(pairs):
        drawn = stored.job.planned
        values = laid_over(stored.base, anchored(stored.base, drawn.anchored_of(pair)), drawn.levels_of(pair))
        both = tuple(under(s, stored.base, values).for_weeks(weeks) for s in (stored.base, scenario))
        for kept, found in zip(runs, pair_of_months(both, pair.seed, groups), strict=True):
            kept.append(found)
        progress(done + 1)
    lived = [{s: np.round([run[s] for run in of], 4) for s in of[0]} for of in runs]
    planned, nothing = with_posts(lived[1], lived[0])
    back, years = paid_back(stored, name)
    body: dict[str, Any] = {
        "schema": SCHEMA, "scenario": name, "question": scenario.question, "base": stored.experiment.names[0],
        "municipality": stored.base.municipality.name, "world_share": stored.base.world.share,
        "groups": groups, "months": known,
        "draws": [pair.draw for pair in pairs], "pays_back": back, "payback_years": years,
        "planned": {s: v.tolist() for s, v in planned.items()}, "nothing": {s: v.tolist() for s, v in nothing.items()},
        "prior_works": prior, "made": datetime.now(UTC).isoformat(timespec="seconds"), "command": command,
        "version": code_version(),
    }  # fmt: skip
    body = json.loads(json.dumps(body))
    return _plan(body, hash_of(body))


def _false(draws: Sequence[int]) -> float:
    """The least chance of a false alarm that limits of these pairs can have."""
    return 1.0 / (len(_halves(draws)[1]) + 1)


def fewest_pairs(planned: Planned) -> int | None:
    """The smallest batch of this layout of draws and replicates that can be frozen; None where no batch can."""
    file = planned.experiment.file.model_copy(update={"pairs": 500, "stop": None})
    draws = [pair.draw for pair in Planned(replace(planned.experiment, file=file)).pairs()]
    return next((n for n in range(FEWEST_RUNS, len(draws)) if _false(draws[:n]) <= MOST_FALSE), None)


def _check_enough(draws: Sequence[int], planned: Planned) -> None:
    """Refuses before an hour of simulation what would give limits nobody should stop a project by."""
    if len(draws) < FEWEST_RUNS or _false(draws) > MOST_FALSE:
        needed, fewest = math.ceil(1.0 / MOST_FALSE) - 1, fewest_pairs(planned)
        run = (
            f"run {fewest} pairs; 40 make them sharp"
            if fewest
            else "draw from more draws than the file holds"
        )
        raise UserError(
            f"the store holds {len(draws)} pairs, {len(_halves(draws)[1])} of them to set limits by: 'behind' would be"
            f" said of a plan that works in {_false(draws):.0%} of cases. Limits need {FEWEST_RUNS} pairs and {needed}"
            f" to set them by (every other pair whose draw no other repeats): {run}"
        )


def pair_of_months(
    both: tuple[Scenario, ...], seed: int, groups: Sequence[str]
) -> Iterator[dict[str, np.ndarray]]:
    """The followed series of the base and of the approved scenario under the same luck; with a trial its arms too."""
    from experiments.run import branch

    trial = both[1].trial
    if trial is None:
        yield from (monthly(result, groups) for result in branch(both, None, seed))
        return
    from jobcenter.planner.arms import fewer_by_control, lived
    from sim.population.history import starting_state

    start = starting_state(both[1], seed)
    for scenario in both:
        result, arms = lived(scenario, trial, seed, start.copy())
        yield {**monthly(result, groups), BY_CONTROL: fewer_by_control(arms)}


def _plan(body: Mapping[str, Any], digest: str) -> Plan:
    given: dict[str, Any] = {key: value for key, value in body.items() if key != "schema"}
    for key in ("groups", "months", "draws", "pays_back"):
        given[key] = tuple(given[key])
    for world in ("planned", "nothing"):
        given[world] = {series: np.array(values) for series, values in given[world].items()}
    return Plan(**given, digest=digest)


def write_plan(plan: Plan, path: Path) -> None:
    """Writes the plan with its hash."""
    body: dict[str, Any] = {"schema": SCHEMA}
    for key in Plan.__dataclass_fields__:
        value = getattr(plan, key)
        if key in ("planned", "nothing"):
            value = {s: v.tolist() for s, v in value.items()}
        if key != "digest":
            body[key] = list(value) if isinstance(value, tuple) else value
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"hash": plan.digest, "plan": body}, ensure_ascii=False).encode("utf-8"))


def read_plan(path: Path) -> Plan:
    """A plan as it was approved. Raises UserError when it was changed, or made by another version of the code."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        body, digest = found["plan"], found["hash"]
        schema = body["schema"]
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such plan; make one with: jobcenter plan freeze STORE --out {path}"
        ) from None
    except (ValueError, KeyError, TypeError, OSError) as wrong:
        raise UserError(f"{path}: is no plan made by `jobcenter plan freeze` ({wrong})") from None
    if schema != SCHEMA:
        raise UserError(
            f"{path}: frozen by another version (form {schema}, this one reads {SCHEMA}). Follow up with the version"
            " that froze it, or freeze anew and say so"
        )
    if hash_of(body) != digest:
        raise UserError(
            f"{path}: was changed after it was frozen (its hash is {hash_of(body)[:12]}, not {digest[:12]}); take the"
            " approved file again"
        )
    if body["version"] != code_version():
        raise UserError(
            f"{path}: was frozen by version {body['version']} of the model, this is {code_version()}; follow up with"
            " the version that froze it, or freeze anew and say so"
        )
    return _plan(body, digest)
