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


class Elsewhere:
    """A new environment and an empty working folder, both outside the checkout."""

    def __init__(self, home: Path, with_pip: bool):
        venv.create(home / "environment", with_pip=with_pip)
        self.python = home / "environment" / "bin" / "python"
        self.jobcenter = home / "environment" / "bin" / "jobcenter"
        self.folder = home / "elsewhere"
        self.folder.mkdir()
        # Nothing of this process may let the checkout or another environment shine through.
        hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK")
        self.environment = {name: value for name, value in os.environ.items() if name not in hidden}
        self.environment |= {"PYTHONNOUSERSITE": "1", "JOBCENTER_CACHE": str(home / "cache")}

    def call(self, *command: str | Path, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Runs a command; fails with what it printed when it did not end well."""
        parts = [str(part) for part in command]
        done = subprocess.run(
            parts,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, (
            f"{' '.join(parts)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done

    def site_packages(self) -> Path:
        """Where packages lie in the new environment."""
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        return Path(self.call(self.python, "-c", code).stdout.strip())

    def answers(self) -> None:
        """check and refusion work, with the packaged files and not those of the checkout."""
        where = self.call(self.python, "-c", "import jobcenter, sim; print(jobcenter.__file__, sim.__file__)")
        assert where.stdout.count(str(self.site_packages())) == 2
        # Weeks 1-4 of the ladder: the state pays 80 % of 4,200 + 4,200 + 4,300 kr.
        (self.folder / "history.csv").write_text(HISTORY, encoding="utf-8")
        answer = json.loads(self.call(self.jobcenter, "refusion", "history.csv", "--json").stdout)
        assert (answer["state_oere"], answer["municipal_oere"]) == (1_016_000, 254_000)
        assert str(self.site_packages()) in answer["rules"]["file"]
        self.call(self.jobcenter, "check", "baseline")
        self.call(self.python, "-m", "jobcenter", "--help")

    def runs(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Two weeks are simulated and written."""
        done = self.call(
            self.jobcenter, "run", "baseline", "--weeks", "2", "--out", "out", *more, seconds=900
        )
        assert (self.folder / "out" / "manifest.json").is_file()
        assert list((self.folder / "out").rglob("*.parquet"))
        return done


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


def test_the_wheel_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """The environment holds the wheel and borrows the packages installed here, but not the checkout."""
    new = Elsewhere(tmp_path, with_pip=False)
    new.call(sys.executable, "-m", "pip", "--python", new.python, "install", "--no-deps", wheel)
    # A path in a .pth file is searched, but its own .pth files (an editable checkout) are not read.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (new.site_packages() / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    new.answers()
    new.environment["NUMBA_DISABLE_JIT"] = (
        "1"  # a small world in plain Python is sooner there than compiled code
    )
    new.runs("--set", "world.share=0.005")


@pytest.mark.slow
def test_the_wheel_in_an_empty_environment_with_the_locked_packages(wheel: Path, tmp_path: Path) -> None:
    """As a user installs it: locked packages from the index, then the wheel; the first run says that it compiles."""
    new = Elsewhere(tmp_path, with_pip=True)
    pip = (new.python, "-m", "pip", "--disable-pip-version-check")
    lock = ROOT / "requirements" / "run.txt"
    new.call(*pip, "install", "--quiet", "--require-hashes", "-r", lock, seconds=900)
    new.call(*pip, "install", "--quiet", "--no-deps", wheel)
    new.call(*pip, "check")
    new.answers()
    assert "Compiling" in new.runs().stderr
    assert "Compiling" not in new.runs("--force").stderr
