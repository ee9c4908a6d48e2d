"""`jobcenter calibrate` as a user meets it: what it would take, the verdict on a small town, and what it refuses."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from calibration import over_draws
from calibration.simulate import Simulator
from calibration.target_file import load_targets
from calibration.verdict_file import as_it_stands
from experiments import calibrated
from experiments.provenance import file_hash
from experiments.store import Store
from jobcenter.cli import app

SMALL = ("--set", "world.share=0.05")


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["calibrate", *words])


def test_it_says_beforehand_what_it_will_take(tmp_path: Path) -> None:
    done = call("slagelse_2024", "--quick", "--dry-run", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert "1 not modelled; variants both" in done.output and "0.1 of the municipality" in done.output
    whole = call("slagelse_2024", "--dry-run", "--out", str(tmp_path / "out"))
    assert "variants both, heterogeneity, dependence" in whole.output and "hours" in whole.output
    assert not (tmp_path / "out").exists()


def test_the_verdict_on_the_files_as_they_stand(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    shown = call("slagelse_2024", "--judge", "--runs", "2", *SMALL, "--out", out)
    assert shown.exit_code == 0, shown.output
    assert "ordinary_paid_hours" in shown.output and "not modelled" in shown.output
    assert "within what is allowed" in shown.output and "0.05 of the municipality" in shown.output
    again = call("slagelse_2024", "--judge", "--runs", "2", *SMALL, "--out", out, "--json")
    found = json.loads(again.output)
    assert found["runs"] == 2 and found["stored"] is None and len(found["ground"]) == 64
    assert {row["role"] for row in found["targets"]} == {"fit", "check", "hold"}
    assert found["passes"] in (True, False) and found["not_modelled"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("slagelse_2042",), "did you mean 'slagelse_2024'"),
        (("slagelse_2024", "--variant", "bothe"), "did you mean 'both'"),
        (("slagelse_2024", "--keep", "--quick"), "leave out --quick"),
        (("slagelse_2024", "--keep", "--variant", "dependence"), "a full fit of variant both"),
        (("slagelse_2024", "--judge", "--recover"), "choose one"),
        (("slagelse_2024", "--judge", "--dry-run"), "--judge makes 24 runs"),
        (("slagelse_2024", "--judge", "--keep", *SMALL), "leave out --set"),
        (("slagelse_2024", "--where", "moon"), "allowed are inline, threads"),
        (("slagelse_2024", "--set", "behaviour.search.dagpeng=1"), "did you mean 'dagpenge'"),
    ],
)
def test_what_cannot_be_is_refused(words: tuple[str, ...], told: str) -> None:
    done = call(*words)
    assert done.exit_code == 2 and told in done.stderr


def test_a_draw_is_not_blamed_for_the_luck_of_its_few_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draw of nothing says of every target what the judging runs say, though it has fewer."""
    monkeypatch.setattr(over_draws, "KINDS", {"nothing": ("there is no such number", "nothing")})
    monkeypatch.setattr(over_draws, "SEEDS", 2)
    ready = load_targets("slagelse_2024", SMALL[1:])
    store = Store.create_or_open(tmp_path / "store")
    with store.writing():
        simulator = Simulator(ready, ready.scenario, store)
        central = as_it_stands(simulator, 4)
        (drawn,) = over_draws.under_draws(simulator, "nothing", 1, judging=4)
    assert len(drawn) > 20
    for one, other in zip(drawn, central, strict=True):
        assert one.model == pytest.approx(other.model, rel=1e-9, nan_ok=True)


def test_a_stored_posterior_is_set_against_the_targets_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = load_targets("slagelse_2024", SMALL[1:])
    monkeypatch.setattr(over_draws, "SEEDS", 1)
    assert over_draws.kinds_of(ready.scenario) == ("effects", "all")
    monkeypatch.setattr(calibrated, "calibration_folder", lambda: tmp_path)
    for name in ("targets", "posteriors"):
        (tmp_path / name).mkdir()
    (tmp_path / "targets" / "town.yaml").write_text("targets\n")
    about = {
        "ground": calibrated.ground_hash(ready.scenario),
        "targets_hash": file_hash(tmp_path / "targets" / "town.yaml"),
    }
    (tmp_path / "posteriors" / "town.json").write_text(json.dumps(about))
    pd.DataFrame({"search.dagpenge": [0.02]}).to_parquet(tmp_path / "posteriors" / "town.parquet")
    assert over_draws.kinds_of(ready.scenario) == ("effects", "all", "levels")
    store = Store.create_or_open(tmp_path / "store")
    with store.writing():
        simulator = Simulator(ready, ready.scenario, store)
        central = as_it_stands(simulator, 2)
        (drawn,) = over_draws.under_draws(simulator, "levels", 1, judging=2)
    stock = [one.target.name for one in central].index("dagpenge")
    assert drawn[stock].model > 1.2 * central[stock].model  # fewer find work: no anchor puts that back
    assert (
        "Under 1 draws of the levels from their posterior"
        in over_draws.draw_lines("levels", [drawn], central)[0]
    )


def test_targets_are_set_against_draws_of_what_is_not_known(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    words = ("slagelse_2024", "--judge", "--runs", "2", "--effect-draws", "2", *SMALL, "--out", out)
    shown = call(*words)
    assert shown.exit_code == 0, shown.output
    assert "Under 2 draws of the effects alone" in shown.output
    assert "Under 2 draws of all that is not known" in shown.output
    assert "from their posterior" not in shown.output  # none comes along
    found = json.loads(call(*words, "--json").output)
    first, second = (
        {row["target"]: row.get("model") for row in draw} for draw in found["under_draws_of_all"]
    )
    assert first.keys() == second.keys() and first != second
    effects = [{row["target"]: row.get("model") for row in draw} for draw in found["under_draws_of_effects"]]
    assert first not in effects and len(effects) == 2
    assert call("slagelse_2024", "--effect-draws", "2", "--out", out).exit_code == 2
