"""The quarterly page: verdict first, then the chain, the paths, and what is known of payback. One A4 page."""

import io
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from experiments.figure_style import new_figure, style, svg
from jobcenter.planner.actuals import CONTROL
from jobcenter.planner.arms import fewer_by_control
from jobcenter.planner.blocks import Block, Bullets, Figure, Heading, Paper, Table, Text
from jobcenter.planner.chances import chance
from jobcenter.planner.follow_up import FollowUp, judging
from jobcenter.planner.follow_up_series import BY_CONTROL, EFFECT, SERIES
from jobcenter.planner.plan import Judge
from jobcenter.planner.words import UNKNOWN, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = (BY_CONTROL, EFFECT, "posts_filled", "staff_fte", "meetings_held")
THOUSANDS = ("spending_kr",)  # told in 1,000 kr.


def quarterly(
    judge: Judge, actuals: Mapping[str, np.ndarray], found: FollowUp, say: Words, command: str
) -> Paper:
    """The page of a follow-up."""
    judge, plan = judging(judge, actuals), judge.plan
    if BY_CONTROL in plan.planned and CONTROL[0] in actuals:
        actuals = {**actuals, BY_CONTROL: fewer_by_control(actuals)}
    option = (
        say.option(plan.scenario, plan.question) if plan.question else say.name("scenario", plan.scenario)
    )
    month = plan.months[found.months - 1]
    title = say("follow.title", town=plan.municipality, option=option, month=month)
    verdict = say(f"follow.verdict.{found.verdict}")
    if found.broken:
        verdict += " " + say(f"follow.story.{found.broken}")
    if found.not_reported:
        what = say.listing([say(f"series.{name}").lower() for name in found.not_reported])
        verdict += " " + say("follow.story.unknown", what=what)
    blocks: list[Block] = [
        Heading(title, 1),
        Text(verdict, "warning" if found.verdict == "behind" or found.outside else "lead"),
    ]
    if plan.world_share < 1.0:
        blocks.append(Text(say("part_of_town", share=say.percent(plan.world_share)), "warning"))
    blocks.append(Bullets(tuple(_sentences(judge, actuals, found, say))))
    blocks.append(_table(judge, actuals, found, say))
    shown = [name for name in SHOWN if name in actuals][:3]
    blocks += [_figure(judge, actuals, name, say, name == shown[-1]) for name in shown]
    blocks.append(
        Text(
            say(
                "follow.made", version=plan.version, digest=plan.digest[:12], made=plan.made, command=command
            ),
            "small",
        )
    )
    return Paper(
        title, say.language, tuple(blocks), say("foot", title=plan.municipality, version=plan.version)
    )


def _sentences(judge: Judge, actuals: Mapping[str, np.ndarray], found: FollowUp, say: Words) -> list[str]:
    told = judge.told.get(found.effect)
    last = judge.plan.months[-1]
    by = "_by_control" if found.effect == BY_CONTROL else ""
    shares = [
        say("follow.story_share", story=say(f"follow.is.{story}"), share=_odds(say, probability))
        for story, probability in found.stories.items()
    ]
    within = (
        say("follow.within", years=judge.plan.payback_years)
        if judge.plan.payback_years
        else say("follow.horizon")
    )
    before = chance(say, found.payback_before, judge.plan.n_draws)
    if found.payback is None or found.payback_if_works is None:
        out = [
            say(
                "follow.outside",
                what=say.listing([_off(judge, actuals, name, say) for name in found.outside]),
            ),
            say("follow.payback_before", within=within, before=before),
        ]
    else:
        works, now = say.percent(found.payback_if_works), say.percent(found.payback)
        out = [
            say("follow.stories", prior=say.percent(judge.plan.prior_works), stories=say.listing(shares)),
            say(
                "follow.payback",
                within=within,
                before=before,
                before_all=say.percent(found.payback_before_all),
                works=works,
                now=now,
            ),
        ]
    out += [
        say(f"follow.told{by}", month=told) if told else say(f"follow.never_told{by}", month=last),
        say("follow.caught", month=judge.caught) if judge.caught else say("follow.never_caught", month=last),
        say("follow.false_alarm", share=say.percent(judge.false_alarm)),
    ]
    if found.control is not None:
        better, low, high = found.control
        span = say.span((100 * low, 100 * high), 1)
        out.insert(1, say("follow.control", better=say.signed(100 * better, 1), span=span))
    return out


