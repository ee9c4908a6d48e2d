"""The decision as one HTML page with its figures inside; the same bytes for the same input."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from experiments.break_even import BEST
from experiments.decisions import figures
from experiments.decisions.whole import Whole, headline, sections
from experiments.figure_style import svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
NAME: Final = "decision.html"


def render(
    all_of_it: Whole, title: str, heading: str, design: str, watermark: str | None, command: str
) -> str:
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
    drawn = draw(all_of_it)
    parts = [
        {
            "title": section.title,
            "texts": section.texts,
            "tables": section.tables,
            "figures": [
                Markup(svg(figure, f"{section.key}{k}", section.title))
                for k, figure in enumerate(drawn.get(section.key, []))
            ],
        }
        for section in sections(all_of_it)
    ]
    return environment.get_template("decision.html.j2").render(
        title=title,
        heading=heading,
        design=design,
        watermark=watermark,
        answer=headline(all_of_it),
        sections=parts,
        command=command,
    )


def draw(all_of_it: Whole) -> "dict[str, list[Figure]]":
    """Figures by the key of the section they stand in."""
    found = all_of_it.decision
    out = {
        "best": [figures.best(found, all_of_it.world_share)],
        "acceptability": [figures.acceptability(found)],
        "payback": [figures.payback(found)],
    }
    if all_of_it.pilots:
        width = next(prior for prior, width in found.priors.items() if width == 1.0)
        everything = found.information["perfect"][width] / all_of_it.world_share
        out["trials"] = [figures.trial_value(all_of_it.pilots, everything, all_of_it.world_share)]
    if any(not one.why_not for one in all_of_it.needed):
        out["break_even"] = [figures.break_even(all_of_it.needed, BEST.effect)]
    if all_of_it.mix is not None:
        from experiments.decisions.mix_figures import mix_figures

        out["mix"] = mix_figures(all_of_it.mix)
    return out
