"""The reconciliation as a paper: what is more than 3 % apart first, then every account, what it is made of, what was
scaled."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from jobcenter.planner.blocks import Block, Bullets, Heading, Number, Paper, Table, Text
from jobcenter.planner.own_form import STEPS
from jobcenter.planner.own_template import pot_label
from jobcenter.planner.reconcile import Line, Reconciliation
from jobcenter.planner.words import UNKNOWN, Words
from sim.codes import BENEFITS, POTS
from sim.version import code_version

MIO, THOUSAND = 1e6, 1e3
SHOWN: Final = 3  # accounts named where there is one sentence


def account_name(account: str, say: Words) -> str:
    """An account as its readers know it."""
    return pot_label(account, say) if account in POTS else say.name("benefit", account)


def apart(line: Line, say: Words) -> str:
    """'+4,3 %'; a dash where nothing was budgeted."""
    if not math.isfinite(line.share):
        return UNKNOWN
    return Number(f"{say.signed(100 * line.share, 1)} %", line.share, "+0.0 %;-0.0 %;0.0 %")


def reconciliation_paper(found: Reconciliation, say: Words, mark: str | None, file: Path, command: str,
                         moved: Sequence[str]) -> Paper:  # fmt: skip
    """All blocks. moved: benefits whose levels were moved to the budgeted persons."""
    title = say("recon.title", town=found.municipality, year=found.year)
    blocks: list[Block] = [Heading(title, 1)]
    if found.example:
        blocks.append(Text(say("recon.example"), "warning"))
    if mark:
        blocks.append(Text(say("watermark"), "warning"))
    benefits, pots = found.total(BENEFITS), found.total(POTS)
    blocks.append(Text(say(
        "recon.lead", budget=say.number(benefits.budget_kr / MIO, 1), model=say.number(benefits.model_kr / MIO, 1),
        share=apart(benefits, say), pot_budget=say.number(pots.budget_kr / MIO, 1),
        pot_model=say.number(pots.model_kr / MIO, 1), pot_share=apart(pots, say),
    ), "lead"))  # fmt: skip
    if found.flagged:
        blocks.append(Text(say("recon.flagged", n=len(found.flagged), all=len(found.lines))))
        blocks.append(Bullets(tuple(_flag(line, say) for line in found.flagged)))
    else:
        blocks.append(Text(say("recon.none")))
    luck = UNKNOWN if math.isnan(found.luck_share) else f"{say.number(100 * found.luck_share, 1)} %"
    note = say("recon.note", seeds=found.seeds, luck=luck, year=found.year)
    blocks += [
        _accounts("benefits", BENEFITS, found, say, note),
        _accounts("pots", POTS, found, say, ""),
        _factors(found, say),
        _steps(found, say),
    ]
    if found.flows:
        blocks.append(_flows(found, say))
    names = say.listing([say.name("benefit", b) for b in moved])
    levels = say("recon.levels", benefits=names) if moved else say("recon.levels_packaged")
    blocks += [
        Text(levels, "small"),
        Text(say("recon.scaled", file=file), "small"),
        Text(say("recon.made", version=code_version(), command=command), "small"),
    ]
    return Paper(title, say.language, tuple(blocks), say("recon.foot", title=title, version=code_version()))


def _flag(line: Line, say: Words) -> str:
    return say("recon.flag", account=account_name(line.account, say), difference=say.signed(line.difference / THOUSAND),
               share=apart(line, say), reason=say(f"recon.reason.{line.reason}"))  # fmt: skip


def _accounts(key: str, accounts: Sequence[str], found: Reconciliation, say: Words, note: str) -> Table:
    parts = key == "benefits"
    rows: list[tuple[str, ...]] = []
    lines = [line for line in found.lines if line.account in accounts]
    for at, line in enumerate([*lines, found.total(tuple(accounts))]):
        values = [line.budget_kr, line.model_kr, line.difference, *(line.parts if parts else ())]
        shown = [say.number(values[0] / THOUSAND), say.number(values[1] / THOUSAND)]
        shown += [say.signed(value / THOUSAND) for value in values[2:]]
        share = apart(line, say)
        if isinstance(share, Number) and line.flagged and at < len(lines):
            share = share.marked(" !")
        shown.insert(3, share)
        total = at == len(lines)
        name = say("recon.sum") if total else account_name(line.account, say)
        rows.append((name, *shown, "" if total or parts else say(f"recon.reason.{line.reason}")))
    names = (
        "account",
        "budget",
        "model",
        "difference",
        "share",
        *(("persons", "amount", "municipal") if parts else ()),
    )
    head = tuple(say(f"recon.head.{k}") for k in names)
    if parts:
        rows = [row[:-1] for row in rows]
    else:
        head = (*head, say("recon.head.reason"))
    return Table(key, say(f"recon.{key}", year=found.year), head, tuple(rows), bold=frozenset({len(lines)}), note=note,
                 words_last=not parts)  # fmt: skip


def _factors(found: Reconciliation, say: Words) -> Table:
    rows = []
    for line in found.lines:
        if line.account in BENEFITS:
            cells = (
                say("recon.pair", own=say.number(own * by, digits), model=say.number(model * by, digits))
                for own, model, by, digits in zip(
                    line.budget_of, line.model_of, (1, 1, 100), (0, 0, 1), strict=True
                )
            )
            rows.append((account_name(line.account, say), *cells, say(f"recon.reason.{line.reason}")))
    head = (say("recon.head.account"), *(say(f"recon.factors.head.{k}") for k in ("persons", "month", "share")),
            say("recon.head.reason"))  # fmt: skip
    return Table("factors", say("recon.factors"), head, tuple(rows), words_last=True)


def _steps(found: Reconciliation, say: Words) -> Table:
    rows = []
    for benefit in BENEFITS:
        own, model = found.steps_own[benefit], found.steps_model[benefit]
        cells = (
            say("recon.pair", own=say.number(100 * a), model=say.number(100 * b))
            for a, b in zip(own, model, strict=True)
        )
        rows.append((say.name("benefit", benefit), *cells))
    names = [*(f"{100 * state:.0f} %" for state in STEPS.values()), say("recon.steps.older")]
    head = (say("recon.head.account"), *(say("recon.steps.head", step=name) for name in names))
    return Table("steps", say("recon.steps"), head, tuple(rows), note=say("recon.steps.note"))


def _flows(found: Reconciliation, say: Words) -> Table:
    rows = tuple(
        (say.name("benefit", benefit), say.number(own), say.number(model))
        for benefit, (own, model) in found.flows.items()
    )
    head = tuple(say(f"recon.head.{k}") for k in ("account", "budget", "model"))
    return Table("flows", say("recon.flows"), (head[0], say("form.column.entries_year"), head[2]), rows)


def one_sentence(found: Reconciliation, say: Words) -> str:
    """What page one of a committee paper says of it."""
    if not found.flagged:
        return say("report.reconciled_none", year=found.year)
    named = [f"{account_name(line.account, say)} {apart(line, say)}" for line in found.flagged[:SHOWN]]
    return say("report.reconciled", year=found.year, n=len(found.flagged), accounts=say.listing(named),
               share=apart(found.total(BENEFITS), say))  # fmt: skip
