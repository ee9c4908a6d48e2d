"""`jobcenter shadow-price`: what one more krone is worth, pot by pot and in posts, with its calculation error."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobcenter.screen import columns, heading, json_number, progress
from sim.scenario import load
from sim.scenario.models import MAX_WEEKS

if TYPE_CHECKING:
    from experiments.shadow_price import Price

HELP = """What one more krone is worth to the municipality at a scenario's own budget, in pots that buy and in posts.

Each is moved up and down by the same amount a year under the same luck. In a pot that is not used up it is worth
nothing.

Example: jobcenter shadow-price budget_cut_10_percent --krone "3 mio. kr." --seeds 20
"""


def _cell(value: float, error: float, digits: int = 2) -> str:
    if value == 0 and not error > 0:
        return "0"
    return f"{value:+.{digits}f}" + (f" ± {error:.{digits}f}" if error == error else "")


def _lines(found: "list[Price]", level: int) -> list[str]:
    rows = [("A krone more in", "moved, mio. kr.", "spent", "benefits saved", "municipality gains", "state gains",
             "fewer on support per mio.")]  # fmt: skip
    for one in found:
        rows.append(
            (
                one.margin,
                f"± {one.authorised_kr / 1e6:.2f}",
                _cell(one.spent, one.spent_error),
                _cell(one.saved, one.saved_error),
                _cell(one.net, one.net_error),
                _cell(one.state, one.state_error),
                _cell(one.persons, one.persons_error, 1),
            )
        )
    return [
        *columns(rows),
        "",
        f"Kroner per krone authorised a year, {level} prices, ± calculation error (95 %), whole budget years together.",
        "Municipality gains: all frames, what is spent taken off. Above 0 the krone more than pays for itself within"
        " the horizon; -1 it is lost.",
    ]


def shadow_price(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Whose budget it is asked at.")],
    krone: Annotated[
        str, typer.Option(metavar="AMOUNT", help="Moved up and down by this much a year.")
    ] = "3 mio. kr.",
    seeds: Annotated[int, typer.Option(min=1, max=100_000, help="Runs of each.")] = 20,
    teams: Annotated[bool, typer.Option("--teams", help="Posts team by team too.")] = False,
    weeks: Annotated[
        int | None, typer.Option(min=1, max=MAX_WEEKS, help="Horizon; default: the scenario's.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.PATH=VALUE", help="Override a value; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """The worth of one more krone."""
    from experiments.equal_budget import read_budget

    resolved = load(scenario, overrides=overrides or [])
    resolved = resolved if weeks is None else resolved.for_weeks(weeks)
    amount = read_budget(krone, "--krone")

    from experiments.calibrated import watermark
    from experiments.shadow_price import margins, prices

    found = margins(resolved, amount, teams)
    with progress("Runs", 2 * seeds * len(found)) as step:
        priced, runs = prices(found, range(1, seeds + 1), progress=lambda done, total: step(done))
    mark = watermark(resolved)
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                key: json_number(value) if isinstance(value, float) else value
                for key, value in one._asdict().items()
            }
            for one in priced
        ]
        told = {
            "watermark": mark,
            "scenario": resolved.name,
            "seeds": runs,
            "krone_kr": amount,
            "prices": rows,
        }
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    if mark:
        print(mark)
    print(heading(resolved, resolved.weeks))
    print(f"{runs} runs of each. {resolved.question}\n")
    print("\n".join(_lines(priced, resolved.prices.level_year)))
    if runs < seeds:
        raise KeyboardInterrupt(f"Stopped after {runs} of {seeds} pairs of runs.")


def register(app: typer.Typer) -> None:
    """Adds the command to the command line."""
    app.command("shadow-price", help=HELP)(shadow_price)
