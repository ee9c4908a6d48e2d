"""Draws the picture of the README from a real comparison: `python docs/figures/draw.py [runs]` (20 if not said).

The picture is the `overview` figure of `experiments/figures.py`: people and money of the strategies of `make demo`.
"""

import sys
from pathlib import Path

from experiments import figures
from experiments.compare import compare
from experiments.figure_style import svg
from sim.scenario import load

BASE = "baseline"
STRATEGIES = ("early_intervention", "one_caseworker", "early_and_one_caseworker", "extra_caseworkers")


def main(runs: int) -> None:
    """Runs the comparison and writes overview.svg beside this file."""
    comparison, stopped = compare(load(BASE), [load(name) for name in STRATEGIES], range(1, runs + 1))
    if stopped:
        raise SystemExit("Stopped before all runs were finished; the picture is unchanged.")
    label = "Slagelse: people on support and the municipality's net spending, difference from the baseline"
    path = Path(__file__).parent / "overview.svg"
    path.write_text(
        svg(figures.overview(comparison), "overview", label) + "\n", encoding="utf-8", newline="\n"
    )
    print(f"{path.name}: {path.stat().st_size:,} bytes from {runs} paired runs")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
