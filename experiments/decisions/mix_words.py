"""The mix in words and tables: which split, how flat the top is, what the last krone gives, and the front."""

from typing import Final

import numpy as np

from experiments.decisions.amounts import decimals, in_part
from experiments.decisions.mix import Behind, Mix
from experiments.decisions.mix_response import MISSES
from experiments.decisions.mix_search import KEPT, VIEW_OUTCOME

FRONT_SHOWN: Final = 7
_VIEW_WORDS: Final = {
    "municipality": "the municipality's money",
    "all public money": "all public money",
    "people": "weeks in work",
}
_KEPT_WORDS: Final = {
    "activityready_jobs": "job starts, activity-ready",
    "sick_jobs": "returns to work, sick",
    "plan_compliance": "contact plan kept, % points",
}
_KEPT_UNIT: Final = {"activityready_jobs": 1.0, "sick_jobs": 1.0, "plan_compliance": 0.01}


def mix_texts(mix: Mix) -> list[str]:
    """The answer in sentences."""
    names = [one.strategy for one in mix.instruments]
    texts = [
        f"Worlds: {mix.world_share:g} of the municipality{_scope(mix)}, {mix.weeks} weeks; {mix.splits} splits on"
        f" {mix.pairs} draws and seeds, {len(mix.finalists)} finalists on {mix.fresh_pairs} fresh ones;"
        f" {mix.runs:,} runs. Levers: {', '.join(names)}.",
        *(f"Not in the mix: {name}: {why}." for name, why in mix.refused.items()),
    ]
    for view in VIEW_OUTCOME:
        near = mix.flat[view]
        most = np.array([one.most_kr for one in mix.instruments])
        spans = ", ".join(
            f"{name} {_mio(low)} to {_mio(high)}"
            for name, low, high in zip(names, near.low * most, near.high * most, strict=True)
        )
        texts.append(
            f"By the fitted answer best for {_VIEW_WORDS[view]}: {_split(names, mix.best_kr[view])} mio. kr. a year."
            f"{_on_fresh_luck(mix, view)}"
            f" {100 * near.share:.0f} % of all allowed splits cannot be told apart from it ({spans})."
            f" {_last(mix, view)}"
        )
    missed = {key: by for key, by in mix.worst_miss.items() if by > MISSES}
    if missed:
        told = ", ".join(f"{key} ({by:.1f} standard errors)" for key, by in missed.items())
        texts.append(
            f"The fitted curve misses a lived split by more than luck allows: {told}; trust the finals more."
        )
    texts.append(
        "Not told apart is not alike: behind the best by less than luck explains when all are compared at once (95 %);"
        " more pairs may tell them apart."
    )
    texts.append(
        "Kept by the search: no threat or sanctions, nobody first by origin, sex or age; job starts of activity-ready"
        " and returns of the sick, and the contact plan, not shown to be worse than with nothing done. That does not"
        " show that they are unharmed: see their means and errors."
    )
    if harms := _harms(mix):
        texts.append(f"Shown to be worse than with nothing done, on fresh luck: {'; '.join(harms)}.")
    return texts


def _scope(mix: Mix) -> str:
    """Of which part the kroner and weeks are."""
    return "" if mix.world_share == 1.0 else " (kroner and weeks below are of this part)"


def _on_fresh_luck(mix: Mix, view: str) -> str:
    """That another is told apart as better than the split that is best by the fitted answer; empty where none is."""
    named = f"best: {view}"
    own = next((one.behind[view] for one in mix.finalists if named in one.names), mix.nothing_behind[view])
    if own.loss <= own.error:
        return ""
    better = next(
        (", ".join(one.names) for one in mix.finalists if one.behind[view].loss == 0.0), "do nothing"
    )
    return f" On fresh luck it is {_behind(own, view)} behind '{better}', which is told apart as better."


def _harms(mix: Mix) -> list[str]:
    """What some finalist is shown to do to those who are to be kept from harm: 'early_intervention alone: job ...'."""
    out = []
    for one in mix.finalists:
        worse = [
            f"{_KEPT_WORDS[key]} {_error(one.values[key], _KEPT_UNIT[key], 1)}"
            for key in KEPT
            if sum(one.values[key]) < 0.0
        ]
        if worse:
            out.append(f"{', '.join(one.names)}: {', '.join(worse)}")
    return out


