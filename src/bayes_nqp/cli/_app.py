"""The commands."""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from bayes_nqp._core.interrupts import stoppable
from bayes_nqp._core.plugins import without_extension
from bayes_nqp.cli._console import console, line, progress, safe
from bayes_nqp.cli._error_exit import CODES, FAILED, OMITTED, door, error, in_utf8
from bayes_nqp.cli._streams import streams

app = typer.Typer(
    name="bayes-nqp",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    epilog="From your own file: [bold]bayes-nqp new cities.xlsx[/bold] writes cities.toml, a study "
    "to confirm and edit; [bold]bayes-nqp validate cities.toml[/bold] says what the data can "
    "answer; [bold]bayes-nqp run cities.toml[/bold] answers it. For a first look: "
    "bayes-nqp run models/castle_doctrine.toml --out results/castle_doctrine\n\n" + CODES,
)

StudyFile = Annotated[
    Path,
    typer.Argument(help="Study: a .toml file, or a name from `list`.", metavar="STUDY"),
]
DataFile = Annotated[
    Path, typer.Argument(help="A .csv, .xlsx, .dta, .sav or .parquet file.", metavar="FILE")
]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"bayes-nqp {version('bayes-nqp')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Bayesian causal inference for policies that reach units at different times.

    A study is one .toml file: the data, the design, the sampler and the checks.
    """


@app.command(epilog="Example: bayes-nqp run models/castle_doctrine.toml --out results/castle")
def run(
    study: StudyFile,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write; results/STUDY by default.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Rename an existing folder to OUT.1, OUT.2, …")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 if convergence diagnostics or a check fail."),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Recompute everything, without results of earlier runs.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run a study: fit, check, and write tables, figures, draws and provenance.

    Output is written completely or not at all. Failed checks are reported as failed. Fits and
    checks are stored when completed: after an interruption the same command continues.
    """
    with door(study=study, resumes=True):
        from bayes_nqp import studies
        from bayes_nqp._core.partial_failures import collected
        from bayes_nqp.cli._results import show

        folder = out if out is not None else Path("results") / study.stem
        with progress(quiet, studies.language_of(study)) as terminal, collected():
            outcome = studies.run(
                studies.find(study),
                folder,
                force=force,
                fresh=fresh,
                progress=False,
                listener=terminal,
                command=_typed(),
            )
        show(outcome)
    if strict and outcome.failures:
        error("--strict: " + "; ".join(outcome.failures))
        raise typer.Exit(FAILED)
    if outcome.omissions:
        raise typer.Exit(OMITTED)


@app.command(epilog="Example: bayes-nqp validate models/castle_doctrine.toml")
def validate(study: StudyFile) -> None:
    """Validate a study, its data and the identified effects, without running it.

    Reports the role of each column, treatment by unit and period, the identified effects, and the
    cleaning steps; or the error, its place and a suggestion.
    """
    with door(study=study):
        from bayes_nqp import studies
        from bayes_nqp._core.i18n import listed

        outline = studies.validate(studies.find(study))
        terminal, translate, identified = (
            console(),
            outline.translate,
            outline.support["identified"],
        )
        terminal.print(f"[bold]{safe(outline.settings.title)}[/bold]")
        line(outline.panel.to_text(translate.language))
        cells = int(identified.sum()), len(identified)
        line(translate("Group-time cells: {} of {} have an identified effect", *cells))
        if outline.mediators:
            line(translate("Mediators  {}", listed(outline.mediators, len(outline.mediators))))
        for note in outline.notes:
            line(f"  {translate('note: {}', note)}")
        terminal.print(f"[green]{translate('This study is ready to run.')}[/green]")


@app.command("list", epilog="Example: bayes-nqp list models")
def list_studies(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder of studies; those of the library by default.", metavar="FOLDER"
        ),
    ] = None,
) -> None:
    """List the studies included in the library, or those in a folder.

    Included studies are run by name: bayes-nqp run castle_doctrine
    """
    with door():
        from bayes_nqp import studies

        studies_there = studies.titles(studies.shipped() if folder is None else folder)
        if not studies_there:
            line(f"no .toml file in {folder}")
        names = {path: path.stem if folder is None else str(path) for path in studies_there}
        width = max((len(name) for name in names.values()), default=0)
        for path, title in studies_there.items():
            line(f"{names[path]:<{width}}  {' '.join(title.split())}")


