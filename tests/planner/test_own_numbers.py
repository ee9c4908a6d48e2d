"""Own numbers in: the workbook written, filled in and read back; every wrong cell named; the reconciliation adds up."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from experiments.calibrated import is_calibrated
from jobcenter.cli import app
from jobcenter.planner import own_example, reconcile
from jobcenter.planner.breakeven import OF_SYSTEM
from jobcenter.planner.own_checks import contradictions
from jobcenter.planner.own_example import worked_example
from jobcenter.planner.own_form import SHEETS, STEPS, Answers, place
from jobcenter.planner.own_levels import align, moved
from jobcenter.planner.own_municipality import municipality_text, municipality_tree, places, scenario_text
from jobcenter.planner.own_template import template
from jobcenter.planner.own_workbook import read_workbook
from jobcenter.planner.reconcile import LIMIT, _pot, split
from jobcenter.planner.reconcile_paper import one_sentence, reconciliation_paper
from jobcenter.planner.words import Words
from jobcenter.planner.writers import html
from sim.codes import BENEFITS, POTS
from sim.errors import UserError
from sim.scenario import Scenario, load

openpyxl = pytest.importorskip("openpyxl")
Change = Callable[[Any], None]


BLANK: dict[bool, bytes] = {}


def workbook(path: Path, *changes: Change, filled: bool = True) -> Path:
    """The template with the worked example, edited as a user would in a spreadsheet."""
    if filled not in BLANK:
        BLANK[filled] = template(Words("da"), worked_example() if filled else None)
    path.write_bytes(BLANK[filled])
    if changes:
        book = openpyxl.load_workbook(path)
        for change in changes:
            change(book)
        book.save(path)
    return path


def put(cell: str, value: Any) -> Change:
    tab, _, at = cell.partition("!")
    return lambda book: book[tab].__setitem__(at, value)


def mistakes(path: Path) -> list[str]:
    with pytest.raises(UserError) as wrong:
        read_workbook(path)
    return [str(problem).removeprefix(f"{path}: ") for problem in wrong.value.problems]


# ---- the workbook --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["da", "en"])
def test_what_is_written_is_read_back(language: str, tmp_path: Path) -> None:
    """Every entry of the worked example, in either language; the mark of the example stands on every sheet."""
    example = worked_example()
    (tmp_path / "a.xlsx").write_bytes(template(Words(language), example))
    found = read_workbook(tmp_path / "a.xlsx")
    assert found.values == example.values
    assert found.example
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    said = Words(language)("form.example")
    assert [book[sheet.tab]["B3"].value for sheet in SHEETS] == [said] * len(SHEETS)


def test_an_empty_template_asks_for_every_yellow_cell_at_once(tmp_path: Path) -> None:
    found = mistakes(workbook(tmp_path / "a.xlsx", filled=False))
    asked = [cell for line in found for cell in line.partition("!")[2].partition(":")[0].split(", ")]
    needed = [(s, r, c) for s in SHEETS for r in s.rows for c in s.columns if s.needed(r, c)]
    assert len(asked) == len(needed)
    assert found[0] == "Kommune!C6, C7, C9, C10: are empty; fill in every yellow cell (0 where there is none)"
    assert not any(line.startswith(("Priser", "Målgrupper")) for line in found)  # all of them may stay empty


def test_example_mark_taken_away_makes_the_numbers_ones_own(tmp_path: Path) -> None:
    clear = [put(f"{sheet.tab}!B3", None) for sheet in SHEETS]
    assert not read_workbook(workbook(tmp_path / "a.xlsx", *clear)).example
    assert read_workbook(workbook(tmp_path / "b.xlsx", *clear[1:])).example


@pytest.mark.parametrize(("change", "said"), [
    (put("Ydelser!C6", "mange"), "Ydelser!C6: dagpenge, accounts_persons: found 'mange', which is text"),
    (put("Ydelser!C6", "1.234"), "Ydelser!C6: dagpenge, accounts_persons: found '1.234', which is text"),
    (put("Ydelser!C6", "#REF!"), "found '#REF!', which is text"),
    (put("Ydelser!C6", True), "found 'True', which is text"),
    (put("Ydelser!G7", None), "Ydelser!G7: is empty"),
    (put("Ydelser!G7", "  "), "Ydelser!G7: is empty"),
    (put("Ydelser!G7", "=2*80"), "Ydelser!G7: kontanthjaelp_jobready, budget_persons: a formula without a stored"),
    (put("Ydelser!C8", -1), "Ydelser!C8: kontanthjaelp_activityready, accounts_persons: found -1, a number of 0 or"),
    (put("Ydelser!E6", 61), "Ydelser!E6: dagpenge, accounts_share: found 61, a share from 0 to 100 % belongs here; if"),
    (put("Kommune!C7", 75_000.5), "Kommune!C7: inhabitants: found 75000.5, a whole number"),
    (put("Kommune!C9", 1999), "Kommune!C9: accounts_year: found 1999, a year from 2016"),
    (put("Kommune!C6", 12), "Kommune!C6: name: found 12, a name belongs here"),
    (put("Sagsbehandlere!C6", 14.1), "Sagsbehandlere!C6: dagpenge_jobready, fte: found 14.1, full-time posts come in"),
    (lambda book: book["Ydelser"].merge_cells("C6:D6"), "Ydelser!C6:D6: these cells are merged"),
    (lambda book: book["Ydelser"].delete_rows(7), "Ydelser!A7: found 'kontanthjaelp_activityready', the row 'kont"),
    (lambda book: book["Indsats"].insert_cols(3), "Indsats!C4: found '', the column 'accounts_tkr' belongs here"),
    (lambda book: book.remove(book["Refusion"]), "Refusion: the sheet is missing; there are: Kommune, Ydelser"),
    # What cannot all be true.
    (put("Refusion!C6", 0.3), "Refusion!C6: dagpenge: the shares of C6 to G6 sum to 118.0 %, not to 100 %"),
    (put("Ydelser!I6", 0.9), "Ydelser!I6: dagpenge: the municipality pays 90.0 % here, but the steps in Refusion!C6"),
    (put("Ydelser!J6", 1000), "Ydelser!J6: dagpenge: 1,000 (1,000 kr.) is stated, but 954 persons x 20571 kr."),
    (put("Ydelser!D6", 222_000), "Ydelser!D6: dagpenge: found 222000 kr. a month; between 1,000 and 60,000"),
    (put("Refusion!H15", None), "Refusion!H15: fleksjob: is empty, but Refusion!G15 says"),
    (put("Kommune!C10", 2024), "Kommune!C10: budget_year: found 2024; a budget lies one to five years after"),
    (put("Kommune!C7", 9_000), "Kommune!C7: inhabitants: 7,834 persons on benefits are more than 60 %"),
    (put("Kommune!C8", 70_000), "Kommune!C8: residents_16_66: found 70000 of 75000 inhabitants"),
    (put("Sagsbehandlere!C7", 0), "Sagsbehandlere!C7: activityready: nobody is employed for 560 cases"),
    (put("Andre medarbejdere!C11", 500), "Andre medarbejdere!C11: caseworkers_left: 500 left last year, of 83.5"),
    (put("Andre medarbejdere!C10", 555), "Andre medarbejdere!C10: cost_per_fte_kr_year: found 555; between"),
    (put("Indsats!D6", 9_000), "Indsats!D6: authority_staff: 9,000 (1,000 kr.) are budgeted, but 112.5 posts"),
    (put("Målgrupper!D6", 2_000), "Målgrupper!D6: dagpenge: found 2000, more than the 954 persons"),
])  # fmt: skip
def test_bad_cells_are_named(change: Change, said: str, tmp_path: Path) -> None:
    found = mistakes(workbook(tmp_path / "a.xlsx", change))
    assert any(said in line for line in found), found


def test_all_mistakes_come_at_once_and_a_wrong_cell_hides_no_other(tmp_path: Path) -> None:
    changes = (put("Ydelser!C6", "x"), put("Indsats!C7", "y"), put("Kommune!C7", None), put("Priser!C7", -1))
    assert len(mistakes(workbook(tmp_path / "a.xlsx", *changes))) == 4
    two = mistakes(workbook(tmp_path / "b.xlsx", put("Refusion!C6", 0.9), put("Refusion!C7", 0.9)))
    assert len(two) == 2


@pytest.mark.parametrize(("first", "said"), [
    ("jobcenter-sim 0", "made by an older version of the template (0), this program reads 1"),
    ("jobcenter-sim 9", "made by a newer version"),
    ("Budget 2027", "found 'Budget 2027', 'jobcenter-sim 1' belongs here"),
])  # fmt: skip
def test_other_versions_are_refused(first: str, said: str, tmp_path: Path) -> None:
    (line,) = mistakes(workbook(tmp_path / "a.xlsx", put("Kommune!A1", first)))
    assert said in line and "jobcenter new template" in line


def test_what_is_no_workbook(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("persons;1")
    assert "is no workbook that can be read" in mistakes(tmp_path / "a.xlsx")[0]
    assert "no such workbook" in mistakes(tmp_path / "b.xlsx")[0]


# ---- the example ---------------------------------------------------------------------------------------------------


def facts_rows(name: str) -> list[dict[str, str]]:
    import csv

    from jobcenter.data import facts

    with facts(name).open(encoding="utf-8") as file:
        return [
            row
            for row in csv.DictReader(file)
            if row["geography"] == own_example.NAME and "2024" in row.values()
        ]


def test_worked_example_is_the_facts_default_municipality() -> None:
    """Persons, amounts and net costs of 2024 as facts/municipal_budgets.csv has them; it contradicts itself nowhere."""
    example = worked_example()
    assert list(contradictions(example)) == []
    rows = {
        r["benefit_or_item"]: r
        for r in facts_rows("municipal_budgets.csv")
        if r["account"] == "benefit (konto 5)"
    }
    names = {
        "dagpenge": ["dagpenge"], "cash-benefit system": list(OF_SYSTEM),
        "sygedagpenge": ["sygedagpenge"], "jobafklaring": ["jobafklaring"], "ressourceforloeb": ["ressourceforloeb"],
        "ledighedsydelse": ["ledighedsydelse"], "revalidering": ["revalidering"], "fleksjob": ["fleksjob"],
        "disability pension": ["foertidspension"],
    }  # fmt: skip
    for name, benefits in names.items():
        row = next(r for item, r in rows.items() if item.startswith(name))
        persons = [example.number("benefits", b, "accounts_persons") for b in benefits]
        gross = sum(
            n * 12 * example.number("benefits", b, "accounts_month_kr")
            for n, b in zip(persons, benefits, strict=True)
        )
        net = sum(
            n
            * 12
            * example.number("benefits", b, "accounts_month_kr")
            * example.number("benefits", b, "accounts_share")
            for n, b in zip(persons, benefits, strict=True)
        )
        assert gross / 1e6 == pytest.approx(float(row["gross_mio_dkk"]), rel=0.005), name
        assert net / 1e6 == pytest.approx(float(row["net_mio_dkk"]), rel=0.02), name
    pots = [r for r in facts_rows("municipal_budgets.csv") if r["account"].startswith("operating pots")]
    total = sum(example.number("measures", pot, "accounts_tkr") for pot in POTS) / 1e3
    assert any(float(r["gross_mio_dkk"]) == pytest.approx(total) for r in pots)
    fte = sum(example.number("teams", t, "fte") for t in next(s for s in SHEETS if s.code == "teams").rows)
    assert fte == pytest.approx(83.7, abs=0.5)


# ---- municipality and reconciliation -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> Answers:
    """A fictitious town of 6,000: quick to live, with numbers of its own."""
    return replace(worked_example(6_000, "Lilleby"), example=False, source="lilleby.xlsx")


def written(answers: Answers, folder: Path) -> Scenario:
    files = places("lilleby", folder)
    for path in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    tree = municipality_tree(answers, 0.036)
    files["municipality"].write_text(municipality_text(answers, tree, "jobcenter new"), encoding="utf-8")
    files["scenario"].write_text(scenario_text("lilleby", answers, False, "jobcenter new"), encoding="utf-8")
    return load(files["scenario"])


def test_own_numbers_stand_in_the_file_and_the_rest_is_marked(small: Answers, tmp_path: Path) -> None:
    scenario = written(small, tmp_path)
    town = scenario.municipality
    assert (town.name, town.price_year, scenario.start_week) == ("Lilleby", 2027, load("baseline").start_week)
    for benefit in BENEFITS:
        assert town.stocks[benefit].value == small.number("benefits", benefit, "accounts_persons")
        assert (
            town.stocks[benefit].source
            == f"lilleby.xlsx Ydelser!{place(SHEETS[1], benefit, 'accounts_persons')}"
        )
    for pot in POTS:
        assert town.budgets[pot].kr_per_year == 1e3 * small.number("measures", pot, "budget_tkr")
    assert town.staff.teams["young"].fte == small.number("teams", "young", "fte")
    marked = [row for row in scenario.provenance.values() if row.note.startswith("SCALED")]
    assert len(marked) > 50
    own = [row for row in scenario.provenance.values() if row.source.startswith("lilleby.xlsx")]
    assert len(own) >= 2 * 8 + 5 + len(POTS) + 5
    assert not is_calibrated(scenario)  # the watermark stays


def test_a_price_left_empty_is_scaled_and_an_entered_one_is_not(small: Answers, tmp_path: Path) -> None:
    given = dict(small.values)
    given["prices", "course_week_kr", "value"] = 2222.0
    del given["prices", "mentor_hour_kr", "value"]
    town = written(replace(small, values=given), tmp_path).municipality
    assert town.prices.course_week_kr == 2222
    assert town.prices.mentor_hour_kr == pytest.approx(300 * 1.036**3, abs=1)


@pytest.mark.parametrize(("before", "after"), [
    ((100.0, 10.0, 0.8), (110.0, 10.0, 0.8)), ((100.0, 10.0, 0.8), (90.0, 12.0, 0.7)),
    ((5.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
    ((0.0, 9.0, 0.5), (3.0, 9.0, 0.5)), ((7.0, 3.0, 0.5), (7.0, 3.0, 0.5)), ((2.0, 3.0, 0.5), (3.0, 2.0, 0.5)),
])  # fmt: skip
def test_parts_of_a_difference_add_up(before: tuple[float, ...], after: tuple[float, ...]) -> None:
    parts = split(before, after)
    assert sum(parts) == pytest.approx(math.prod(after) - math.prod(before))
    for was, now, part in zip(before, after, parts, strict=True):
        if min(*before, *after) > 0:
            assert (part > 0) == (now > was) and (part < 0) == (now < was)


def test_reconciliation_is_the_run_against_the_budget(small: Answers, tmp_path: Path) -> None:
    """Each account again by another way: from the outcomes of the same runs."""
    from experiments.run import run_one
    from sim.records.outcomes import WEEKS_PER_YEAR

    scenario = written(small, tmp_path)
    found = reconcile.reconcile(scenario, small, seeds=(1, 2))
    assert len(found.lines) == len(BENEFITS) + len(POTS)
    runs = [run_one(scenario.for_weeks(52), None, seed) for seed in (1, 2)]
    total = (
        sum(run.spending("municipality", ("benefit",)).sum() for run in runs) / 2 / 100 * WEEKS_PER_YEAR / 52
    )
    prices = 1.036 ** (2027 - scenario.prices.level_year)
    assert found.total(BENEFITS).model_kr == pytest.approx(total * prices, rel=1e-6)
    for line in found.lines[: len(BENEFITS)]:
        n, month, share = line.budget_of
        assert line.budget_kr == pytest.approx(n * month * 12 * share)
        assert sum(line.parts) == pytest.approx(line.difference, abs=1.0)
        assert line.flagged == (abs(line.difference) > LIMIT * line.budget_kr)
    said = one_sentence(found, Words("da"))
    assert f"{len(found.flagged)} konti" in said
    page = html(reconciliation_paper(found, Words("en"), "mark", tmp_path, "jobcenter new", ()))
    assert "Not calibrated" in page and "WORKED EXAMPLE" not in page
    assert page.index("more than 3 % apart") < page.index("Benefits, net, 1,000 kr.")


def test_reconciliation_is_the_same_whichever_run_ends_first(
    small: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from experiments import run

    live = run.execute

    def backwards(*given: Any, **named: Any) -> Any:
        done = live(*given, **named)
        done.pairs = dict(sorted(done.pairs.items(), reverse=True))
        return done

    scenario = written(small, tmp_path)
    found = reconcile.as_json(reconcile.reconcile(scenario, small, seeds=(1, 2, 3)))
    monkeypatch.setattr(run, "execute", backwards)
    assert reconcile.as_json(reconcile.reconcile(scenario, small, seeds=(1, 2, 3))) == found


def test_levels_move_persons_towards_the_budget_and_stay_in_their_ranges(
    small: Answers, tmp_path: Path
) -> None:
    scenario = written(worked_example(20_000, "Mellemby"), tmp_path)
    want = {b: worked_example(20_000).number("benefits", b, "budget_persons") for b in BENEFITS}
    levels = align(scenario, want, rounds=((1.0, (801, 802), 1.0), (1.0, (803, 804), 0.8)))
    rows = scenario.behaviour_rows
    assert levels.rows and all(rows[r].low <= value <= rows[r].high for r, value in levels.rows.items())

    def apart(one: Scenario) -> float:
        from jobcenter.planner.own_levels import first_year

        got = dict(zip(BENEFITS, first_year(one, 900), strict=True))
        large = [b for b in BENEFITS if want[b] > 80]
        return sum(abs(math.log(got[b] / want[b])) for b in large)

    assert apart(moved(scenario, levels.factors)) < 0.6 * apart(scenario)


# ---- the command ---------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["new", *arguments])


def test_from_workbook_to_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Answers) -> None:
    """Nothing is written on a mistake, nothing written over; what is written loads, and carries the reconciliation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reconcile, "SEEDS", (1, 2))
    (tmp_path / "bad.xlsx").write_bytes(template(Words("da"), small))
    book = openpyxl.load_workbook("bad.xlsx")
    book["Ydelser"]["C6"] = "x"
    book.save("bad.xlsx")
    done = run("municipality", "lilleby", "--from", "bad.xlsx")
    assert done.exit_code == 2 and "bad.xlsx: Ydelser!C6" in done.output + done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.xlsx"]

    aimed = small.values | {
        ("targets", "dagpenge", "target_persons"): 31.0,
        ("targets", "dagpenge", "entries_year"): 150.0,
    }
    (tmp_path / "good.xlsx").write_bytes(template(Words("da"), replace(small, values=aimed)))
    done = run("municipality", "lilleby", "--from", "good.xlsx", "--levels", "packaged", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["watermark"] and told["year"] == 2027 and len(told["lines"]) == len(BENEFITS) + len(POTS)
    assert all(Path(file).is_file() for file in told["files"])
    scenario = load("lilleby")
    clocks = scenario.municipality.clock_at_start
    assert clocks is not None
    for benefit, shares in clocks.items():
        given = [small.values["steps", benefit, step] for step in STEPS]
        assert list(shares.values()) == pytest.approx([one / sum(given) for one in given], abs=1e-5)
    kept = reconcile.beside(scenario)
    assert kept is not None and [x.model_kr for x in kept.lines] == [x["model_kr"] for x in told["lines"]]
    assert kept.flows["dagpenge"][0] == 150 and kept.flows["dagpenge"][1] > 0
    asked = CliRunner().invoke(
        app, ["breakeven", "100000", "--group", "dagpenge", "--scenario", "lilleby", "--json"]
    )
    assert json.loads(asked.stdout)["persons"] == 31
    assert json.loads(asked.stdout)["persons_source"] == "target groups of good.xlsx"
    assert load("early_intervention@lilleby").municipality.name == "Lilleby"
    book = openpyxl.load_workbook("results/lilleby/reconciliation_da.xlsx")
    row = [cell.value for cell in book["benefits"][3]]
    assert row[1] == pytest.approx(told["lines"][0]["budget_kr"] / 1e3)
    assert row[2] == pytest.approx(told["lines"][0]["model_kr"] / 1e3)
    assert row[3] == pytest.approx(row[2] - row[1])
    assert row[4] == pytest.approx(row[3] / row[1])

    kept_file = Path("scenarios/municipalities/lilleby.reconciliation.json")
    text = kept_file.read_text()
    kept_file.write_text(text.replace('"schema": 1', '"schema": 0'))
    with pytest.raises(UserError, match="written by another version"):
        reconcile.beside(load("lilleby"))
    kept_file.write_text(text)

    before = Path("scenarios/lilleby.yaml").read_bytes()
    done = run("municipality", "lilleby", "--from", "good.xlsx")
    assert done.exit_code == 2 and "add --force" in done.output + done.stderr
    assert Path("scenarios/lilleby.yaml").read_bytes() == before
    text = Path("scenarios/municipalities/lilleby.yaml").read_text()
    Path("scenarios/municipalities/lilleby.yaml").write_text(text.replace("value: 14,", "value: 15,"))
    assert reconcile.beside(load("lilleby")) is None  # it no longer speaks of this municipality


@pytest.mark.parametrize(("arguments", "said"), [
    (["municipality", "My Town", "--inhabitants", "9000"], "small letters"),
    (["municipality", "my_town"], "give one of --from WORKBOOK"),
    (["municipality", "my_town", "--from", "a.xlsx", "--inhabitants", "9000"], "give one of --from WORKBOOK"),
    (["municipality", "slagelse", "--inhabitants", "9000"], "a packaged file is called so"),
    (["municipality", "my_town", "--inhabitants", "9000", "--levels", "best"], "allowed are own, packaged"),
    (["municipality", "my_town", "--from", "nowhere.xlsx"], "no such workbook"),
    (["template", "--out", "a.ods"], "a workbook ends in .xlsx"),
    (["template", "--lang", "de"], "allowed: da, en"),
])  # fmt: skip
def test_bad_calls(arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.output + done.stderr
    assert not list(tmp_path.iterdir())


def test_template_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("template", "--example").exit_code == 0
    before = Path("municipality.xlsx").read_bytes()
    assert run("template").exit_code == 2
    assert Path("municipality.xlsx").read_bytes() == before
    assert run("template", "--force").exit_code == 0


def test_everything_scaled_says_so() -> None:
    """Without a workbook: the example in proportion, told as such and never as a municipality's accounts."""
    double, one = worked_example(150_000, "Storby"), worked_example()
    assert double.example
    assert list(contradictions(double)) == []
    for benefit in BENEFITS:
        assert double.number("benefits", benefit, "budget_persons") == pytest.approx(
            2 * one.number("benefits", benefit, "budget_persons"), abs=1
        )
        assert [double.number("steps", benefit, s) for s in STEPS] == [
            one.number("steps", benefit, s) for s in STEPS
        ]


@pytest.mark.parametrize(("budget", "found", "reason"), [
    (1000, 0.98e6, "pot_near"), (1000, 1.0e6, "pot_used"), (1000, 1.01e6, "pot_used"), (0, 0.0, "pot_near"),
    (1000, 0.5e6, "pot_left"), (31_134_000, 15e6, "far"), (1000, 1.7e6, "far"), (0, 1e5, "pot_over"),
])  # fmt: skip
def test_a_pot_is_used_up_only_when_it_is(budget: float, found: float, reason: str) -> None:
    """New starts have not stopped while money is left, nor where there never was a pot."""
    example = worked_example()
    values = {**example.values, ("measures", "in_house_courses", "budget_tkr"): budget}
    line = _pot(replace(example, values=values), "in_house_courses", found, load("baseline"))
    assert line.reason == reason
