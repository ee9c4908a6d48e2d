"""The runs of an experiment: pairs of (draw, seed), some of them the same draw under other luck, each with all
scenarios.

Pair p has seed p + 1 (with `Experiment.first`, draws and seeds begin so much later; rows of a file of draws begin at
`Experiment.first_row`). The first pairs have a draw each;
the replicates repeat the first draws with seeds of their own, so that luck can be told from what is not known.
Replicates are spread over the whole, so that a batch that stops early has its share of them.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from experiments.anchor import anchor_code
from experiments.draws import (
    NONE,
    POSTERIOR,
    RANGES,
    WORDS,
    Range,
    draw,
    lever_ranges,
    number_of,
    ranges,
    read_posterior,
    row_of,
    set_by_hand,
    shipped_posterior,
)
from experiments.experiment_file import PLAIN, Experiment
from experiments.provenance import canonical_hash, run_key
from sim.records.tables import LEVELS, TABLES_OF_LEVEL
from sim.scenario import Scenario

REPLICATE_EVERY = 5  # of five pairs one repeats a draw


@dataclass(frozen=True)
class Pair:
    """All scenarios under one draw and one luck."""

    number: int
    variant: str
    draw: int  # -1: central values
    seed: int


@dataclass(frozen=True)
class Run:
    """One run of a pair."""

    key: str
    pair: Pair
    scenario: int  # place in the experiment, 0 the base


class Planned:
    """The runs of an experiment and their keys; keys are made when a pair is asked for."""

    def __init__(self, experiment: Experiment):
        self.experiment = experiment
        file, base = experiment.file, experiment.worlds[PLAIN][0]
        posterior = shipped_posterior(base) if file.draws == POSTERIOR else ""
        self.draws_file = posterior or ("" if file.draws in WORDS else file.draws)
        rows = read_posterior(self.draws_file, base) if self.draws_file else []
        self._file, self._levels = ([], rows) if posterior else (rows, [])
        self._hashes: dict[tuple[str, int], str] = {}

    @cached_property
    def _ranges(self) -> Mapping[str, Range]:
        worlds = self.experiment.worlds[PLAIN]
        return {**ranges(worlds[0]), **lever_ranges(worlds)}

    def levels_of(self, pair: Pair) -> dict[str, float]:
        """Levels drawn for a pair: not put back by its anchor but laid over it. None but with `draws: posterior`."""
        if not self._levels:
            return {}
        return {name: value for name, value in self.values_of(pair).items() if name not in self._ranges}

    def anchored_of(self, pair: Pair) -> dict[str, float]:
        """What is drawn for a pair besides its levels: after it the levels are put back (experiments/anchor.py)."""
        own = self.levels_of(pair)
        return {name: value for name, value in self.values_of(pair).items() if name not in own}

    def values_of(self, pair: Pair) -> dict[str, float]:
        """All that is drawn for a pair, without what the variant holds fixed; nothing for central values."""
        plain, held = self.experiment.worlds[PLAIN][0], self.experiment.worlds[pair.variant][0]
        drawn = self._drawn(pair.draw)
        fixed = set_by_hand(held)
        return {
            name: value
            for name, value in drawn.items()
            if name not in fixed and number_of(plain, name) == number_of(held, name)
        }

    def _drawn(self, number: int) -> dict[str, float]:
        kind = self.experiment.file.draws
        if number < 0 or kind == NONE:
            return {}
        if kind == RANGES:
            return draw(self._ranges, number)
        if kind == POSTERIOR:
            return draw(self._ranges, number) | self._levels[row_of(number, len(self._levels))]
        return self._file[number]

    def pairs(self, variant: str = PLAIN) -> Iterator[Pair]:
        """Pairs in the order they are run."""
        file, first, fresh, repeated = self.experiment.file, self.experiment.first, 0, 0
        wanted = file.replicates
        if file.draws == NONE:
            wanted = 0
        for number in range(self.experiment.pairs):
            due = number // REPLICATE_EVERY if wanted is None else min(wanted, number // 2)
            if repeated < due and repeated < fresh:
                at, repeated = repeated, repeated + 1
            else:
                at, fresh = fresh, fresh + 1
            if self._file:  # a file with few draws repeats them under other luck
                at = (at + self.experiment.first_row) % len(self._file)
            else:
                at += first
            yield Pair(number, variant, -1 if file.draws == NONE else at, first + number + 1)

    def scenarios(self, pair: Pair) -> tuple[Scenario, ...]:
        """The scenarios of a pair, not yet drawn."""
        return self.experiment.worlds[pair.variant]

    def runs(self, pair: Pair, level: str | None = None) -> list[Run]:
        """The runs of a pair with their keys. A key holds the draw as it came from the ranges: its anchor follows.

        level: recording level; the experiment's by default.
        """
        values = self.values_of(pair)
        return [
            Run(
                run_key(
                    self.hash_of(pair.variant, at),
                    values,
                    pair.seed,
                    scenario.weeks,
                    self.recording(pair, level),
                ),
                pair,
                at,
            )
            for at, scenario in enumerate(self.scenarios(pair))
        ]

    def recording(self, pair: Pair, level: str | None = None) -> str:
        """Recording level, with what a draw is anchored on and by which code: another base is another anchor."""
        laid = "+levels" if self._levels else ""
        return f"{level or self.experiment.file.recording}@{self.hash_of(pair.variant, 0)[:16]}@{anchor_code()}{laid}"

    def richer_levels(self, tables: Collection[str]) -> list[str]:
        """Levels that keep all that the experiment's level keeps, and more, where a store has these tables."""
        beyond = LEVELS[LEVELS.index(self.experiment.file.recording) + 1 :]
        return [level for level in beyond if set(TABLES_OF_LEVEL[level]) <= set(tables)]

    def hash_of(self, variant: str, scenario: int) -> str:
        """Hash of a scenario's values."""
        if (variant, scenario) not in self._hashes:
            self._hashes[variant, scenario] = canonical_hash(self.experiment.worlds[variant][scenario])
        return self._hashes[variant, scenario]
