"""Both arms of a trial month by month, as an evaluator's register has them: in a lived world, and in actuals."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from experiments.trial import COUNTED, Followed
from jobcenter.planner.follow_up_series import months_of
from sim.records.result import RunResult
from sim.scenario import Scenario
from sim.scenario.trial import Trial
from sim.state import State
from sim.trial import CONTROL, TREATED

COLUMNS: Final = ("treated_persons", "treated_on_support", "control_persons", "control_on_support")


def lived(
    scenario: Scenario, trial: Trial, seed: int, start: State
) -> tuple[RunResult, dict[str, np.ndarray]]:
    """A world lived with the trial's register looking on, and its arms by month: COLUMNS, float64 (months,).

    Enrolled so far and of them on support, means over the month's weeks. Without the lever it is a trial of nothing.
    """
    model = Followed(scenario, seed, state=start, registers=[trial]).run()
    (register,) = model.registers
    result = model.result()
    arm = np.concatenate(register.arms)
    weekly = np.zeros((len(COLUMNS), result.weeks))
    for week, status in register.statuses:
        for k, one in enumerate((TREATED, CONTROL)):
            mine = arm[: status.size] == one
            weekly[2 * k, week - result.start] = mine.sum()
            weekly[2 * k + 1, week - result.start] = COUNTED[status[mine]].sum()
    months, at = months_of(result.start, result.weeks)
    inside = at >= 0
    weeks = np.bincount(at[inside], minlength=len(months))
    sums = [np.bincount(at[inside], weights=row[inside], minlength=len(months)) / weeks for row in weekly]
    return result, dict(zip(COLUMNS, sums, strict=True))


def fewer_by_control(arms: Mapping[str, np.ndarray]) -> np.ndarray:
    """Treated persons fewer on support than if they were as often on it as the control group, (..., months).

    Weighing each month by how many are treated makes its mean over months one comparison of person-months.
    """
    treated, on, control, control_on = (arms[name] for name in COLUMNS)
    share = np.divide(control_on, control, out=np.zeros_like(control), where=control > 0)
    return np.asarray(np.where((control > 0) & (treated > 0), treated * share - on, 0.0))
