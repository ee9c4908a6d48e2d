"""Whatever stands in a file, the user gets a sentence with a place, never a Python error."""

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import UserError
from sim.scenario import load

STANDIN = Path(__file__).parent / "standin"
FILES = (
    "more_staff.yaml",
    "town.yaml",
    "municipalities/smallby.yaml",
    "behaviour/default.yaml",
    "behaviour/effects.yaml",
    "law/benefit_rates.yaml",
    "law/contact_plan.yaml",
    "law/transitions.yaml",
    "law/measures.yaml",
)
JUNK = st.sampled_from(
    [
        "",
        None,
        "x",
        "-1",
        "1e400",
        "nan",
        "0",
        "35",
        "35 %",
        "2027-W01",
        "2027-W99",
        "2024-02-30",
        "true",
        "[]",
        "{}",
    ]
) | st.sampled_from(
    ["start+", "start+26", "10 mio. kr.", "1.000,5 kr.", "{{x}}", "%(x)s", "æøå", "..", "*", "null"]
)
VALUES = (
    JUNK | st.lists(JUNK, max_size=2) | st.dictionaries(st.sampled_from(["value", "unit", "from", "x"]), JUNK)
)


def spots(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from spots(value, (*path, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from spots(value, (*path, number))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("junk") / "scenarios"
    shutil.copytree(STANDIN, folder)
    return folder


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_junk_is_answered_in_words(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, data: Any
) -> None:
    monkeypatch.chdir(folder.parent)
    good = (STANDIN / name).read_text(encoding="utf-8")
    tree = copy.deepcopy(yaml.load(good, Loader=yaml.CBaseLoader))
    path = data.draw(st.sampled_from(list(spots(tree))))
    junk = data.draw(VALUES)
    if not path:
        tree = junk
    else:
        node = tree
        for step in path[:-1]:
            node = node[step]
        if isinstance(node, dict) and data.draw(st.booleans()):
            node[data.draw(st.sampled_from(["x", "value", "from", "levers", "extends"]))] = junk
        else:
            node[path[-1]] = junk
    try:
        (folder / name).write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
        scenario = load("more_staff")
        assert scenario.canonical()
    except UserError as wrong:
        assert wrong.problems
        for problem in wrong.problems:
            assert problem.message
            assert problem.file
            assert "\n" not in problem.message
    finally:
        (folder / name).write_text(good, encoding="utf-8")
