"""A paper as HTML, PDF and spreadsheet. Files are whole or not there."""

import io
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Final

from experiments.store.atomic import write_whole
from jobcenter.planner.blocks import Bullets, Figure, Heading, NewPage, Number, Paper, Table, Text

CSS: Final = """
body{font:15px/1.45 Georgia,'Times New Roman',serif;color:#222;max-width:920px;margin:2em auto;padding:0 1em}
h1{font-size:1.6em;margin:.2em 0}h2{font-size:1.15em;margin:1.4em 0 .3em;border-bottom:1px solid #ccc}
table{border-collapse:collapse;width:100%;font-size:.86em;margin:.4em 0}caption{text-align:left;font-weight:bold}
td,th{padding:.2em .5em;border-bottom:1px solid #e4e4e4;text-align:right;vertical-align:top}
td.w,th.w{text-align:left}tr.b td{font-weight:bold;background:#f4f6f8}
.warning{background:#fff3df;border-left:4px solid #c44e00;padding:.4em .8em}
.small,.note{color:#555;font-size:.85em}.lead{font-size:1.05em}
svg{max-width:100%;height:auto}footer{margin-top:2em;color:#555;font-size:.8em;border-top:1px solid #ccc}
@media print{.page{break-before:page}}
"""


def write_paper(paper: Paper, folder: Path, stem: str) -> list[Path]:
    """Writes STEM.html, STEM.pdf, STEM.xlsx and figures/*.svg, *.png. Returns the files."""
    made: dict[Path, bytes] = {
        folder / f"{stem}.html": html(paper).encode("utf-8"),
        folder / f"{stem}.pdf": pdf(paper),
        folder / f"{stem}.xlsx": xlsx(paper),
    }
    for block in paper.blocks:
        if isinstance(block, Figure):
            made[folder / "figures" / f"{stem}_{block.name}.svg"] = block.svg.encode("utf-8")
            made[folder / "figures" / f"{stem}_{block.name}.png"] = block.png
    for path, content in made.items():  # all are made before the first is written
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content, flush=False)
    return list(made)


# ---- HTML ----------------------------------------------------------------------------------------------------------


def html(paper: Paper) -> str:
    """One page with its figures inside."""
    body = "\n".join(_html(block) for block in paper.blocks)
    return (
        f'<!DOCTYPE html>\n<html lang="{paper.language}"><head><meta charset="utf-8"><title>{escape(paper.title)}'
        f"</title><style>{CSS}</style></head><body>\n{body}\n<footer>{escape(paper.foot)}</footer></body></html>\n"
    )


def _html(block: object) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Text(text, kind):
            return f'<p class="{kind}">{escape(text)}</p>'
        case Bullets(items):
            return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"
        case Table():
            return _html_table(block)
        case Figure(_, svg, _, caption):
            return f'<figure>{svg}<figcaption class="note">{escape(caption)}</figcaption></figure>'
        case NewPage():
            return '<div class="page"></div>'
    raise TypeError(f"no block of a paper: {block!r}")


def _html_table(table: Table) -> str:
    def row(cells: tuple[str, ...], tag: str, kind: str = "") -> str:
        last = len(cells) - 1 if table.words_last else -1
        inside = "".join(
            f"<{tag}{' class=w' if k < table.left or k == last else ''}>{escape(cell)}</{tag}>"
            for k, cell in enumerate(cells)
        )
        return f"<tr{kind}>{inside}</tr>"

    rows = "".join(row(r, "td", ' class="b"' if k in table.bold else "") for k, r in enumerate(table.rows))
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f"<table><caption>{escape(table.title)}</caption><thead>{row(table.head, 'th')}</thead><tbody>{rows}</tbody>"
        f"</table>{note}"
    )


# ---- PDF -----------------------------------------------------------------------------------------------------------

PREAMBLE: Final = """
#set page(paper: "a4", margin: (x: 1.6cm, top: 1.1cm, bottom: 1.2cm),
  footer: context [#set text(size: 6.8pt, fill: luma(90))
    FOOT #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(font: "Libertinus Serif", size: 8.9pt, lang: "LANG", fill: rgb("#222222"))
#set par(leading: 0.52em, spacing: 0.65em)
#show heading.where(level: 1): set text(size: 15pt)
#show heading.where(level: 2): it => block(above: 0.9em, below: 0.45em, width: 100%,
  stroke: (bottom: 0.5pt + luma(180)), inset: (bottom: 2pt))[#text(size: 10.8pt, it.body)]
#set list(spacing: 0.5em)
#let warn(body) = block(fill: rgb("#fff3df"), inset: 5pt, width: 100%, stroke: (left: 3pt + rgb("#c44e00")), body)
"""


