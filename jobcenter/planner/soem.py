"""A bridge to the national workbook of social investments (SØM): the effects of a batch as a long table.

The workbook asks for effects by target group and year after the start, the consequence of each, its unit price and who
pays. Its own file was not at hand: column names follow what its manual asks for in words, and every row says what could
not be checked.
"""

import csv
import io
from pathlib import Path
from typing import Final

from experiments.equal_budget import whole_years
from experiments.store.atomic import write_whole
from experiments.stored import Stored
from sim import codes
from sim.errors import UserError
from sim.records.outcomes import Key

COLUMNS: Final = (
    "option", "target_group", "year_after_start", "budget_year", "effect_share", "effect_persons", "knowledge_80_low",
    "knowledge_80_high", "consequence", "unit_price_kr", "price_level", "payer", "source", "not_checked",
)  # fmt: skip
FEWEST_PERSONS: Final = 30
UNCHECKED: Final = (
    "SØM's own template was not at hand: names of groups and consequences must be matched by hand; SØM counts persons"
    " in a target group followed over time, this is full-time persons in the whole group each year"
)


def check_place(path: Path) -> None:
    """Raises UserError when the file can be neither a CSV nor a spreadsheet."""
    if path.suffix not in (".csv", ".xlsx"):
        raise UserError(f"--soem {path}: the file must end in .csv or .xlsx")


def rows(stored: Stored) -> list[tuple[object, ...]]:
    """One row for each option, benefit, whole budget year and payer. Effects are means over draws; groups under 30 left
    out. Of a year cut short persons are a mean and kroner a part, so a price made of it would be no full year's.

    `effect_share`: change in full-time persons over the persons of the group without the option. `unit_price_kr`: what
    the payer pays for a full year of the benefit in the base, mean over the refusion steps people stand on. Raises
    UserError where no year is whole.
    """
    out: list[tuple[object, ...]] = []
    level, years = stored.base.prices.level_year, whole_years(stored.base)
    if not years:
        raise UserError(
            f"{stored.experiment.name}: {stored.weeks} weeks hold no whole budget year, and SØM asks for effects"
            " a year; run the batch over a year or more"
        )
    after = {year: k + 1 for k, year in enumerate(stored.years)}
    for name in stored.names:
        for benefit in codes.BENEFITS:
            for at in years:
                year = str(at)
                key = Key("full_time_persons", benefit, year)
                persons = stored.level(key)
                if persons < FEWEST_PERSONS:
                    continue
                effect = stored.effect(name, key)
                low, high = effect.knowledge_80 or ("", "")
                paid = stored.level(Key("benefit_paid", benefit, year))
                town = stored.level(Key("municipal_benefit_cost", benefit, year))
                for payer, kr in (("municipality", town), ("state", paid - town)):
                    out.append(
                        (name, benefit, after[at], at, effect.mean / persons, effect.mean, low, high,
                         f"full year on {benefit}", kr / persons, level, payer,
                         "jobcenter-sim, this batch; benefit rates: facts/benefit_rates.csv", UNCHECKED)
                    )  # fmt: skip
    return out


def prices() -> list[tuple[object, ...]]:
    """The unit costs that come along, with their sources, for consequences the model has no price of."""
    from jobcenter.data import facts

    with facts("unit_costs.csv").open(encoding="utf-8", newline="") as file:
        return [
            ("", "", "", row["year"] and int(row["year"]), "", "", "", "", row["item"], _number(row["value"]),
             row["unit"], "", row["source_url"],
             row["note"] or "as written in the source; not carried to the price level")
            for row in csv.DictReader(file)
        ]  # fmt: skip


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def write_soem(stored: Stored, path: Path) -> Path:
    """Writes the table, unit costs below the effects."""
    table = [*rows(stored), *prices()]
    if path.suffix == ".csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([COLUMNS, *table])
        content = text.getvalue().encode("utf-8")
    else:
        content = _xlsx(table)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content, flush=False)
    return path


def _xlsx(table: list[tuple[object, ...]]) -> bytes:
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    )
    sheet = book.add_worksheet("soem")
    for at, row in enumerate((COLUMNS, *table)):
        sheet.write_row(at, 0, row)
    book.close()
    return buffer.getvalue()
