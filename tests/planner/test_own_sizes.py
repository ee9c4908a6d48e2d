"""Own numbers off by a factor: refused with the cell they are held against; what is only unusual is accepted."""

from dataclasses import replace

import pytest

from jobcenter.planner.own_checks import Cell, contradictions
from jobcenter.planner.own_example import worked_example


def found(**entries: float) -> list[tuple[Cell, str]]:
    """What contradicts in the worked example with entries 'sheet__row__column' changed."""
    sheet_row_column = {tuple(name.split("__")): value for name, value in entries.items()}
    example = worked_example()
    return list(contradictions(replace(example, values={**example.values, **sheet_row_column})))  # type: ignore[dict-item]


@pytest.mark.parametrize(("cell", "value", "said"), [
    ("measures__external_courses__budget_tkr", 31_134_000, "found 31,134,000; more than 3,113 and less than 311,340"),
    ("measures__external_courses__accounts_tkr", 28, "found 28; more than 2,800 and less than 280,000 is allowed"),
    ("measures__integration__budget_tkr", 1_000, "found 1,000; more than 1,2"),
    ("benefits__dagpenge__accounts_persons", 95, "found 95; more than 95 and less than 9,540 is allowed, ten times"),
    ("benefits__sho__budget_persons", 800, "found 800; less than 660 is allowed, ten times off the default for 75,000"),
    ("people__inhabitants__value", 750_000, "found 750,000 with 7,834 persons on all benefits together; at least"),
])  # fmt: skip
def test_an_entry_off_by_a_factor_is_refused(cell: str, value: float, said: str) -> None:
    told = {"__".join(at): text for at, text in found(**{cell: value})}
    assert said in told[cell]


def test_the_message_names_the_cell_held_against() -> None:
    ((cell, said),) = found(measures__external_courses__accounts_tkr=2_900)
    assert cell == ("measures", "external_courses", "budget_tkr")
    assert "ten times off the last accounts (Indsats!C9); write 1,000 kr., not kroner or millions" in said


@pytest.mark.parametrize("entries", [
    {"measures__integration__budget_tkr": 0}, {"measures__external_courses__budget_tkr": 90_000},
    {"benefits__sho__accounts_persons": 7},
])  # fmt: skip
def test_what_is_unusual_is_accepted(entries: dict[str, float]) -> None:
    """No pot at all, three times the pot, few on a rare benefit."""
    assert found(**entries) == []
