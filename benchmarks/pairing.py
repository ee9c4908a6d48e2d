"""How much of the variance of an effect pairing removes, by year: 1 - Var(d) / (Var(a) + Var(b)).

    python -m benchmarks.pairing [--seeds 8] [--share 1.0]

A change of code that raises Var(d) by a quarter is a regression: compare two printouts made with the same arguments.
"""

import argparse

import numpy as np

from sim.codes import BENEFITS
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.scenario import load

STRATEGIES = ("early_intervention", "one_caseworker", "extra_caseworkers")


def support_by_year(name: str, seed: int, share: float) -> np.ndarray:
    """Mean number of people on support in each year of the horizon, pension and fleksjob apart: float64 (years,)."""
    scenario = load(name, overrides=[f"world.share={share}"])
    model = JobcenterModel(scenario, seed, state=starting_state(scenario, seed).copy())
    result = model.run().result()
    apart = ("fleksjob", "foertidspension")
    total = sum(result.column(f"stock.{benefit}") for benefit in BENEFITS if benefit not in apart)
    years = result.year_of_week()
    return np.array([np.asarray(total)[years == year].mean() for year in sorted(set(years))])


def main() -> None:
    """Prints one line a strategy and year."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    base = np.array([support_by_year("baseline", seed, options.share) for seed in seeds])
    for name in STRATEGIES:
        other = np.array([support_by_year(name, seed, options.share) for seed in seeds])
        difference = (other - base).var(axis=0, ddof=1)
        apart = base.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)
        shares = " ".join(f"{1 - d / a:6.1%}" for d, a in zip(difference, apart, strict=True))
        spreads = " ".join(f"{d:8.1f}" for d in difference)
        print(f"{name:24s} variance removed by year {shares}   Var(d) {spreads}")


if __name__ == "__main__":
    main()