@app.command(epilog="Example: bayes-nqp new cities.xlsx --unit city --outcome nqp")
def new(
    file: DataFile,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="File of the study; FILE with the extension .toml by default."
        ),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Column of units, if you know it.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of periods.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Column of the outcome.")] = None,
    cohort: Annotated[str | None, typer.Option(help="Column of first treated periods.")] = None,
    treated: Annotated[
        str | None, typer.Option(help="Column of 0 and 1, or of marks such as 是 and 否.")
    ] = None,
    treatment: Annotated[str | None, typer.Option(help="The same, if the policy may end.")] = None,
    strata: Annotated[
        list[str] | None, typer.Option(help="Grouping column; may be given twice.")
    ] = None,
    zones: Annotated[
        bool, typer.Option("--zones", help="The policy is the cross-border e-commerce pilot zones.")
    ] = False,
    look: Annotated[
        bool,
        typer.Option("--look", help="Write a page on the reading of the file and its problems."),
    ] = False,
    language: Annotated[
        str | None,
        typer.Option(help="Language of the study: en or zh; that of the file by default."),
    ] = None,
) -> None:
    """Write a commented study for your data file, based on its columns.

    It guesses unit, period, treatment, outcome, groups and possible mediators, with reasons as
    comments: confirm every line. Sheets, titles above the header, merged cells, "1,234" and "—" are
    recognised. If no column defines treatment, or several columns disagree, it stops with an error.
    Existing studies are not overwritten.
    """
    with door():
        from bayes_nqp import studies
        from bayes_nqp.cli._results import show_proposal

        roles = {
            "unit": unit, "time": time, "outcome": outcome, "cohort": cohort, "treated": treated,
            "treatment": treatment, "strata": strata,
        }  # fmt: skip
        proposal = studies.new(file, out, roles=roles, zones=zones, language=language, page=look)
        show_proposal(proposal, page=look)
    if proposal.study is None:
        raise typer.Exit(FAILED)


@app.command(
    epilog="Example: bayes-nqp index provinces.xlsx --positive patents --positive school "
    "--negative energy --out provinces_nqp.csv"
)
def index(
    file: DataFile,
    positive: Annotated[
        list[str] | None, typer.Option(help="Indicator for which more is better; may be repeated.")
    ] = None,
    negative: Annotated[
        list[str] | None, typer.Option(help="Indicator for which less is better; may be repeated.")
    ] = None,
    system: Annotated[
        str | None,
        typer.Option(help="Instead of columns: new_quality_productivity, or a .toml file."),
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="Indicator of the system to keep; may be repeated.")
    ] = None,
    weights: Annotated[str, typer.Option(help="Weighting scheme, such as Entropy.")] = "Entropy",
    missing: Annotated[
        str,
        typer.Option(help="Observations without an indicator: error, drop, interpolate, extend."),
    ] = "error",
    unit: Annotated[str | None, typer.Option(help="Column of units; guessed otherwise.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of periods; guessed otherwise.")] = None,
    name: Annotated[str, typer.Option(help="Name of the new column.")] = "nqp",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; FILE_index.csv by default.")
    ] = None,
) -> None:
    """Compute an index of indicators, and write the data with the index as a new column.

    The weights are written to a second file, one row per indicator.
    """
    with door():
        from bayes_nqp import studies

        addition = studies.add_index(
            file, out, positive=positive or [], negative=negative or [], system=system,
            keep=keep or [], weights=weights, missing=missing, unit=unit, time=time, name=name,
        )  # fmt: skip
        terminal = console()
        for note in addition.notes:
            line(f"note: {note}")
        line(addition.table.to_string(index=False))
        for path in addition.paths:
            terminal.print(f"wrote [bold]{safe(path)}[/bold]", highlight=False)


