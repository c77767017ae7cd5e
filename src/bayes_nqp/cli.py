"""The command line: thin, and quick to answer."""

from __future__ import annotations

import math
import re
import shlex
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from bayes_nqp.studies import Outcome

__all__ = ["app", "main"]

_BAD_INPUT, _FAILED, _INTERRUPTED = 2, 1, 130
_COUNT = re.compile(r" \d+/\d+$")
_COLOURS = {"holds": "green", "in doubt": "yellow", "fails": "red"}

app = typer.Typer(
    name="bayes-nqp",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    epilog="Example: bayes-nqp run models/castle_doctrine.toml --out results/castle_doctrine",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"bayes-nqp {version('bayes-nqp')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Bayesian causal inference for policies that reach units at different times.

    A study is one .toml file: the data, the design, the sampler and the checks.
    """


@app.command(epilog="Example: bayes-nqp run models/castle_doctrine.toml --out results/castle")
def run(
    study: Annotated[Path, typer.Argument(help="The study, a .toml file.", metavar="STUDY")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder to write; results/STUDY by default."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Move a folder that is there aside to OUT.1, OUT.2, …")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if the gate or a check fails.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run a study: fit, check, and write tables, figures, draws and provenance.

    Everything is written, or nothing.
    """
    with _plain_errors():
        from bayes_nqp import studies

        folder = out if out is not None else Path("results") / study.stem
        with _progress(quiet) as say:
            outcome = studies.run(
                study, folder, force=force, progress=False, say=say, command=_typed()
            )
        _show(outcome)
    if strict and outcome.failures:
        _error("--strict: " + "; ".join(outcome.failures))
        raise typer.Exit(_FAILED)


@app.command(epilog="Example: bayes-nqp validate models/castle_doctrine.toml")
def validate(
    study: Annotated[Path, typer.Argument(help="The study, a .toml file.", metavar="STUDY")],
) -> None:
    """Check a study, its data and what they identify, without running it."""
    with _plain_errors():
        from bayes_nqp import studies

        found = studies.validate(study)
        console = _console()
        console.print(f"[bold]{_safe(found.settings.title)}[/bold]")
        console.print(repr(found.panel), markup=False, highlight=False)
        known = found.support["identified"]
        console.print(
            f"Cells  {int(known.sum())} of {len(known)} have an identified effect",
            highlight=False,
        )
        for note in found.notes:
            console.print(f"  note: {note}", markup=False, highlight=False)
        console.print("[green]This study can run.[/green]")


@app.command("list", epilog="Example: bayes-nqp list models")
def list_studies(
    folder: Annotated[Path, typer.Argument(help="Where to look.", metavar="FOLDER")] = Path(
        "models"
    ),
) -> None:
    """List the studies in a folder."""
    with _plain_errors():
        from bayes_nqp.studies import titles

        found = titles(folder)
        if not found:
            print(f"no .toml file in {folder}")
        width = max((len(str(path)) for path in found), default=0)
        for path, title in found.items():
            print(f"{path!s:<{width}}  {title}")


def main() -> None:
    """Run the command line."""
    app()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn what the library refuses into words and an exit code."""
    from bayes_nqp.errors import NQPError

    try:
        yield
    except NQPError as error:
        _error(str(error))
        raise typer.Exit(_BAD_INPUT) from None
    except KeyboardInterrupt:
        _error("Interrupted; nothing was written.")
        raise typer.Exit(_INTERRUPTED) from None


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """Show each step with a spinner in a terminal, as lines elsewhere."""
    if quiet:
        yield None
        return
    console = _console(stderr=True)
    if not console.is_terminal:
        said: list[str] = []

        def once(step: str) -> None:
            """Print each step once, not each of its counts."""
            name = _COUNT.sub("", step)
            if said[-1:] != [name]:
                said.append(name)
                console.print(f"{name} …", markup=False, highlight=False)

        yield once
        return
    with console.status("starting …") as status:
        yield lambda step: status.update(f"{_safe(step)} …")


def _show(outcome: Outcome) -> None:
    """Print results, gate, checks, and where the files are."""
    console = _console()
    _show_effects(outcome)
    if "channels.csv" in outcome.tables:
        console.print()
        _show_channels(outcome)
    gate = outcome.fit.gate
    colour = "green" if gate.passed else "red"
    console.print(f"\nconvergence gate: [{colour}]{_safe(gate)}[/{colour}]")
    for check in outcome.checks:
        colour = _COLOURS.get(check.verdict, "dim")
        console.print(
            f"{check.name}: [{colour}]{check.verdict}[/{colour}]. {_safe(check.sentence)}",
            highlight=False,
        )
    if outcome.moved is not None:
        console.print(f"\nThe earlier results are in {_safe(outcome.moved)}", highlight=False)
    console.print(
        f"Everything is in [bold]{_safe(outcome.folder)}[/bold] ({outcome.seconds:.0f} s)",
        highlight=False,
    )


def _show_effects(outcome: Outcome) -> None:
    """Print the effects by group."""
    report = outcome.study.settings.report
    heads = ("mean", "sd", f"{report.prob:.4g} interval", "P(> 0)", "rows")
    table = _table(outcome.study.settings.title, ("by", "level"), heads)
    for row in outcome.tables["summary.csv"].to_dict("records"):
        table.add_row(
            _safe(row["by"]), _safe(row["level"]), f"{row['mean']:.3f}", f"{row['sd']:.3f}",
            _interval(row), f"{row['p_positive']:.2f}", str(row["rows"]),
        )  # fmt: skip
    _console().print(table)


def _show_channels(outcome: Outcome) -> None:
    """Print direct and indirect effects, overall and by stratum."""
    study = outcome.study
    heads = ("mean", f"{study.settings.report.prob:.4g} interval", "P(> 0)", "share of total")
    table = _table("Channels", ("by", "level", "path"), heads)
    whole = outcome.tables["channels.csv"]
    for row in whole[whole["by"].isin(["overall", *study.factors])].to_dict("records"):
        share = row["proportion"]
        known = "–" if math.isnan(share) else f"{100 * share:.0f} %"
        table.add_row(
            _safe(row["by"]), _safe(row["level"]), _safe(row["path"]), f"{row['mean']:.3f}",
            _interval(row), f"{row['p_positive']:.2f}", known,
        )  # fmt: skip
    _console().print(table)


def _table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(title=_safe(title), title_justify="left", box=None)
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right")
    return table


def _interval(row: Mapping[Hashable, Any]) -> str:
    return f"\\[{row['lower']:.3f}, {row['upper']:.3f}]"


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, soft_wrap=not sys.stdout.isatty())


def _safe(value: object) -> str:
    from rich.markup import escape

    return escape(str(value))


def _error(message: str) -> None:
    _console(stderr=True).print(f"[red]{_safe(message)}[/red]", highlight=False)


def _typed() -> str:
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
