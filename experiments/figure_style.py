"""How every figure looks: one colour per scenario, light grid, text that stays text, and the same bytes each time.

matplotlib is loaded when the first figure is drawn, never when this file is imported.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH: Final = 9.6  # inches: the text width of the report
INK: Final = "#222222"
SOFT: Final = "#6b6b6b"
GRID: Final = "#e4e4e4"
BASE_COLOUR: Final = "#4d4d4d"
# After Okabe and Ito, darkened until names written in them can be read on white (contrast 4.5 or more); with the
# common kinds of colour blindness neighbours stay apart, and dashes and names at the line ends say the same twice.
SCENARIO_COLOURS: Final = ("#0067A6", "#C44E00", "#007A5A", "#A8478A", "#8A6200", "#5E3C99", "#1F7A99")
DASHES: Final = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
# Light to dark: the higher the step, the less the state pays.
STEP_COLOURS: Final = ("#dbe9f6", "#b3d0ea", "#7fb2dc", "#4a8fc7", "#2468a2", "#124a7c", "#0b3358", "#061f38")

_STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none",  # text can be searched, copied and read aloud
    "font.family": "DejaVu Sans",  # comes with matplotlib, so the layout is the same on every machine
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelsize": 9,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": "#9a9a9a",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "text.parse_math": False,  # a name with a dollar sign is a name
    "axes.xmargin": 0.0,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "lines.linewidth": 1.7,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


class Palette:
    """Colour and line of each scenario, the same in every figure of one report."""

    def __init__(self, base: str, scenarios: Sequence[str]):
        self.base = base
        self.order = {name: k for k, name in enumerate(scenarios)}

    def colour(self, scenario: str) -> str:
        """Grey for the baseline, then a colour each in the order of the command line."""
        if scenario == self.base:
            return BASE_COLOUR
        return SCENARIO_COLOURS[self.order[scenario] % len(SCENARIO_COLOURS)]

    def line(self, scenario: str) -> dict[str, Any]:
        """Colour and dashes: lines differ in print without colour too."""
        if scenario == self.base:
            return {"color": BASE_COLOUR, "linestyle": "-", "linewidth": 1.3}
        return {"color": self.colour(scenario), "linestyle": DASHES[self.order[scenario] % len(DASHES)]}


@contextmanager
def style() -> Iterator[None]:
    """The look of the figures, for as long as one is drawn or saved; nobody else's settings are touched."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type]
        yield


def new_figure(height: float, width: float = WIDTH) -> "Figure":
    """An empty figure of the report's width, `height` in inches, that belongs to no window."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def svg(figure: "Figure", name: str, label: str = "") -> str:
    """The figure as an SVG element to stand in a page: no date, no outside address, ids that belong to `name`.

    `label` is what a screen reader says.
    """
    import matplotlib

    buffer = io.StringIO()
    with style(), matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    # Two figures in one page must not share ids, or one draws with the other's clip paths.
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(
        r"<defs>\s*<style.*?</style>\s*</defs>", "", text, count=1, flags=re.S
    )  # it would style the page
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r"(?<=[ \"\n])(-?\d+\.\d{2})\d+(?=[ \"\n])", r"\1", text)  # 0.01 pt is nothing to see
    # The page decides on the size; the drawing keeps its shape.
    text = re.sub(r'(<svg[^>]*?) width="[\d.]+pt" height="[\d.]+pt"', r"\1", text, count=1, flags=re.S)
    text = re.sub(r'(<svg[^>]*?) height="[\d.]+pt"', r"\1", text, count=1, flags=re.S)
    text = re.sub(r'(<svg[^>]*?) width="[\d.]+pt"', r"\1", text, count=1, flags=re.S)
    text = text.replace("<svg ", f'<svg role="img" aria-label="{escape(label or name, quote=True)}" ', 1)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip()


def files(figure: "Figure", name: str, label: str = "") -> dict[str, bytes]:
    """The figure as NAME.svg and NAME.png: the same bytes each time."""
    image = io.BytesIO()
    with style():
        figure.savefig(image, format="png", dpi=130, metadata={"Software": None})
    return {f"{name}.svg": (svg(figure, name, label) + "\n").encode(), f"{name}.png": image.getvalue()}
