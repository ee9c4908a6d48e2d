"""Experiment files: which scenarios, how many pairs of runs, what is drawn, when to stop, and where to run.

    question: What do three strategies give, under all that is not known? base: baseline scenarios:
    [early_intervention, one_caseworker, extra_caseworkers]   # names, paths, NAME@BASE or a glob like mine/*.yaml
    pairs: 100 draws: ranges variants:
      fixed_jobs: ["behaviour.market.posting_response=0"]

Checked like scenarios: every problem with file and line. docs/experiments.md.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from sim.errors import UserError
from sim.scenario import Scenario, load, yaml_tree
from sim.scenario.scalars import Frozen, Kr, OneOf, Share
from sim.scenario.validate import Checker

WHERE: Final = ("inline", "threads", "dask")
RECORDINGS: Final = ("outcomes",)
FOLDER: Final = Path(__file__).parent
PLAIN: Final = ""  # the name of the world without a structural variant


class Stop(Frozen):
    """When enough is known: the calculation error is small beside what is not known, or in kroner."""

    outcome: str = "net_municipal_cost/all/all"
    share_of_knowledge: Share | None = None
    kr: Kr | None = Field(None, ge=0)
    most_pairs: int = Field(400, ge=4, le=1_000_000)


class ExperimentFile(Frozen):
    """One experiment as it is written."""

    schema_number: Literal[1, "1"] = Field(1, alias="schema")
    question: str = ""
    base: str
    scenarios: tuple[str, ...]
    pairs: int = Field(100, ge=2, le=1_000_000, description="pairs of runs, replicates among them")
    replicates: int | None = Field(
        None, ge=0, description="pairs that repeat a draw with other luck; default a fifth"
    )
    draws: str = "ranges"
    stop: Stop | None = None
    variants: dict[str, tuple[str, ...]] = {}
    weeks: int | None = Field(None, ge=1, le=2600)
    recording: Annotated[str, OneOf(RECORDINGS)] = "outcomes"
    where: Annotated[str, OneOf(WHERE)] = "threads"
    set: tuple[str, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """An experiment with its scenarios resolved. `worlds`: variant -> base and others; the plain world is ''."""

    name: str
    path: Path
    file: ExperimentFile
    worlds: dict[str, tuple[Scenario, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Labels of base and others, unique."""
        from experiments.compare import label

        return tuple(label([scenario.name for scenario in self.worlds[PLAIN]]))

    @property
    def pairs(self) -> int:
        """Pairs of the plain world, at most."""
        return self.file.stop.most_pairs if self.file.stop else self.file.pairs


def known_experiments() -> list[str]:
    """Names of the experiments that come along."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_experiment(name: str) -> Path:
    """The file an experiment's name stands for. Raises UserError with the nearest known name."""
    direct = Path(name)
    if direct.suffix in (".yaml", ".yml"):
        if direct.is_file():
            return direct
        raise UserError(f"{name}: no such file")
    for path in (Path("experiments") / f"{name}.yaml", FOLDER / f"{name}.yaml"):
        if path.is_file():
            return path
    raise UserError(
        f"no experiment is called '{name}'{yaml_tree.nearest(name, known_experiments())} (a path works too)"
    )


def load_experiment(name: str, pairs: int | None = None, weeks: int | None = None) -> Experiment:
    """Reads, checks and resolves an experiment. `pairs`, `weeks`: replace what the file says."""
    path = find_experiment(name)
    tree = yaml_tree.read(path)
    checker = Checker(tree)
    file = checker.build(ExperimentFile)
    checker.done()
    assert file is not None  # `done` raised otherwise
    if pairs is not None:
        stop = file.stop.model_copy(update={"most_pairs": pairs}) if file.stop else None
        file = file.model_copy(update={"pairs": pairs, "stop": stop})
    if file.replicates is not None and 2 * file.replicates > file.pairs:
        raise UserError(
            f"{path}: replicates {file.replicates} must be at most half of the {file.pairs} pairs"
        )
    if file.stop is not None:
        _check_stop(file.stop, file.draws, path)
    names = [found for wanted in file.scenarios for found in _expand(wanted, path)]
    if not names:
        raise UserError(f"{path}: 'scenarios' names nothing to set against {file.base}")
    worlds = {PLAIN: _world(file, names, ())}
    for variant, overrides in file.variants.items():
        worlds[variant] = _world(file, names, overrides)
    horizon = weeks if weeks is not None else file.weeks
    if horizon is not None:
        worlds = {v: tuple(scenario.for_weeks(horizon) for scenario in w) for v, w in worlds.items()}
    from experiments.compare import check_comparable

    for world in worlds.values():
        check_comparable(world[0], world[1:])
        _check_different(world, path)
    return Experiment(path.stem, path, file, worlds)


def _check_stop(stop: Stop, draws: str, path: Path) -> None:
    from sim.records.outcome_list import OUTCOMES

    name, *rest = stop.outcome.split("/")
    if name not in OUTCOMES or len(rest) < 2:
        raise UserError(
            f"{path}: stop: outcome '{stop.outcome}' is not known{yaml_tree.nearest(name, OUTCOMES)};"
            " write OUTCOME/GROUP/YEAR, for example net_municipal_cost/all/all"
        )
    if stop.kr is None and stop.share_of_knowledge is None:
        raise UserError(f"{path}: stop needs 'share_of_knowledge' (0.1 is usual) or 'kr'")
    if stop.kr is not None and OUTCOMES[name].unit != "kr.":
        raise UserError(f"{path}: stop: 'kr' needs an outcome in kroner; {name} is in {OUTCOMES[name].unit}")
    if stop.kr is None and draws == "none":
        raise UserError(f"{path}: stop: with 'draws: none' there is no knowledge to compare with; give 'kr'")


def _check_different(world: tuple[Scenario, ...], path: Path) -> None:
    from experiments.provenance import canonical_hash

    seen: dict[str, str] = {}
    for scenario in world:
        key = canonical_hash(scenario)
        if key in seen:
            raise UserError(
                f"{path}: '{scenario.name}' and '{seen[key]}' are the same in every value; leave one of them out"
            )
        seen[key] = scenario.name


def _expand(wanted: str, path: Path) -> list[str]:
    if not any(sign in wanted for sign in "*?["):
        return [wanted]
    found = sorted({str(match) for folder in (path.parent, Path()) for match in folder.glob(wanted)})
    if not found:
        raise UserError(f"{path}: no file matches '{wanted}' in {path.parent} or here")
    return found


def _world(file: ExperimentFile, names: list[str], overrides: tuple[str, ...]) -> tuple[Scenario, ...]:
    changes = (*file.set, *overrides)
    return tuple(load(name, overrides=changes) for name in (file.base, *names))
