"""Experiment files: which scenarios, how many pairs of runs, what is drawn, when to stop, and where to run.

    question: What do three strategies give, under all that is not known?
    base: baseline
    scenarios: [early_intervention, one_caseworker, extra_caseworkers]   # names, paths, NAME@BASE or a glob
    pairs: 100
    draws: ranges

Checked like scenarios: every problem with file and line. docs/experiments.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from experiments.decisions.question import Question
from experiments.equal_budget import LEAST_BUDGET, Priced, check_split, price
from sim.errors import Problem, UserError
from sim.scenario import Scenario, load, yaml_tree
from sim.scenario.scalars import Frozen, Kr, OneOf, Share
from sim.scenario.validate import Checker

WHERE: Final = ("inline", "threads", "dask")
RECORDINGS: Final = ("outcomes", "weekly", "ledger", "spells", "events")  # as sim.model has them
FOLDER: Final = Path(__file__).parent
PLAIN: Final = ""  # the name of the world without a structural variant


class Stop(Frozen):
    """When enough is known: the calculation error is small beside what is not known, or in kroner."""

    outcome: str = "net_municipal_cost/all/all"
    share_of_knowledge: Share | None = None
    kr: Kr | None = Field(None, ge=0)
    most_pairs: int = Field(400, ge=4, le=1_000_000)


def _one_reading(value: Any) -> Any:
    """A number that is not also one with dots between thousands: 500.000 is what a caseworker costs, or 500."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?[1-9]\d{0,2}(\.\d{3})+", value.strip()):
        raise ValueError(
            f"'{value.strip()}' can be read in two ways; write it without dots for thousands, or with fewer decimals"
        )
    return value


End = Annotated[float, BeforeValidator(_one_reading)]


class Between(Frozen):
    """Between what a value of the scenarios may vary in a sensitivity analysis, evenly."""

    low: End
    high: End


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
    equal_budget: Kr | None = Field(
        None, ge=LEAST_BUDGET, description="authorised more a budget year by every strategy"
    )
    split: dict[str, Share] = {}
    factors: dict[str, Between] = Field(
        {}, description="values of the scenarios that `sensitivity` varies too"
    )
    decide: Question = Question()


@dataclass(frozen=True)
class Experiment:
    """An experiment with its scenarios resolved. `worlds`: variant -> base and others; the plain world is ''."""

    name: str
    path: Path
    file: ExperimentFile
    worlds: dict[str, tuple[Scenario, ...]]
    priced: Mapping[str, list[Priced]] = field(default_factory=dict)  # by variant, with an equal budget
    first: int = 0  # number of the first draw and seed: others than those something was chosen with
    first_row: int = 0  # the same of a file of draws, whose rows have an end

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


def load_experiment(
    name: str,
    pairs: int | None = None,
    weeks: int | None = None,
    equal_budget: float | None = None,
    split: Mapping[str, float] | None = None,
    changes: tuple[str, ...] = (),
) -> Experiment:
    """Reads, checks and resolves an experiment. What is given besides its name replaces what the file says; changes
    (`key.path=value`) come after its own `set:`."""
    path = find_experiment(name)
    tree = yaml_tree.read(path)
    if "base" not in tree.root and {"levers", "extends"} & set(tree.root):
        raise UserError(
            f"{path}: is a scenario, no experiment: `jobcenter compare baseline {path}` compares it, and an experiment"
            " file names it under `scenarios:`"
        )
    checker = Checker(tree)
    file = checker.build(ExperimentFile)
    checker.done()
    assert file is not None  # `done` raised otherwise
    if changes:
        file = file.model_copy(update={"set": (*file.set, *changes)})
    if pairs is not None:
        stop = file.stop.model_copy(update={"most_pairs": pairs}) if file.stop else None
        file = file.model_copy(update={"pairs": pairs, "stop": stop})
    if equal_budget is not None or split is not None:
        said = {"equal_budget": equal_budget or file.equal_budget, "split": dict(split or file.split)}
        file = file.model_copy(update=said)
    if file.replicates is not None and 2 * file.replicates > file.pairs:
        raise UserError(
            f"{path}: replicates {file.replicates} must be at most half of the {file.pairs} pairs"
        )
    if file.stop is not None:
        _check_stop(file.stop, file.draws, path)
    names = [
        (found, at) for at, wanted in enumerate(file.scenarios) for found in _expand(wanted, path, tree, at)
    ]
    if not names:
        raise UserError([tree.problem(("scenarios",), f"names nothing to set against {file.base}")])
    worlds = {variant: _world(file, names, tree, variant) for variant in (PLAIN, *file.variants)}
    horizon = weeks if weeks is not None else file.weeks
    if horizon is not None:
        worlds = {v: tuple(scenario.for_weeks(horizon) for scenario in w) for v, w in worlds.items()}
    _check_factors(file, tree)
    from experiments.compare import check_comparable

    for world in worlds.values():
        check_comparable(world[0], world[1:])
        _check_different(world, path)
    priced = _at_one_price(file, worlds, tree)
    for variant, found in priced.items():
        worlds[variant] = (worlds[variant][0], *(one.scenario for one in found))
    return Experiment(path.stem, path, file, worlds, priced)


