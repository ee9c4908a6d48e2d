"""From a read workbook to files and a reconciliation: all is made and checked before the first file is written."""

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.behaviour_file import behaviour_text
from experiments.calibrated import watermark
from experiments.store.atomic import write_whole
from jobcenter.planner.blocks import Table
from jobcenter.planner.own_form import Answers
from jobcenter.planner.own_levels import Levels, align
from jobcenter.planner.own_municipality import municipality_text, municipality_tree, scenario_text
from jobcenter.planner.reconcile import Reconciliation, as_json, reconcile
from jobcenter.planner.reconcile_paper import reconciliation_paper
from jobcenter.planner.words import Words
from jobcenter.planner.writers import write_paper
from sim.codes import BENEFITS
from sim.scenario import Scenario, load
from sim.scenario.locate import find


@dataclass(frozen=True)
class Made:
    """What was written."""

    scenario: Scenario
    reconciliation: Reconciliation
    levels: Levels | None
    files: tuple[Path, ...]

    def told(self) -> dict[str, Any]:
        """For a program."""
        found = self.reconciliation
        lines = [
            {
                **asdict(line),
                "difference_kr": line.difference,
                "share": None if math.isnan(line.share) else line.share,
                "flagged": line.flagged,
            }
            for line in found.lines
        ]
        return {
            "watermark": watermark(self.scenario), "municipality": found.municipality, "example": found.example,
            "year": found.year, "lines": lines, "levels": dict(self.levels.factors) if self.levels else {},
            "files": [str(path) for path in self.files],
        }  # fmt: skip

    def lines(self, say: Words) -> list[str]:
        """For the screen."""
        mark = watermark(self.scenario)
        paper = reconciliation_paper(self.reconciliation, say, mark, self.files[0], "", self.moved)
        out: list[str] = []
        for block in paper.blocks:
            if isinstance(block, Table):
                break
            out += [f"* {item}" for item in getattr(block, "items", ())] or [getattr(block, "text", "")]
        name = self.scenario.name
        out.append("")
        out += [f"Written: {path}" for path in self.files]
        out.append(f"Next: jobcenter compare {name} early_intervention@{name} --seeds 20")
        return out

    @property
    def moved(self) -> tuple[str, ...]:
        """Benefits whose levels were moved."""
        return () if self.levels is None else tuple(b for b, by in self.levels.factors.items() if by != 1.0)


def make(
    name: str, answers: Answers, files: Mapping[str, Path], folder: Path, own_levels: bool, say: Words, command: str,
    step: Callable[[int], None],
) -> Made:  # fmt: skip
    """Writes the files of a municipality and its reconciliation. Raises UserError when the files would not load."""
    with tempfile.TemporaryDirectory() as place:  # tried out where nothing of the user's lies
        trial = Path(place)
        index = load("baseline").prices.rate_index_per_year
        tree = municipality_tree(answers, index)
        drafts = {key: trial / path.relative_to(files["scenario"].parent) for key, path in files.items()}
        for path in drafts.values():
            path.parent.mkdir(parents=True, exist_ok=True)
        drafts["municipality"].write_text(municipality_text(answers, tree, command), encoding="utf-8")
        drafts["scenario"].write_text(scenario_text(name, answers, False, command), encoding="utf-8")
        scenario, levels = load(drafts["scenario"]), None
        step(1)
        if own_levels:
            persons = {b: answers.number("benefits", b, "budget_persons") for b in BENEFITS}
            levels = align(scenario, persons)
            drafts["behaviour"].write_text(_behaviour(answers, levels, command), encoding="utf-8")
            drafts["scenario"].write_text(scenario_text(name, answers, True, command), encoding="utf-8")
            scenario = load(drafts["scenario"])
        step(5)
        held = levels.held if levels else ()
        found = reconcile(scenario, answers, held, progress=lambda done, _: step(5 + done))
        drafts["reconciliation"].write_text(as_json(found), encoding="utf-8")
        written = [key for key in files if drafts[key].is_file()]
        for key in written:
            files[key].parent.mkdir(parents=True, exist_ok=True)
            write_whole(files[key], drafts[key].read_bytes(), flush=False)
        if not own_levels:
            files["behaviour"].unlink(missing_ok=True)  # of an earlier call with --force
    made = Made(load(files["scenario"]), found, levels, tuple(files[key] for key in written))
    paper = reconciliation_paper(
        found, say, watermark(made.scenario), files["municipality"], command, made.moved
    )
    papers = write_paper(paper, folder, f"reconciliation_{say.language}")
    step(10)
    return Made(made.scenario, found, levels, (*made.files, *papers))


def _behaviour(answers: Answers, levels: Levels, command: str) -> str:
    """The packaged behaviour with the moved levels, and a head that says what they are worth."""
    factors = ", ".join(f"{b} {by:.2f}" for b, by in levels.factors.items() if by != 1.0)
    held = f" At the end of a range: {', '.join(levels.held)}." if levels.held else ""
    head = (
        f"# {answers.name}: made by `{command}`. The packaged levels, moved to the\n"
        "# budgeted persons by one factor a benefit on its ways out (pension: on the ways in). Not calibrated:\n"
        f"# durations and flows are Slagelse's.{held}\n"
        f"# Factors: {factors}\n"
    )
    return head + behaviour_text(find("default", "behaviour").read_text(encoding="utf-8"), levels.rows)
