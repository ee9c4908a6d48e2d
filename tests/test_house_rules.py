"""Rules of the house that no type checker sees: which way imports point, where chance comes from, units, names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = (
    "sim",
    "experiments",
    "calibration",
    "jobcenter",
)  # each may import itself and what stands before it
SOURCES = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]
CODE = SOURCES + [
    path for folder in ("tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))
]
LONGEST_FILE = 450

# `jobcenter check`, `refusion` and `schema` answer at once: what they load must not pull these in.
HEAVY = {"numba", "mesa", "pandas", "matplotlib", "scipy", "SALib", "pyarrow", "jinja2"}
LIGHT = (
    "sim/law",
    "sim/scenario",
    "sim/codes.py",
    "sim/calendar.py",
    "sim/errors.py",
    "sim/money/amounts.py",
)

# Numbers of streams are part of every draw: add at the end, never change, move or remove.
STREAMS_SO_FAR = """
    traits career_start clock_gap clock_event exit destination career_job absence resignation caseworker_quality
    assignment attendance queue_tie exemption assessment referral placement_company placement_open own_request posting
    lapse search search_company search_vacancy competitors ranking acceptance repost health arrival trial_arm
    revaluation measure_queue openness company retention follow handover reorganisation
""".split()


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every imported module with its line, also inside functions; `from a import b` counts as a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import; write the module's full name"
            yield node.lineno, node.module or ""
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def dotted(node: ast.AST) -> str:
    """`np.random.default_rng` of an attribute chain, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def under(path: Path, places: tuple[str, ...]) -> bool:
    return any(name_of(path) == place or name_of(path).startswith(f"{place}/") for place in places)


def test_there_are_sources() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} >= {"sim", "jobcenter"}
    assert len(SOURCES) > 30


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_one_way(layer: str) -> None:
    above = set(LAYERS[LAYERS.index(layer) + 1 :]) | {"tests", "benchmarks"}
    wrong = [
        f"{name_of(path)}:{line} imports {module}"
        for path in sorted((ROOT / layer).rglob("*.py"))
        for line, module in imported(tree_of(path))
        if module.split(".")[0] in above
    ]
    assert not wrong, "\n".join(wrong)


def test_one_door_to_numba() -> None:
    wrong = [
        f"{name_of(path)}:{line}"
        for path in SOURCES
        for line, module in imported(tree_of(path))
        if module.split(".")[0] in ("numba", "llvmlite") and name_of(path) != "sim/compiled.py"
    ]
    assert not wrong, f"import numba only in sim/compiled.py: {wrong}"


def loads_at_import(path: Path, seen: set[Path]) -> Iterator[tuple[str, str]]:
    """Modules loaded when `path` is imported, through all of our own modules; imports inside functions do not count."""
    seen.add(path)
    nodes = list(tree_of(path).body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        nodes += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for _, module in imported(node):
            yield name_of(path), module
            if module.split(".")[0] in LAYERS:
                for found in (
                    ROOT / f"{module.replace('.', '/')}.py",
                    ROOT / module.replace(".", "/") / "__init__.py",
                ):
                    if found.exists() and found not in seen:
                        yield from loads_at_import(found, seen)


@pytest.mark.parametrize("path", [path for path in SOURCES if under(path, LIGHT)], ids=name_of)
def test_law_and_scenario_files_load_nothing_heavy(path: Path) -> None:
    wrong = [
        f"{where} imports {module}"
        for where, module in loads_at_import(path, set())
        if module.split(".")[0] in HEAVY
    ]
    assert not wrong, "\n".join(wrong)


def test_chance_has_one_source() -> None:
    """No other random numbers in the model, and no clock or process number that could serve as a seed."""
    modules = {"random", "secrets", "uuid", "numpy.random", "scipy.stats"}
    names = re.compile(
        r"^(np|numpy)\.random\b|^time\.time(_ns)?$|^os\.(urandom|getpid)$|^datetime\.(datetime\.)?(now|today)$"
    )
    wrong = []
    for path in (ROOT / "sim").rglob("*.py"):
        if name_of(path) == "sim/chance.py":
            continue
        tree = tree_of(path)
        wrong += [
            f"{name_of(path)}:{line} imports {module}" for line, module in imported(tree) if module in modules
        ]
        wrong += [
            f"{name_of(path)}:{node.lineno} calls {dotted(node.func)}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and names.match(dotted(node.func))
        ]
    assert not wrong, "\n".join(wrong)


def test_streams_are_only_added_at_the_end() -> None:
    from sim.chance import STREAMS

    assert list(STREAMS[: len(STREAMS_SO_FAR)]) == STREAMS_SO_FAR
    assert len(set(STREAMS)) == len(STREAMS)
    assert len(STREAMS) == len(STREAMS_SO_FAR), "new streams: add them to STREAMS_SO_FAR, then they are fixed"


def test_real_numbers_are_float64() -> None:
    """float32 loses whole persons and øre in sums over a municipality."""
    short = re.compile(r"\b(float32|float16|single|half|['\"]f[24]['\"])")
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in (ROOT / "sim").rglob("*.py")
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in ("float32", "float16", "single", "half"))
        or (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and short.fullmatch(f"'{node.value}'")
        )
        or (isinstance(node, ast.Constant) and node.value in ("float32", "float16"))
    ]
    assert not wrong, f"float32 in the model: {wrong}"


