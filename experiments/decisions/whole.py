"""All answers to a decision together, and as sections that the screen and the page both show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from experiments.decisions.amounts import in_part, in_whole, kroner, percent, weeks
from experiments.decisions.answer import Decision, ranked
from experiments.decisions.discovery import Box, where_better
from experiments.decisions.discovery import words as box_words
from experiments.decisions.pays_back import Needed, WeeksNeeded, all_needed, weeks_needed
from experiments.decisions.pilot import Pilot, Reach, not_worth, pilots, reach_of, verdict
from experiments.decisions.precision import share_reach
from experiments.experiment_file import PLAIN, Experiment
from experiments.money import DO_NOTHING

if TYPE_CHECKING:
    from experiments.decisions.mix import Mix

Table = list[list[str]]


@dataclass(frozen=True)
class Section:
    """A part of the answer. `key` says which figures belong to it."""

    key: str
    title: str
    texts: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Whole:
    """Everything `jobcenter decide` says."""

    decision: Decision
    bound: list[str]  # why a strategy is not at the one price
    pilots: list[Pilot]
    no_trial: dict[str, str]  # strategy -> why no trial of it can be held
    needed: list[Needed]
    weeks_needed: list[WeeksNeeded]
    boxes: list[Box]
    world_share: float = 1.0  # part of the municipality that is simulated
    mix: "Mix | None" = None  # how the budget should be split, where that was asked


def whole(plan: Experiment, found: Decision, bound: Sequence[str], mix: "Mix | None" = None) -> Whole:
    """All answers. plan: as `check` accepts it; its `decide:` block says which trials are priced."""
    from sim.scenario import load

    world, question = plan.worlds[PLAIN], plan.file.decide
    reach: dict[str, Reach] = {}
    refused: dict[str, str] = {}
    for name, at in ranked(plan).items():
        one = reach_of(world[at], question.trials)
        if isinstance(one, str):
            refused[name] = one
        else:
            reach[name] = one
    others = [(name, load(name, overrides=plan.file.set)) for name in question.break_even]
    return Whole(
        decision=found,
        bound=list(bound),
        pilots=pilots(found.names, found.pairs, reach, question.trials, question.priors),
        no_trial=refused,
        needed=all_needed(list(zip(plan.names[1:], world[1:], strict=True)), others),
        weeks_needed=weeks_needed(found),
        boxes=_boxes(found),
        world_share=world[0].world.share,
        mix=mix,
    )


def _boxes(found: Decision) -> list[Box]:
    """Each strategy against doing nothing, and the two with the least regret against each other, municipal money."""
    loss: dict[str, Any] = {DO_NOTHING: 0.0 * found.known.municipal[:, 0]}
    loss |= dict(zip(found.names, found.known.municipal.T, strict=True))
    town = found.views()["municipality"]
    duels = [(name, DO_NOTHING) for name in found.names]
    first, second = sorted(town, key=lambda name: town[name].expected_regret_kr)[:2]
    if DO_NOTHING not in (first, second):
        duels.append((first, second))
    return [where_better(a, b, loss[b] - loss[a], found.parameters) for a, b in duels]


# ---- sections -----------------------------------------------------------------------------------------------------


def headline(all_of_it: Whole) -> list[str]:
    """The answer in a few sentences."""
    found = all_of_it.decision
    town, errors = found.views()["municipality"], found.errors
    first, *rivals = found.not_told_apart("municipality")
    share, regret = town[first].probability_best, town[first].expected_regret_kr
    perfect, by_chance = found.information["perfect"], found.information["perfect_by_chance"]
    width = next(prior for prior, width in found.priors.items() if width == 1.0)
    part = all_of_it.world_share
    to_whom = "" if part == 1.0 else " to the whole municipality"
    worth = kroner(perfect[width] / part, errors["perfect"] / part)
    lost = kroner(regret, errors[f"regret/municipality/{first}"])
    often = percent(share, errors[f"best/municipality/{first}"])
    only_luck = "" if perfect[width] > by_chance[width] else ", so it cannot be told from luck."
    luck = (
        "Luck that could not be taken out is in it: pairs in which all is luck seem to give up to"
        f" {kroner(by_chance[width] / part)}{only_luck}"
    )
    told = (
        f"has the least expected regret: {lost} over the horizon{in_part(part)}; it is best in {often} of {found.draws}"
        " draws of what is not known."
    )
    if rivals:
        named = ", ".join(f"'{name}'" for name in (first, *rivals[:-1])) + f" or '{rivals[-1]}'"
        answer = (
            f"It cannot be told whether {named} loses the municipality least: their expected regrets differ by less"
            f" than the calculation error. In these draws '{first}' {told}"
        )
    else:
        answer = f"For the municipality '{first}' {told}"
    return [
        answer,
        f"Knowing everything would be worth {worth}{to_whom}, and no pilot more. {luck}"
        f" {_trials_in_short(all_of_it.pilots)}",
        *(f"Not ranked: {name} (class {kind})." for name, kind in found.left_out.items()),
        *(f"Not at one price: {text}." for text in all_of_it.bound),
    ]


def _trials_in_short(all_pilots: Sequence[Pilot]) -> str:
    """One sentence on all trials: which may be worth their price, or whether none is, or that it cannot be told."""
    if not all_pilots:
        return "No strategy can be given by lot, so no trial is priced."
    if pays := sorted({one.strategy for one in all_pilots if any(one.may_pay.values())}):
        return f"A trial may be worth its price for {', '.join(pays)}."
    if all(not_worth(all_pilots).values()):
        return "No trial of the sizes asked for is worth its price under any prior."
    return "Whether a trial of the sizes asked for is worth its price cannot be told from these runs."


def sections(all_of_it: Whole) -> list[Section]:
    """The answer in parts, in the order a planner asks."""
    found = all_of_it.decision
    out = [
        _best(found, all_of_it.world_share),
        _worth(found),
        _back(found, all_of_it.world_share),
        _information(found, all_of_it.world_share),
        _trials(all_of_it),
        _needed(all_of_it),
    ]
    out.append(
        Section(
            "discovery",
            "Where one option beats another (municipal money)",
            [box_words(box) for box in all_of_it.boxes],
        )
    )
    if all_of_it.mix is not None:
        from experiments.decisions.mix_words import mix_tables, mix_texts

        told = "How should the budget be split?"
        out.append(Section("mix", told, mix_texts(all_of_it.mix), mix_tables(all_of_it.mix)))
    return out


def _best(found: Decision, share: float) -> Section:
    views, errors = found.views(), found.errors
    rows: Table = [[f"best in % of draws, expected regret{in_part(share)}", *views]]
    for name in views["municipality"]:
        cells = []
        for view, of in views.items():
            often = percent(of[name].probability_best, errors[f"best/{view}/{name}"])
            lost, error = of[name].expected_regret_kr, errors[f"regret/{view}/{name}"]
            regret = weeks(lost, error) if view == "people" else kroner(lost, error)
            cells.append(f"{often}, {regret}")
        rows.append([name, *cells])
    return Section("best", "Which is best, and what choosing it loses", [], [rows])


def _rare(found: Decision) -> str:
    """What a share of 0 or 1 of the draws says."""
    off = 100 * share_reach(0.0, found.draws)
    return (
        f"0 % of {found.draws} draws is not never: by so few draws it may be up to {off:.0f} %, and where 100 % stands"
        f" down to {100 - off:.0f} %."
    )


def _worth(found: Decision) -> Section:
    curve = found.acceptability()
    rows: Table = [["best in % of draws, if a week in work is worth kr.", *(f"{kr:,}" for kr in curve)]]
    rows += [
        [name, *(f"{100 * of[name]:.0f}" for of in curve.values())] for name in (DO_NOTHING, *found.names)
    ]
    extreme = {"0", "100"} & {cell for row in rows[1:] for cell in row[1:]}
    texts = [_rare(found)] if extreme else []
    return Section(
        "acceptability", "If the municipality also pays for a week in ordinary work", texts, [rows]
    )


def _back(found: Decision, share: float) -> Section:
    rows: Table = [
        [f"over the horizon{in_part(share)}, mean", "municipal", "public", "weeks in work", "kr. a week",
         "paid back within 1, 2, 3, 4 years", "not within it"]
    ]  # fmt: skip
    for name, paid in found.money().items():
        per = "cannot be stated" if paid["kr_per_week"] is None else f"{paid['kr_per_week']:,.0f}"
        chances = [
            "-" if back is None else percent(back, found.errors[f"payback/{years}/{name}"])
            for years, back in paid["payback_within"].items()
        ]
        rows.append(
            [
                name,
                kroner(paid["municipal_kr"], found.errors[f"municipal/{name}"], sign=True),
                kroner(paid["public_kr"], sign=True),
                f"{paid['weeks']:+,.0f} ± {found.errors[f'weeks/{name}']:,.0f}",
                per,
                ", ".join(chances),
                percent(paid["not_within_horizon"], found.errors[f"payback/never/{name}"]),
            ]
        )
    text = (
        "Paid back: no cost so far, and none again to the horizon. Not within it is told from the same draws as who is"
        " best for the municipality and beats doing nothing."
    )
    return Section("payback", "What it costs, gives, and when it has paid for itself", [text], [rows])


def _information(found: Decision, share: float) -> Section:
    """share: of the municipality that is simulated. What a pilot costs is of the whole of it, so this is too."""
    told = found.information
    rows: Table = [["worth knowing beforehand", f"mio. kr.{in_whole(share)}", "chance alone finds"]]
    rows += [
        [
            f"everything, prior {name}",
            *_part({"kr": kr, "by_chance": told["perfect_by_chance"][name]}, share),
        ]
        for name, kr in told["perfect"].items()
    ]
    for name, part in told["groups"].items():
        rows.append([f"{name} ({part['parameters']})", *_part(part, share)])
    rows += [[name, *_part(part, share)] for name, part in told["parameters"].items()]
    text = (
        f"Kroner over the horizon{in_whole(share)}, as the prices of trials are. A group says what its"
        " parameters are worth known together; number in brackets: how many. Chance alone finds: in 95 % of cases, if"
        " none of the groups has any influence, not even the largest of them shows more; so for single parameters,"
        f" all {len(found.parameters)} of them; and everything, if all were luck. (chance): no more than that; it may"
        " be worth nothing, or as much as is shown, and these draws do not tell which. Everything holds luck that could"
        " not be taken out, so it is rather too high where little is worth knowing."
    )
    return Section(
        "information", "What more knowledge would be worth (assumes the model form is right)", [text], [rows]
    )


def _part(part: Mapping[str, float], share: float) -> tuple[str, str]:
    mark = "" if part["kr"] > part["by_chance"] else " (chance)"
    return f"{part['kr'] / share / 1e6:,.2f}{mark}", f"{part['by_chance'] / share / 1e6:,.2f}"


def _trials(all_of_it: Whole) -> Section:
    everywhere = in_whole(all_of_it.world_share)
    names = tuple(dict.fromkeys(one.strategy for one in all_of_it.pilots))
    of_one = {name: [one for one in all_of_it.pilots if one.strategy == name] for name in names}
    texts = [verdict(own) for own in of_one.values()]
    texts += [f"No trial of {name}: {why}." for name, why in all_of_it.no_trial.items()]
    tables: list[Table] = []
    if names:
        priors = tuple(all_of_it.pilots[0].worth_kr)
        rows: Table = [
            [f"trial, persons in each arm{everywhere}", "standard error, weeks", "not known, weeks", "taken away",
             *(f"worth at most, prior {prior}" for prior in priors), "price"]
        ]  # fmt: skip
        for one in all_of_it.pilots:
            rows.append(
                [
                    f"{one.strategy}, {one.persons_per_arm:,}",
                    f"{one.standard_error:.2f}",
                    f"{one.known_sd:.2f}",
                    f"{100 * one.resolved_share:.0f} %",
                    *(kroner(one.worth_kr[prior], one.error_kr[prior]) for prior in priors),
                    kroner(one.price_kr),
                ]
            )
        tables.append(rows)
        texts.append(
            f"Weeks on support per person reached; worth over the horizon{everywhere}. A trial is given the benefit of"
            " the doubt: it sees who is pushed out of a job too, its result is there at once, and the municipality"
            " follows it. ±: how much more it may be worth by calculation error; not worth its price is said only below"
            " the price with that too. Assumes the model form is right."
        )
    return Section("trials", "Is a pilot worth its price?", texts, tables)


def _needed(all_of_it: Whole) -> Section:
    everywhere, part = in_whole(all_of_it.world_share), in_part(all_of_it.world_share)
    rows: Table = [
        ["smallest effect that pays back", "class", f"mio. kr. a year{everywhere}", f"reached a year{everywhere}",
         "chance of work must rise", "largest found for its kind", ""]
    ]  # fmt: skip
    for one in all_of_it.needed:
        asked = not one.why_not
        rows.append(
            [
                one.strategy,
                one.evidence_class,
                f"{one.kr_year / 1e6:,.2f}",
                f"{one.persons_reached:,.0f}",
                _rise(one.effect_needed) if asked else "-",
                "none known"
                if math.isnan(one.largest_of_its_kind)
                else f"+{100 * one.largest_of_its_kind:.0f} %",
                one.words,
            ]
        )
    simulated: Table = [[f"simulated, class A, over the horizon{part}", "weeks in work", "80 % of draws",
                         "pay back from", "draws that reach it"]]  # fmt: skip
    for week in all_of_it.weeks_needed:
        known = not math.isnan(week.needed)
        simulated.append(
            [
                week.strategy,
                f"{week.weeks:+,.0f}",
                f"{week.low:+,.0f} to {week.high:+,.0f}",
                f"{week.needed:,.0f}" if known else "cannot be stated",
                f"{100 * week.chance:.0f} %" if known else "-",
            ]
        )
    text = (
        "Arithmetic on the municipality's own stocks: each further person in work is worth the municipality's part of"
        " two full years at the 20 % step; no lock-in, displacement or hours are counted."
    )
    return Section("break_even", "How much it must help to pay for itself", [text], [rows, simulated])


def _rise(effect: float) -> str:
    return "under +1 %" if effect < 0.01 else f"+{100 * effect:,.0f} %"
