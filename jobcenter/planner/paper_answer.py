"""The sentences of a committee paper: what an option costs or saves, whom it moves, and what would turn the answer."""

import math
from typing import TYPE_CHECKING, Final

from experiments.experiment_file import PLAIN
from experiments.four_spreads import Spreads
from experiments.stored import NET
from jobcenter.planner.chances import chance, settled
from sim.records.outcomes import Key

if TYPE_CHECKING:
    from jobcenter.planner.paper import Page
    from jobcenter.planner.words import Words

MIO: Final = 1e6


def sentence(page: "Page", name: str) -> str:
    """A strategy's answer: money, people, payback, where the saved weeks went, and whether the sign is known."""
    say, net = page.say, page.net(name)
    people = page.stored.effect(name, Key("full_time_persons", "support", "all"))
    kind = "even" if round(abs(net.mean) / MIO, 1) == 0 else "cost" if net.mean > 0 else "saving"
    money = say(
        f"answer.{kind}",
        option=page.title_of(name),
        mio=say.number(abs(net.mean) / MIO, 1),
        interval=interval(page, net, -MIO if kind == "saving" else MIO, 1),
    )
    kind = "as_many" if round(abs(people.mean)) == 0 else "fewer" if people.mean < 0 else "more"
    persons = say(
        f"answer.{kind}",
        n=say.number(abs(people.mean)),
        interval=interval(page, people, -1.0 if kind == "fewer" else 1.0, 0),
    )
    back = page.money(name, "payback", "within 4")
    ends = "" if not math.isfinite(back) else say("answer.payback", share=chance(say, back, page.rows))
    split = page.stored.split(name)
    neither = "" if split is None else _neither(say, split.share("neither"))
    unsure = say("answer.unsettled") if net.knowledge_80 and not settled(net) else ""
    return " ".join(filter(None, (money, persons, neither, ends, unsure)))


def _neither(say: "Words", share: float) -> str:
    """Saved weeks that led nowhere (economics rule 11); below nothing, fewer are without work and benefit."""
    return say("answer.neither", share=say.percent(share)) if share >= 0.0 else say("answer.none_neither")


def interval(page: "Page", effect: Spreads, by: float, decimals: int) -> str:
    """The knowledge interval in words, or why there is none. A negative `by` tells it as what is saved, or fewer: in
    the sign of the sentence it stands in."""
    if effect.knowledge_80 is None:
        return page.say("interval.none" if effect.draws else "interval.fixed")
    low, high = sorted(end / by for end in effect.knowledge_80)
    return page.say("interval.knowledge", span=page.say.span((low, high), decimals))


def would_change(page: "Page", name: str) -> str:
    """How far what follows must move before the net cost changes its sign; a cut is told as one."""
    say, net = page.say, page.net(name)
    spent = page.stored.effect(
        name, Key("gross_operating_spending", "all", "all"), scale=1.0 / page.stored.horizon_years
    ).mean
    saved = spent - net.mean
    flips = [
        say.name("variant", variant)
        for variant in page.stored.experiment.worlds
        if variant != PLAIN and page.stored.pairs[variant]
        and page.stored.effect(name, NET, variant).mean * net.mean < 0
    ]  # fmt: skip
    other = say("rests.flips", variants=say.listing(flips)) if flips else ""
    if spent < 0:
        told = say("rests.cut", factor=say.number(spent / saved, 1)) if saved < 0 else say("rests.cut_never")
    elif spent > 0 and saved > 0:
        told = say("rests.change", factor=say.number(spent / saved, 1))
    else:
        told = say("rests.change_never")
    return " ".join((told, other)).strip()


def assumption(page: "Page", name: str) -> str:
    """A drawn number as a reader knows it; what has no words here by the meaning its own file gives it."""
    say = page.say
    said = say.own("assumption", name, "")
    if said:
        return said
    found = page.stored.base.provenance.get(f"behaviour.{name}")
    return f"»{found.note}«" if found is not None and found.note else say.name("assumption", name)
