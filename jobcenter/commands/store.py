"""`jobcenter store`: what a result store holds; SQL, spreadsheets and merging."""

import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from sim.errors import UserError

if TYPE_CHECKING:
    from experiments.store import Store

HELP: Final = """What a result store holds; SQL, spreadsheets and merging. A store is the folder a batch writes.

Each command has --json and its own --help.

Example: jobcenter store status results/first_batch
"""
STATUS: Final = """How far a store is: runs by scenario, failures, parts that cannot be read, size, versions.

Example: jobcenter store status results/first_batch
"""
LS: Final = """Scenarios with their hashes, parameter draws, and the outcomes there are.

Example: jobcenter store ls results/first_batch
"""
QUERY: Final = """What a SELECT gives. Nothing is changed.

Tables: runs (a row for each run, a column "outcome/group/year" for each number), outcomes (a row for each number that
is known: key, scenario, variant, draw, seed, outcome, group, year, value), draws (draw_hash, parameter, value); and,
where the experiment asked for a recording level, weekly, cohorts, ledger, pots, spells, events (docs/results.md), each
row with key, scenario, variant, draw and seed.

Example: jobcenter store query results/first_batch "SELECT scenario, quantile_cont(value, [0.1, 0.5, 0.9]) FROM outcomes
WHERE outcome = 'net_municipal_cost' AND year = 'all' GROUP BY ALL"
"""
EXPORT: Final = """The runs of a store as one file, sorted by run key: the same runs give the same bytes.

Example: jobcenter store export results/first_batch --out first.xlsx --outcomes net_municipal_cost
"""
MERGE: Final = """Several stores into a new one. A run that two have is kept once; values that differ are an error.

Example: jobcenter store merge results/server_a results/server_b --out results/both
"""
SCREEN_ROWS: Final = 200
FAILURES_SHOWN: Final = 20
LARGE, SMALL = 1_000.0, 1e-6  # numbers of a query printed with separators; those that need powers of ten

