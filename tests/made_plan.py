"""A frozen plan made by hand, for tests that need paths and no simulation."""

import numpy as np

from jobcenter.planner.follow_up_series import SERIES, with_posts
from jobcenter.planner.plan import Plan


def made(
    runs: int, months: int = 18, effect: float = 120.0, seed: int = 1
) -> dict[str, dict[str, np.ndarray]]:
    """Hand-made paths: levels that differ by luck, months that hang together, and a plan that moves three links."""
    dice = np.random.default_rng(seed)

    def path(level: float, sd: float) -> np.ndarray:
        return (
            level + dice.normal(0, sd, (runs, 1)) + np.cumsum(dice.normal(0, sd / 6, (runs, months)), axis=1)
        )

    nothing = {s: path(1000, 30) for s in SERIES if s != "posts_filled"} | {
        "staff_fte": path(60, 1.5),
        "meetings_held": path(2000, 60),
    }
    grow = np.linspace(0, 1, months)
    moved = {"staff_fte": 8 * grow, "meetings_held": 400 * grow, "full_time_persons": -effect * grow}
    planned = {s: v + moved.get(s, 0.0) for s, v in nothing.items()}
    planned["staff_fte"] += dice.normal(0, 0.3, (runs, months))
    return dict(zip(("planned", "nothing"), with_posts(planned, nothing), strict=True))


def made_plan(runs: int = 200, seed: int = 1) -> Plan:
    months = tuple(f"{2027 + k // 12}-{k % 12 + 1:02d}" for k in range(18))
    worlds = made(runs, seed=seed)
    return Plan(
        scenario="made", base="baseline", municipality="Sorø", world_share=1.0, groups=("dagpenge",), months=months,
        draws=tuple(range(runs)), pays_back=tuple(k % 3 == 0 for k in range(runs)), **worlds,
        payback_years=4, prior_works=0.75, made="2026-11-25T00:00:00+00:00", command="", version="v", digest="0" * 64,
    )  # fmt: skip
