"""What `jobcenter sensitivity` prints."""

from math import isfinite
from textwrap import fill
from typing import Any, Final

from experiments.sensitivity.analysis import MAIN
from experiments.sensitivity.study import Study
from experiments.sensitivity.words import NO_ORDER, factor_words, shown
from jobcenter.screen import columns, json_number
from sim.records.outcome_list import OUTCOMES

SHOWN: Final = 8


def show(found: Study) -> None:
    """Prints what is looked at, a paragraph and a table for each effect, and what would change the order."""
    if found.screened is not None:
        kept = {factor.name for factor in found.factors}
        lost = len(found.screened.factors) - len(kept)
        rest = (
            f" The other {lost}\nstay at their central values from here on: what they do is not in what follows."
            if lost
            else ""
        )
        print(
            f"\nScreening: of {len(found.screened.factors)} factors {len(kept)} are looked at closer.{rest}"
        )
    for remark in found.remarks:
        print("\n" + fill(remark, 116))
    for one, text in zip(found.analyses, found.paragraphs(), strict=True):
        unit = found.units[one.effect.outcome]
        print("\n" + fill(text, 116))
        main, scale = MAIN[one.method], unit.scale if one.method == "morris" else 1.0
        screening = one.method == "morris"
        ends = found.ends[one.effect.key]
        beside = ["mean, signed", "sigma"] if screening else ["effect if low", "if high"]
        rows = [["  factor", "group", main, "95 % from", "to", *beside]]
        for k in one.ranked()[:SHOWN]:
            index = one.indices[k][main]
            numbers = shown(one, [index.value * scale, index.low * scale, index.high * scale])
            two = (
                (one.indices[k]["mu"].value, one.indices[k]["sigma"].value)
                if screening
                else (ends[k].low, ends[k].high)
            )
            rows.append(
                [
                    f"  {factor_words(one.factors[k].name)}", one.factors[k].group,
                    *(f"{value:,.2f}" if isfinite(value) else "-" for value in numbers),
                    *(f"{value * unit.scale:+,.2f}" for value in two),
                ]
            )  # fmt: skip
        print("\n".join(columns(rows, 2)))
    for title, texts in found.rankings().items():
        print(f"\nWhat would change the order, {title}:")
        for text in texts or [NO_ORDER]:
            print(fill(f"  {text}", 116, subsequent_indent="    "))


def as_json(found: Study) -> dict[str, Any]:
    """The same as numbers, in the units of the outcomes, of the part of the municipality that is simulated."""
    base = found.experiment.worlds[""][0]
    return {
        "simulated_share": base.world.share,
        "weeks": base.weeks,
        "method": found.plan.method,
        "factors": [{"factor": factor.name, "group": factor.group} for factor in found.factors],
        "screened": [factor.name for factor in found.screened.factors] if found.screened else [],
        "effects": [
            {
                "scenario": one.effect.scenario,
                "context": one.effect.context,
                "outcome": one.effect.outcome,
                "unit": OUTCOMES[one.effect.outcome.split("/")[0]].unit,
                "luck_share": json_number(one.effect.luck_share),
                "says": text,
                "indices": [
                    {
                        "factor": factor.name,
                        **{
                            index.name: {
                                "value": json_number(index.value),
                                "low": json_number(index.low),
                                "high": json_number(index.high),
                            }
                            for index in (*indices.values(), *one.swings[k : k + 1])
                        },
                    }
                    for k, (factor, indices) in enumerate(zip(one.factors, one.indices, strict=True))
                ],
            }
            for one, text in zip(found.analyses, found.paragraphs(), strict=True)
        ],
        "ranking": found.rankings(),
        "remarks": found.remarks,
    }
