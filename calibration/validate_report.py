"""What checks say: tidy rows, two figures, and the tables of docs/validation.md, all from scored runs."""

import math
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from calibration.validate import COUNTED, HIT, Outcome, Scored
from experiments.figure_style import GRID, INK, SCENARIO_COLOURS, SOFT, new_figure, style
from sim.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REASONS: Final = Path(__file__).parent / "check_reasons.yaml"
BEGIN, END = "<!-- validate: begin -->", "<!-- validate: end -->"
FURTHEST: Final = 4.0  # dots further off than so many times what is allowed stand at the edge
GOOD: Final = 0.7  # share of checks that should be hits


def shown(value: float, unit: str) -> str:
    """A number in the unit it is printed in; NaN is a dash."""
    if not math.isfinite(value):
        return "-"
    if unit == "share":
        return f"{100 * value:.1f} %"
    digits = {"weeks": 1, "years": 1, "ratio": 2, "% of labour force": 2, "% points": 2}.get(unit, 0)
    return f"{value:,.{digits}f}"


def tidy(found: Iterable[Scored]) -> list[dict[str, Any]]:
    """One row a check, as written to checks.csv and printed as JSON; what is not known is None."""

    def known(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else float(value)

    return [
        {
            "set": one.group,
            "check": one.target.name,
            "geography": one.target.row.geography,
            "date": one.target.row.date,
            "law": one.target.row.law,
            "definition": one.target.row.definition,
            "arguments": "; ".join(f"{key}={value}" for key, value in one.target.row.arguments.items()),
            "unit": one.target.row.unit,
            "counted": one.target.value,
            "allowed": one.target.allowed,
            "model": known(one.model),
            "calculation_error": known(one.error),
            "runs": one.runs,
            "off_in_allowed": known(one.off),
            "reachable": known(one.reachable),
            "naive": known(one.target.row.naive),
            "naive_is": one.target.row.naive_is,
            "verdict": one.verdict,
            "reason": reason(one) if one.missed else "",
            "source": one.target.row.source,
            "status": one.target.row.status,
            "note": one.target.row.note,
        }
        for one in found
    ]


def summary(outcome: Outcome) -> str:
    """How many checks are hits, and how the fit stands beside them."""
    counted = [one for one in outcome.scored if one.target.row.role in COUNTED]
    hits = sum(one.verdict == HIT for one in counted)
    near = sum(abs(one.off) <= 1 for one in counted)
    text = f"{hits} of {len(counted)} checks hit"
    text += f" ({near} within what is allowed, of which {near - hits} no nearer than naive)"
    if any(one.target.row.role == "check" for one in counted):
        text += f"; the aim is {GOOD:.0%}: {'met' if hits >= GOOD * len(counted) else 'missed'}"
        reach = sum(one.reachable for one in counted)
        text += (
            f". Within reach of a model that errs here as much as it may on what it was fitted to: about {reach:.0f}"
            f" ({reach / len(counted):.0%}); of the others the naive guess is mostly nearer than that"
        )
    if outcome.fitted:
        within = sum(v.verdict == "within" for v in outcome.fitted)
        text += f". Fit targets of Slagelse within tolerance: {within} of {len(outcome.fitted)}"
    return text + "."


def reason(one: Scored) -> str:
    """The likely reason of a miss, from calibration/check_reasons.yaml; the first pattern that fits."""
    import yaml

    name = f"{one.group}/{one.target.name}"
    for pattern, text in yaml.safe_load(REASONS.read_text(encoding="utf-8")).items():
        if fnmatchcase(name, pattern):
            return str(text)
    return "not looked into"


# ---- figures


def overview(found: Sequence[Scored]) -> "Figure":
    """Every check by how far off it is, in what is allowed: the model as a dot, the naive guess as a ring."""
    counted = [one for one in found if one.target.row.role in COUNTED]
    with style():
        figure = new_figure(1.3 + 0.21 * (len(counted) + len({one.group for one in counted})))
        axes = figure.add_subplot()
        y, at, ticks = 0.0, [], []
        for group in dict.fromkeys(one.group for one in counted):
            y += 1
            axes.text(
                -FURTHEST - 0.15, y, group, ha="right", va="center", fontweight="bold", color=INK, fontsize=9
            )
            for one in (one for one in counted if one.group == group):
                y += 1
                at.append(y)
                ticks.append(one.target.name)
                hit = one.verdict == HIT
                colour = SCENARIO_COLOURS[0] if hit else SCENARIO_COLOURS[1]
                place = max(-FURTHEST, min(FURTHEST, one.off))
                far = "<" if one.off < -FURTHEST else ">" if one.off > FURTHEST else "o"
                if math.isfinite(one.naive_off):
                    naive = max(-FURTHEST, min(FURTHEST, one.naive_off))
                    axes.plot(naive, y, "o", mfc="white", mec=SOFT, ms=6, zorder=2)
                if math.isfinite(place):
                    axes.plot(place, y, far, color=colour, ms=5, zorder=3)
        axes.axvspan(-1, 1, color=GRID, zorder=0)
        axes.axvline(0, color=SOFT, linewidth=0.8)
        axes.set_yticks(at, ticks)
        axes.set_ylim(y + 1, 0)
        axes.set_xlim(-FURTHEST - 0.1, FURTHEST + 0.1)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("model less counted, in what is allowed (grey: within); at the edge: further off")
        key = (("o", SCENARIO_COLOURS[0], "white", "hit"), ("o", SCENARIO_COLOURS[1], "white", "miss"))
        handles = [
            axes.plot([], [], mark, color=colour, ms=5, label=words)[0] for mark, colour, _, words in key
        ]
        handles += axes.plot([], [], "o", mfc="white", mec=SOFT, ms=6, label="naive guess")
        axes.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=9
        )
        figure.tight_layout()
    return figure


