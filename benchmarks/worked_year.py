"""The planner's year in the worked municipality: from the empty workbook to what a follow-up says of three worlds.

    python -m benchmarks.worked_year [--factor 3] [--pairs 64] [--towns 12] [--out results/worked_year]
    python -m benchmarks.worked_year --slagelse [--pairs 100] [--towns 12] [--out results/slagelse_year]

A provider promises `--factor` times as many in work for half a year after a course of four weeks: a typed assumption.
Half of all new spells are drawn by lot as control group. The plan is frozen from `--pairs` pairs with draws of what is
not known. Towns with draws and luck the plan has not seen then live three worlds: all works; the posts are never filled
and the course never held; posts and course are there and the course does nothing. Their months are written as a
municipality would write them, and followed up with and without the control group. With `--slagelse` the plan is
the shipped early intervention in all of Slagelse, without a control group; one world has its posts, not its meetings.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.anchor import anchored
from experiments.chunk import under
from experiments.experiment_file import load_experiment
from experiments.plan import Planned
from experiments.run import run_one
from jobcenter.planner.actuals import read_actuals
from jobcenter.planner.arms import COLUMNS, lived
from jobcenter.planner.follow_up import follow_up
from jobcenter.planner.follow_up_series import FLOWS, monthly, weeks_in, with_posts
from jobcenter.planner.plan import Judge, Plan, read_plan
from sim.population.history import starting_state
from sim.scenario import Scenario, load

COURSE = """\
question: "Kursus på fire uger, der lover {factor:g} gange så mange i job"
extends: worked
levers:
  programme:
    course:
      kind: external_provider
      groups: [dagpenge, kontanthjaelp_jobready]
      places_per_year: 1800
      intake_every_weeks: 1
      chosen_by: newest
      weeks: 4
      price_kr: 6800 # four weeks at the workbook's price of a course week
      extra_fte: {{dagpenge_jobready: 4}}
      assumed_factor: {factor:g}
trial:
  lever: programme
  groups: [dagpenge, kontanthjaelp_jobready]
  size: 20000 # more than come: the lot gives half of them
  start: 2027-W01
  enrol_weeks: 209
  intake: new_spells
"""
POSTS_ONLY = """\
question: The posts of early intervention without its meetings
extends: baseline
levers:
  staffing:
    extra_fte: {dagpenge_jobready: 6}
