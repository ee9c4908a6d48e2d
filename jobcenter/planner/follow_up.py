"""Actuals laid on the frozen plan: the verdict, the link that broke, and the chance of payback as it is now."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from jobcenter.planner.actuals import CONTROL
from jobcenter.planner.arms import fewer_by_control
from jobcenter.planner.follow_up_series import BY_CONTROL, EFFECT, LINKS, STAFF, so_far
from jobcenter.planner.plan import FALSE_ALARM, Judge, Plan

FAR: Final = 5.0  # s.d.; with luck as the model has it one month in a million
SURE: Final = 0.8  # odds by which an earlier link than the one that is behind is named
VERDICTS: Final = ("as_planned", "cannot_tell", "behind", "fits_neither")
# What may have happened: which links are as planned, the rest are as if nothing had been decided.
STORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "works": LINKS,
    "no_staff": (),
    "no_meetings": STAFF,
    "no_effect": (*STAFF, "meetings_held"),
}
BREAKS: Final = dict(
    zip(LINKS, ("no_staff", "no_staff", "no_meetings", "no_effect", "no_effect"), strict=True)
)


@dataclass(frozen=True)
class FollowUp:
    """What can be said after some months."""

    months: int
    verdict: str  # of the whole: VERDICTS
    links: Mapping[str, str]  # link that can be judged and was reported -> its verdict
    broken: str | None  # the story of the broken link, when behind and every earlier link was reported
    stories: Mapping[str, float]  # story -> probability
    payback_before: float  # if nothing breaks
    payback_before_all: float  # the same with the judged chance that something breaks
    payback_if_works: float | None  # given the months so far, if nothing is broken
    payback: float | None  # the same with the chance that something is broken
    control: tuple[float, float, float] | None  # treated better by (share), and its interval
    effect: str = EFFECT  # the series the effect is judged by
    outside: tuple[
        str, ...
    ] = ()  # series that fit neither the plan nor nothing: no probability is stated then
    not_reported: tuple[
        str, ...
    ] = ()  # earlier links nobody reported, when behind: which one broke is not known


def follow_up(judge: Judge, actuals: Mapping[str, np.ndarray]) -> FollowUp:
    """The state of a plan after the months reported; looked at every month, the limits hold for all looks at once."""
    judge = judging(judge, actuals)
    plan, t = judge.plan, len(actuals[EFFECT])
    seen = {k: v for k, v in actuals.items() if k not in CONTROL and k not in judge.replaced}
    effect = EFFECT
    if EFFECT in judge.replaced:
        effect = BY_CONTROL  # both arms live through the same months
        seen[BY_CONTROL] = fewer_by_control(actuals)
    short, more = judge.shortfall(seen), judge.beyond(seen)
    links = {
        link: "behind" if short[link].max() > judge.limit
        else "as_planned" if more[link].max() > judge.limit_nothing
        else "cannot_tell"
        for link in short
    }  # fmt: skip
    control = _control(actuals, plan)
    if control is not None and effect == EFFECT:
        links[EFFECT] = _by_control(control, actuals, judge)
    verdict = "behind" if "behind" in links.values() else links.get(effect, "cannot_tell")
    outside = _outside(judge, seen, t)
    if outside and verdict != "behind":
        verdict = "fits_neither"
    stories = _stories(judge, seen, t)
    broken: str | None = None
    unknown: tuple[str, ...] = ()
    if verdict == "behind":
        first = _broken(links, stories)
        unknown = _unreported_before(first, judge, seen)
        broken = None if unknown else BREAKS[first]
    weights = _weights(judge, seen, effect, t)
    back = np.array(plan.pays_back, float)
    works = None if outside else float(weights @ back)
    return FollowUp(
        t,
        verdict,
        links,
        broken,
        {} if outside else stories,
        float(plan.draw_weights @ back),
        plan.prior_works * float(plan.draw_weights @ back),
        works,
        None if works is None else stories["works"] * works,
        control,
        effect,
        outside,
        unknown,
    )


def judging(judge: Judge, actuals: Mapping[str, np.ndarray]) -> Judge:
    """The judge as far as these actuals go: what nobody counts neither explains luck nor catches anything."""
    counted = set(actuals) - set(CONTROL)
    if CONTROL[0] in actuals:
        counted.add(BY_CONTROL)
    return judge.seeing(counted)


def _outside(judge: Judge, seen: Mapping[str, np.ndarray], t: int) -> tuple[str, ...]:
    """Series whose months so far lie further than FAR s.d. from plan and nothing done alike, and not between them. What
    luck is known by stands for what it explains: taken out by a line no run reaches, it makes good figures look bad."""

    def far(off: list[float]) -> bool:
        return off[0] * off[1] > 0 and min(map(abs, off)) > FAR

    def raw(series: str, world: Mapping[str, np.ndarray]) -> float:
        runs = so_far(world[series])[:, t - 1]
        return float((so_far(seen[series])[t - 1] - runs.mean()) / max(runs.std(ddof=1), 1e-9))

    out = []
    for link, both in judge.worlds.items():
        by = judge.adjusted_by.get(link)
        if link not in seen:
            continue
        if (
            by is not None
            and by in seen
            and far([raw(by, world) for world in (judge.plan.planned, judge.plan.nothing)])
        ):
            out.append(by)
        elif far([float(yard.z(*judge.sums(seen, link))[t - 1]) for yard in both]):
            out.append(link)
    return tuple(out)


def _broken(links: Mapping[str, str], stories: Mapping[str, float]) -> str:
    """The link that broke: the first of the chain that is behind, unless the odds are four to one that a reported one
    before it broke, for a later link falls short because an earlier one does."""
    first = next(link for link in LINKS if links.get(link) == "behind")
    for link in LINKS[: LINKS.index(first)]:
        if link in links and stories[BREAKS[link]] > SURE * (stories[BREAKS[link]] + stories[BREAKS[first]]):
            return link
    return first


def _unreported_before(first: str, judge: Judge, seen: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Links before this one that the plan moves and nobody reported: any of them may be what broke. Of staff one count
    is enough, the plan's own posts or all caseworkers."""
    before = [link for link in LINKS[: LINKS.index(first)] if BREAKS[link] != BREAKS[first]]
    lacking = [link for link in before if link in judge.links and link not in seen]
    if any(link in seen and link in judge.links for link in STAFF):
        lacking = [link for link in lacking if link not in STAFF]
    return tuple(lacking)


