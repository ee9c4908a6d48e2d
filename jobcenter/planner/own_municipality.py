"""A municipality file and a scenario out of a workbook: own numbers where there are some, the packaged ones scaled and
said to be scaled everywhere else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jobcenter.planner.own_form import BY_CODE as SHEET
from jobcenter.planner.own_form import PRICES, STEPS, Answers, place
from sim.codes import BENEFITS, CASH_BENEFITS, POTS, TEAMS
from sim.scenario.locate import packaged
from sim.scenario.municipality import CLOCK_BANDS

SCALED_FROM: Final = "slagelse"
INHABITANTS: Final = 80_285  # of Slagelse, docs/data.md
PACKAGED_YEAR: Final = 2024  # kroner of the packaged prices
TOLERANCE: Final = 0.15  # of a stock counted in the accounts, as for counted stocks of Slagelse
OTHER_ROWS: Final = ("overhead_share", "productive_hours_per_fte_year", "novice_weeks", "novice_productivity")
BY_PEOPLE: Final = ("residents_16_66", "birth_cohort_per_year")
PER_YEAR: Final = 51  # ages from 16 to 66


def municipality_tree(answers: Answers, index: float) -> dict[str, Any]:
    """The municipality file as nested tables. index: growth a year that moves packaged prices to the budget year."""
    import yaml

    text = (packaged() / "municipalities" / f"{SCALED_FROM}.yaml").read_text(encoding="utf-8")
    tree: dict[str, Any] = yaml.safe_load(text)
    here = _Writer(answers, tree, index)
    return {
        "schema": 1,
        "name": answers.name,
        "price_year": here.budget_year,
        "population": here.population(),
        "start_shares": here.start_shares(),
        "companies": here.companies(),
        "staff": here.staff(),
        "budgets": here.budgets(),
        "prices": here.prices(),
        "stocks": here.stocks(),
        "clock_at_start": here.clock_at_start(),
    }


class _Writer:
    def __init__(self, answers: Answers, tree: dict[str, Any], index: float):
        self.answers, self.tree = answers, tree
        self.accounts_year, self.budget_year = (
            int(answers.number("people", row)) for row in ("accounts_year", "budget_year")
        )
        self.grown = (1.0 + index) ** (self.budget_year - PACKAGED_YEAR)
        self.residents = round(
            answers.number("people", "residents_16_66")
            or answers.number("people", "inhabitants") * self._packaged("residents_16_66") / INHABITANTS
        )

    def _packaged(self, row: str) -> float:
        return float(self.tree["population"][row]["value"])

    @property
    def size(self) -> float:
        """This municipality's adults over those of the packaged one."""
        return self.residents / self._packaged("residents_16_66")

    def own(
        self, value: float, unit: str, sheet: str, row: str, column: str = "value", note: str = ""
    ) -> dict[str, Any]:
        """A number of the workbook, with its cell."""
        cell = f"{SHEET[sheet].tab}!{place(SHEET[sheet], row, column)}"
        source = (
            f"worked example ({self.answers.source})"
            if self.answers.example
            else f"{self.answers.source} {cell}"
        )
        out: dict[str, Any] = {"value": value, "unit": unit, "source": source}
        out["status"] = "inferred" if self.answers.example else "read"
        return {**out, "note": note} if note else out

    def scaled(
        self, packaged_row: Mapping[str, Any], by: float = 1.0, how: str = "as Slagelse", digits: int = 4
    ) -> dict[str, Any]:
        """A packaged number, scaled and said to be; its range goes along."""
        out = {"value": _round(packaged_row["value"] * by, digits), "unit": packaged_row.get("unit", "")}
        for end in ("low", "high"):
            if end in packaged_row:
                out[end] = _round(packaged_row[end] * by, digits)
        return {
            **out,
            "source": f"municipalities/{SCALED_FROM}.yaml",
            "status": "inferred",
            "note": f"SCALED: {how}",
        }

    def _tree(self, tree: Mapping[str, Any], how: str = "as Slagelse") -> dict[str, Any]:
        return {
            key: self.scaled(row, how=how) if "value" in row else self._tree(row, how)
            for key, row in tree.items()
        }

    def population(self) -> dict[str, Any]:
        out = self._tree(self.tree["population"])
        if self.answers.has("people", "residents_16_66"):
            out["residents_16_66"] = self.own(self.residents, "persons", "people", "residents_16_66")
        else:
            how = f"{self.answers.number('people', 'inhabitants'):g} inhabitants x 51,000 / {INHABITANTS:,}"
            out["residents_16_66"] = self.scaled(
                {"value": self.residents, "unit": "persons"}, how=how, digits=0
            )
        cohort = {"value": self.residents / PER_YEAR, "unit": "persons per year"}
        out["birth_cohort_per_year"] = self.scaled(cohort, how="residents_16_66 / 51 years", digits=0)
        return out

    def start_shares(self) -> dict[str, Any]:
        """Pension and fleksjob in proportion to the persons of the last accounts per resident."""
        out = {}
        for status, ages in self.tree["start_shares"].items():
            by, how = 1.0, "as Slagelse"
            if status in BENEFITS:
                persons = self.answers.number("benefits", status, "accounts_persons")
                by = min(
                    2.0, persons / self.residents / (self.stock(status) / self._packaged("residents_16_66"))
                )
                how = f"Slagelse x {by:.3f}, persons per resident here against there"
            out[status] = {age: self.scaled(row, by, how) for age, row in ages.items()}
        return out

    def stock(self, benefit: str) -> float:
        """Persons on a benefit in the packaged municipality."""
        return float(self.tree["stocks"][benefit]["value"])

    def companies(self) -> dict[str, Any]:
        out = self._tree(self.tree["companies"])
        for row in ("workplaces", "jobs"):
            how = f"Slagelse x {self.size:.3f}, residents 16-66"
            out[row] = self.scaled(self.tree["companies"][row], self.size, how, digits=0)
        return out

    def staff(self) -> dict[str, Any]:
        number, have = self.answers.number, self.answers.has
        packaged_staff = self.tree["staff"]
        teams = {
            team: {
                "fte": self.own(number("teams", team, "fte"), "FTE", "teams", team, "fte"),
                "clients": self.own(number("teams", team, "clients"), "clients", "teams", team, "clients"),
            }
            for team in TEAMS
        }
        posts = sum(number("teams", team, "fte") for team in TEAMS)
        left = number("office", "caseworkers_left")
        out: dict[str, Any] = {"teams": teams}
        for row in ("company_consultants_fte", "mentors_fte", "managers_fte", "administration_fte"):
            out[row] = self.own(number("office", row), "FTE", "office", row)
        out["cost_per_fte_kr_year"] = self.own(
            number("office", "cost_per_fte_kr_year"), "kr per FTE per year", "office", "cost_per_fte_kr_year"
        )
        out["leave_share_per_year"] = self.own(
            _round(min(1.0, left / posts), 4), "share per year", "office", "caseworkers_left",
            note=f"{left:g} of {posts:g} posts",
        )  # fmt: skip
        for row, unit in (("sick_days_per_year", "days per year"), ("weeks_to_fill", "weeks")):
            value = number("office", row)
            own = self.own(round(value) if unit == "weeks" else value, unit, "office", row)
            out[row] = own if have("office", row) else self.scaled(packaged_staff[row])
        return out | {row: self.scaled(packaged_staff[row]) for row in OTHER_ROWS}

    def budgets(self) -> dict[str, Any]:
        out = {}
        for pot in POTS:
            kroner = self.answers.number("measures", pot, "budget_tkr") * 1e3
            own = self.own(kroner, "kr per year", "measures", pot, "budget_tkr")
            out[pot] = {"kr_per_year": own, "when_empty": self.tree["budgets"][pot]["when_empty"]}
        return out

    def prices(self) -> dict[str, Any]:
        out = {}
        for row, packaged_row in self.tree["prices"].items():
            money = not packaged_row["unit"].startswith("hours")
            if row in PRICES and self.answers.has("prices", row):
                out[row] = self.own(self.answers.number("prices", row), packaged_row["unit"], "prices", row)
            else:
                by = self.grown if money else 1.0
                how = (
                    f"Slagelse x {by:.3f}, kroner of {PACKAGED_YEAR} to {self.budget_year}"
                    if money
                    else "as Slagelse"
                )
                out[row] = self.scaled(packaged_row, by, how, digits=0)
        return out

    def stocks(self) -> dict[str, Any]:
        persons = {b: self.answers.number("benefits", b, "accounts_persons") for b in BENEFITS}

        def stock(value: float, benefit: str, note: str = "") -> dict[str, Any]:
            row = self.own(value, "full-time persons", "benefits", benefit, "accounts_persons", note)
            return {
                "value": row.pop("value"),
                "unit": row.pop("unit"),
                "use": "target",
                "tolerance": TOLERANCE,
                **row,
            }

        cash = [BENEFITS[b] for b in CASH_BENEFITS]
        out = {
            "cash_benefit_system": stock(
                sum(persons[b] for b in cash), cash[0], "the four rows that follow together"
            )
        }
        return out | {b: stock(persons[b], b) for b in (*cash, *(b for b in BENEFITS if b not in cash))}

    def clock_at_start(self) -> dict[str, Any]:
        """Where the people of each benefit stand on the ladder, older awards apart."""
        out: dict[str, Any] = {}
        for benefit in BENEFITS:
            given = [self.answers.number("steps", benefit, column) for column in STEPS]
            total = sum(given)
            if not total:
                continue  # nobody, or older awards only
            note = "" if abs(total - 1.0) < 1e-9 else f"/ {total:.4g}, older awards apart"
            out[benefit] = {
                band: self.own(_round(share / total, 6), "share", "steps", benefit, column, note)
                for band, column, share in zip(CLOCK_BANDS, STEPS, given, strict=True)
            }
        return out


