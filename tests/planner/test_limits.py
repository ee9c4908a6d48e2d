"""Sizes that cannot be, limits that agree, and how many pairs a plan needs."""

from pathlib import Path

import pytest
from made_plan import made_plan

from jobcenter.planner.actuals import read_actuals
from sim.errors import UserError


def write(folder: Path, head: str, *rows: str) -> Path:
    (folder / "a.csv").write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return folder / "a.csv"


def test_posts_filled_faster_than_the_model_hires_are_followed(tmp_path: Path) -> None:
    """Six posts decided, the model fills them late: all of them in the first month are no mistake of the unit."""
    plan = made_plan()
    most = float(plan.planned["posts_filled"].max())
    assert min(world["posts_filled"].min() for world in (plan.planned, plan.nothing)) == 0.0
    assert "-0.0" not in str(plan.planned["posts_filled"].tolist())
    head = "month,full_time_persons,posts_filled"
    fast = write(tmp_path, head, f"2027-01,1000,{most}", "2027-02,1000,0")
    assert read_actuals(fast, plan)["posts_filled"].tolist() == [most, 0.0]
    with pytest.raises(
        UserError, match=r"posts_filled: found '800'; the plan expects about \d.* from 0.0 to"
    ):
        read_actuals(write(tmp_path, head, "2027-01,1000,800"), plan)
