"""A finished batch as a report needs it: effects with their spreads, money over time, ceilings, where weeks went.

A row is the mean of a draw's pairs, so intervals over rows are knowledge. Luck that is left in the rows is taken out as
`four_spreads` does. The store keeps outcomes by budget year; what `compare` reads off the last weeks (persons at the
horizon) is here the mean of the last budget year.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.batch import Batch
from experiments.bounds import Bound, bound_of
from experiments.draws import ranges
from experiments.experiment_file import PLAIN
from experiments.four_spreads import Spreads, spreads
from experiments.money_table import LAST_WEEKS, OVER_DRAWS, OVER_RUNS, money_frame
from experiments.splits import ExitSplit, exit_split
from sim import codes
from sim.errors import UserError
from sim.records.outcomes import LIVED_STATUSES, WEEKS_PER_YEAR, Key
from sim.records.weekly import NAMES
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

FEWEST_PAIRS: Final = 2
NET: Final = Key("net_municipal_cost", "all", "all")


@dataclass(frozen=True)
class Row:
    """The mean of one draw's runs, with what `money_table` asks of a run."""

    keys: tuple[Key, ...]
    values: np.ndarray
    series: np.ndarray  # weekly columns of the last weeks; only stocks are known


class Stored:
    """The whole pairs of an experiment that a store holds."""

    def __init__(self, job: Batch):
        """Raises UserError when fewer than two pairs of the experiment, run by this version, are whole."""
        from experiments.store.rows import outcome_columns, split_name

        self.experiment = job.experiment
        self.base, *self.others = job.experiment.worlds[PLAIN]
        self.names = job.experiment.names[1:]
        self.weeks = self.base.weeks
        self.job = job
        frame = job.store.frame(keys=[r.key for runs in job.keys.values() for r in runs if r.key in job.have])
        columns = outcome_columns(list(frame.columns))
        self.keys = tuple(Key(*split_name(name)) for name in columns)
        self._at = {key: k for k, key in enumerate(self.keys)}
        table = frame[columns].to_numpy(np.float64)
        row_of = {key: k for k, key in enumerate(frame["key"])}
        self.pairs = {
            variant: [p for p in job.pairs if p.variant == variant and all(r.key in row_of for r in job.keys[p])]
            for variant in job.experiment.worlds
        }  # fmt: skip
        self._values = {
            variant: table[[[row_of[r.key] for r in job.keys[p]] for p in pairs]]  # (pairs, scenarios, keys)
            for variant, pairs in self.pairs.items()
            if pairs
        }
        if len(self.pairs[PLAIN]) < FEWEST_PAIRS:
            raise UserError(
                f"{job.store.folder}: holds {len(self.pairs[PLAIN])} whole pairs of '{self.experiment.name}' as its"
                " files and this version of the program are now; 2 or more are needed. If the scenarios or the program"
                f" have changed since, run it again: jobcenter batch {self.experiment.path} --out {job.store.folder}"
            )

    def known(self, key: Key) -> bool:
        """Whether some run knows this number: a cohort that was not followed to its end has none."""
        return key in self._at and bool(np.isfinite(self.values(0, key)).any())

    def draw_of(self, variant: str = PLAIN) -> np.ndarray:
        """Number of the draw of every pair, int64 (pairs,)."""
        return np.array([pair.draw for pair in self.pairs[variant]], np.int64)

    def values(self, scenario: int, key: Key, variant: str = PLAIN) -> np.ndarray:
        """An outcome of a scenario (0 the base) over the pairs, float64 (pairs,)."""
        return np.asarray(self._values[variant][:, scenario, self._at[key]])

    def level(self, key: Key) -> float:
        """Mean of the base."""
        return float(np.nanmean(self.values(0, key)))

    def effect(self, name: str, key: Key, variant: str = PLAIN, scale: float = 1.0) -> Spreads:
        """Spreads of a scenario's effect on an outcome."""
        at = 1 + self.names.index(name)
        base = self.values(0, key, variant) * scale
        return spreads(self.values(at, key, variant) * scale - base, base, self.draw_of(variant))

    def effect_until(self, name: str, outcome: str, year: int, scale: float = 1.0) -> Spreads:
        """Spreads of the effect added up from the start to the end of a budget year."""
        at = 1 + self.names.index(name)
        keys = [Key(outcome, "all", str(y)) for y in self.years if y <= year]
        base = np.sum([self.values(0, key) for key in keys], axis=0) * scale
        other = np.sum([self.values(at, key) for key in keys], axis=0) * scale
        return spreads(other - base, base, self.draw_of())

    @cached_property
    def years(self) -> list[int]:
        """Budget years the horizon touches."""
        return sorted(int(key.year) for key in self.keys if key[:2] == NET[:2] and key.year != "all")

    @property
    def horizon_years(self) -> float:
        """Length of the horizon in years."""
        return self.weeks / WEEKS_PER_YEAR

    # ---- rows of draws ----------------------------------------------------------------------------------------------

    def rows(self, scenario: int) -> list[Row]:
        """One row a draw; the difference from the base is moved towards its mean by what luck explains of it."""
        draw = self.draw_of()
        values = self._values[PLAIN]
        numbers = np.unique(draw) if (draw >= 0).any() else np.arange(len(draw))
        which = draw if (draw >= 0).any() else np.arange(len(draw))
        means = np.array([values[which == n].mean(axis=0) for n in numbers])  # (draws, scenarios, keys)
        rows = means[:, scenario]
        if scenario:
            d = rows - means[:, 0]
            keep = np.sqrt(1.0 - self.luck_share(self.names[scenario - 1]))
            rows = means[:, 0] + d.mean(axis=0) + (d - d.mean(axis=0)) * keep
        return [Row(self.keys, row, self._stocks(row)) for row in rows]

    def luck_share(self, name: str) -> float:
        """Share of the variance of the net cost over draws that luck explains; 0 where knowledge cannot be told."""
        effect = self.effect(name, NET)
        return 0.0 if effect.knowledge_80 is None else effect.noise_share

    def _stocks(self, row: np.ndarray) -> np.ndarray:
        out = np.zeros((len(NAMES), LAST_WEEKS))
        for status in LIVED_STATUSES:
            key = Key("full_time_persons", status, str(self.years[-1]))
            if key in self._at:
                out[NAMES.index(f"stock.{status}")] = row[self._at[key]]
        return out

    @cached_property
    def money(self) -> "pd.DataFrame":
        """Money over time, as `compare` has it, over draws."""
        drawn = bool((self.draw_of() >= 0).any())
        runs = [self.rows(k) for k in range(1 + len(self.others))]
        return money_frame(
            self.base, self.names, self.others, runs, self.weeks, OVER_DRAWS if drawn else OVER_RUNS
        )

    # ---- where weeks went, ceilings ---------------------------------------------------------------------------------

    def split(self, name: str) -> ExitSplit | None:
        """Where the benefit weeks a scenario saved went; None when none were saved beyond the calculation error."""
        change, error = {}, {}
        for status in LIVED_STATUSES:
            effect = self.effect(name, Key("full_time_persons", status, "all"), scale=float(self.weeks))
            change[status], error[status] = effect.mean, effect.calculation_error
        lost = -sum(
            change.values()
        )  # everybody is somewhere: who is not among the residents moved away or died
        change |= {"absent": 0.0, "gone": lost, "reserved": 0.0}
        at = 1 + self.names.index(name)
        keys = [Key("full_time_persons", b, "all") for b in codes.BENEFITS]
        saved = np.sum([self.values(0, key) - self.values(at, key) for key in keys], axis=0)
        whole = spreads(saved, saved, self.draw_of())
        if not whole.mean > max(0.0, np.nan_to_num(whole.calculation_error)):
            return None
        return exit_split(change, error)

    def bound(self, name: str) -> Bound | None:
        """The arithmetic ceiling of a scenario's levers."""
        scenario: Scenario = self.others[self.names.index(name)]
        base = self._values[PLAIN][:, 0]
        known = np.isfinite(base)
        sums, runs = np.where(known, base, 0.0).sum(axis=0), known.sum(axis=0)
        mean = dict(
            zip(self.keys, np.where(runs > 0, sums / np.maximum(runs, 1), np.nan).tolist(), strict=True)
        )
        return bound_of(scenario, mean, self.weeks)

    # ---- what drives it ---------------------------------------------------------------------------------------------

    def strongest_assumption(self, name: str) -> tuple[str, float] | None:
        """The drawn number whose rank goes most with the rank of the effect on net cost, and the rank correlation.

        None when the largest is one that chance alone would give among so many numbers in one case of twenty.
        """
        draw = self.draw_of()
        numbers = np.unique(draw[draw >= 0])
        if len(numbers) < 10:
            return None
        at = 1 + self.names.index(name)
        d = self.values(at, NET) - self.values(0, NET)
        effect = np.array([d[draw == n].mean() for n in numbers])
        first: Mapping[int, dict[str, float]] = {
            pair.draw: self.job.planned.values_of(pair) for pair in reversed(self.pairs[PLAIN])
        }
        levels = self.job.planned.levels_of(self.pairs[PLAIN][0])  # which vary themselves
        names = [n for n in {**ranges(self.base), **levels} if all(n in first[int(k)] for k in numbers)]
        drawn = np.array([[first[int(k)][n] for n in names] for k in numbers])
        if not names or np.ptp(effect) == 0.0:
            return None
        ranks = drawn.argsort(axis=0).argsort(axis=0)
        order = effect.argsort().argsort()
        rho = np.array([np.corrcoef(column, order)[0, 1] for column in ranks.T])
        best = int(np.argmax(np.abs(rho)))
        from statistics import NormalDist

        chance = NormalDist().inv_cdf(1.0 - 0.05 / (2 * len(names))) / np.sqrt(len(numbers) - 1)
        return (names[best], float(rho[best])) if abs(rho[best]) > chance else None
