"""The wheel works away from the checkout: everything it needs is inside, and the locked packages are enough."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = [name for name in ("sim", "calibration", "experiments", "jobcenter") if (ROOT / name).is_dir()]
HISTORY = """person,iso_week,status,benefit_oere
A,2016-W01,sygedagpenge,420000
A,2016-W02,sygedagpenge,420000
A,2016-W03,self_support,
A,2016-W04,dagpenge,430000
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("jobcenter_sim-*.whl")
    return built


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without what would let the checkout or another environment shine through."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK")
    return {name: value for name, value in os.environ.items() if name not in hidden} | more


def call(folder: Path, environment: dict[str, str], *command: str | Path, seconds: float = 60) -> str:
    """Runs a command in `folder`; what it printed, or a failure that shows it."""
    parts = [str(part) for part in command]
    done = subprocess.run(
        parts, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, (
        f"{' '.join(parts)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    )
    return done.stdout


def refusion_agrees(folder: Path, environment: dict[str, str], jobcenter: Path) -> None:
    """Weeks 1-4 of the ladder: the state pays 80 % of 4,200 + 4,200 + 4,300 kr."""
    (folder / "history.csv").write_text(HISTORY, encoding="utf-8")
    answer = json.loads(call(folder, environment, jobcenter, "refusion", "history.csv", "--json"))
    assert answer["state_oere"] == 1_016_000
    assert answer["municipal_oere"] == 254_000
    assert "site-packages" in answer["rules"]["file"], "the packaged rule set, not one of the checkout"


def test_everything_needed_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
        (metadata,) = (name for name in inside if name.endswith(".dist-info/METADATA"))
        (scripts,) = (name for name in inside if name.endswith(".dist-info/entry_points.txt"))
        assert "jobcenter = jobcenter.cli:main" in archive.read(scripts).decode()
        assert "Requires-Python: >=3.11" in archive.read(metadata).decode()
    files = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    wanted = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    wanted |= {
        f"jobcenter/data/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "scenarios").rglob("*")
        if path.is_file()
    }
    assert wanted <= inside, f"missing from the wheel: {sorted(wanted - inside)}"
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    tops = {name.split("/")[0] for name in inside if ".dist-info/" not in name}
    assert tops == set(PACKAGES), f"packed by mistake: {tops - set(PACKAGES)}"
    assert not [name for name in inside if name.endswith((".pyc", ".nbi", ".nbc"))]


def test_commands_without_a_simulation_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """A new environment that holds the wheel and borrows the packages installed here, but not the checkout."""
    home, elsewhere = tmp_path / "environment", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(home, with_pip=False)
    python, jobcenter = home / "bin" / "python", home / "bin" / "jobcenter"
    environment = clean_environment(PYTHONNOUSERSITE="1")
    call(
        elsewhere, environment, sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel
    )
    site = Path(
        call(
            elsewhere, environment, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"
        ).strip()
    )
    # A path in a .pth file is searched, but its own .pth files (an editable checkout) are not read.
    (site / "borrowed.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    )
    where = call(
        elsewhere, environment, python, "-c", "import jobcenter, sim; print(jobcenter.__file__, sim.__file__)"
    )
    assert where.count(str(site)) == 2
    refusion_agrees(elsewhere, environment, jobcenter)
    call(elsewhere, environment, jobcenter, "check", "baseline")
    call(elsewhere, environment, python, "-m", "jobcenter", "--help")


@pytest.mark.slow
def test_the_wheel_in_an_empty_environment_with_the_locked_packages(wheel: Path, tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "environment", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(home, with_pip=True)
    python, jobcenter = home / "bin" / "python", home / "bin" / "jobcenter"
    environment = clean_environment(PYTHONNOUSERSITE="1", JOBCENTER_CACHE=str(tmp_path / "cache"))
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    lock = ROOT / "requirements" / "run.txt"
    call(elsewhere, environment, *pip, "install", "--quiet", "--require-hashes", "-r", lock, seconds=900)
    call(elsewhere, environment, *pip, "install", "--quiet", "--no-deps", wheel)
    call(elsewhere, environment, *pip, "check")
    refusion_agrees(elsewhere, environment, jobcenter)
    call(elsewhere, environment, jobcenter, "check", "baseline")
    out = elsewhere / "out"
    call(elsewhere, environment, jobcenter, "run", "baseline", "--weeks", "2", "--out", out, seconds=900)
    assert (out / "manifest.json").is_file() and list(out.rglob("*.parquet"))