def _at_one_price(
    file: ExperimentFile, worlds: Mapping[str, tuple[Scenario, ...]], tree: yaml_tree.Tree
) -> dict[str, list[Priced]]:
    """Every world's strategies with doses that authorise the budget; nothing when none was asked for."""
    if file.equal_budget is None:
        if file.split:
            raise UserError(
                [tree.problem(("split",), "'split' says how 'equal_budget' is shared; give both")]
            )
        return {}
    if file.split:
        check_split(file.split, f"{tree.problem(('split',), 'split')}")
    try:
        return {
            v: price(world[0], world[1:], file.equal_budget, file.split or None)
            for v, world in worlds.items()
        }
    except UserError as wrong:
        raise UserError([tree.problem(("equal_budget",), str(wrong))]) from None


def _check_factors(file: ExperimentFile, tree: yaml_tree.Tree) -> None:
    """Both ends of every added factor must be values the base can have."""
    problems = []
    for name, between in file.factors.items():
        place = ("factors", name)
        if not between.low < between.high:
            problems.append(tree.problem(place, f"low {between.low:g} must be below high {between.high:g}"))
            continue
        for end in (between.low, between.high):
            try:
                load(file.base, overrides=(*file.set, f"{name}={end:.10g}"))
            except UserError as wrong:
                problems.append(tree.problem(place, f"cannot be {end:g}: {wrong.problems[0].message}"))
                break
    if problems:
        raise UserError(problems)


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


def _expand(wanted: str, path: Path, tree: yaml_tree.Tree, at: int) -> list[str]:
    if not any(sign in wanted for sign in "*?["):
        return [wanted]
    found = sorted({str(match) for place in (path.parent, Path()) for match in place.glob(wanted)})
    if not found:
        raise UserError(
            [tree.problem(("scenarios", at), f"no file matches '{wanted}' in {path.parent} or here")]
        )
    return found


def _world(
    file: ExperimentFile, names: list[tuple[str, int]], tree: yaml_tree.Tree, variant: str
) -> tuple[Scenario, ...]:
    """The base and the others of a variant, each with what `set:` and the variant change. What is wrong is told with
    the line of the experiment it comes from."""
    own = file.variants.get(variant, ())
    lines = {
        **{text: ("set", at) for at, text in enumerate(file.set) if ("set", at) in tree.places},
        **{text: ("variants", variant, at) for at, text in enumerate(own)},
    }

    found, problems = [], []
    for name, place in ((file.base, ("base",)), *((name, ("scenarios", at)) for name, at in names)):
        try:
            found.append(load(name, overrides=(*file.set, *own)))
        except UserError as wrong:
            problems += [_here(problem, lines, place, tree) for problem in wrong.problems]
    if problems:
        raise UserError(problems)
    return tuple(found)


def _here(
    problem: Problem,
    lines: Mapping[str, tuple[str | int, ...]],
    place: tuple[str | int, ...],
    tree: yaml_tree.Tree,
) -> Problem:
    """A problem of an override or of a scenario's name at its line of the experiment; others stay where they are."""
    for text, route in lines.items():
        if f"--set {text}" in (problem.file, problem.message.partition(":")[0]):
            return tree.problem(route, problem.message.removeprefix(f"--set {text}: "))
    return problem if problem.file else tree.problem(place, problem.message)