def mix_tables(mix: Mix) -> list[list[list[str]]]:
    """The finals on fresh luck, and the Pareto front."""
    names = [one.strategy for one in mix.instruments]
    part = in_part(mix.world_share)
    finals = [
        [f"finals, fresh draws and luck{part}", f"mio. kr. a year ({' / '.join(names)})", "municipal mio. kr.",
         "behind best", "public mio. kr.", "weeks in work", "behind best", "weeks in work, health barrier",
         *(_KEPT_WORDS[key] for key in KEPT)]
    ]  # fmt: skip
    finals.append(["do nothing", "0", "0", _behind(mix.nothing_behind["municipality"], "municipality"), "0", "0",
                   _behind(mix.nothing_behind["people"], "people"), "0", *("0" for _ in KEPT)])  # fmt: skip
    for one in mix.finalists:
        finals.append(
            [
                ", ".join(one.names),
                _split_short(one.kr),
                _error(one.values["municipal"], 1e6, 1),
                _behind(one.behind["municipality"], "municipality"),
                _error(one.values["public"], 1e6, 1),
                _error(one.values["weeks"], 1.0, 0),
                _behind(one.behind["people"], "people"),
                _error(one.values["vulnerable_weeks"], 1.0, 0),
                *(_error(one.values[key], _KEPT_UNIT[key], 1) for key in KEPT),
            ]
        )
    front = [
        ["front by the fitted answer: nothing better in all three" + part, *(f"{name}, mio. kr." for name in names),
         "municipal mio. kr.", "weeks in work", "weeks in work, health barrier"]
    ]  # fmt: skip
    shown = np.unique(np.linspace(0, len(mix.front_kr) - 1, FRONT_SHOWN).round().astype(int))
    for k in shown:
        values = mix.front_values
        front.append(
            [
                f"{k + 1} of {len(mix.front_kr)}",
                *(_mio(kr) for kr in mix.front_kr[k]),
                f"{values['municipal'][k] / 1e6:+,.{decimals([values['municipal'][k] / 1e6], 1)}f}",
                f"{values['weeks'][k]:+,.0f}",
                f"{values['vulnerable_weeks'][k]:+,.0f}",
            ]
        )
    return [finals, front]


def _last(mix: Mix, view: str) -> str:
    last = mix.last[view]
    if last.held_back:
        return (
            f"It leaves {_mio(last.unspent_kr)} mio. kr. a year: what would be bought next is shown to harm those who"
            " are to be kept from it."
        )
    if last.unspent_kr > 0.0 and not last.value:
        return (
            f"It leaves {_mio(last.unspent_kr)} mio. kr. a year: nothing that may be bought next is shown to help;"
            " with more pairs it may be."
        )
    if view == "people":
        weeks, error = 1e6 * last.value, 1e6 * last.error
        return f"The last million a year gives {weeks:+,.0f} ± {error:,.0f} weeks over the horizon."
    return (
        f"The last krone a year gives back {last.value:+,.2f} ± {last.error:,.2f} kr. net over the horizon."
    )


def _split(names: list[str], kr: tuple[float, ...]) -> str:
    return ", ".join(f"{name} {_mio(part)}" for name, part in zip(names, kr, strict=True))


def _split_short(kr: tuple[float, ...]) -> str:
    return " / ".join(_mio(part) for part in kr)


def _mio(kr: float) -> str:
    return f"{kr / 1e6:,.2f}"


def _error(value: tuple[float, float], unit: float, digits: int) -> str:
    digits = decimals([value[0] / unit, value[1] / unit], digits)
    return f"{value[0] / unit:+,.{digits}f} ± {value[1] / unit:,.{digits}f}"


def _behind(behind: Behind, view: str) -> str:
    """Loss against what is best on fresh luck; whether it can be told apart."""
    loss, error = behind
    if loss == 0.0:
        return "best"
    if loss <= error:
        return "not told apart"
    return f"{loss:,.0f} weeks" if view == "people" else f"{loss / 1e6:,.{decimals([loss / 1e6], 1)}f} mio."
