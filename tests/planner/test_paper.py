"""The committee paper from a stored batch of a small town: three files, two languages, nothing leaks."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest
from typer.testing import CliRunner

from experiments.batch import Batch, Summary
from experiments.experiment_file import load_experiment
from experiments.store import Store
from experiments.stored import NET, Stored
from jobcenter.cli import app
from jobcenter.planner import soem
from jobcenter.planner.blocks import Table
from jobcenter.planner.opened import opened
from jobcenter.planner.paper import Page, paper
from jobcenter.planner.paper_appendix import _field_source
from jobcenter.planner.reconcile import Line, Reconciliation
from jobcenter.planner.words import Words, read_words
from jobcenter.planner.writers import html, pdf, write_paper
from sim import policies as levers
from sim.errors import UserError
from sim.records.outcomes import Key
from sim.scenario import load

EXPERIMENT = """
question: Hvad giver to indsatser?
base: baseline
scenarios: [early_intervention, extra_caseworkers]
pairs: 12
draws: ranges
replicates: 2
weeks: 60
set: [world.share=0.02]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("paper")
    (place / "two.yaml").write_text(EXPERIMENT, encoding="utf-8")
    store = Store.create_or_open(place / "store")
    with store.writing():
        Batch(load_experiment(str(place / "two.yaml")), store).run(
            "threads", 2, command=f"jobcenter batch {place / 'two.yaml'} --out {place / 'store'}"
        )
    return place


@pytest.fixture(scope="module")
def stored(folder: Path) -> Stored:
    return Stored(opened(str(folder / "store")))


def test_numbers_are_those_of_the_batch(stored: Stored) -> None:
    """The same spreads as `jobcenter batch` prints, whichever way they are read."""
    for name, effect in stored.job.effects("/".join(NET)).items():
        assert stored.effect(name, NET) == effect
    page = Page(stored, Words("da"))
    for name in page.strategies:
        total = stored.effect(name, NET).mean
        frames = [
            stored.effect(name, Key("money", f"municipality/{f}", "all")).mean
            for f in ("service", "transfers")
        ]
        assert sum(frames) == pytest.approx(total, abs=1.0)


def test_both_languages_say_everything() -> None:
    danish, english = read_words("da"), read_words("en")
    assert danish.keys() == english.keys()
    for key, text in danish.items():
        names = [{name for _, name, _, _ in Formatter().parse(t) if name} for t in (text, english[key])]
        assert names[0] == names[1], key


def test_numbers_as_danes_write_them() -> None:
    say = Words("da")
    assert say.number(1234.5, 1) == "1.234,5"
    assert say.signed(-1234567.0) == "\u22121.234.567"
    assert say.signed(-0.001, 1) == "0,0"
    assert Words("en").number(1234.5, 1) == "1,234.5"
    with pytest.raises(UserError, match="da, en"):
        Words("de")


def test_no_english_leaks_into_the_danish_paper(stored: Stored) -> None:
    """Everything but names of values and sources, which the appendix says stand as in the files."""
    text = html(paper(stored, Words("da"), "", "jobcenter report X"))
    text = re.sub(r"<(style|svg|title).*?</\1>", "", text, flags=re.S)
    text = text[: text.index("Bilag: alle")]
    words = set(re.findall(r"[a-z]+", re.sub(r"<[^>]*>", " ", text).lower()))
    english = (
        "the and of with without cost costs saves saving year years persons benefit benefits work job-ready"
    )
    english += " municipality state not within nothing knowledge interval luck error option early caseworker"
    assert not words & set(english.split())
    assert "Gør ingenting" in text and "fuldtidspersoner" in text


