"""Points that are draws of a file, such as a posterior: factors move together as they do there.

Morris' steps move one factor and leave the rest, Sobol' indices share a variance out as if factors were independent,
and so does random balance: where draws are correlated their answers have no meaning, and they are refused. Pawn and
delta compare distributions and take any sample. Shapley effects share out what correlated factors explain together
(Owen 2014): here for a linear emulator, whose miss is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from experiments.draws import Range, is_drawn, ranges, read_posterior
from experiments.experiment_file import PLAIN, Experiment
from experiments.sensitivity.factors import Factor, Point, contexts_of, fixed_by
from experiments.sensitivity.running import Lot, Runs
from experiments.sensitivity.settings import LEVERS
from experiments.store import Store
from sim.errors import UserError
from sim.scenario.yaml_tree import nearest

METHODS: Final = ("pawn", "delta", "shapley")
FEWEST: Final = 30


def check_method(method: str, choosing: Mapping[str, object]) -> None:
    """Raises UserError for a method that needs independent factors, and for an option that chooses others than the
    columns. choosing: option -> what was given."""
    if method not in METHODS:
        raise UserError(
            f"--draws: {method} needs factors that vary independently of each other, draws of a file may not; choose"
            f" --method {', '.join(METHODS[:-1])} or {METHODS[-1]}"
        )
    for option, given in choosing.items():
        if given:
            raise UserError(
                f"{option} has no meaning with --draws: what varies are the columns of the file, and --factor chooses"
                " among them"
            )


def check_structure(experiment: Experiment) -> None:
    """Raises UserError for variants that would have to be lived: a draw says nothing of which of them holds."""
    contexts = contexts_of(experiment)
    lived = [variant for variant in experiment.worlds if variant != PLAIN and variant not in contexts]
    if lived:
        raise UserError(
            f"{experiment.path}: variants: {', '.join(lived)} cannot be chosen by a file of draws; leave --draws or"
            " them out"
        )


@dataclass(frozen=True)
class Drawn:
    """Draws as points. u: float64 (points, factors), the rank of each value, in (0, 1); ranges: of every column after
    which levels are put back, also of those that are not asked for."""

    factors: list[Factor]
    points: list[Point]
    u: np.ndarray
    ranges: dict[str, Range]

    def runs(self, experiment: Experiment, seeds: int, store: Store | None) -> Runs:
        """Their runs, every draw under seeds of its own."""
        return Runs(experiment, self.points, Lot(seeds), store, self.ranges)


def factors_of_draws(
    experiment: Experiment, file: Path, most: int | None = None, only: Sequence[str] = ()
) -> Drawn:
    """Draws of a Parquet or CSV file, columns named as rows of scenarios/behaviour; the first `most` of them.

    Effects and mechanisms are anchored as in any design, levels are laid over as they are. Raises UserError for a file
    that cannot be read, a number a scenario of the set fixes, and too few draws.
    """
    base = experiment.worlds[PLAIN][0]
    rows = read_posterior(str(file), base)[:most]
    if len(rows) < FEWEST:
        raise UserError(f"--draws {file}: {len(rows)} draws; {FEWEST} or more are needed")
    varying = [name for name in rows[0] if len({row[name] for row in rows}) > 1]
    fixed = fixed_by(experiment)
    for name in rows[0]:
        if name in fixed:
            raise UserError(
                f"--draws {file}: column {name} is set by {fixed[name]} itself; leave the column or the scenario out"
            )
    for name in only:
        if name not in varying:
            raise UserError(
                f"--factor {name}: no column of {file} that varies is called so{nearest(name, varying)}"
            )
    shown = [name for name in varying if name in only] if only else varying
    if len(shown) < 2:
        raise UserError(f"--draws {file}: {len(shown)} column varies; sensitivity needs at least two")
    known, of = ranges(base), {}
    for name in varying:
        row = base.behaviour_rows.get(name)
        level = row is not None and not is_drawn(name, row.status)
        group = (
            "levels"
            if level
            else "effects"
            if name.split(".")[0] in ("effects", "implementation")
            else "mechanism"
        )
        low, middle, high = np.quantile([row[name] for row in rows], (0.05, 0.5, 0.95))
        of[name] = Factor(
            name, group, known.get(name) or Range(float(middle), float(low), float(high), "uniform")
        )
    points = [
        Point(
            {name: value for name, value in row.items() if name not in of or of[name].group != "levels"},
            {name: value for name, value in row.items() if name in of and of[name].group == "levels"},
            PLAIN,
        )
        for row in rows
    ]
    values = np.array([[row[name] for name in shown] for row in rows])
    ranks = np.argsort(np.argsort(values, axis=0, kind="stable"), axis=0, kind="stable")
    return Drawn(
        [of[name] for name in shown], points, (ranks + 0.5) / len(rows), _anchored(rows[0], of, known)
    )


def _anchored(
    columns: Mapping[str, float], of: Mapping[str, Factor], known: Mapping[str, Range]
) -> dict[str, Range]:
    """Ranges of every column that moves the base and is no level: a draw moves the world by all of them at once. One
    that does not vary may still lie off its central value."""
    out = {}
    for name in columns:
        if name in of and of[name].group != "levels":
            one = of[name].range
        else:
            one = None if name in of else known.get(name)
        if one is not None and not name.startswith(LEVERS):
            out[name] = one
    return out
