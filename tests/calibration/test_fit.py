"""The machinery of a fit, on models that cost nothing: what is known must be found, what is not must be said."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from calibration import posterior_file
from calibration.distance import distance
from calibration.emulator import fit_emulator, quadratic_terms
from calibration.fit import QUICK, Effort, Fit, Variant, calibrate, compared, prepared, read_variants
from calibration.fit_report import posterior_frame, report_lines, tables, write_all
from calibration.levels import Level, levels, log_prior, start_of, values_at
from calibration.posterior import STRETCH, Likelihood, Sample, Wave, around, cut_by_box, sample, waves
from calibration.screen import Screening
from calibration.search import Search
from calibration.simulate import Simulator
from calibration.target_file import load_targets
from experiments import calibrated
from experiments.behaviour_file import behaviour_text
from experiments.comparison import WATERMARK
from experiments.draws import Range, read_posterior, shipped_posterior
from experiments.provenance import file_hash
from experiments.store import Store
from sim.errors import UserError
from sim.scenario import load
from sim.scenario.locate import find

FLAT = tuple(Level(f"made.{name}", Range(1.0, 0.0, 2.0, "uniform")) for name in ("a", "b", "c"))
TARGETS = load_targets("slagelse_2024").role("fit")[:3]  # names, tolerances; the values are made up below
COUNTED = np.array([target.value for target in TARGETS])
UNIT = np.array([target.row.tolerance for target in TARGETS])


class Made:
    """Stands for a simulator: targets are a smooth function of two of three levels, with luck."""

    names = tuple(target.name for target in TARGETS)

    def __init__(self, luck: float = 0.1):
        self.luck, self.asked = luck, 0

    def runs(self, points: list, seeds: list) -> np.ndarray:
        out = np.empty((len(points), len(seeds[0]), 3))
        for p, point in enumerate(points):
            a, b, _ = (2 * (point[level.name] / 2.0) - 1 for level in FLAT)
            for s, seed in enumerate(seeds[p]):
                noise = np.random.default_rng(seed).normal(size=3) * self.luck
                away = np.array([a - 0.4, b + 0.3, a + b - 0.1 + 0.2 * (a - 0.4) ** 2])
                out[p, s] = COUNTED + UNIT * (4 * away + noise)
        self.asked += out.shape[0] * out.shape[1]
        return out

    def means(self, points: list, seeds: tuple) -> np.ndarray:
        return self.runs(points, [seeds] * len(points)).mean(axis=1)


def test_the_search_finds_levels_that_were_put_in() -> None:
    search = Search(Made(), FLAT, TARGETS, (1, 2), (0.1 * UNIT) ** 2)
    found = search.surrogate_steps(3, 32, lambda _: None)
    assert found.objective < search.objective(np.zeros((1, 3)), search.model(np.zeros((1, 3))))[0] / 5
    found = search.evolve(found, 12, 8, lambda _: None)
    assert found.t[:2] == pytest.approx([0.4, -0.3], abs=0.05)
    assert [step[0] for step in found.history][-1] == "evolution"


def test_a_point_that_cannot_be_measured_is_worse_than_any_other() -> None:
    search = Search(Made(), FLAT, TARGETS, (1,), np.zeros(3))
    model = np.array([COUNTED, [np.nan, *COUNTED[1:]]])
    assert search.objective(np.zeros((2, 3)), model)[1] > 1e8 > search.objective(np.zeros((2, 3)), model)[0]


def test_the_posterior_holds_the_truth_narrows_what_is_told_and_leaves_what_is_not() -> None:
    likelihood = Likelihood(COUNTED, np.diag((0.3 * UNIT) ** 2))
    found = waves(
        Made(), FLAT, TARGETS, likelihood, np.diag((0.1 * UNIT) ** 2), (64, 64), 800, lambda _: None
    )
    t = found[-1].sample.t
    assert t[:, 0].mean() == pytest.approx(0.4, abs=0.08) and t[:, 1].mean() == pytest.approx(-0.3, abs=0.08)
    width = t.std(axis=0) / FLAT[0].prior_sd
    assert width[0] < 0.3 and width[1] < 0.3 and width[2] > 0.9
    assert (found[-1].high - found[-1].low)[:2].max() < 2.0  # the box has shrunk
    assert found[-1].sample.rhat.max() < 1.1


def test_the_same_seed_gives_the_same_chain() -> None:
    t = np.random.default_rng(1).uniform(-1, 1, (60, 3))
    emulator = fit_emulator(t, COUNTED + UNIT * t, np.eye(3) * 1e-6, UNIT)
    likelihood = Likelihood(COUNTED, np.diag(UNIT**2))
    both = [sample(FLAT, emulator, likelihood, -np.ones(3), np.ones(3), 100, 3).t for _ in range(2)]
    assert (both[0] == both[1]).all()


def test_the_emulator_takes_a_line_a_curve_or_a_process_and_states_its_error() -> None:
    luck = np.random.default_rng(2)
    t = luck.uniform(-1, 1, (150, 2))
    clean = np.column_stack([3 * t[:, 0], t[:, 0] * t[:, 1] * 5, np.sin(5 * t[:, 0]) * 3])
    y = clean + luck.normal(size=clean.shape) * 0.1
    emulator = fit_emulator(t, y, np.eye(3) * 0.01, np.full(3, 0.1))
    assert emulator.kinds[1:] == ("quadratic", "gaussian process")
    fresh = luck.uniform(-1, 1, (200, 2))
    real = np.column_stack([3 * fresh[:, 0], fresh[:, 0] * fresh[:, 1] * 5, np.sin(5 * fresh[:, 0]) * 3])
    missed = np.sqrt(((emulator(fresh) - real) ** 2).mean(axis=0))
    assert missed[:2].max() < 0.05 and missed[2] < 0.3
    assert emulator.cv_error[:2] == pytest.approx([0.1, 0.1], rel=0.25)  # luck
    assert (missed < 2.5 * np.sqrt(np.diag(emulator.error))).all()  # what it says of itself holds
    assert quadratic_terms(t).shape == (150, 1 + 2 + 3)


def test_levels_stay_inside_their_ranges_and_effects_are_refused() -> None:
    scenario = load("slagelse_2024")
    every = levels(scenario)
    assert len(every) > 80 and not [level for level in every if level.name.startswith(("trust.", "effects."))]
    for t in (-1.0, -0.3, 0.0, 0.7, 1.0):
        for level, value in zip(every, values_at(every, np.full(len(every), t)).values(), strict=True):
            assert level.range.low - 1e-12 <= value <= level.range.high + 1e-12
    at_start = values_at(every, start_of(every))
    assert at_start == pytest.approx({level.name: level.range.value for level in every})
    assert log_prior(every[:1], np.array([[1.01]]))[0] == -np.inf
    with pytest.raises(UserError, match="effects come from published trials"):
        levels(scenario, ["measures.after_private_jobready"])
    with pytest.raises(UserError, match="did you mean 'search.dagpenge'"):
        levels(scenario, only=["search.dagpeng"])
    held = load("slagelse_2024", overrides=["behaviour.search.dagpenge=0.04"])
    assert "search.dagpenge" not in {level.name for level in levels(held)}


def test_screening_keeps_the_best_of_every_fit_target() -> None:
    effects = np.array([[8.0, 0.0, 8.0], [0.0, 2.0, 0.0], [9.0, 1.0, 9.0]])
    found = Screening(FLAT, TARGETS, effects, 0)
    assert [level.name for level in found.kept(1)] == ["made.c"]
    assert [level.name for level in found.kept(2)] == ["made.b", "made.c"]  # a moves more, but nothing most
    assert len(found.kept(9)) == 3


def test_the_structural_variants_hold_what_they_are_about() -> None:
    variants = read_variants()
    assert set(variants) == {"both", "heterogeneity", "dependence"}
    fitted = {
        name: {level.name for level in levels(prepared("slagelse_2024", QUICK, variant, ()).scenario)}
        for name, variant in variants.items()
    }
    assert {"search.spread_log", "drift.skill_loss"} <= fitted["both"]
    assert (
        "drift.skill_loss" not in fitted["heterogeneity"] and "search.spread_log" in fitted["heterogeneity"]
    )
    assert "search.spread_log" not in fitted["dependence"] and "drift.skill_loss" in fitted["dependence"]


def test_a_behaviour_file_takes_the_fitted_values_and_nothing_else() -> None:
    text = find("default", "behaviour").read_text(encoding="utf-8")
    changed = behaviour_text(text, {"search.dagpenge": 0.04321, "events.job_loss": 0.0012})
    moved = [(a, b) for a, b in zip(text.splitlines(), changed.splitlines(), strict=True) if a != b]
    assert len(moved) == 2 and all("status: fitted," in b for _, b in moved)
    assert "{value: 0.04321," in moved[0][1]
    with pytest.raises(KeyError, match="search.nobody"):
        behaviour_text(text, {"search.nobody": 1.0})


TINY = Effort("tiny", 0.02, 80, 0, 2, 1, 6, 1, 4, 1, 4, 1, 16, 60, 3)
ONLY = ("events.job_loss", "search.dagpenge")


ROW = 'unit: {unit}, date: "2024", law: "2024", geography: Slagelse, source: counted, status: read, role: fit}}\n'
DAGPENGE = "{definition: full_time_unemployed, arguments: {group: dagpenge}, value: 956, tolerance: 48, "


def small(tmp_path: Path, window: str = "{first: 30, last: 80}", more: str = "") -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"schema: 1\nquestion: Which?\nscenario: slagelse_2024\nwindow: {window}\ntargets:\n"
        + "  dagpenge: " + DAGPENGE + ROW.format(unit="full-time persons")
        + "  hours: {value: 0.07, tolerance: 0.01, not_modelled: no hours, " + ROW.format(unit="share")
        + more
    )  # fmt: skip
    return str(path)


def test_a_calibration_of_a_tiny_town_is_resumed_reported_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = read_variants()["both"]
    targets = prepared(small(tmp_path), TINY, variant, ())
    store = Store.create_or_open(tmp_path / "store")

    def run() -> tuple:
        finished = [0]
        with store.writing():
            fit = calibrate(
                targets, variant, TINY, store, lambda _: None, lambda n: finished.__setitem__(0, finished[0] + n),
                workers=1, only=ONLY,
            )  # fmt: skip
            return fit, len(store.keys())

    first, runs = run()
    again, runs_again = run()
    assert runs == runs_again > 20  # nothing is made twice
    assert first.best.values == again.best.values
    lines = "\n".join(report_lines([first]))
    assert "not modelled" in lines and "no hours" in lines and "0.02 of it simulated" in lines
    assert len(tables([first])["fit"]) == 2
    made = write_all([first], tmp_path / "out", find("default", "behaviour"))
    assert {path.suffix for path in made} == {".txt", ".csv", ".parquet", ".yaml", ".svg", ".png"}
    assert all(path.stat().st_size > 0 for path in made)
    scenario = load("baseline")
    draws = read_posterior(str(tmp_path / "out/posterior_both.parquet"), scenario)
    assert set(draws[0]) == set(ONLY) and len(draws) == len(posterior_frame(first, False))
    wide = read_posterior(str(tmp_path / "out/draws_both.parquet"), scenario)
    assert set(draws[0]) < set(wide[0]) and wide[0]["search.dagpenge"] == draws[0]["search.dagpenge"]

    monkeypatch.setattr(posterior_file, "FOLDER", tmp_path / "posteriors")
    monkeypatch.setattr(calibrated, "calibration_folder", lambda: tmp_path)
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "mine.yaml").write_bytes((tmp_path / "mine.yaml").read_bytes())
    monkeypatch.setattr(posterior_file, "CONVERGED", 0.5)
    with pytest.raises(UserError, match="chains do not tell the same story"):
        posterior_file.store_posterior(first)
    monkeypatch.setattr(posterior_file, "CONVERGED", 100.0)  # sixty steps
    kept = posterior_file.store_posterior(first)
    assert shipped_posterior(scenario) == str(kept)  # the same ground: municipality and behaviour of Slagelse
    assert read_posterior(str(kept), scenario) == draws
    other = load("baseline", overrides=["behaviour.search.dagpenge=0.04"])
    with pytest.raises(UserError, match="no posterior comes along for the behaviour values"):
        shipped_posterior(other)


def test_nobody_to_count_is_told_and_not_dropped(tmp_path: Path) -> None:
    row = (
        "  never: {definition: status_after, arguments: {group: ressourceforloeb, weeks: 60, into: job}, value: 0.04,"
        ' tolerance: 0.02, unit: share, date: "2024", law: "2024", geography: Slagelse, source: counted, status: read,'
        " role: fit}\n"
    )
    variant = read_variants()["both"]
    targets = prepared(small(tmp_path, "{first: 30, last: 60}", row), TINY, variant, ())
    store = Store.create_or_open(tmp_path / "store")
    with store.writing(), pytest.raises(UserError, match="gives no number for never: nobody there to count"):
        calibrate(targets, variant, TINY, store, lambda _: None, lambda _: None, workers=1, only=ONLY)


def test_the_next_round_looks_where_the_posterior_lies_and_beyond_but_never_out_of_the_ranges() -> None:
    t = np.random.default_rng(1).normal([0.9, 0.0], [0.2, 0.02], (4000, 2)).clip(-1, 1)
    points = around(t, 256)
    assert points.shape == (256, 2) and np.abs(points).max() <= 1.0
    assert points[:, 1].std() == pytest.approx(STRETCH * t[:, 1].std(), rel=0.15)
    assert points[:, 0].mean() > 0.7  # folded back at the end of the range, not sent to its other end


def test_a_posterior_cut_by_its_box_is_named() -> None:
    t = np.linspace(0.0, 0.5, 1000)[:, None] * np.ones((1, 3))
    t[:, 1] = 0.25 + 0.05 * np.sin(np.arange(1000))  # well inside
    found = Sample(FLAT, t, np.zeros(1000), np.ones(3), 100.0, 0.3)

    def wave(low: float, high: float) -> Wave:
        return Wave(np.full(3, low), np.full(3, high), Made(), found, 0)  # type: ignore[arg-type]

    assert cut_by_box(wave(0.0, 0.5)) == [FLAT[0].name, FLAT[2].name]
    assert cut_by_box(wave(-0.5, 1.0)) == []


def test_runs_that_fail_are_recorded_and_too_many_end_it(tmp_path: Path) -> None:
    targets = prepared(small(tmp_path), TINY, read_variants()["both"], ())
    store = Store.create_or_open(tmp_path / "store")
    with store.writing():
        simulator = Simulator(targets, targets.scenario, store, "inline")
        beyond = [{"events.job_to_sickness": 0.5 + k / 100} for k in range(4)]  # above its slice of the clock
        with pytest.raises(UserError, match="4 of 4 runs failed; the latest said: .*RuntimeError"):
            simulator.runs(beyond, [[1]] * 4)
        assert len(store.failures()) == 4


def test_the_distance_counts_the_luck_of_the_runs() -> None:
    off = COUNTED + UNIT
    assert distance(off, TARGETS) > distance(off, TARGETS, UNIT**2) > 0


def test_the_watermark_hangs_on_stored_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load("slagelse_2024")
    rows = [
        {"role": "fit", "counted": 1.0, "tolerance": 0.1, "model": 1.0 + off} for off in (0.0,) * 9 + (0.15,)
    ]
    good = {"ground": calibrated.ground_hash(scenario), "targets": rows}
    monkeypatch.setattr(calibrated, "_verdicts", lambda: (good,))
    assert calibrated.watermark(scenario) is None
    assert calibrated.watermark(load("early_intervention@slagelse_2024")) is None  # a lever moves no level
    changed = load("slagelse_2024", overrides=["behaviour.search.dagpenge=0.04"])
    assert calibrated.watermark(changed) == calibrated.watermark(scenario, changed) == WATERMARK
    for spoilt in ({**rows[0], "model": 1.15}, {**rows[0], "model": 1.25}, {**rows[0], "model": None}):
        monkeypatch.setattr(
            calibrated, "_verdicts", lambda spoilt=spoilt: ({**good, "targets": [spoilt, *rows[1:]]},)
        )
        assert calibrated.watermark(scenario) == WATERMARK


def test_the_stored_verdicts_speak_of_the_files_that_come_along() -> None:
    from calibration.verdict_file import FOLDER
    from experiments.calibrated import ground_hash, passes

    for path in FOLDER.glob("*.json"):
        stored = json.loads(path.read_text(encoding="utf-8"))
        again = f"run jobcenter calibrate {stored['name']} --judge --keep"
        targets = load_targets(stored["name"])
        assert stored["targets_hash"] == file_hash(targets.path), f"the target file has changed; {again}"
        assert stored["ground"] == ground_hash(targets.scenario), (
            f"behaviour or municipality has changed; {again}"
        )
        assert stored["passes"] == passes(stored)
        assert {row["name"] for row in stored["targets"]} == {target.name for target in targets.modelled}


def test_a_structure_is_taken_at_its_best_and_near_ones_are_called_alike() -> None:
    def fit(name: str, start: float, best: float) -> Fit:
        return SimpleNamespace(variant=Variant(name, "", ()), start_distance=start, best_distance=best)  # type: ignore[return-value]

    one, two, three = fit("one", 38.6, 57.3), fit("two", 31.7, 37.0), fit("three", 100.8, 34.3)
    said = compared([one, two, three])
    assert said.startswith("Distances two 31.7, three 34.3, one 38.6: nearest two, three;")
    assert "equally well" in compared([two, three]) and compared([one]) == ""