def test_files_open_and_hold_the_numbers(stored: Stored, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    made = paper(stored, Words("da"), "", "jobcenter report X")
    files = {path.suffix: path for path in write_paper(made, tmp_path, "paper_da") if path.parent == tmp_path}
    assert files[".pdf"].read_bytes().startswith(b"%PDF")
    assert "http://www.w3.org" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", files[".html"].read_text("utf-8"))
    book = openpyxl.load_workbook(files[".xlsx"])
    sheet = book["budget"]
    cells = {row[0]: row[1:] for row in sheet.iter_rows(min_row=3, values_only=True) if row[0]}
    name = next(iter(stored.names))
    total = cells["Tidlig indsats: netto i alt"]
    assert total[0] == pytest.approx(stored.effect(name, Key(*NET[:2], "2027")).mean / 1e3)
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg", ".png"}
    # Every cell that a reader takes for one number is one on its sheet, in every table.
    for table in (block for block in made.blocks if isinstance(block, Table)):
        for at, row in enumerate(table.rows, 3):
            for k, text in enumerate(row[1:], 2):
                if re.fullmatch(r"[±+\u2212 ]*[\d.]+(,\d+)?( %)?( \*)?", text) and table.key != "parameters":
                    assert isinstance(book[table.key].cell(at, k).value, int | float), (table.key, text)
    starred = next(row for row in book["goals"].iter_rows(min_row=3) if "*" in str(row[2].number_format))
    assert isinstance(starred[2].value, float)


def test_same_store_same_pdf(stored: Stored) -> None:
    made = paper(stored, Words("en"), "", "jobcenter report X")
    # The moment of writing, and the identity made of it, are a file's own.
    when = rb"/ID\s*\[.*?\]|<xmpMM:\w+>[^<]*|<xmp:\w+Date>[^<]*|D:\d{14}\S*"
    first, second = (re.sub(when, b"", pdf(made), flags=re.S) for _ in range(2))
    assert first == second


def test_bridge_to_the_national_workbook(stored: Stored, tmp_path: Path) -> None:
    path = soem.write_soem(stored, tmp_path / "soem.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    openpyxl = pytest.importorskip("openpyxl")
    sheet = openpyxl.load_workbook(soem.write_soem(stored, tmp_path / "soem.xlsx"))["soem"]
    columns = {cell.value: cell.column - 1 for cell in sheet[1]}
    for row in sheet.iter_rows(min_row=2, values_only=True):
        for name in ("budget_year", "effect_share", "effect_persons", "unit_price_kr"):
            assert not isinstance(row[columns[name]], str), (name, row)
    assert lines[0].split(",")[:3] == ["option", "target_group", "year_after_start"]
    assert any("foertidspension,1,2027" in line for line in lines)
    assert any("hbseconomics.com" in line for line in lines)  # the unit costs keep their source
    with pytest.raises(UserError, match=r"\.csv or \.xlsx"):
        soem.check_place(tmp_path / "soem.txt")


def test_contexts_alone_are_no_decision(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "others", [replace(s, kind="context") for s in stored.others])
    with pytest.raises(UserError, match="contexts only"):
        paper(stored, Words("da"), "", "")


def test_a_store_of_other_code_is_refused(
    stored: Stored, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.version.code_version", lambda: "another")
    with pytest.raises(UserError, match="run it again"):
        Stored(opened(str(folder / "store")))
    with pytest.raises(UserError, match="no experiment is called"):
        opened("no_such_thing")


def test_of_an_experiment_what_is_missing_is_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first time all of it, then nothing; a batch that was begun is gone on with under its own options."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "little.yaml").write_text(
        EXPERIMENT.replace("pairs: 12\ndraws: ranges\nreplicates: 2", "pairs: 3").replace("60", "8")
    )
    job = opened("little.yaml", workers=1)
    assert (job.summary.there, job.summary.finished) == (0, 9)
    again = opened("little.yaml", workers=1)
    assert (again.summary.there, again.summary.finished, again.missing) == (9, 0, 0)
    with again.store.writing():  # the same experiment, one pair more
        command = "jobcenter batch little.yaml --seeds 4"
        Batch(load_experiment("little.yaml", 4), again.store).run("threads", 1, command=command)
    more = opened("little.yaml", workers=1)
    assert (more.summary.planned, more.missing) == (12, 0)


def test_a_batch_begun_goes_on_under_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped half way with values and seeds of its own: resumed, and the next report still reads that experiment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "little.yaml").write_text(EXPERIMENT)
    words = "jobcenter batch little.yaml --seeds 5 --set weeks=8"
    store = Store.create_or_open(tmp_path / "results" / "little")
    store.note_batch({"command": words})
    noted = []

    def run(job: Batch, *given: object, command: str) -> Summary:
        noted.append(command)
        return replace(job.summary, interrupted=False)

    monkeypatch.setattr(Batch, "run", run)
    opened("little.yaml", workers=1)
    assert noted == [words]


def test_page_one_says_how_the_budget_was_reconciled(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts more than 3 % apart, the largest first, before the options; a worked example is called one."""

    def line(account: str, model_kr: float) -> Line:
        return Line(account, 100e6, model_kr, (), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), "share_up")

    lines = (line("dagpenge", 102e6), line("sygedagpenge", 90e6), line("fleksjob", 120e6))
    kept = Reconciliation("Sor\u00f8", 2027, True, "s.xlsx", lines, 4, 0.02, {}, {}, {}, {})
    monkeypatch.setattr("jobcenter.planner.paper.beside", lambda scenario: kept)
    page = html(paper(stored, Words("en"), "", "jobcenter report X"))
    said = "2 accounts are more than 3 % apart, largest fleksjob +20.0 % and sygedagpenge \u221210.0 %"
    assert (
        page.index("nobody's municipality".replace("'", "&#x27;"))
        < page.index(said)
        < page.index("Do nothing: 0 kr.")
    )
    assert "Benefits in all +4.0 %" in page
    fine = replace(kept, lines=lines[:1], example=False)
    monkeypatch.setattr("jobcenter.planner.paper.beside", lambda scenario: fine)
    page = html(paper(stored, Words("en"), "", "jobcenter report X"))
    assert "no account is more than 3 % apart" in page and "Worked example" not in page


def test_a_scenario_on_another_base_keeps_its_name() -> None:
    assert Words("da").name("scenario", "early_intervention@byen") == "Tidlig indsats"
    assert Words("da").name("scenario", "mit_eget") == "mit eget"


def test_a_typed_assumption_marks_page_one(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Antaget, ikke m\u00e5lt" not in html(paper(stored, Words("da"), "", "jobcenter report X"))
    typed = "programme x: chance of finding work x 1.5 for 26 weeks after it"
    monkeypatch.setattr("jobcenter.planner.paper.assumed", lambda *scenarios: (typed,))
    said = "Antaget, ikke målt: forløbet »x«: chancen for at finde job ganges med 1,5 i 26 uger efter det."
    assert said in html(paper(stored, Words("da"), "", "jobcenter report X"))


def test_every_typed_assumption_is_said_in_danish() -> None:
    """Each sentence a lever can say, read out of the levers' own code with a number in its places."""
    from sim.policies.priority import INCENTIVE

    said = [INCENTIVE, "priority by need"]
    for path in Path(levers.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "assumptions":
                sentences = [p for p in ast.walk(node) if isinstance(p, ast.JoinedStr) and len(p.values) > 1]
                said += ["".join(str(p.value) if isinstance(p, ast.Constant) else "1.5" for p in one.values)
                         for one in sentences]  # fmt: skip
    assert len(said) > 15
    for one in said:
        assert Words("en").typed(one) == one
        assert Words("da").typed(one) != one, one


def test_a_scenario_of_the_users_own_is_called_by_its_question(stored: Stored) -> None:
    page = Page(stored, Words("da"))
    mine = replace(page.scenario["extra_caseworkers"], question="Hvad giver to mere til de unge?")
    page.scenario["more_for_the_young"] = mine
    assert page.title_of("more_for_the_young") == "»Hvad giver to mere til de unge?«"
    assert page.title_of("early_intervention") == read_words("da")["scenario.early_intervention"]
    assert page.say.option("early_intervention@byen", "?") == page.title_of("early_intervention")


def test_the_screen_says_what_holds_for_every_number(folder: Path) -> None:
    done = CliRunner().invoke(app, ["report", str(folder / "store"), "--out", str(folder / "told")])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    part = next(k for k, line in enumerate(lines) if line.startswith("Kun 2 % af kommunen er simuleret"))
    assert part < next(k for k, line in enumerate(lines) if line.startswith("* "))


def test_a_language_that_is_not_there_is_told_once() -> None:
    with pytest.raises(UserError, match=r"--lang sv: no such language\. allowed: da, en$"):
        Words("sv")


def test_a_batch_is_opened_with_the_values_it_was_run_with(folder: Path) -> None:
    store = Store.create_or_open(folder / "set")
    words = [
        "batch",
        str(folder / "two.yaml"),
        "--seeds",
        "4",
        "--set",
        "world.share=0.03",
        "--set",
        "weeks=30",
    ]
    store.note_batch({"command": " ".join(["jobcenter", *words, "--out", str(store.folder)])})
    base = opened(str(store.folder)).experiment.worlds[""][0]
    assert (base.world.share, opened(str(store.folder)).experiment.pairs) == (0.03, 4)


def test_the_appendix_says_where_a_programmes_numbers_come_from() -> None:
    """Of its kind, as far as the scenario leaves them as they are."""
    given = "levers.programme.external_provider.price_kr=6800"
    found, path = load("external_provider", overrides=[given]), "levers.programme.external_provider"
    assert _field_source(found, f"{path}.lock_in_factor") == "EV236: as a course"
    assert _field_source(found, f"{path}.price_kr") == _field_source(found, f"{path}.places_per_year") == ""