def _round(value: float, digits: int) -> float:
    return round(value) if digits == 0 else round(value, digits)


# ---- text ----------------------------------------------------------------------------------------------------------


def municipality_text(answers: Answers, tree: Mapping[str, Any], command: str) -> str:
    """The municipality file; a number a line with its source, as the packaged ones are written."""
    example = (
        ["# WORKED EXAMPLE: the facts' proposal, nobody's accounts. Do not decide anything on it."]
        if answers.example
        else []
    )
    head = [
        f"# {answers.name}: made by `{command}`.", *example,
        f"# Own numbers name their cell of {answers.source}; SCALED numbers are those of",
        f"# municipalities/{SCALED_FROM}.yaml, in proportion where the note says so. Stocks are persons of the last",
        "# accounts, budgets and prices kroner of the budget year. Not calibrated: levels are Slagelse's, or moved",
        "# to the budgeted persons by one factor a benefit (docs/own_numbers.md).",
    ]  # fmt: skip
    return "\n".join([*head, *_lines(tree, 0)]) + "\n"


def _lines(tree: Mapping[str, Any], depth: int) -> list[str]:
    out = []
    for key, value in tree.items():
        name = f"{'  ' * depth}{key}:"
        if isinstance(value, dict) and "value" not in value:
            out += [name, *_lines(value, depth + 1)]
        elif isinstance(value, dict):
            out.append(f"{name} {{{', '.join(f'{k}: {_scalar(v)}' for k, v in value.items())}}}")
        else:
            out.append(f"{name} {_scalar(value)}")
    return out


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = value.replace("_", "").replace("-", "").isalnum() and not value[0].isdigit()
        return value if plain else json.dumps(value, ensure_ascii=False)
    number = float(value)
    return f"{number:.0f}" if number.is_integer() else f"{number:.10g}"


def scenario_text(name: str, answers: Answers, own_levels: bool, command: str) -> str:
    """The scenario that uses the municipality: the decision baseline from its budget year on."""
    year = int(answers.number("people", "budget_year"))
    question = f"What happens in {answers.name} from {year} if nothing is decided?"
    lines = [
        f"# Made by `{command}`. Lay strategies on it: jobcenter compare {name} early_intervention@{name}",
        "schema: 1",
        f"question: {json.dumps(question, ensure_ascii=False)}",
        "kind: baseline",
        "extends: baseline",
        f"municipality: {name}",
        f"start: {year}-W01",
    ]
    if own_levels:
        lines.append(f"behaviour: {name} # one factor a benefit on the ways out, see the head of that file")
    return "\n".join(lines) + "\n"


def places(name: str, folder: Path) -> dict[str, Path]:
    """Where the files of a municipality lie below the folder of scenarios."""
    return {
        "municipality": folder / "municipalities" / f"{name}.yaml",
        "behaviour": folder / "behaviour" / f"{name}.yaml",
        "scenario": folder / f"{name}.yaml",
        "reconciliation": folder / "municipalities" / f"{name}.reconciliation.json",
    }