@app.command(epilog="Example: bayes-nqp zones cities.xlsx --prefecture city --out cities_zones.csv")
def zones(
    file: DataFile,
    prefecture: Annotated[
        str | None,
        typer.Option(help="Column of names or codes of prefectures; guessed otherwise."),
    ] = None,
    rule: Annotated[
        str, typer.Option(help="First treated year: approval_year or next_year_after_june.")
    ] = "approval_year",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; FILE_zones.csv by default.")
    ] = None,
) -> None:
    """Merge the 165 cross-border e-commerce pilot zones with your data.

    Adds batch, date of approval, first treated year, province, and a coastal indicator; and lists
    names that are not prefectures, with the closest names.
    """
    with door():
        from bayes_nqp import studies

        addition = studies.add_zones(file, out, prefecture=prefecture, rule=rule)
        terminal = console()
        for note in addition.notes:
            line(note)
        if len(addition.table):
            terminal.print("[yellow]not a prefecture, without a zone:[/yellow]")
            line(addition.table.to_string(index=False))
        for path in addition.paths:
            terminal.print(f"wrote [bold]{safe(path)}[/bold]", highlight=False)


@app.command(epilog="Example: bayes-nqp schema --out study.schema.json")
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; printed otherwise.")
    ] = None,
) -> None:
    """Write the JSON schema of studies for completion and validation in editors.

    Put "#:schema ./study.schema.json" in the first line of a study; editors with Taplo or Even
    Better TOML read it.
    """
    with door():
        from bayes_nqp import studies

        if out is None:
            sys.stdout.buffer.write(studies.json_text().encode("utf-8"))
            return
        studies.write_beside(out, studies.json_text())
        console().print(f"wrote [bold]{safe(out)}[/bold]", highlight=False)


@app.command(epilog="Example: bayes-nqp guide --out guide.md")
def guide(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; printed otherwise.")
    ] = None,
) -> None:
    """Print the guide for assistants: calls, terms, what to report, and what never to claim."""
    with door():
        text = Path(__file__).with_name("guide.md").read_text(encoding="utf-8")
        if out is None:
            sys.stdout.buffer.write(text.encode("utf-8"))
            return
        from bayes_nqp import studies

        studies.write_beside(out, text)
        console().print(f"wrote [bold]{safe(out)}[/bold]", highlight=False)


@app.command(epilog="Example: bayes-nqp doctor > doctor.txt")
def doctor() -> None:
    """Test the installation and print the information for a bug report.

    Prints versions, extras and threads, and runs a fit of one second to data with a known effect,
    with its figure in Chinese.
    """
    with door():
        from bayes_nqp.cli._doctor import symptoms

        ill = []
        for name, answer, well in symptoms():
            line(f"{'' if well else '! '}{name:<16} {answer}")
            ill += [] if well else [name]
    if ill:
        error(f"not well: {', '.join(ill)}")
        raise typer.Exit(FAILED)


@app.command(epilog="Example: bayes-nqp studio cities.xlsx")
def studio(
    file: Annotated[
        Path | None, typer.Argument(help="A file to open at once.", metavar="FILE")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Folder that keeps files, studies and results afterwards."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port of this machine; any free one by default.")] = 0,
    browse: Annotated[
        bool, typer.Option("--browse/--no-browse", help="Open the address in a browser.")
    ] = True,
) -> None:
    """Open the studio: from a data file to a report in a browser, on this machine only.

    The address contains a token that is required for access. Files opened in the studio are deleted
    when it ends, unless --keep names a folder.
    """
    with door():
        try:
            from bayes_nqp.studio import serve
        except ModuleNotFoundError as error:
            raise without_extension(error, "bayes-nqp studio") from error

        def ready(address: str) -> None:
            line(address)
            sys.stdout.flush()
            if browse:
                import webbrowser

                webbrowser.open(address)

        with suppress(KeyboardInterrupt):
            serve(file, keep=keep, port=port, ready=ready)


def main() -> None:
    """Run the command line."""
    in_utf8()
    with streams() as flush, door(loads=False), stoppable():
        try:
            app()
        finally:
            flush()


def _typed() -> str:
    return shlex.join(["bayes-nqp", *sys.argv[1:]])
