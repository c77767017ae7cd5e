"""The results of a study on a terminal."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bayes_nqp.cli._console import console, line, safe
from bayes_nqp.tables import written

if TYPE_CHECKING:
    from rich.table import Table

    from bayes_nqp.studies import Outcome

__all__ = ["show"]

_COLOURS = {"holds": "green", "in doubt": "yellow", "fails": "red", "reported": "cyan"}


def show(outcome: Outcome) -> None:
    """Print results, gate, checks, and where the files are."""
    say = console()
    _effects(outcome)
    if "channels.csv" in outcome.tables:
        say.print()
        _channels(outcome)
    if "truth.csv" in outcome.tables:
        known = outcome.tables["truth.csv"]
        say.print(
            f"\ntruth: {int(known['inside'].sum())} of {len(known)} true values lie in their "
            "intervals (truth.csv)",
            highlight=False,
        )
    gate = outcome.fit.gate
    colour = "green" if gate.passed else "red"
    say.print(f"\nconvergence gate: [{colour}]{safe(gate)}[/{colour}]")
    for check in outcome.checks:
        colour = _COLOURS.get(check.verdict, "dim")
        say.print(
            f"{check.name}: [{colour}]{check.verdict}[/{colour}]. {safe(check.sentence)}",
            highlight=False,
        )
    for note in dict.fromkeys([*outcome.fit.notes, *outcome.study.panel.notes]):
        line(f"  note: {note}")
    if outcome.moved is not None:
        say.print(f"\nThe earlier results are in {safe(outcome.moved)}", highlight=False)
    say.print(
        f"Everything is in [bold]{safe(outcome.folder)}[/bold] ({outcome.seconds:.0f} s)",
        highlight=False,
    )


def _effects(outcome: Outcome) -> None:
    """Print the effects by group."""
    report = outcome.study.settings.report
    heads = ("mean", "sd", f"{report.prob:.4g} interval", "P(> 0)", "rows")
    table = _table(outcome.study.settings.title, ("by", "level"), heads)
    for row in outcome.tables["summary.csv"].to_dict("records"):
        table.add_row(
            safe(row["by"]), safe(row["level"]), f"{row['mean']:.3f}", f"{row['sd']:.3f}",
            _interval(row), written(row["p_positive"], "chance", 3), str(row["rows"]),
        )  # fmt: skip
    console().print(table)


def _channels(outcome: Outcome) -> None:
    """Print direct and indirect effects, overall and by stratum."""
    study = outcome.study
    heads = ("mean", f"{study.settings.report.prob:.4g} interval", "P(> 0)", "share of total")
    table = _table("Channels", ("by", "level", "path"), heads)
    whole = outcome.tables["channels.csv"]
    for row in whole[whole["by"].isin(["overall", *study.factors])].to_dict("records"):
        share = row["proportion"]
        known = "–" if math.isnan(share) else f"{round(100 * share):d} %"
        table.add_row(
            safe(row["by"]), safe(row["level"]), safe(row["path"]), f"{row['mean']:.3f}",
            _interval(row), written(row["p_positive"], "chance", 3), known,
        )  # fmt: skip
    console().print(table)


def _table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(title=safe(title), title_justify="left", box=None)
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _interval(row: Mapping[Hashable, Any]) -> str:
    return f"\\[{row['lower']:.3f}, {row['upper']:.3f}]"
