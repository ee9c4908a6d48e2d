"""The analysis as one HTML page with its figures inside; the same bytes for the same input."""

from pathlib import Path
from typing import Any, Final

from experiments.figure_style import files, svg
from experiments.sensitivity import figures
from experiments.sensitivity.analysis import MAIN, SCREENING, Analysis
from experiments.sensitivity.indices import Index
from experiments.sensitivity.study import Study
from experiments.sensitivity.words import NO_ORDER, factor_words, number_words, paragraph, shown, unit_of

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
ROWS: Final = 12


def render(found: Study, heading: str, design: str, watermark: str, command: str) -> str:
    """The page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    sections = [_section(found, one, at) for at, one in enumerate(found.analyses)]
    turned = [
        {"title": f"What would change the order: {outcome}", "figures": [], "rows": [],
         "texts": texts or [NO_ORDER]}
        for outcome, texts in found.rankings().items()
    ]  # fmt: skip
    for section in sections:
        section["figures"] = [Markup(figure) for figure in section["figures"]]
    return environment.get_template("sensitivity.html.j2").render(
        title=found.experiment.file.question or f"Sensitivity of {found.experiment.name}",
        heading=heading,
        design=design,
        watermark=watermark,
        sections=[*sections, *turned],
        command=command,
    )


def tornado_files(found: Study) -> dict[str, bytes]:
    """The tornado of each effect to be used elsewhere, such as early_intervention_net_municipal_cost.svg and .png."""
    made: dict[str, bytes] = {}
    if found.plan.method != SCREENING:  # neighbours of a screening are alike: their ends have no honest error
        for one in found.analyses:
            unit, words = found.units[one.effect.outcome], one.effect.outcome.removesuffix("/all/all")
            name = "_".join(filter(None, (one.effect.scenario, one.effect.context, words)))
            name = "".join(sign if sign.isalnum() else "_" for sign in name)
            made |= files(
                figures.tornado(one, found.ends[one.effect.key], unit), name, "what moves the effect"
            )
    return made


def _section(found: Study, one: Analysis, number: int) -> dict[str, Any]:
    at = one.effect.key
    unit = found.units[one.effect.outcome]
    drawn = [figures.importance(one, unit)]
    if one.method != SCREENING:
        drawn.insert(0, figures.tornado(one, found.ends[at], unit))
    if found.years[at]:
        units = {year: unit_of(of.effect.outcome, 52) for year, of in found.years[at].items()}
        drawn.append(figures.over_time(one, found.years[at], units))
    if len(found.convergence.get(at, {})) > 1:
        drawn.append(figures.converging(one, found.convergence[at], unit))
    main = MAIN[one.method]
    swung = ["low to high third", "95 % from", "to"] if one.swings else []
    rows = [["factor", "group", *swung, main, "95 % from", "to"]]
    for k in one.ranked()[:ROWS]:
        # Screening is in the unit of the outcome; a share is shown between nothing and all of it.
        numbers = _numbers(one.indices[k][main], unit.scale if one.method == SCREENING else 1.0)
        numbers = shown(one, numbers)
        if one.swings:
            numbers = _numbers(one.swings[k], unit.scale) + numbers
        rows.append([factor_words(one.factors[k].name), one.factors[k].group,
                     *(number_words(value) for value in numbers)])  # fmt: skip
    return {
        "title": f"{one.effect.name}: {unit.words}",
        "texts": [paragraph(one, found.ends[at], unit)],
        "figures": [
            svg(figure, f"s{number}f{k}", "what drives the effect") for k, figure in enumerate(drawn)
        ],
        "rows": rows,
    }


def _numbers(index: Index, scale: float) -> list[float]:
    return [value * scale for value in (index.value, index.low, index.high)]