def _off(judge: Judge, actuals: Mapping[str, np.ndarray], name: str, say: Words) -> str:
    """A series with what was seen and planned, means of the months so far as in the table."""
    seen = actuals[name]
    planned = judge.plan.planned[name][:, : len(seen)]
    return say(
        "follow.off", what=say(f"series.{name}").lower(), seen=say.number(float(seen.mean()), 1),
        planned=say.number(float(planned.mean()), 1),
    )  # fmt: skip


def _odds(say: Words, probability: float) -> str:
    """A probability in words: nothing that rests on a judged prior is certain."""
    if probability > 0.99:
        return say("follow.over", share=say.percent(0.99))
    return say("follow.under", share=say.percent(0.01)) if probability < 0.01 else say.percent(probability)


def _table(judge: Judge, actuals: Mapping[str, np.ndarray], found: FollowUp, say: Words) -> Table:
    """Means of the months so far: seen, planned with the band of luck and knowledge, nothing done; and the verdict."""
    plan, t, rows = judge.plan, found.months, []
    for name in (*SERIES, BY_CONTROL):
        if name not in plan.planned:
            continue  # no trial was approved
        by = 1e3 if name in THOUSANDS else 1.0
        planned, nothing = (world[name][:, :t].mean(axis=1) / by for world in (plan.planned, plan.nothing))
        low, high = np.quantile(planned, (0.1, 0.9))
        seen = (
            say.number(float(np.mean(actuals[name])) / by, 1)
            if name in actuals
            else say("follow.not_reported")
        )
        said = found.links.get(name)
        rows.append((
            say(f"series.{name}"), seen, say.number(float(planned.mean()), 1),
            say("follow.band", low=say.number(low, 1), high=say.number(high, 1)), say.number(float(nothing.mean()), 1),
            say(f"follow.short.{said}") if said else UNKNOWN,
        ))  # fmt: skip
    head = tuple(say(f"follow.head.{k}") for k in ("what", "seen", "planned", "band", "nothing", "verdict"))
    return Table("follow_up", say("follow.table"), head, tuple(rows), note=say("follow.note"))


def _figure(judge: Judge, actuals: Mapping[str, np.ndarray], name: str, say: Words, last: bool) -> Figure:
    caption = say("follow.figure") if last else ""
    with style():
        figure = new_figure(1.9)
        axes = figure.add_subplot()
        _draw(axes, judge, actuals, name, say)
        axes.set_title(say(f"series.{name}"))
        figure.tight_layout()
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=150)
        return Figure(
            name, svg(figure, f"{say.language}-{name}", say("follow.figure")), png.getvalue(), caption
        )


def _draw(ax: "Axes", judge: Judge, actuals: Mapping[str, np.ndarray], name: str, say: Words) -> None:
    plan = judge.plan
    planned, nothing = plan.planned[name], plan.nothing[name].mean(axis=0)
    x = range(len(plan.months))
    low, high = np.quantile(planned, (0.1, 0.9), axis=0)
    ax.fill_between(x, low, high, color="#0067A6", alpha=0.15, linewidth=0, label=say("follow.legend.band"))
    ax.plot(x, planned.mean(axis=0), color="#0067A6", label=say("follow.legend.planned"))
    ax.plot(x, nothing, color="#4d4d4d", linestyle="--", linewidth=1.2, label=say("follow.legend.nothing"))
    seen = actuals[name]
    ax.plot(range(len(seen)), seen, "o-", color="#C44E00", markersize=3.5, label=say("follow.legend.seen"))
    ticks = list(x)[:: max(1, len(plan.months) // 8)]
    ax.set_xticks(ticks, [plan.months[k] for k in ticks])
    ax.yaxis.set_major_formatter(partial(_tick, say))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)


def _tick(say: Words, value: float, _: int) -> str:
    return say.number(value, 1 if abs(value) % 1 else 0)