Folder = Annotated[Path, typer.Argument(metavar="STORE", help="Folder of the store.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

shelf = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


def _table(rows: list[tuple[str, ...]], left: int) -> str:
    from jobcenter.screen import columns

    return "\n".join(columns(rows, left))


def _opened(folder: Path) -> "Store":
    from experiments.store import Store

    return Store.open(folder)


def _say(warnings: Iterable[str]) -> None:
    for warning in warnings:
        print(f"Warning: {warning}", file=sys.stderr)


def _print_json(content: Any) -> None:
    print(json.dumps(content, indent=2, ensure_ascii=False))


def _variant(scenario: str, variant: str) -> str:
    return f"{scenario} [{variant}]" if variant else scenario


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"


@shelf.command("status", help=STATUS)
def status(folder: Folder, as_json: Json = False) -> None:
    """How far a store is."""
    store = _opened(folder)
    from experiments.store.status import status as status_of

    found = status_of(store)
    if as_json:
        _print_json(found)
        return
    print(
        f"{found['store']}: {found['runs']:,} runs, {len(found['failures']):,} failed, {found['parts']:,} parts,"
        f" {_size(found['bytes'])}, schema {found['schema']}, {found['seconds']:,.0f} s of computing"
    )
    if found["tables"]:
        print("tables of runs: " + ", ".join(f"{one['table']} ({one['runs']:,})" for one in found["tables"]))
    print(f"code versions: {', '.join(found['code_versions']) or 'not noted'}")
    if found["being_written_by"]:
        print(f"being written by {found['being_written_by']}")
    if found["last_command"]:
        print(f"last batch of {found['batches']:,}: {found['last_command']}")
    if found["scenarios"]:
        head = ("\nscenario", "runs", "draws", "seeds", "s a run")
        rows = [
            (
                _variant(one["scenario"], one["variant"]),
                f"{one['runs']:,}",
                f"{one['draws']:,}",
                f"{one['seeds']:,}",
                f"{one['seconds'] / one['runs']:.2f}",
            )
            for one in found["scenarios"]
        ]
        print(_table([head, *rows], 1))
    if found["failures"]:
        print("\nfailed, and not done since")
        for one in found["failures"][:FAILURES_SHOWN]:
            draw = f", draw {one['draw']}" if one["draw"] >= 0 else ""
            print(f"  {_variant(one['scenario'], one['variant'])}, seed {one['seed']}{draw}: {one['error']}")
        if len(found["failures"]) > FAILURES_SHOWN:
            print(f"  ... {len(found['failures']) - FAILURES_SHOWN:,} more with --json")
    for path in found["broken_parts"]:
        print(f"cannot be read, not counted: {path}")
    _say(found["warnings"])


@shelf.command("ls", help=LS)
def ls(folder: Folder, as_json: Json = False) -> None:
    """What a store holds, by name."""
    store = _opened(folder)
    from experiments.store.status import contents

    found = contents(store)
    if as_json:
        _print_json(found)
        return
    rows = [
        (
            _variant(one["scenario"], one["variant"]),
            one["hash"][:16],
            "/".join(map(str, one["weeks"])),
            f"{one['runs']:,}",
        )
        for one in found["scenarios"]
    ]
    print(_table([("scenario", "hash", "weeks", "runs"), *rows], 2))
    print(f"\nparameter draws: {len(found['draws']):,}\n")
    rows = [
        (one["outcome"], one["unit"], f"{len(one['groups'])}", f"{one['years'][0]} ... {one['years'][-1]}")
        for one in found["outcomes"]
    ]
    print(_table([("outcome", "unit", "groups", "years"), *rows], 2))
    _say(found["warnings"])


def _cell(value: Any) -> Any:
    """A cell of a query as JSON can hold it."""
    import numpy as np

    if isinstance(value, np.ndarray | list):
        return [_cell(one) for one in value]
    if isinstance(value, float | np.floating):
        return None if math.isnan(value) or math.isinf(value) else float(value)
    if isinstance(value, np.integer):
        return int(value)
    return value if isinstance(value, str | int | bool) or value is None else str(value)


def _plain(value: float) -> str:
    """A number without powers of ten: whole thousands and up with separators, small ones with six digits."""
    if abs(value) >= LARGE:
        return f"{value:,.1f}"
    return f"{value:.6f}".rstrip("0").rstrip(".") if abs(value) >= SMALL or value == 0.0 else f"{value:.3g}"


@shelf.command("query", help=QUERY)
def query(
    folder: Folder,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all rows as csv.")] = False,
    as_json: Json = False,
) -> None:
    """Asks a store in SQL."""
    store = _opened(folder)
    frame = store.query(sql)
    if as_json:
        names = [str(name) for name in frame.columns]
        _print_json([dict(zip(names, map(_cell, row), strict=True)) for row in frame.itertuples(index=False)])
    elif as_csv:
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
    else:
        print(frame.head(SCREEN_ROWS).to_string(index=False, na_rep="-", float_format=_plain))
        if len(frame) > SCREEN_ROWS:
            print(f"... {len(frame) - SCREEN_ROWS:,} more rows; all with --csv")
    _say(store.warnings)


@shelf.command("export", help=EXPORT)
def export(
    folder: Folder,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write text.")] = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE.xlsx", help="Write a spreadsheet.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Either, by the ending of its name.")
    ] = None,
    outcomes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Only these: money, money/state, or with *; repeatable. Default: all."
        ),
    ] = None,
    tidy: Annotated[bool, typer.Option("--tidy", help="A row for each number, not for each run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
    as_json: Json = False,
) -> None:
    """Writes the runs to a file."""
    named = {"csv": csv, "xlsx": xlsx}
    if out is not None:
        kind = out.suffix.removeprefix(".").lower()
        if kind not in named:
            raise UserError(f"--out {out}: a file that ends in .csv or .xlsx")
        if named[kind] is not None:
            raise UserError(f"--out {out}: --{kind} says where to already; give one of the two")
        named[kind] = out
    given = [(kind, path) for kind, path in named.items() if path is not None]
    if len(given) != 1:
        raise UserError("say where to: one of --out FILE.csv, --out FILE.xlsx, --csv FILE, --xlsx FILE")
    from experiments.store.export import export as write

    store = _opened(folder)
    ((kind, path),) = given
    rows, columns = write(store, path, kind, outcomes or [], tidy, force)
    if as_json:
        _print_json({"file": str(path), "rows": rows, "columns": columns, "warnings": store.warnings})
    else:
        print(f"Written: {path} ({rows:,} rows, {columns:,} columns)")
    _say(store.warnings)


@shelf.command("merge", help=MERGE)
def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="STORE...", help="Two stores or more.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new store.")],
    as_json: Json = False,
) -> None:
    """Merges stores."""
    if len(folders) < 2:
        raise UserError("merge: name two stores or more")
    from experiments.store.merge import merge as merge_stores

    stores = [_opened(folder) for folder in folders]
    runs = merge_stores(stores, out)
    warnings = [warning for store in stores for warning in store.warnings]
    if as_json:
        _print_json({"store": str(out), "runs": runs, "warnings": warnings})
    else:
        print(f"Written: {out} ({runs:,} runs)")
    _say(warnings)


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.add_typer(shelf, name="store", help=HELP)