"""
EXPERIMENT = """\
question: "{question}"
base: {base}
scenarios: [{scenario}]
pairs: {pairs}
weeks: 209
"""
WORKS = "all works"
UNSEEN = 10_000  # draws and seeds from here on belong to no plan
LOOKS = (6, 12, 18, 24)


def command(*words: str) -> None:
    """Runs a command as a planner would type it, and says how long it took."""
    print(f"$ jobcenter {' '.join(words)}", flush=True)
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "jobcenter", *words], check=True)
    print(f"  {time.perf_counter() - begin:.1f} s", flush=True)


def towns(plan: Plan, worlds: Mapping[str, Scenario], n: int) -> Iterator[dict[str, dict[str, np.ndarray]]]:
    """Town by town the months of its worlds, all with the same luck; in the first nothing was done."""
    base, trial = next(iter(worlds.values())), worlds[WORKS].trial
    planned = Planned(replace(load_experiment("question.yaml", n), first=UNSEEN))
    weeks = round(max(LOOKS) * 365.2425 / 12 / 7) + 1
    for pair in planned.pairs():
        values = anchored(base, planned.values_of(pair))
        drawn = {world: under(one, base, values).for_weeks(weeks) for world, one in worlds.items()}
        start, months = starting_state(drawn[WORKS], pair.seed), {}
        for world, scenario in drawn.items():
            if trial is None:
                months[world] = monthly(run_one(scenario, None, pair.seed), plan.groups)
            else:
                result, arms = lived(scenario, trial, pair.seed, start.copy())
                months[world] = {**monthly(result, plan.groups), **arms}
        alone = next(iter(months.values()))
        yield {world: with_posts(found, alone)[0] for world, found in months.items()}


def written(path: Path, plan: Plan, seen: Mapping[str, np.ndarray], months: int) -> Path:
    """The first months as a municipality counts them: flows by the month of the calendar."""
    rows = [",".join(("month", *seen))]
    for k, month in enumerate(plan.months[:months]):
        counted = (v[k] * (weeks_in(month) if s in FLOWS else 1.0) for s, v in seen.items())
        rows.append(",".join((month, *(f"{max(value, 0.0):.3f}" for value in counted))))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def said(judge: Judge, path: Path) -> str:
    """What the follow-up of a file says: its verdict, or the link that broke."""
    found = follow_up(judge, read_actuals(path, judge.plan))
    return (found.broken or "link unknown") if found.verdict == "behind" else found.verdict


def worked(factor: float, pairs: int) -> dict[str, Scenario]:
    """From the empty workbook to the worlds of the worked municipality."""
    command("new", "template", "--example", "--out", "example.xlsx", "--force")
    command("new", "municipality", "worked", "--from", "example.xlsx", "--force")
    Path("course.yaml").write_text(COURSE.format(factor=factor), encoding="utf-8")
    ask = EXPERIMENT.format(
        question="Skal kommunen købe kurset?", base="worked", scenario="course.yaml", pairs=pairs
    )
    Path("question.yaml").write_text(ask, encoding="utf-8")
    nothing = load("course.yaml", overrides=["levers.programme.course.assumed_factor=1.0"])
    return {"no staff": load("worked"), WORKS: load("course.yaml"), "no effect": nothing}


def slagelse(pairs: int) -> dict[str, Scenario]:
    """The shipped early intervention, and its posts alone."""
    Path("posts_only.yaml").write_text(POSTS_ONLY, encoding="utf-8")
    ask = EXPERIMENT.format(
        question="Tidlig indsats?", base="baseline", scenario="early_intervention", pairs=pairs
    )
    Path("question.yaml").write_text(ask, encoding="utf-8")
    return {
        "no staff": load("baseline"),
        WORKS: load("early_intervention"),
        "no meetings": load("posts_only.yaml"),
    }


def main() -> None:
    """Prints the commands, their times and the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--factor", type=float, default=3.0)
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--towns", type=int, default=12)
    parser.add_argument("--slagelse", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("results/worked_year"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    os.chdir(given.out)
    worlds = slagelse(given.pairs) if given.slagelse else worked(given.factor, given.pairs)
    command("batch", "question.yaml", "--out", "store")
    command("report", "store", "--lang", "da")
    Path("plan.json").unlink(missing_ok=True)
    command("plan", "freeze", "store", "--months", "24", "--out", "plan.json")
    plan = read_plan(Path("plan.json"))
    judge, table, alarms = Judge(plan), Counter[tuple[str, int, str]](), 0
    for number, town in enumerate(towns(plan, worlds, given.towns)):
        for world, months in town.items():
            for with_control in (True, False) if COLUMNS[0] in months else (True,):
                seen = {s: v for s, v in months.items() if with_control or s not in COLUMNS}
                name = world if with_control else f"{world}, no control group"
                told = [
                    said(judge, written(Path(f"{world.replace(' ', '_')}_{number}.csv"), plan, seen, upto))
                    for upto in LOOKS
                ]
                table.update((name, upto, one) for upto, one in zip(LOOKS, told, strict=True))
                alarms += world == WORKS and with_control and told[-1].startswith(("no_", "link"))
    for name, upto in dict.fromkeys(key[:2] for key in sorted(table)):
        cells = [f"{one} {n}" for (a, b, one), n in sorted(table.items()) if (a, b) == (name, upto)]
        print(f"{name:32}{upto:3} months  {', '.join(cells)}")
    print(f"Behind though all works: {alarms} of {given.towns}; stated {judge.false_alarm:.1%}.")


if __name__ == "__main__":
    main()
