"""One estimate, one dose, one set of channels: nothing may count twice, and what informed the model may not test it.

Three things are looked for (economics rule 3): two coefficients solved from one row of evidence or, in one group, from
shares of one package that add up to more than the whole; a study whose numbers a parameter cites but that does not say
so (it would pass for a test); a study that says it informed a parameter there is none of.
"""

from collections import defaultdict
from collections.abc import Sequence

from calibration.published import Experiment
from sim.errors import UserError
from sim.scenario import Scenario


def check(experiments: Sequence[Experiment], scenario: Scenario) -> None:
    """Raises UserError with every double counting and every leak."""
    wrong = [*double_counting(experiments, scenario), *leaks(experiments, scenario)]
    if wrong:
        raise UserError("published experiments: " + "; ".join(wrong))


def double_counting(experiments: Sequence[Experiment], scenario: Scenario) -> list[str]:
    """Rows of evidence, and packages, that give more than one effect."""
    out = []
    behind: dict[str, str] = {}
    shares: dict[tuple[str, str], float] = defaultdict(float)
    for one in experiments:
        if one.file.solves is None:
            continue
        name = one.file.solves.effect
        effect = scenario.effects.get(name)
        if effect is None:
            out.append(f"{one.name} solves '{name}', which is not in effects.yaml")
            continue
        for row in one.file.outcomes[one.file.solves.outcome].published.evidence:
            other = behind.setdefault(row, name)
            if other != name:
                out.append(f"{row} stands behind both {other} and {name}: a study is one effect")
        for group in effect.groups:
            shares[one.file.package, group] += effect.channel_share.value
    out += [
        f"the effects solved from the package '{package}' make up {share:.0%} of it on {group}: a package, its threat"
        " and its meetings are one effect"
        for (package, group), share in shares.items()
        if share > 1.0 + 1e-9
    ]
    return out


def leaks(experiments: Sequence[Experiment], scenario: Scenario) -> list[str]:
    """Studies that would pass for a test although a parameter cites them, and the other way round."""
    cited: dict[str, set[str]] = defaultdict(set)
    for name, row in scenario.behaviour_rows.items():
        for evidence in row.evidence:
            cited[evidence].add(name)
    for name, effect in scenario.effects.items():
        for evidence in effect.evidence:
            cited[evidence].add(f"effects.{name}")
    known = {*scenario.behaviour_rows, *(f"effects.{name}" for name in scenario.effects)}
    out = []
    for one in experiments:
        for evidence in one.evidence:
            untold = cited[evidence] - set(one.file.informs)
            if untold:
                out.append(
                    f"{one.name}: {evidence} is cited by {', '.join(sorted(untold))}; add it to 'informs'"
                )
        for name in one.file.informs:
            if name not in known:
                out.append(f"{one.name}: informs '{name}', which is no parameter")
    return out
