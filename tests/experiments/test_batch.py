"""Batches that go wrong: runs that raise, workers that die, batches that are killed, and what is left of them."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hanging import hanging

from experiments import anchor
from experiments import chunk as chunk_module
from experiments.batch import START_UP_SECONDS, Batch, Summary
from experiments.chunk import Job, run_chunk
from experiments.draws import row_of
from experiments.engine import chunks_of, execute, place_for, split
from experiments.experiment_file import Experiment, load_experiment
from experiments.plan import Planned
from experiments.provenance import file_hash
from experiments.store import Store
from sim.errors import UserError
from sim.scenario import load

TEXT = """
question: a small town
base: baseline
scenarios: [early_intervention, extra_caseworkers]
pairs: {pairs}
draws: {draws}
weeks: 12
set: ["world.share=0.01"]
"""


def write(folder: Path, pairs: int = 6, draws: str = "none", more: str = "") -> str:
    path = folder / "small.yaml"
    path.write_text(TEXT.format(pairs=pairs, draws=draws) + more)
    return str(path)


def jobs_of(experiment: Experiment) -> list[Job]:
    planned, out = Planned(experiment), []
    for pair in planned.pairs():
        runs = planned.runs(pair)
        places, keys = tuple(run.scenario for run in runs), tuple(run.key for run in runs)
        scenarios = planned.scenarios(pair)
        out.append(
            Job(pair.number, "", pair.draw, pair.seed, planned.values_of(pair), scenarios, places, keys)
        )
    return out


def lived(
    experiment: Experiment, folder: Path, where: str = "inline", **options: float
) -> tuple[Summary, Store]:
    store = Store.create_or_open(folder)
    with store.writing():
        return Batch(experiment, store).run(where, 2, None, **options), store  # type: ignore[arg-type]


def values(store: Store) -> dict[str, list[float]]:
    frame = store.frame().drop(columns="seconds").set_index("key").select_dtypes("number")
    return {str(key): row.tolist() for key, row in frame.iterrows()}


def same(a: dict[str, list[float]], b: dict[str, list[float]]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key], equal_nan=True) for key in a)


# ---- the plan -------------------------------------------------------------------------------------------------------


def test_long_work_is_done_by_processes_unless_said_otherwise() -> None:
    assert [place_for("auto", seconds) for seconds in (3.0, 300.0)] == ["threads", "dask"]
    assert [place_for(where, 300.0) for where in ("inline", "threads", "dask")] == [
        "inline",
        "threads",
        "dask",
    ]


def test_one_pair_in_five_repeats_a_draw(tmp_path: Path) -> None:
    pairs = list(Planned(load_experiment(write(tmp_path, 100, "ranges"))).pairs())
    draws = [pair.draw for pair in pairs]
    assert len({pair.seed for pair in pairs}) == 100
    assert len(set(draws)) > 78 and max(np.bincount(draws)) == 2
    assert draws[:20].count(0) == 2  # spread over the whole: a batch that stops early has its share


def test_draws_of_the_posterior_hold_its_levels_beside_the_ranges_of_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from experiments import calibrated

    ground = calibrated.ground_hash(load("baseline"))
    (tmp_path / "posteriors").mkdir()
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "town.yaml").write_text("targets\n")
    about = {"ground": ground, "targets_hash": file_hash(tmp_path / "targets" / "town.yaml")}
    (tmp_path / "posteriors" / "town.json").write_text(json.dumps(about))
    rows = pd.DataFrame({"search.dagpenge": [0.05, 0.06], "trust.gain": [0.5, 0.6]})
    rows.to_parquet(tmp_path / "posteriors" / "town.parquet")
    monkeypatch.setattr(calibrated, "calibration_folder", lambda: tmp_path)
    plain = Planned(load_experiment(write(tmp_path, 20, "ranges")))
    levels = Planned(load_experiment(write(tmp_path, 20, "posterior")))
    seen = set()
    for old, new in zip(plain.pairs(), levels.pairs(), strict=True):
        assert new == old  # as many draws as pairs: only the levels come round again
        at = row_of(old.draw, 2)
        row = {name: float(rows[name][at]) for name in rows}
        assert levels.values_of(new) == plain.values_of(old) | row
        # What a range is known of is anchored with the draw; a level is laid over the anchor and stays off.
        assert levels.levels_of(new) == {"search.dagpenge": row["search.dagpenge"]}
        assert levels.anchored_of(new) == plain.values_of(old) | {"trust.gain": row["trust.gain"]}
        assert plain.levels_of(old) == {} and plain.anchored_of(old) == plain.values_of(old)
        assert not {run.key for run in levels.runs(new)} & {run.key for run in plain.runs(old)}
        seen.add(at)
    assert seen == {0, 1}
    (tmp_path / "targets" / "town.yaml").write_text("other targets\n")
    with pytest.raises(UserError, match="calibrate TARGETS --keep"):
        Planned(load_experiment(write(tmp_path, 20, "posterior")))


def test_keys_change_with_what_can_change_a_result_and_with_nothing_else(tmp_path: Path) -> None:
    def keys(**options: object) -> set[str]:
        experiment = load_experiment(write(tmp_path, **options))  # type: ignore[arg-type]
        planned = Planned(experiment)
        return {run.key for pair in planned.pairs() for run in planned.runs(pair)}

    first = keys()
    assert len(first) == 18
    assert keys(more="# a comment\n") == first
    assert keys(pairs=4) < first
    assert not keys(draws="ranges") & first
    assert not keys(more="schema: 1\nvariants: {}\n") - first


def test_a_variant_holds_what_it_sets_against_the_draw(tmp_path: Path) -> None:
    more = 'variants:\n  fixed_jobs: ["behaviour.market.posting_response=0"]\n'
    planned = Planned(load_experiment(write(tmp_path, 4, "ranges", more)))
    plain, held = next(planned.pairs()), next(planned.pairs("fixed_jobs"))
    assert "market.posting_response" in planned.values_of(plain)
    assert "market.posting_response" not in planned.values_of(held)
    assert len(planned.values_of(plain)) == len(planned.values_of(held)) + 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("pears: 3\n", r"small.yaml:9:1: unknown key 'pears'.*did you mean 'pairs'"),
        ("where: moon\n", r"small.yaml:9:\d+: unknown name 'moon'"),
        ("recording: week\n", r"small.yaml:9:12: unknown name 'week'"),
        ("stop: {most_pairs: 20}\n", "stop needs 'share_of_knowledge'"),
        (
            'variants: {other: ["behaviour.market.posting=0"]}\n',
            r"small.yaml:9:20: .*'behaviour.market.posting'",
        ),
        ("replicates: 5\n", "replicates 5 must be at most half of the 6 pairs"),
    ],
)
def test_a_wrong_experiment_is_told_with_its_line(tmp_path: Path, more: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        load_experiment(write(tmp_path, more=more))


def test_wrong_names_and_overrides_are_told_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        'base: baseline\nscenarios: [extra_caseworkers, early_interventoin]\nset: [weeks=12, "world.shre=1"]\n'
    )
    with pytest.raises(UserError) as told:
        load_experiment(str(path))
    assert {(problem.line, problem.column) for problem in told.value.problems} == {(2, 32), (3, 17)}
    assert "did you mean 'early_intervention'" in str(told.value)
    assert "did you mean 'share'" in str(told.value) and "--set" not in str(told.value)


def test_check_reads_experiments_too(tmp_path: Path) -> None:
    def check(path: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "jobcenter", "check", path]
        return subprocess.run(command, capture_output=True, text=True)

    assert "(experiment)" in check(write(tmp_path)).stdout
    wrong = check(write(tmp_path, more="pears: 3\n"))
    assert wrong.returncode == 2 and "unknown key 'pears'" in wrong.stdout + wrong.stderr


def test_an_unknown_experiment_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'three_strategies'"):
        load_experiment("three_strategy")


def test_the_forecast_counts_the_anchors_that_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchor, "cache_home", lambda: tmp_path / "cache")
    job = Batch(load_experiment(write(tmp_path, 10, "ranges")), None, set())  # type: ignore[arg-type]
    central = 1 + len(anchor.PREFIX)
    seconds, _ = job.forecast(1)
    draws = len({pair.draw for pair in job.pairs})
    assert 1 < draws < 10 and seconds - START_UP_SECONDS == pytest.approx(
        (30 + central + draws) * job.seconds_per_run()
    )
    plain = anchor.without_levers(job.experiment.worlds[""][0])
    for path in (anchor._central_place(plain), anchor._place(plain, job.planned.values_of(job.pairs[0]))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert job.forecast(1)[0] - START_UP_SECONDS == pytest.approx((30 + draws - 1) * job.seconds_per_run())
    nothing = Batch(load_experiment(write(tmp_path, 10)), None, set())  # type: ignore[arg-type]
    assert nothing.forecast(1)[0] - START_UP_SECONDS == pytest.approx(30 * nothing.seconds_per_run())


# ---- the engine -----------------------------------------------------------------------------------------------------


def test_inline_threads_and_dask_give_equal_values(tmp_path: Path) -> None:
    experiment = load_experiment(write(tmp_path, 4, "ranges"))
    found = {}
    for where in ("inline", "threads", "dask"):
        done = execute(chunks_of(iter(jobs_of(experiment)), 1.0, 3.0), where, 2)
        found[where] = {run.key: list(run.values.values()) for _, chunk in done for run in chunk.kept}
    assert len(found["inline"]) == 12
    assert same(found["inline"], found["threads"]) and same(found["inline"], found["dask"])


def test_a_run_that_raises_on_seed_3_is_one_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = load_experiment(write(tmp_path))
    live = chunk_module._live

    def poisoned(scenario, seed, *rest):  # type: ignore[no-untyped-def]
        if seed == 3 and scenario.name == "early_intervention":
            raise RuntimeError("made to fail")
        return live(scenario, seed, *rest)

    monkeypatch.setattr(chunk_module, "_live", poisoned)
    summary, store = lived(experiment, tmp_path / "store", "threads")
    assert (summary.finished, summary.failed) == (17, 1)
    lost = store.failures()[0]
    assert (lost.scenario, lost.seed, lost.error) == ("early_intervention", 3, "RuntimeError: made to fail")
    assert "poisoned" in lost.traceback
    monkeypatch.undo()
    again, store = lived(experiment, tmp_path / "store")
    assert (again.there, again.finished, again.failed) == (17, 1, 0)
    assert store.failures() == []


def test_a_run_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    job = jobs_of(load_experiment(write(tmp_path, 2)))[0]
    done = run_chunk((job,), limit_seconds=0.0)
    assert not done.kept
    assert [lost.error.split(":")[0] for lost in done.failed] == ["TookTooLong"] * 3


@pytest.mark.slow  # two deaths of a worker, each after twice the limit
def test_a_run_that_hangs_inside_a_week_is_ended_with_its_worker(tmp_path: Path) -> None:
    first, second = jobs_of(load_experiment(write(tmp_path, 2)))[:2]
    bad = replace(first, scenarios=(hanging(first.scenarios[0]),), missing=(0,), keys=first.keys[:1])
    found = [done for _, done in execute(iter([(bad,), (second,)]), "dask", 1, None, 5.0)]
    lost = [run for done in found for run in done.failed]
    assert [run.key for run in lost] == list(bad.keys) and "it hung" in lost[0].error
    # The other chunk may have been in the worker's queue when it died: it comes back whole or in pieces.
    assert {run.key for done in found for run in done.kept} == set(second.keys)


def test_a_chunk_is_split_down_to_one_run(tmp_path: Path) -> None:
    pieces = [tuple(jobs_of(load_experiment(write(tmp_path, 3))))]
    single = []
    while pieces:
        chunk = pieces.pop()
        parts = split(chunk)
        pieces += parts
        if not parts:
            single.append(chunk[0].keys)
    assert len(single) == 9 and all(len(keys) == 1 for keys in single)


# ---- nothing is lost ------------------------------------------------------------------------------------------------


def test_a_second_batch_runs_only_what_is_missing(tmp_path: Path) -> None:
    first, _ = lived(load_experiment(write(tmp_path, 4)), tmp_path / "store")
    assert (first.there, first.finished) == (0, 12)
    second, store = lived(load_experiment(write(tmp_path, 6)), tmp_path / "store")
    assert (second.there, second.finished) == (12, 6)
    third, _ = lived(load_experiment(write(tmp_path, 6, more="# a comment\n")), tmp_path / "store")
    assert (third.there, third.finished) == (18, 0)
    assert len(store.keys()) == 18


def test_the_stop_rule_ends_a_batch_early_and_says_why(tmp_path: Path) -> None:
    more = 'stop: {outcome: gross_operating_spending/all/all, kr: "1000 mio. kr.", most_pairs: 60}\n'
    more += 'variants: {slow_firms: ["behaviour.market.posting_response=0.2"]}\n'
    for where in ("inline", "threads"):  # threads ask for pairs before the first is stored
        folder = tmp_path / where
        experiment = load_experiment(write(tmp_path, more=more))
        summary, store = lived(experiment, folder, where, chunk_seconds=1.0)
        assert "calculation error" in summary.stopped_early
        runs = store.frame(outcomes=[]).groupby("variant").size()
        assert 30 <= runs[""] < 180 and runs["slow_firms"] == runs[""]  # a variant runs as many pairs


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("stop: {outcome: net_cost/all/all, kr: 5}\n", "outcome 'net_cost/all/all' is not known"),
        ("stop: {outcome: meetings/held/all, kr: 5}\n", "'kr' needs an outcome in kroner"),
        ("stop: {share_of_knowledge: 0.1}\n", "with 'draws: none' there is no knowledge"),
    ],
)
def test_a_stop_rule_that_can_never_work_is_refused(tmp_path: Path, more: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        load_experiment(write(tmp_path, more=more))


def test_two_scenarios_that_are_one_are_refused(tmp_path: Path) -> None:
    path = Path(write(tmp_path))
    path.write_text(path.read_text().replace("[early_intervention,", "[baseline, early_intervention,"))
    with pytest.raises(UserError, match="'baseline' and 'baseline' are the same in every value"):
        load_experiment(str(path))


def test_what_is_set_by_hand_is_not_drawn_over(tmp_path: Path) -> None:
    path = Path(write(tmp_path, 4, "ranges"))
    path.write_text(path.read_text().replace('0.01"]', '0.01", "behaviour.market.posting_response=0.5"]'))
    planned = Planned(load_experiment(str(path)))
    assert "market.posting_response" not in planned.values_of(next(planned.pairs()))


def test_a_file_with_few_draws_repeats_them_and_invents_none(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("trust.gain\n0.2\n0.4\n")
    pairs = list(Planned(load_experiment(write(tmp_path, 20, str(tmp_path / "two.csv")))).pairs())
    assert {pair.draw for pair in pairs} == {0, 1}
    assert len({pair.seed for pair in pairs}) == 20


def batch(experiment: str, store: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jobcenter", "batch", experiment, "--out", str(store), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def parts(store: Path) -> list[Path]:
    return [path for path in store.rglob("*.parquet") if not path.name.startswith(".")]


def export(store: Path, to: Path) -> bytes:
    command = [sys.executable, "-m", "jobcenter", "store", "export", str(store), "--csv", str(to)]
    subprocess.run(command, check=True, capture_output=True)
    return to.read_bytes()


def test_a_batch_killed_when_its_first_part_appears_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    experiment = write(tmp_path, 60)
    process = batch(experiment, tmp_path / "killed", "--where", "threads")
    deadline = time.monotonic() + 480  # the model may have to be compiled first, beside other tests that do
    while not parts(tmp_path / "killed"):
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    there = len(Store.open(tmp_path / "killed").keys())
    assert 0 < there < 180
    again = batch(experiment, tmp_path / "killed", "--json")
    out, _ = again.communicate(timeout=480)
    assert again.returncode == 0
    told = json.loads(out)["summary"]
    assert (told["there"], told["finished"]) == (there, 180 - there)
    lived(load_experiment(experiment), tmp_path / "whole")
    assert export(tmp_path / "killed", tmp_path / "a.csv") == export(tmp_path / "whole", tmp_path / "b.csv")


@pytest.mark.slow
def test_a_worker_killed_mid_batch_costs_nothing(tmp_path: Path) -> None:
    experiment = write(tmp_path, 120)
    process = batch(experiment, tmp_path / "store", "--where", "dask", "--workers", "2", "--json")
    deadline = time.monotonic() + 120
    while not parts(tmp_path / "store"):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True
    ).stdout.split()
    workers = [
        pid
        for pid in children
        if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
    ]
    os.kill(int(workers[-1]), signal.SIGKILL)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    told = json.loads(out)["summary"]
    assert (told["finished"], told["failed"]) == (360, 0)
    lived(load_experiment(experiment), tmp_path / "whole", "threads")
    assert same(values(Store.open(tmp_path / "store")), values(Store.open(tmp_path / "whole")))


def test_ctrl_c_keeps_what_was_finished(tmp_path: Path) -> None:
    process = batch(write(tmp_path, 200), tmp_path / "store", "--where", "threads")
    deadline = time.monotonic() + 120
    while not parts(tmp_path / "store"):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on from there" in err.decode()
    assert 0 < len(Store.open(tmp_path / "store").keys()) < 600
