"""Target files: the one that comes along, and every way one can be wrong. Verdicts can fail."""

from pathlib import Path

import numpy as np
import pytest

from calibration.distance import distance, judge, passes
from calibration.target_file import known_targets, load_targets
from sim.errors import UserError

GOOD = (
    "definition: full_time_persons, arguments: {group: dagpenge}, value: 956, tolerance: 48, unit: full-time persons,"
    ' date: "2024", law: "2024", geography: Slagelse, source: counted, status: read, role: fit'
)


def written(folder: Path, *rows: str) -> str:
    path = folder / "mine.yaml"
    lines = [f"  t{k}: {{{row}}}\n" for k, row in enumerate(rows)]
    path.write_text(
        "schema: 1\nquestion: Which?\nscenario: slagelse_2024\nwindow: {first: 53, last: 104}\ntargets:\n"
        + "".join(lines)
    )
    return str(path)


def test_the_packaged_set_is_whole() -> None:
    assert "slagelse_2024" in known_targets()
    targets = load_targets("slagelse_2024")
    assert targets.scenario.weeks == 208 and targets.window == slice(52, 208)
    assert [target.name for target in targets.not_modelled] == ["ordinary_paid_hours"]
    assert all(target.row.source and target.row.date and target.row.law for target in targets.targets)
    check, fit = targets.role("check")[0], targets.role("fit")[0]
    assert check.allowed == 3 * check.row.tolerance and fit.allowed == fit.row.tolerance


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("full_time_persons", "full_time_person"), "did you mean 'full_time_persons'"),
        (("definition: full_time_persons, ", ""), "'definition' is missing"),
        (("group: dagpenge", "group: dagpeng"), "unknown name 'dagpeng', did you mean 'dagpenge'"),
        (("{group: dagpenge}", "{}"), "needs the argument 'group'"),
        (("{group: dagpenge}", "{group: dagpenge, weeks: 4}"), "unknown argument 'weeks'"),
        (("unit: full-time persons", "unit: persons"), "counts in full-time persons"),
        (("tolerance: 48", "tolerance: 0"), "'tolerance' must be above 0"),
        (("value: 956", "value: many"), "found 'many'"),
        (("role: fit", "role: guess"), "unknown name 'guess'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(UserError) as wrong:
        load_targets(written(tmp_path, GOOD.replace(*change)))
    assert told in str(wrong.value) and "mine.yaml:6" in str(wrong.value)


def test_two_targets_that_cannot_both_hold(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="t1.*|contradicts 't0'") as wrong:
        load_targets(written(tmp_path, GOOD, GOOD.replace("956", "1100")))
    assert "contradicts 't0'" in str(wrong.value) and "mine.yaml:7" in str(wrong.value)
    assert len(load_targets(written(tmp_path, GOOD, GOOD.replace("956", "1000"))).targets) == 2


def test_a_target_the_model_lacks_is_kept_with_its_reason(tmp_path: Path) -> None:
    row = GOOD.replace(
        "definition: full_time_persons, arguments: {group: dagpenge}", "not_modelled: no such thing"
    )
    targets = load_targets(written(tmp_path, row, GOOD))
    assert [t.name for t in targets.not_modelled] == ["t0"] and [t.name for t in targets.modelled] == ["t1"]


def test_distance_and_verdicts(tmp_path: Path) -> None:
    targets = load_targets(written(tmp_path, GOOD)).modelled
    at = {off: judge(np.array([[956.0 + off], [956.0 + off]]), targets)[0].verdict for off in (0, 48, 60, 97)}
    assert at == {0: "within", 48: "within", 60: "off", 97: "far off"}
    assert judge(np.array([[np.nan]]), targets)[0].verdict == "not measured"
    assert passes(judge(np.array([[956.0]]), targets))
    assert not passes(judge(np.array([[1010.0]]), targets))
    assert not passes(judge(np.array([[np.nan]]), targets))
    one_tolerance = distance(np.array([956.0 + 48]), targets)
    assert one_tolerance == pytest.approx(48**2 / (24**2 + 12**2))