@pytest.mark.parametrize("path", [path for path in SOURCES if name_of(path).startswith("sim/")], ids=name_of)
def test_everything_public_in_the_model_says_what_it_is(path: Path) -> None:
    tree = tree_of(path)
    wrong = [] if ast.get_docstring(tree) else ["the file itself"]
    wrong += [
        f"{node.name}, line {node.lineno}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not wrong, f"{name_of(path)}: no docstring: {'; '.join(wrong)}"


def test_weekly_columns_have_unit_and_meaning() -> None:
    from sim.records import weekly

    columns = weekly.COLUMNS
    assert len({column.name for column in columns}) == len(columns) > 50
    for column in columns:
        assert column.unit.strip() and column.meaning.strip(), column
        assert "{" not in column.meaning, f"{column.name}: the meaning was not filled in"


def test_files_stay_short() -> None:
    long = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    long = {name: lines for name, lines in long.items() if lines > LONGEST_FILE}
    assert not long, f"longer than {LONGEST_FILE} lines: {long}"


def test_no_path_of_one_machine() -> None:
    """Text that travels (code, scenarios, docs) names no folder of the machine it was written on."""
    home = re.compile(r"(?<![\w.~}])/(root|tmp|work|home|Users|mnt|opt)/\w")
    endings = {".py", ".yaml", ".yml", ".toml", ".md", ".csv", ".txt", ".html", ".j2", ""}
    places = [*LAYERS, "tests", "benchmarks", "scenarios", "docs", "requirements", ".ci"]
    files = [
        path
        for place in places
        for path in (ROOT / place).rglob("*")
        if path.suffix in endings and path.is_file()
    ]
    files += [ROOT / name for name in ("Makefile", "README.md", "CHANGELOG.md", "pyproject.toml")]
    wrong = [
        f"{name_of(path)}:{number}: {line.strip()[:80]}"
        for path in files
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if home.search(line)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*")), ids=lambda path: path.name)
def test_locks_record_no_index(path: Path) -> None:
    """A lock with addresses works in one network only."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links|--trusted-host", text)
    if path.suffix == ".txt":
        pinned = re.findall(r"^([\w.-]+)==\S+(?: ;.*?)? \\\n    --hash=sha256:", text, re.M)
        assert len(pinned) == len(re.findall(r"^[\w.-]+\s*[=<>~@]", text, re.M)) > 20, (
            "a package without pin or hash"
        )


def test_run_time_packages_are_locked_and_the_same_for_development() -> None:
    import tomllib

    def pins(name: str) -> dict[str, str]:
        return dict(
            re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements" / name).read_text(encoding="utf-8"), re.M)
        )

    run, dev = pins("run.txt"), pins("dev.txt")
    assert run.items() <= dev.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for wanted, locked in ((project["dependencies"], run), (project["optional-dependencies"]["dev"], dev)):
        missing = {re.split(r"[<>=]", item)[0] for item in wanted} - set(locked)
        assert not missing, f"in pyproject.toml but not locked (make lock): {missing}"


def test_nothing_is_left_for_later() -> None:
    """What is unfinished is said to the user or in the docs, not in a note inside the code."""
    left = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    wrong = [
        f"{name_of(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if left.search(line)
    ]
    assert not wrong, wrong


def test_evidence_named_in_scenarios_is_in_the_packaged_facts() -> None:
    import csv

    with (ROOT / "jobcenter/data/facts/evidence.csv").open(encoding="utf-8", newline="") as file:
        known = {row["id"] for row in csv.DictReader(file)}
    named = {
        (name_of(path), found)
        for path in (ROOT / "scenarios").rglob("*.yaml")
        for found in re.findall(r"\bEV\d+\b", path.read_text(encoding="utf-8"))
    }
    assert named, "no scenario file names any evidence"
    unknown = sorted(f"{file}: {found}" for file, found in named if found not in known)
    assert not unknown, unknown


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    lost = [link for link in links if link and not (page.parent / link).exists()]
    assert not lost, f"{name_of(page)}: {lost}"


def test_the_readme_names_every_command_and_only_those() -> None:
    from jobcenter.cli import command_names

    named = set(re.findall(r"`jobcenter ([\w-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named == set(command_names())


def test_the_demo_compares_scenarios_there_are() -> None:
    (names,) = re.findall(r"^DEMO := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    missing = [name for name in names.split() if not (ROOT / "scenarios" / f"{name}.yaml").is_file()]
    assert not missing and len(names.split()) >= 5
