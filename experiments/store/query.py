"""SQL over a store: DuckDB reads the parts, and only the columns a query names."""

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from experiments.store.duplicates import one_row_a_key
from experiments.store.parts import Part, read_parts
from experiments.store.reading import ATTEMPTS, Reader
from experiments.store.rows import LABELS, empty_table, split_name
from sim.errors import UserError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

BARE_GROUP: Final = re.compile(
    r"""(?<!["'\w/])group(?!["'\w/]|\s+by\b)""", re.IGNORECASE
)  # no GROUP BY, not quoted
CARRIED: Final = ("key", "scenario", "variant", "draw", "seed")  # labels of a row of `outcomes`


def query(store: Reader, sql: str) -> "pd.DataFrame":
    """The rows a SELECT gives. Raises UserError for anything but one SELECT, or for what DuckDB does not understand."""
    import duckdb

    with duckdb.connect(":memory:") as base:
        base.execute("SET autoinstall_known_extensions = false")  # nothing is fetched
        base.execute(f"SET temp_directory = {_text(Path(tempfile.gettempdir()) / 'duckdb')}")
        _check_reads_only(base, sql)
        for _ in range(ATTEMPTS):
            live = store.scan().live
            try:
                _make_views(base, store, live)
                _make_details(base, store, sql)
                return base.execute(sql).df()
            except FileNotFoundError:
                continue
            except duckdb.Error as wrong:
                if all(part.path.exists() for part in live):
                    tables = ", ".join(["runs", "outcomes", "draws", *store.details.names()])
                    raise UserError(
                        f"query: {_said(wrong, sql)}\nTables: {tables}. A column of runs whose name has slashes is"
                        ' written in double quotes: "net_municipal_cost/all/all"'
                    ) from None
        raise UserError(f"{store.folder}: parts vanish while they are read; is something removing them?")


def _check_reads_only(base: "duckdb.DuckDBPyConnection", sql: str) -> None:
    import duckdb

    try:
        statements = base.extract_statements(sql)
    except duckdb.Error as wrong:
        raise UserError(f"query: {_said(wrong, sql)}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UserError("query: a store is only read; write one SELECT")


def _said(wrong: Exception, sql: str) -> str:
    """What is wrong in one line, and what helps where a column has the name of a word of SQL."""
    first, _, rest = str(wrong).partition("\n")
    here = next((line.strip() for line in rest.splitlines() if line.startswith("LINE ")), "")
    said = f"{first.partition(': ')[2] or first}" + (f" ({here})" if here else "")
    if "syntax error" in first and BARE_GROUP.search(sql):
        said += '\ngroup is a word of SQL: write the column in double quotes, "group"'
    return said


def _make_views(base: "duckdb.DuckDBPyConnection", store: Reader, live: Sequence[Part]) -> None:
    names = sorted({name for part in live for name in part.columns if name not in LABELS})
    _check_case(names)
    columns = ", ".join(map(_name, [*LABELS, *names]))
    base.register("nothing", empty_table())
    files = ", ".join(_text(part.path) for part in live)
    source = (
        f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)" if live else "nothing"
    )
    base.execute(f"CREATE OR REPLACE VIEW runs AS SELECT {columns} FROM {source}")
    if len(live) > 1 and _twice(base):  # rare: a run is there twice, and counts once
        base.register("once", one_row_a_key(read_parts(live, names), store.folder))
        base.execute(f"CREATE OR REPLACE VIEW runs AS SELECT {columns} FROM once")
    _make_tidy(base, names)
    _make_draws(base, store)


def _twice(base: "duckdb.DuckDBPyConnection") -> bool:
    """Whether some keys may be there twice. Equal keys have equal hashes; hashes are faster to compare."""
    found = base.execute("SELECT count(*) > count(DISTINCT hash(key)) FROM runs").fetchall()
    return bool(found[0][0])


def _make_tidy(base: "duckdb.DuckDBPyConnection", names: Sequence[str]) -> None:
    """`outcomes`: a row for each number that is known."""
    base.execute(
        'CREATE OR REPLACE TABLE names (name VARCHAR, outcome VARCHAR, "group" VARCHAR, year VARCHAR)'
    )
    carried = ", ".join(CARRIED)
    if names:
        rows = ", ".join(f"({', '.join(map(_text, (name, *split_name(name))))})" for name in names)
        base.execute(f"INSERT INTO names VALUES {rows}")
        numbers = ", ".join(map(_name, names))
        long = (
            f"(UNPIVOT (SELECT {carried}, {numbers} FROM runs) ON {numbers} INTO NAME name VALUE value) JOIN names"
            " USING (name)"
        )
    else:
        long = "(SELECT *, 0.0::DOUBLE AS value FROM runs, names)"
    base.execute(
        f'CREATE OR REPLACE VIEW outcomes AS SELECT {carried}, outcome, "group", year, value FROM {long}'
    )


def _make_draws(base: "duckdb.DuckDBPyConnection", store: Reader) -> None:
    """`draws`: a row for each parameter of each draw."""
    base.execute("CREATE OR REPLACE TABLE draws (draw_hash VARCHAR, parameter VARCHAR, value DOUBLE)")
    rows: list[list[Any]] = [
        [draw, parameter, value]
        for draw, values in store.draws().items()
        for parameter, value in values.items()
    ]
    if rows:
        import pandas as pd

        base.register("draw_rows", pd.DataFrame(rows, columns=["draw_hash", "parameter", "value"]))
        base.execute("INSERT INTO draws SELECT * FROM draw_rows")


def _make_details(base: "duckdb.DuckDBPyConnection", store: Reader, sql: str) -> None:
    """`weekly`, `ledger`, `spells` ...: tables of stored runs. A file for each run, so only those the query names."""
    carried = ", ".join(f"runs.{name}" for name in CARRIED if name != "key")
    for name in (name for name in store.details.names() if name in sql.lower()):
        files = ", ".join(_text(path) for path in store.details.files(name).values())
        if files:
            base.execute(
                f"CREATE OR REPLACE VIEW {_name(name)} AS SELECT {carried}, kept.* FROM"
                f" read_parquet([{files}], hive_partitioning = false) AS kept JOIN runs ON kept.key = runs.key"
            )


def _check_case(names: Sequence[str]) -> None:
    """SQL does not tell capitals from small letters, so two names that differ in that alone would be mixed."""
    if len({name.lower() for name in names}) < len(names):
        raise UserError(
            "query: two outcomes differ only in capital letters, which SQL cannot tell apart; use export"
        )


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str | Path) -> str:
    return "'" + str(text).replace("'", "''") + "'"