def _log_density(judge: Judge, seen: Mapping[str, np.ndarray], links: Mapping[str, bool], t: int) -> float:
    """How likely the latest month is (log, up to a constant) where these links are as planned (True) or as if nothing
    had been decided.

    What links differ from their yardsticks by is held against what held-out runs of the same worlds differ by, all
    links together: a multivariate t whose scale holds how links hang together and whose tails how few runs there are.
    It is the predictive distribution under an inverse Wishart prior of unit variances and no dependence that weighs as
    little as one with a mean can (Gelman et al. 2013, Bayesian Data Analysis, 3.6).
    """
    plan, held, n_links = judge.plan, judge.plan.halves()[1], len(links)
    off, seen_off, log_sd = np.zeros((len(held), n_links)), np.zeros(n_links), 0.0
    for k, (link, intact) in enumerate(links.items()):
        yard, world = (judge.planned, plan.planned) if intact else (judge.none, plan.nothing)
        off[:, k] = yard[link].z(*judge.sums({s: v[held] for s, v in world.items()}, link))[:, t - 1]
        seen_off[k] = yard[link].z(*judge.sums(seen, link))[t - 1]
        log_sd += math.log(float(yard[link].sd[t - 1]))
    squares = off.T @ off
    # A yardstick's least s.d. is what two counts of the same thing may differ by, however alike the runs are.
    squares += np.diag(np.maximum(len(held) - np.diag(squares), 0.0))
    freedom = len(held) + 3
    scale = (squares + np.eye(n_links)) / freedom
    far = float(seen_off @ np.linalg.solve(scale, seen_off)) / freedom
    return -log_sd - 0.5 * float(np.linalg.slogdet(scale)[1]) - 0.5 * (freedom + n_links) * math.log1p(far)


def _stories(judge: Judge, seen: Mapping[str, np.ndarray], t: int) -> dict[str, float]:
    """Probability of each story by Bayes. A link the plan does not move cannot break; stories that nothing reported
    tells apart keep their chances from before the start."""
    reported = [link for link in judge.links if link in seen]
    may_break = {
        "works": True,
        "no_staff": any(link in judge.links for link in STAFF),
        "no_meetings": "meetings_held" in judge.links,
        "no_effect": True,
    }
    kept = {s: intact for s, intact in STORIES.items() if may_break[s]}
    broken = [s for s in kept if s != "works"]
    prior = {
        s: judge.plan.prior_works if s == "works" else (1 - judge.plan.prior_works) / len(broken)
        for s in kept
    }
    score = {
        s: math.log(prior[s]) + _log_density(judge, seen, {link: link in intact for link in reported}, t)
        for s, intact in kept.items()
    }
    top = max(score.values())
    weight = {s: math.exp(value - top) for s, value in score.items()}
    return {s: w / sum(weight.values()) for s, w in weight.items()}


def _weights(judge: Judge, seen: Mapping[str, np.ndarray], link: str, t: int) -> np.ndarray:
    """Weight of each stored run given the months so far: how likely its effect on persons makes them, every draw
    counted once."""
    plan = judge.plan
    if link not in judge.links:
        return plan.draw_weights
    none = judge.none[link]
    moved = none.adjusted(*judge.sums(plan.planned, link)) - none.adjusted(*judge.sums(plan.nothing, link))
    z = (none.adjusted(*judge.sums(seen, link))[t - 1] - none.mean[t - 1] - moved[:, t - 1]) / none.sd[t - 1]
    weight = plan.draw_weights * np.exp(-0.5 * (z**2 - (z**2).min()))
    return np.asarray(weight / weight.sum())


def _control(actuals: Mapping[str, np.ndarray], plan: Plan) -> tuple[float, float, float] | None:
    """Share on support of the control group minus the treated in the last month, and an interval that holds for all
    months of the plan at once (Bonferroni)."""
    if CONTROL[0] not in actuals:
        return None
    n1, x1, n0, x0 = (float(actuals[name][-1]) for name in CONTROL)
    if min(n1, n0) < 1:
        return None
    p1, p0 = x1 / n1, x0 / n0
    wide = NormalDist().inv_cdf(1.0 - FALSE_ALARM / len(plan.months))
    half = wide * math.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    return p0 - p1, p0 - p1 - half, p0 - p1 + half


def _by_control(control: tuple[float, float, float], actuals: Mapping[str, np.ndarray], judge: Judge) -> str:
    """The verdict on the effect from a control group the plan knows nothing of: behind when what the plan expects, as a
    part of the control group's share on support, is excluded."""
    plan = judge.plan
    t = len(actuals[EFFECT]) - 1  # what the plan expects by now, not at its end
    moved = plan.nothing[EFFECT][:, t].mean() - plan.planned[EFFECT][:, t].mean()
    share = float(actuals[CONTROL[3]][-1] / actuals[CONTROL[2]][-1])
    expected = moved / plan.nothing[EFFECT][:, t].mean() * share
    _, low, high = control
    return "behind" if high < expected else "as_planned" if low > 0 else "cannot_tell"
