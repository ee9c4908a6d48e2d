"""A run written to disk between two weeks and taken up again, in another process, bit for bit.

The state alone is not a run: the books, the weekly record, the entry cohorts under way and the spells not yet written
out go along. A snapshot is taken up by the same scenario and the same code only, as anything else would be another run.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from sim.calendar import iso
from sim.compiled import JIT
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.scenario import Scenario
from sim.state import State, write_whole
from sim.version import code_version
from sim.week.world import L_ENTRANTS

_STATE, _RUN, _WORDS = "state.", "run.", "words"
SPELLS: Final = ("person", "benefit", "begin", "end", "door")


def save(model: JobcenterModel, path: Path) -> None:
    """Writes a run as it stands between two weeks to one .npz file, whole or not at all."""
    run = _run_of(model)
    words = {
        "week": model.state.week,
        "first_week": model.first_week,
        "seed": model.seed_of_chance,
        "recording": model.recording,
        "scenario": model.settings.name,
        **_same(model.settings),
    }
    arrays = {_STATE + name: values for name, values in model.state.columns.items()}
    arrays |= {_RUN + name: values for name, values in run.items()}
    write_whole(path, {_WORDS: np.array(json.dumps(words)), **arrays})


def _run_of(model: JobcenterModel) -> dict[str, np.ndarray]:
    """What a run has written down so far."""
    entrants = int(model.state["lengths"][L_ENTRANTS])
    ledger = model.books.ledger
    run: dict[str, np.ndarray] = {
        "rows": model.rows,
        "cohort": model.cohort,
        "hired": model.hired,
        "entrants_until": model.entrants_until,
        "entrant": model.world.entrant[:entrants],
        "entrant_total": model.world.entrant_total[:entrants],
        "payers": ledger.payers,
        "payees": ledger.payees,
        "pots": ledger.pots,
    }
    for name, column in zip(SPELLS, zip(*model.spell_chunks, strict=True), strict=False):
        run[f"spell_{name}"] = np.concatenate(column)
    return run


def fork(model: JobcenterModel, scenario: Scenario) -> JobcenterModel:
    """The run taken up under another scenario from the week it has come to; the run itself stays as it is.

    What comes out equals running the other scenario whole, because the two may differ only in what begins in that week
    or later. Raises UserError when they differ before.
    """
    require_same_past(model.settings, scenario, model.state.week)
    twin = JobcenterModel(
        scenario,
        model.seed_of_chance,
        state=model.state.copy(),
        recording=model.recording,
        first_week=model.first_week,
    )
    _fill(twin, _run_of(model))
    twin.draw_coverage()
    return twin


def require_same_past(base: Scenario, other: Scenario, week: int) -> None:
    """Raises UserError unless two scenarios are the same until `week`: levers and demand may differ from then on."""
    ours, theirs = base.canonical(), other.canonical()
    apart = [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
    wrong = sorted(set(apart) - {"levers", "demand"})
    for name in base.levers.keys() | other.levers.keys():
        mine, other_one = base.levers.get(name), other.levers.get(name)
        both = [(lever, s) for lever, s in ((mine, base), (other_one, other)) if lever is not None]
        so_far = [lever.before(s, week) for lever, s in both] + [None] * (2 - len(both))
        if so_far[0] != so_far[1]:
            first = [lever.first_week(s) for lever, s in both]
            wrong.append(f"levers.{name} (in force from {iso(min(first))})")
    spells = set(map(repr, base.demand)) ^ set(map(repr, other.demand))
    if any(repr(spell) in spells and spell.from_week < week for spell in (*base.demand, *other.demand)):
        wrong.append("demand")
    if wrong:
        raise UserError(
            f"'{other.name}' differs from '{base.name}' before {iso(week)}, so it cannot branch from it there:"
            f" {', '.join(wrong)}. Let levers begin later (from: {iso(week)}), or run it whole."
        )


def resume(path: Path, scenario: Scenario) -> JobcenterModel:
    """The run in a snapshot, ready to live its next week.

    Raises UserError when the snapshot is of another scenario or other code, or compilation was switched the other way.
    """
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    words = json.loads(str(arrays.pop(_WORDS)))
    for name, here in _same(scenario).items():
        if words[name] != here:
            what = {
                "values": "another scenario (or another horizon)",
                "code": "another version of the model",
                "compiled": "a model with compilation switched " + ("off" if here else "on"),
            }[name]
            raise UserError(
                f"{path}: the snapshot is of {words['scenario']!r} in {what}; it can only be taken up unchanged"
            )
    columns = {
        name.removeprefix(_STATE): values for name, values in arrays.items() if name.startswith(_STATE)
    }
    run = {name.removeprefix(_RUN): values for name, values in arrays.items() if name.startswith(_RUN)}
    model = JobcenterModel(
        scenario,
        words["seed"],
        state=State(words["week"], columns),
        recording=words["recording"],
        first_week=words["first_week"],
    )
    _fill(model, run)
    return model


def _fill(model: JobcenterModel, run: Mapping[str, np.ndarray]) -> None:
    model.rows[:] = run["rows"]
    model.cohort[:] = run["cohort"]
    model.hired[:] = run["hired"]
    model.entrants_until[:] = run["entrants_until"]
    entrants = run["entrant"].size
    model.make_room_for_entrants(entrants)
    model.world.entrant[:entrants] = run["entrant"]
    model.world.entrant_total[:entrants] = run["entrant_total"]
    model.state["lengths"][L_ENTRANTS] = entrants
    if "spell_person" in run:
        model.spell_chunks.append(tuple(run[f"spell_{name}"] for name in SPELLS))
    model.books.take_up(model.state.week, run["payers"], run["payees"], run["pots"])
    model.steps = model.state.week - model.first_week


def _same(scenario: Scenario) -> dict[str, object]:
    values = json.dumps(scenario.canonical(), sort_keys=True)
    return {
        "values": hashlib.sha256(values.encode()).hexdigest(),
        "code": code_version(),
        "compiled": JIT,
    }
