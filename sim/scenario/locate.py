"""What a name stands for: a path, a file beside the one that names it, one in ./scenarios, one that came packaged."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from sim.errors import UserError
from sim.scenario.yaml_tree import nearest

SUFFIXES = (".yaml", ".yml")


@lru_cache(maxsize=1)
def packaged() -> Path:
    """The scenarios that came with the program: inside the wheel, or beside the code in a checkout."""
    # The layer above is only asked where it lies; importing it from here would turn the layers round.
    spec = find_spec("jobcenter")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        inside = Path(folder) / "data" / "scenarios"
        if inside.is_dir():
            return inside
    return Path(__file__).resolve().parents[2] / "scenarios"


def folders(kind: str = "", beside: Path | None = None) -> list[Path]:
    """Folders searched for a kind of file ('', 'municipalities', 'law', ...), first found wins."""
    bases = [Path("scenarios"), packaged()]
    if beside is not None:
        bases.insert(0, beside)
    return [base / kind for base in bases]


def find(name: str, kind: str = "", beside: Path | None = None) -> Path:
    """The file a name stands for. `beside` is the folder of the file that names it.

    Raises UserError with the nearest known name when there is none.
    """
    direct = Path(name)
    for path in (direct, *([beside / direct] if beside else [])):
        if path.suffix in SUFFIXES and path.is_file():
            return path
    if direct.suffix in SUFFIXES:
        raise UserError(f"{name}: no such file")
    for folder in folders(kind, beside):
        path = folder / f"{name}.yaml"
        if path.is_file():
            return path
    what = {"": "scenario", "municipalities": "municipality", "behaviour": "behaviour file"}.get(
        kind, f"{kind} file"
    )
    looked = ", ".join(dict.fromkeys(str(folder) for folder in folders(kind, beside)))
    here = Path(f"{name}.yaml")
    remedy = f"write {here} for the file in this folder" if here.is_file() else "a path works too"
    raise UserError(
        f"no {what} is called '{name}'{nearest(name, known(kind, beside))} (looked in {looked}; {remedy})"
    )


def known(kind: str = "", beside: Path | None = None) -> list[str]:
    """Names that can be used without a path."""
    names = {path.stem for folder in folders(kind, beside) for path in folder.glob("*.yaml")}
    return sorted(names - {"effects"} if kind == "behaviour" else names)
