"""Where does one option beat another? A box in what is not known, in plain words, or an honest "cannot be told".

A small tree (CART) is grown on the difference between two options over draws, luck taken out. Its best branch is a box:
*density* is how often the option is better inside, *coverage* how many of all the draws in which it is better lie
inside. Both are counted on draws the tree was not grown on (boxes of trees grown without them, in five parts): counted
on its own draws a box looks better than it is, as it was chosen for that. Nothing is said unless trees grown on
shuffled differences predict draws they have not seen clearly worse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

DEPTH: Final = 2  # conditions a reader can hold in mind
LEAF_SHARE: Final = 0.1  # of the draws, at least, in a box
SHUFFLES: Final = 99
LEVEL: Final = 0.05
FOLDS: Final = 5
CLEAR: Final = 0.05  # an option that wins in fewer draws, or in nearly all, leaves no box to look for
FEWEST: Final = 40  # draws


@dataclass(frozen=True)
class Condition:
    """A parameter above or below a number."""

    parameter: str
    above: bool
    threshold: float
    quantile: float  # of the threshold among the draws


@dataclass(frozen=True)
class Box:
    """Where one option beats another."""

    winner: str
    loser: str
    overall: float  # draws in which the winner is better, of all
    conditions: tuple[Condition, ...]  # empty: nothing can be said
    density: float
    coverage: float
    chance: float  # p-value of the permutation test
    why_not: str  # empty when there is a box


def where_better(
    winner: str,
    loser: str,
    gain: np.ndarray,
    parameters: Mapping[str, np.ndarray],
    shuffles: int = SHUFFLES,
) -> Box:
    """The box in which `winner` beats `loser`. gain: what it is better by, (draws,); parameters: (draws,) each."""
    overall = float((gain > 0).mean())

    def nothing(why: str, chance: float = np.nan) -> Box:
        return Box(winner, loser, overall, (), np.nan, np.nan, chance, why)

    if len(gain) < FEWEST:
        return nothing(f"{len(gain)} draws are too few to look; {FEWEST} are needed")
    if not CLEAR <= overall <= 1.0 - CLEAR:
        return nothing("the same option is better in nearly every draw")
    names = [name for name, values in parameters.items() if np.ptp(values) > 0]
    x = np.column_stack([parameters[name] for name in names])
    chance = _by_chance(x, gain, shuffles)
    if chance > LEVEL:
        return nothing(
            "no tree predicts draws it has not seen better than trees of shuffled draws do; more draws may show it",
            chance,
        )
    conditions, inside = _best_branch(_tree(len(gain)).fit(x, gain), x, gain, names)
    seen = _unseen(x, gain, names)
    density = float((gain[seen] > 0).mean()) if seen.any() else 0.0
    if min(density, (gain[inside] > 0).mean()) <= overall:
        return nothing("the tree finds no branch in which it wins more often than overall", chance)
    coverage = float((gain[seen] > 0).sum() / (gain > 0).sum())
    return Box(winner, loser, overall, conditions, density, coverage, chance, "")


def _tree(draws: int) -> "DecisionTreeRegressor":
    from sklearn.tree import DecisionTreeRegressor

    return DecisionTreeRegressor(
        max_depth=DEPTH, min_samples_leaf=max(5, round(LEAF_SHARE * draws)), random_state=1
    )


def _by_chance(x: np.ndarray, gain: np.ndarray, shuffles: int) -> float:
    """p-value: how often a tree on shuffled gains predicts left-out draws as well as the tree on the real ones."""
    from sklearn.model_selection import KFold, permutation_test_score

    folds = KFold(FOLDS, shuffle=True, random_state=1)
    _, _, p = permutation_test_score(
        _tree(len(gain)), x, gain, cv=folds, n_permutations=shuffles, scoring="r2", random_state=1
    )
    return float(p)


def _unseen(x: np.ndarray, gain: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Which draws lie in the box of a tree that was grown without them, bool (draws,)."""
    from sklearn.model_selection import KFold

    out = np.zeros(len(gain), bool)
    for rest, left in KFold(FOLDS, shuffle=True, random_state=1).split(x):
        conditions, _ = _best_branch(_tree(len(rest)).fit(x[rest], gain[rest]), x[rest], gain[rest], names)
        out[left] = True
        for one in conditions:
            values = x[left, names.index(one.parameter)]
            out[left] &= values > one.threshold if one.above else values <= one.threshold
    return out


def _best_branch(
    tree: "DecisionTreeRegressor", x: np.ndarray, gain: np.ndarray, names: Sequence[str]
) -> tuple[tuple[Condition, ...], np.ndarray]:
    """The leaf with the largest mean gain: its conditions, each parameter once a side, and which draws lie in it."""
    grown, path = tree.tree_, tree.decision_path(x).toarray().astype(bool)
    leaves = np.unique(tree.apply(x))
    leaf = max(leaves, key=lambda one: gain[path[:, one]].mean())
    inside = path[:, leaf]
    found: dict[tuple[str, bool], float] = {}
    for node in np.flatnonzero(path[np.flatnonzero(inside)[0]])[:-1]:
        column, threshold = int(grown.feature[node]), float(grown.threshold[node])
        above = bool((x[inside, column] > threshold).all())
        key = names[column], above
        tighter = max if above else min
        found[key] = tighter(found.get(key, threshold), threshold)
    conditions = tuple(
        Condition(name, above, limit, float((x[:, names.index(name)] <= limit).mean()))
        for (name, above), limit in found.items()
    )
    return conditions, inside


def words(box: Box) -> str:
    """The box as a sentence."""
    head = f"'{box.winner}' beats '{box.loser}' in {100 * box.overall:.0f} % of draws"
    if box.why_not:
        return f"{head}; where, cannot be told: {box.why_not}."
    told = " and ".join(
        f"{one.parameter} is {'above' if one.above else 'below'} {one.threshold:,.3g}"
        f" ({'highest' if one.above else 'lowest'}"
        f" {100 * (1 - one.quantile if one.above else one.quantile):.0f} % of its draws)"
        for one in box.conditions
    )
    return (
        f"{head}, and in {100 * box.density:.0f} % where {told}; {100 * box.coverage:.0f} % of all draws in which it"
        f" is better lie there (both on draws the tree has not seen; trees of shuffled draws do as well"
        f" {100 * box.chance:.1f} % of the time)."
    )
