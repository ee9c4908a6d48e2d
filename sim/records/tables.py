"""Tidy typed tables of a run, and their Parquet files. Schemas: docs/results.md.

pandas and pyarrow are imported when a table is asked for; the model itself never needs them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim import codes
from sim.calendar import iso, year_of
from sim.money.ledger import FRAME_OF_ACCOUNT, NO_BENEFIT
from sim.records.outcome_list import estimand
from sim.records.outcomes import outcomes
from sim.records.result import RunResult
from sim.records.weekly import COHORT, COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from sim.state import State

# Recording level -> the tables it keeps beside the outcomes; each level has those of the levels before it.
TABLES_OF_LEVEL: Final[dict[str, tuple[str, ...]]] = {
    "outcomes": (),
    "weekly": ("weekly", "cohorts"),
    "ledger": ("weekly", "cohorts", "ledger", "pots"),
    "spells": ("weekly", "cohorts", "ledger", "pots", "spells"),
    "events": ("weekly", "cohorts", "ledger", "pots", "spells", "events"),
}
LEVELS: Final = tuple(TABLES_OF_LEVEL)


def tables(result: RunResult, level: str) -> dict[str, "pd.DataFrame"]:
    """The outcomes, and the tables a recording level keeps beside them, by file name."""
    return {"outcomes": outcome_table(result), **detail_tables(result, level)}


def detail_tables(result: RunResult, level: str) -> dict[str, "pd.DataFrame"]:
    """The tables a recording level keeps beside the outcomes, by file name."""
    if level not in LEVELS:
        raise ValueError(f"recording level {level!r} is not one of {', '.join(LEVELS)}")
    made = {
        "weekly": weekly_table,
        "cohorts": cohort_table,
        "ledger": ledger_table,
        "pots": pot_table,
        "spells": spell_table,
        "events": event_table,
    }
    return {name: made[name](result) for name in TABLES_OF_LEVEL[level]}


def outcome_table(result: RunResult) -> "pd.DataFrame":
    """outcome, group, year, unit, estimand, value: one row per number."""
    import pandas as pd

    rows = outcomes(result)
    return pd.DataFrame(
        {
            "outcome": pd.Categorical([row.outcome for row in rows]),
            "group": pd.Categorical([row.group for row in rows]),
            "year": [row.year for row in rows],
            "unit": pd.Categorical([row.unit for row in rows]),
            "estimand": pd.Categorical([estimand(row.outcome, row.group) for row in rows]),
            "value": np.array([row.value for row in rows]),
        }
    )


def weekly_table(result: RunResult) -> "pd.DataFrame":
    """week, iso_week, year, name, unit, value: every weekly column, long."""
    return _long(result, result.rows, COLUMNS)


def cohort_table(result: RunResult) -> "pd.DataFrame":
    """The same for cohorts by their week of entry to support; later counts are empty where the horizon ends first."""
    from sim.records.outcomes import FOLLOW_26, FOLLOW_52, FOLLOW_104, FOLLOW_SERVICE

    follow = {
        "entrants": 0,
        "in_job_26": FOLLOW_26,
        "in_job_52": FOLLOW_52,
        "still_in_job": FOLLOW_52,
        "weeks_on_support_104": FOLLOW_104,
        "two_barriers": FOLLOW_SERVICE,
        "second_service_8": FOLLOW_SERVICE,
    }
    frame = _long(result, result.cohort, COHORT)
    needed = frame["name"].astype(str).map(follow).to_numpy()
    known = frame["week"].to_numpy() - result.start + needed < result.weeks
    frame["value"] = frame["value"].astype("Int64").where(known)
    return frame


def _long(result: RunResult, values: np.ndarray, columns: tuple[Any, ...]) -> "pd.DataFrame":
    import pandas as pd

    weeks = np.arange(result.start, result.start + result.weeks)
    names = [column.name for column in columns]
    units = {column.name: column.unit for column in columns}
    each = len(columns)
    return pd.DataFrame(
        {
            "week": np.repeat(weeks, each).astype(np.int32),
            "iso_week": pd.Categorical(np.repeat([iso(int(week)) for week in weeks], each)),
            "year": np.repeat([year_of(int(week)) for week in weeks], each).astype(np.int16),
            "name": pd.Categorical(np.tile(names, result.weeks), categories=names),
            "unit": pd.Categorical(np.tile([units[name] for name in names], result.weeks)),
            "value": values.ravel(),
        }
    )


def ledger_table(result: RunResult) -> "pd.DataFrame":
    """week, iso_week, year, account, frame, benefit, step, step_label, payer, oere: every cell that is not zero."""
    import pandas as pd

    week, account, benefit, step, payer = np.nonzero(result.ledger)
    benefits = [*codes.BENEFITS, ""]
    labels = [
        *result.step_labels,
        *(f"step{k}" for k in range(len(result.step_labels), codes.N_STEPS)),
        "",
    ]
    weeks = [result.start + k for k in range(result.weeks)]
    steps = np.where(benefit == NO_BENEFIT, codes.N_STEPS, step)  # an account without benefit has no step
    return pd.DataFrame(
        {
            "week": (week + result.start).astype(np.int32),
            "iso_week": _coded(week, [iso(k) for k in weeks]),
            "year": np.array([year_of(k) for k in weeks], np.int16)[week],
            "account": _coded(account, codes.ACCOUNTS),
            "frame": pd.Categorical(np.array([FRAME_OF_ACCOUNT[name] for name in codes.ACCOUNTS])[account]),
            "benefit": _coded(benefit, benefits),
            "step": step.astype(np.int8),
            "step_label": pd.Categorical(np.array(labels)[steps]),
            "payer": _coded(payer, codes.PAYERS),
            "oere": result.ledger[week, account, benefit, step, payer],
        }
    )


def pot_table(result: RunResult) -> "pd.DataFrame":
    """year, pot, authorised_oere, committed_oere, spent_oere, carried_over_oere (part of authorised)."""
    import pandas as pd

    years = len(result.years)
    return pd.DataFrame(
        {
            "year": np.repeat(result.years, codes.N_POTS).astype(np.int16),
            "pot": pd.Categorical(np.tile(codes.POTS, years)),
            "authorised_oere": result.pots[:, :, 0].ravel(),
            "committed_oere": result.pots[:, :, 1].ravel(),
            "spent_oere": result.pots[:, :, 2].ravel(),
            "carried_over_oere": result.pots[:, :, 3].ravel(),
        }
    )


def with_open_spells(closed: Mapping[str, np.ndarray], state: "State") -> dict[str, np.ndarray]:
    """Closed spells (`RunResult.spells`) with those still open in the state at the horizon behind them; door is -1.

    Adds `arrived`, the week the person came to the municipality: in-movers bring a spell begun elsewhere.
    """
    status = state["status"].astype(np.int64)
    on = np.flatnonzero((status >= codes.FIRST_BENEFIT) & (state["since"] < state.week))
    still_open = {
        "person": state["id"][on],
        "benefit": status[on] - codes.FIRST_BENEFIT,
        "begin": state["since"][on],
        "end": np.full(on.size, state.week),
        "door": np.full(on.size, -1),
    }
    out = {
        name: np.concatenate([closed[name].astype(np.int64), values.astype(np.int64)])
        for name, values in still_open.items()
    }
    return {**out, "arrived": state["arrive_week"][state["row_of"][out["person"]]].astype(np.int64)}


def spell_table(result: RunResult) -> "pd.DataFrame":
    """person, benefit, begin, seen_from, end, begin_iso, end_iso, weeks, door, left_truncated, censored: one per spell.

    `begin` is the first week on the benefit, `end` the first week off it, `seen_from` the first week of it that the run
    holds. Spells begun before the run, or elsewhere by somebody who moved in, are left-truncated (long ones are
    over-represented); spells open at the horizon are censored: `end` is then the week after the last.
    """
    import pandas as pd

    if result.spells is None:
        raise ValueError("the run kept no spells; run it with recording 'spells'")
    spells = {name: values.astype(np.int64) for name, values in result.spells.items()}
    order = np.lexsort((spells["begin"], spells["person"]))
    spells = {name: values[order] for name, values in spells.items()}
    begin, end, door = spells["begin"], spells["end"], spells["door"]
    seen_from = np.maximum(np.maximum(begin, result.start), spells.get("arrived", begin))
    return pd.DataFrame(
        {
            "person": spells["person"].astype(np.int32),
            "benefit": _coded(spells["benefit"], codes.BENEFITS),
            "begin": begin.astype(np.int32),
            "seen_from": seen_from.astype(np.int32),
            "end": end.astype(np.int32),
            "begin_iso": _iso_labels(begin),
            "end_iso": _iso_labels(end),
            "weeks": (end - begin).astype(np.int32),
            "door": _coded(door, codes.DOORS),
            "left_truncated": begin < seen_from,
            "censored": door < 0,
        }
    )


def event_table(result: RunResult) -> "pd.DataFrame":
    """week, iso_week, person, event (begins | ends), benefit, door: the spells as dated events within the run."""
    import pandas as pd

    spells = spell_table(result)
    begins, ends = spells[~spells.left_truncated], spells[~spells.censored]
    both = pd.concat([begins, ends], ignore_index=True)
    ended = np.arange(len(both)) >= len(begins)
    frame = pd.DataFrame(
        {
            "week": np.where(ended, both.end, both.begin).astype(np.int32),
            "person": both.person,
            "event": _coded(ended.astype(np.int8), ("begins", "ends")),
            "benefit": both.benefit,
            "door": _coded(np.where(ended, both.door.cat.codes, -1), codes.DOORS),
        }
    )
    frame.insert(1, "iso_week", _iso_labels(frame.week.to_numpy()))
    return frame.sort_values(["person", "week", "event"], ascending=[True, True, False], ignore_index=True)


def _iso_labels(weeks: np.ndarray) -> Any:
    unique, where = np.unique(weeks, return_inverse=True)
    return _coded(where.ravel(), [iso(int(week)) for week in unique])


def _coded(numbers: Any, names: Sequence[str]) -> Any:
    """A column of names stored as numbers; -1 is empty."""
    import pandas as pd

    return pd.Categorical.from_codes(np.asarray(numbers), dtype=pd.CategoricalDtype(list(names)))


def write_parquet(frame: "pd.DataFrame", path: Path, remarks: Mapping[str, str]) -> None:
    """Writes a table, whole or not at all. `remarks` (watermark, price level ...) travel in the file's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    kept = {
        **(table.schema.metadata or {}),
        **{f"jobcenter.{name}".encode(): text.encode() for name, text in remarks.items()},
    }
    temporary = path.with_name(f".{path.name}.part")
    pq.write_table(table.replace_schema_metadata(kept), temporary, compression="zstd")
    temporary.replace(path)