def hindcasts(found: Sequence[Scored]) -> "Figure | None":
    """Unemployment by year, counted, modelled and guessed, a panel a hindcast; None without one."""
    paths: dict[str, list[Scored]] = {}
    for one in found:
        if one.target.row.definition == "unemployment_rate":
            paths.setdefault(one.group, []).append(one)
    if not paths:
        return None
    with style():
        rows = -(-len(paths) // 2)
        figure = new_figure(0.5 + 2.5 * rows)
        top = max(
            max(one.target.value, one.model, one.target.row.naive or 0) for p in paths.values() for one in p
        )
        for k, (name, path) in enumerate(paths.items()):
            axes = figure.add_subplot(rows, min(2, len(paths)), k + 1)
            years = [int(one.target.row.arguments["year"]) for one in path]
            counted = [one.target.value for one in path]
            model = [one.model for one in path]
            error = [0.0 if math.isnan(one.error) else one.error for one in path]
            naive = [
                float("nan") if one.target.row.naive is None else one.target.row.naive for one in path[1:]
            ]
            axes.plot(years, counted, "-o", color=INK, ms=4, label="counted")
            axes.errorbar(
                years, model, error, fmt="-s", color=SCENARIO_COLOURS[0], ms=4, capsize=2, label="model"
            )
            axes.plot(years[1:], naive, "o", mfc="white", mec=SOFT, ms=6, label="naive")
            axes.set_title(f"{path[0].target.row.geography} ({name})")
            axes.set_ylim(0, 1.25 * top)  # room for the key
            axes.set_xticks(years)
            axes.margins(x=0.06)
            axes.set_ylabel("% of labour force" if k % 2 == 0 else "")
            if k == 0:
                axes.legend(frameon=False, fontsize=8.5, loc="upper left", ncols=3)
        figure.tight_layout()
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Writes an SVG that is the same bytes each time."""
    import matplotlib

    with style(), matplotlib.rc_context({"svg.hashsalt": path.stem}):
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


# ---- the page


def page_tables(outcome: Outcome, command: str) -> str:
    """The part of docs/validation.md that is made: misses first, then everything, then the figures."""
    missed = [one for one in outcome.scored if one.missed]
    lines = [
        f"Made by `{command}` from stored results.",
        "",
        f"**{summary(outcome)}**",
        "",
        "### By file",
        "",
        *_by_file(outcome.scored),
        "",
        "### Misses",
        "",
    ]
    lines += _table(missed, with_reason=True)
    lines += ["", "### All checks", ""]
    lines += _table(outcome.scored, with_reason=False)
    lines += [
        f"| {group} | {target.name} | {shown(target.value, target.row.unit)} | | | | not modelled |"
        for group, target in outcome.not_modelled
        if target.row.role in (*COUNTED, "report")
    ]
    lines += [
        "",
        "![All checks by how far off they are](figures/validation_checks.svg)",
        "",
        "![Unemployment in the hindcasts](figures/validation_hindcasts.svg)",
    ]
    return "\n".join(lines)


def _by_file(found: Sequence[Scored]) -> Iterator[str]:
    yield "| File | Checks | Hit | Model within what is allowed | Naive guess within what is allowed | Within reach |"
    yield "|---|--:|--:|--:|--:|--:|"
    counted = [one for one in found if one.target.row.role in COUNTED]
    groups = {
        name: [one for one in counted if one.group == name]
        for name in dict.fromkeys(o.group for o in counted)
    }
    for name, own in [*groups.items(), ("all", counted)]:
        cells = (
            len(own),
            sum(one.verdict == HIT for one in own),
            sum(abs(one.off) <= 1 for one in own),
            sum(abs(one.naive_off) <= 1 for one in own),
            f"{sum(one.reachable for one in own):.1f}",
        )
        yield f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |"


def _table(found: Sequence[Scored], with_reason: bool) -> Iterator[str]:
    head = "| File | Check | Counted | Allowed | Model | Naive | Verdict |"
    yield head + (" Likely reason |" if with_reason else "")
    yield "|---|---|--:|--:|--:|--:|---|" + ("---|" if with_reason else "")
    for one in found:
        row, unit = one.target.row, one.target.row.unit
        naive = "-" if row.naive is None else shown(row.naive, unit)
        cells = [
            one.group,
            one.target.name,
            shown(row.value, unit),
            f"± {shown(one.target.allowed, unit)}",
            f"{shown(one.model, unit)} ± {shown(one.error, unit)}",
            naive,
            one.verdict,
        ]
        yield "| " + " | ".join([*cells, *([reason(one)] if with_reason else [])]) + " |"


def refresh_page(page: Path, outcome: Outcome, command: str) -> None:
    """Puts tables and figures into a page, between its two marks. Raises UserError when it has no marks."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if BEGIN not in text or END not in text:
        raise UserError(f"{page}: the page must hold the lines {BEGIN} and {END}; the tables go between them")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    page.write_text(f"{before}{BEGIN}\n{page_tables(outcome, command)}\n{END}{after}", encoding="utf-8")
    folder = page.parent / "figures"
    folder.mkdir(exist_ok=True)
    save(overview(outcome.scored), folder / "validation_checks.svg")
    paths = hindcasts(outcome.scored)
    if paths is not None:
        save(paths, folder / "validation_hindcasts.svg")


def write_folder(folder: Path, outcome: Outcome, force: bool, manifest: dict[str, Any]) -> None:
    """Writes checks.csv, the figures and manifest.json into a folder; whole or not at all."""
    import csv

    from experiments.folder import new_folder, write_manifest

    with new_folder(folder, force) as part:
        rows = tidy(outcome.scored)
        with (part / "checks.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else ["set"])
            writer.writeheader()
            writer.writerows(rows)
        if any(one.target.row.role in COUNTED for one in outcome.scored):
            save(overview(outcome.scored), part / "checks.svg")
        paths = hindcasts(outcome.scored)
        if paths is not None:
            save(paths, part / "hindcasts.svg")
        write_manifest(part, manifest)