def pdf(paper: Paper) -> bytes:
    """The paper typeset on A4, with the fonts that come along; no network, no font of the machine."""
    import typst

    head = PREAMBLE.replace("LANG", paper.language).replace("FOOT", _typst(paper.foot))
    source = head + "\n\n".join(_typst_block(block) for block in paper.blocks)
    out: object = typst.compile(  # type: ignore[misc]
        source.encode("utf-8"), font_paths=[_fonts()], ignore_system_fonts=True
    )
    assert isinstance(out, bytes)
    return out


def _fonts() -> str:
    import matplotlib

    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")  # the figures' own font


def _typst(text: str) -> str:
    """Text in which no sign means anything to typst: a string literal."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'#"{quoted}"'


def _typst_block(block: object) -> str:
    match block:
        case Heading(text, level):
            return f"#heading(level: {level})[{_typst(text)}]"
        case Text(text, "warning"):
            return f"#warn[{_typst(text)}]"
        case Text(text, kind):
            size = {"plain": "8.9pt", "lead": "10.2pt", "small": "7.8pt"}[kind]
            return f"#text(size: {size})[{_typst(text)}]"
        case Bullets(items):
            return "\n".join(f"- {_typst(item)}" for item in items)
        case Table():
            return _typst_table(block)
        case Figure(_, svg, _, caption):
            quoted = svg.replace("\\", "\\\\").replace('"', '\\"')
            return (
                f'#block(breakable: false)[#image(bytes("{quoted}"), format: "svg", width: 100%)\n'
                f"#text(size: 8pt, fill: luma(80))[{_typst(caption)}]]"
            )
        case NewPage():
            return "#pagebreak(weak: true)"
    raise TypeError(f"no block of a paper: {block!r}")


def _typst_table(table: Table) -> str:
    wide = len(table.head) - table.left
    columns = ", ".join(["auto" if wide > 1 else "1fr"] * table.left + ["1fr"] * wide)
    ends = ["left"] if table.words_last else []
    if ends:
        # Names and values wrap rather than squeeze the reasons into a column of syllables.
        columns = ", ".join(["1fr", "2.2fr"][: table.left] + ["auto"] * (wide - 1) + ["1.6fr"])
    numbers = wide - len(ends)
    align = ", ".join(["left"] * table.left + ["right" if wide > 1 else "left"] * numbers + ends)

    def cell(text: str, bold: bool) -> str:
        return f"[#strong[{_typst(text)}]]" if bold else f"[{_typst(text)}]"

    cells = ", ".join(cell(text, k in table.bold) for k, row in enumerate(table.rows) for text in row)
    head = ", ".join(cell(text, True) for text in table.head)
    note = f"\n#text(size: 7.6pt, fill: luma(80))[{_typst(table.note)}]" if table.note else ""
    return (
        f"#block(below: 0.4em, sticky: true)[#strong[{_typst(table.title)}]]\n"
        "#[#set text(size: 7.6pt)\n#set par(leading: 0.4em)\n"
        f"#table(columns: ({columns}), align: ({align}), inset: (x: 3pt, y: 2.1pt),"
        f" stroke: (x, y) => (bottom: 0.4pt + luma(200)), fill: (x, y) => if y == 0 {{ luma(238) }},\n"
        f"table.header({head}), {cells})]{note}"
    )


# ---- spreadsheet -----------------------------------------------------------------------------------------------------


def xlsx(paper: Paper) -> bytes:
    """Every table on a sheet of its own, a cell of one number as a number; the sentences on the first."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    forms: dict[tuple[str, bool], object] = {}

    def shown(number: Number, strong: bool) -> object:
        key = number.form, strong
        if key not in forms:
            forms[key] = book.add_format({"num_format": number.form, "bold": strong, "valign": "top"})
        return forms[key]

    first = book.add_worksheet(paper.title[:25].translate(str.maketrans("[]:*?/\\'", " " * 8)).strip() or "1")
    first.set_column(0, 0, 120)
    line = 0
    for block in paper.blocks:
        texts = block.items if isinstance(block, Bullets) else (getattr(block, "text", ""),)
        for text in filter(None, texts):
            first.write_string(line, 0, text, bold if isinstance(block, Heading) else wrap)
            line += 1
        if isinstance(block, Table):
            _sheet(book, block, bold, wrap, shown)
    first.write_string(line + 1, 0, paper.foot, wrap)
    book.close()
    return buffer.getvalue()


def _sheet(
    book: object, table: Table, bold: object, wrap: object, shown: Callable[[Number, bool], object]
) -> None:
    sheet = book.add_worksheet(table.key[:31])  # type: ignore[attr-defined]
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, len(table.head), 18)
    sheet.write_string(0, 0, table.title, bold)
    for k, text in enumerate(table.head):
        sheet.write_string(1, k, text, bold)
    for at, row in enumerate(table.rows):
        for k, text in enumerate(row):
            if isinstance(text, Number):
                sheet.write_number(at + 2, k, text.value, shown(text, at in table.bold))
            else:
                sheet.write_string(at + 2, k, text, bold if at in table.bold else wrap)
    if table.note:
        sheet.write_string(len(table.rows) + 3, 0, table.note, wrap)
