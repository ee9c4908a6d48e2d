"""What levers cost in time, as ratios in one run.

    python -m benchmarks.levers [--runs 5] [--share 1.0]

All adults x 260 weeks, one core, warm, recording `outcomes`: the baseline (every channel compiled in, levers off), the
four strategies of experiments/three_strategies.yaml, and every lever at once. Runs take turns, so that a slow minute of
the machine falls on all of them alike. A batch of runs cannot be slower by more than its slowest run.
"""

import argparse
import statistics
import time

from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.scenario import Scenario, load

# Doses of the size a municipality would buy.
EVERYTHING = (
    "levers.staffing={extra_fte: {sickness: 2.0}}",
    "levers.programme={jobstart: {kind: jobstart, groups: [kontanthjaelp_activityready, sho], places_per_year: 100,"
    " intake_every_weeks: 10}, course: {kind: upskilling, groups: [dagpenge, kontanthjaelp_jobready],"
    " places_per_year: 300, assumed_factor: 1.1}, ips: {kind: ips, groups: [kontanthjaelp_activityready,"
    " ressourceforloeb], places_per_year: 60, least_health: severe}, mentor: {kind: mentor,"
    " groups: [uddannelseshjaelp], places_per_year: 100}}",
    "levers.meetings={prepared_share: 0.5}",
    "levers.self_service={freed_share: 0.2, kr_per_year: 1 mio. kr.}",
    "levers.communication={case_minutes_per_week: 0.2, assumed_no_show_factor: 0.9}",
    "levers.assessment={assessors_fte: 2, assumed_misassessed_share: 0.1, fit_too_early_share: 0.1}",
    "levers.belief={groups: [kontanthjaelp_activityready], trained_share: 0.5, assumed_job_factor: 1.1}",
    "levers.health_wait={wait_factor: 1.2, assumed_parallel_factor: 1.05}",
    "levers.mismatch={assumed_applications_factor: 1.1}",
    "levers.companies={consultants_fte: 4, placement_share: 0.6, offers_factor: 1.2, partner_share: 0.05,"
    " assumed_partner_openness: 0.6}",
    "levers.paid_hours={small_job_share: 0.2, hybrid_share: 0.3}",
    "levers.job_dating={groups: [dagpenge], kr_per_year: 1 mio. kr., assumed_applications_factor: 1.05}",
    "levers.retention={kr_per_year: 1 mio. kr., assumed_job_loss_factor: 0.9}",
    "levers.staff_shock={from: start+60, resign_fte: {activityready: 5}}",
    "levers.priority={by: municipal_saving}",
)
STRATEGIES = ("early_intervention", "one_caseworker", "early_and_one_caseworker", "extra_caseworkers")


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    world = f"world.share={options.share}"
    scenarios: dict[str, Scenario] = {
        name: load(name, overrides=[world]) for name in ("baseline", *STRATEGIES)
    }
    scenarios["every lever at once"] = load("early_and_one_caseworker", overrides=[world, *EVERYTHING])
    start = starting_state(scenarios["baseline"], 1)
    times: dict[str, list[float]] = {name: [] for name in scenarios}
    for turn in range(options.runs + 1):
        for name, scenario in scenarios.items():
            model = JobcenterModel(scenario, 1, state=start.copy())
            begin = time.process_time()
            model.run(4 if turn == 0 else None)  # the first turn loads every kernel
            if turn:
                times[name].append(time.process_time() - begin)
    first = scenarios["baseline"]
    residents = round(first.municipality.population.residents_16_66 * options.share)
    print(f"{residents:,} adults x {first.weeks} weeks, {options.runs} runs each in turn, one core, median")
    print(f"{'':28}{'ns per citizen-week':>20}{'least':>8}{'ratio':>8}")
    off = statistics.median(times["baseline"])
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        each = 1e9 / first.weeks / residents
        label = "levers off" if name == "baseline" else name
        print(f"{label:28}{middle * each:20.1f}{min(seconds) * each:8.1f}{middle / off:8.2f}")


if __name__ == "__main__":
    main()
