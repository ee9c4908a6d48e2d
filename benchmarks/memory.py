"""Memory and time of one run of a very large municipality, above what the warm process takes.

    python -m benchmarks.memory [--adults 1000000] [--weeks 52]

Slagelse enlarged: residents, companies, jobs, posts and budgets in proportion. A first process compiles. Then two, each
warm first (a small town lived): one makes the start and keeps it in the cache, the other finds it there and lives the
weeks. Counted is the peak of resident memory above the peak of the warm process.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace

from sim.scenario import Scenario, load


def enlarged(adults: int, weeks: int) -> Scenario:
    """The baseline with another number of adults and everything that goes with them."""
    base = load("baseline", overrides=[f"weeks={weeks}"])
    town = base.municipality
    factor = adults / town.population.residents_16_66
    births = round(town.population.birth_cohort_per_year * factor)
    workplaces = round(town.companies.workplaces * factor)
    jobs = round(town.companies.jobs * factor)
    teams = {
        name: team.model_copy(update={"fte": team.fte * factor}) for name, team in town.staff.teams.items()
    }
    posts = ("company_consultants_fte", "mentors_fte", "managers_fte", "administration_fte")
    staff = {"teams": teams, **{name: getattr(town.staff, name) * factor for name in posts}}
    budgets = {
        pot: budget.model_copy(update={"kr_per_year": budget.kr_per_year * factor})
        for pot, budget in town.budgets.items()
    }
    larger = {
        "population": town.population.model_copy(
            update={"residents_16_66": adults, "birth_cohort_per_year": births}
        ),
        "companies": town.companies.model_copy(update={"workplaces": workplaces, "jobs": jobs}),
        "staff": town.staff.model_copy(update=staff),
        "budgets": budgets,
    }
    return replace(base, municipality=town.model_copy(update=larger))


def peak_mb() -> float:
    """Most resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def live(adults: int, weeks: int, what: str) -> None:
    """In a process of its own: warm up, then make the start or run from it."""
    from experiments.run import run_one
    from sim.population.history import starting_state

    run_one(load("baseline", overrides=["world.share=0.02", f"weeks={weeks}"]), None, 1)
    if what == "compile":
        return
    scenario, warm = enlarged(adults, weeks), peak_mb()
    clock, processor = time.perf_counter(), time.process_time()
    if what == "start":
        starting_state(scenario, 1)
    else:
        run_one(scenario, None, 1)
    print(
        f"{what}: {adults:,} adults{'' if what == 'start' else f' x {weeks} weeks'}: {peak_mb() - warm:.0f} MB above"
        f" {warm:.0f} of the warm process; {time.perf_counter() - clock:.1f} s"
        f" ({time.process_time() - processor:.1f} processor)",
        flush=True,
    )


def main() -> None:
    """Prints a line for the start and one for the run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--adults", type=int, default=1_000_000)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--only", choices=("compile", "start", "run"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        live(options.adults, options.weeks, options.only)
        return
    size = ["--adults", str(options.adults), "--weeks", str(options.weeks)]
    with tempfile.TemporaryDirectory() as cache:
        for what in ("compile", "start", "run"):
            subprocess.run(
                [sys.executable, "-m", "benchmarks.memory", *size, "--only", what],
                env={**os.environ, "JOBCENTER_CACHE": os.environ.get("JOBCENTER_CACHE", cache)},
                check=True,
            )


if __name__ == "__main__":
    main()
