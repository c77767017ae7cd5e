"""Reports of fits, written to files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import StudyError, nearest, one_of
from bayes_nqp._core.i18n import Message, Translator, listed
from bayes_nqp._core.io import place, writing
from bayes_nqp._core.partial_failures import Omission, collected, omitted, recorded, warn
from bayes_nqp._core.process import uncollected
from bayes_nqp._core.progress import bar
from bayes_nqp._core.software import versions
from bayes_nqp._core.texts import LONGEST_NAME, LONGEST_TEXT
from bayes_nqp._core.types import Language
from bayes_nqp._core.validation import door
from bayes_nqp.checks import CheckResult, checked, suiting
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import estimands_named, named_logarithm
from bayes_nqp.inference.fitting import Fit, panel_of
from bayes_nqp.output.plots import Sketch
from bayes_nqp.output.reports._answer import Answer
from bayes_nqp.output.reports._check_lists import SPATIAL
from bayes_nqp.output.reports._content import (
    Alarm,
    Appendix,
    Block,
    Document,
    Heading,
    NumberedTable,
    Picture,
)
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._figures import FigureFolder
from bayes_nqp.output.reports._registry import chosen, misplaced, writers
from bayes_nqp.output.tables import Cell, Column, Row, Table, baseline_steps, words


@door
def report(
    fit_or_fits: Fit | Sequence[Fit] | Mapping[str, Fit],
    dir: str | Path,
    *,
    language: Language = "en",
    formats: Sequence[str] = ("html", "docx", "xlsx", "tex"),
    checks: Sequence[CheckResult | str] | pd.DataFrame | None = None,
    by: Sequence[str] | str | None = None,
    prob: float = 0.95,
    weights: str = "rows",
    title: str | None = None,
    question: str = "",
    outcome: str | None = None,
    outcome_unit: str = "",
    estimands: Sequence[str] = (),
    author: str = "",
    date: str = "",
    outcome_scale: Literal["", "level", "log"] = "",
    baseline: bool | Sequence[Sequence[str]] = False,
    notice: str = "",
    command: str = "",
    force: bool = False,
    progress: bool = True,
) -> Path:
    """Write a report with effects, group differences, mechanisms and checks.

    Parameters
    ----------
    fit_or_fits : Fit, or sequence or mapping of str to Fit
        Fit to report; further fits are compared with the first in a table.
    dir : str or Path
        Output folder; it must not exist.
    language : str, default "en"
        Language of sentences, tables and figures.
    formats : sequence of str, default ("html", "docx", "xlsx", "tex")
        "html" (one file, pictures inside), "docx" (Word; tables are editable), "xlsx" (one sheet
        per table, with numeric cells), "tex" (the tables, for xelatex) and "md" (the tables).
    checks : sequence of CheckResult or str, or DataFrame, optional
        Results of checks of the fit, names of checks to run, such as ["pretrends"], or the table of
        ``nqp.check(fit)``; by default all are run.
    by : sequence of str, optional
        Stratum factors; all of the fit's by default.
    prob : float, default 0.95
        Posterior probability of the equal-tailed intervals.
    weights : str, default "rows"
        Weights of averages, as in `att`.
    title, question : str, optional
        Title of the report, and the research question in one or two sentences.
    outcome, outcome_unit : str, optional
        Name of the outcome and its unit.
    estimands : sequence of str, default ()
        Names of estimands that have a separate section, as in ``nqp.table(fit, "estimands")``.
    author, date : str, optional
        Author and date, as printed below the title.
    outcome_scale : {"level", "log"}, optional
        Scale of the outcome. If given, the effect is also reported in % of the untreated level: the
        ratio to this level, or exp(·) − 1 for an outcome in logs. By default "log" for an outcome
        that is a logarithm by its name, such as "ln_exports".
    baseline : bool or sequence of sequences of str, default False
        If True, a section has the table of baseline regressions, as ``nqp.table(fit, "baseline")``;
        or its ``steps``.
    notice : str, optional
        Important note that is printed first, for example that the data are simulated.
    command : str, optional
        Command that was run, for the record.
    force : bool, default False
        If True, rename an existing folder before writing.
    progress : bool, default True
        If True, show a progress bar.

    Returns
    -------
    Path
        The folder: ``report.html``, ``report.docx``, ``tables.xlsx``, ``tables.tex``,
        ``answer.json`` (the numbers of the first page), and ``figures/`` with every figure as
        .png (300 dpi) and .svg, and its numbers as .csv.

    Raises
    ------
    StudyError
        If an argument is invalid, or the folder exists or cannot be written.

    Warns
    -----
    UserWarning
        If a figure, table, section or format could not be created. The others are written and list
        the failure.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(unidentified="drop"), panel, progress=False)
    >>> nqp.report(fit, "report", formats=["html"], progress=False)  # doctest: +SKIP
    """
    fits = _fits(fit_or_fits)
    main = next(iter(fits.values()))
    _check(formats, language, prob)
    if not outcome_scale and named_logarithm(main.effects.attrs.get("outcome", "")):
        outcome_scale = "log"
    one_of("outcome_scale", outcome_scale, ("", "level", "log"))
    _check_lengths(
        title=title, outcome=outcome, outcome_unit=outcome_unit, author=author, date=date
    )
    _check_lengths(LONGEST_TEXT, question=question, notice=notice, command=command)
    factors = _factors(main, by)
    steps = _baseline(baseline, main)
    translate = words(language, main)
    name = outcome or Context(main, (), language).usual_outcome
    with bar(progress), place(dir, force=force, name="dir") as ready, collected() as omissions:
        results = tuple(checked(main, checks))
        context = Context(
            main,
            results,
            language,
            prob,
            factors,
            weights,
            name,
            outcome_unit,
            notice=notice,
            title=title or report_title(main, name, translate),
            question=question,
            command=command,
            others=dict(list(fits.items())[1:]),
            estimands=tuple(each.name for each in estimands_named(estimands)),
            author=author,
            date=date,
            outcome_scale=outcome_scale,
            spatial=_spatial(main, () if checks is None else results),
            baseline=steps,
        )
        write_report(context, ready.draft, formats, FigureFolder(ready.draft / "figures"))
        ready.finish()
    warn(omissions, language)
    return Path(dir)


@uncollected()
def write_report(
    context: Context, folder: Path, formats: Sequence[str], figures: FigureFolder
) -> Document:
    """Write the files of a report into a new folder, with each figure drawn once.

    Parts that cannot be created are omitted if failures are collected; every file lists them.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for plugin, error in misplaced():
        with omitted(plugin):
            raise error
    blocks = chain.from_iterable(section(context) for section in chosen(context))
    document = Document(
        context.title,
        " · ".join(
            x
            for x in (
                context.author,
                context.date,
                context.translate("Report of bayes_nqp {}", versions()["bayes-nqp"]),
            )
            if x
        ),
        _numbered(blocks, figures, context.translate),
        context.language,
        _facts(context),
    )
    omissions, names = recorded(), list(dict.fromkeys([*formats, *({"json"} & set(writers()))]))
    names = _written(_telling(document, omissions), folder, names)
    while (
        recorded() != omissions
    ):  # a file that was written before an error does not tell of it yet
        omissions = recorded()
        names = _written(_telling(document, omissions), folder, names)
    return _telling(document, omissions)


def _facts(context: Context) -> dict[str, object]:
    """Return the values of ``answer.json``; empty if they could not be computed."""
    facts: dict[str, object] = {}
    with omitted(Message("The file {}", "answer.json")):
        facts = Answer(context).facts()
    return facts


def _written(document: Document, folder: Path, formats: Iterable[str]) -> list[str]:
    """Write a document in several formats and return the names of the written ones."""
    names, formats_known = [], writers()
    for name in formats:
        with omitted(Message("The report as {}", name)):
            formats_known[name](document, folder)
            names.append(name)
    return names


def _telling(document: Document, omissions: Sequence[Omission]) -> Document:
    """Add a note on parts that could not be created; a table in table-only formats."""
    if not omissions:
        return document
    translate = words(document.language)
    title = translate("Parts that could not be created")
    alarm = Alarm(title, tuple(translate.name(each.sentence) for each in omissions))
    rows = [
        Row(translate.name(each.what), (Cell((translate.name(each.reason),), tone="bad"),))
        for each in omissions
    ]
    table = Table(
        "omissions", title, translate("Item"), (Column(translate("Reason"), words=True),),
        tuple(rows), language=document.language,
    )  # fmt: skip
    listed = NumberedTable(table, len(document.tables) + 1)
    blocks = (alarm, *document.main, Heading(title), listed, *document.appendix)
    return replace(document, blocks=blocks)


def _numbered(
    blocks: Iterable[Block | Sketch], figures: FigureFolder, translate: Translator
) -> tuple[Block, ...]:
    """Draw every figure and number pictures and tables.

    A picture, note or stamp is printed only at its first occurrence.
    """
    result: list[Block] = []
    pictures, tables = count(1), count(1)
    shown, noted = set[str](), dict[str, int]()
    for block in blocks:
        match block:
            case Sketch():
                stem = figures.draw(block)
                if stem is not None and stem not in shown:
                    shown.add(stem)
                    result.append(Picture(stem, block.caption, next(pictures), figures.folder))
            case NumberedTable():
                number = next(tables)
                page = _noted_once(block.page or block.table, noted, number, translate)
                result.append(replace(block, number=number, page=page))
            case _:
                result.append(block)
    if result and isinstance(result[-1], Appendix):  # with nothing in it
        del result[-1]
    return tuple(result)


def _noted_once(table: Table, noted: dict[str, int], number: int, translate: Translator) -> Table:
    """Refer to earlier tables for repeated notes and failures, and record new ones."""
    texts = {
        "notes": (table.notes, Message("Other notes: see {}.")),
        "stamps": (table.stamps, Message("Failures: see {}.")),
    }
    notes = {}
    for key, (stated, reference) in texts.items():
        earlier = sorted({noted[text] for text in stated if text in noted})
        new = [text for text in stated if text not in noted]
        noted |= dict.fromkeys(new, number)
        places = [Message("Table {}", place) for place in earlier]
        more = [translate(reference, listed(places, len(places)))] if places else []
        notes[key] = (*new, *more)
    return replace(table, notes=notes["notes"], stamps=notes["stamps"])


def _fits(fits: Any) -> dict[str, Fit]:
    if isinstance(fits, Fit):
        return {"": fits}
    named: Mapping[Any, Any] = {}
    if isinstance(fits, Mapping):
        named = fits
    elif isinstance(fits, Sequence):
        named = {f"({k})": x for k, x in enumerate(fits, 1)}
    if not named or not all(isinstance(each, Fit) for each in named.values()):
        raise StudyError(
            f"'fit_or_fits' is {type(fits).__name__}, and a report is about fits",
            hint="nqp.report(fit, 'folder'), or {'main': fit, 'other': fit2}",
        )
    return {str(name): each for name, each in named.items()}


def _spatial(fit: Fit, checks: Sequence[CheckResult]) -> bool:
    """Return True if checks of spatial dependence were chosen, not only all that suit the fit."""
    names = {result.name for result in checks}
    usual = set(suiting(fit.design, fit.panel))
    chosen = names - usual if usual <= names else names
    return not chosen.isdisjoint(SPATIAL)


def _baseline(wanted: bool | Sequence[Sequence[str]], fit: Fit) -> dict[str, object] | None:
    """Return the options of the baseline table; None without the table."""
    if isinstance(wanted, bool):
        return {} if wanted else None
    return {"steps": baseline_steps(wanted, panel_of(fit), (), "baseline")}


def _check(formats: Sequence[str], language: Language, prob: float) -> None:
    words(language)
    if isinstance(formats, str):
        raise StudyError(f"'formats' is {formats!r}", hint=f"a list: [{formats!r}]")
    for name in formats:
        if name not in writers():
            raise StudyError(f"'formats' names {name!r}", hint=nearest(str(name), writers()))
    if not 0 < prob < 1:
        raise StudyError(f"prob={prob!r} is not between 0 and 1", hint="prob=0.95")


def _check_lengths(most: int = LONGEST_NAME, **texts: str | None) -> None:
    for name, text in texts.items():
        if len(text or "") > most:
            raise StudyError(
                Message(
                    "{!r} has {:,} characters; at most {:,} are allowed",
                    name,
                    len(text or ""),
                    most,
                ),
                hint="fewer",
            )


def report_title(fit: Fit, outcome: str, translate: Translator) -> str:
    """Return the default title of a report."""
    exposure = str(fit.effects.attrs.get("exposure", ""))
    if exposure:
        return translate("The effect of {1} on {0}", outcome, exposure)
    return translate("The effect of the policy on {}", outcome)


def _factors(fit: Fit, by: Sequence[str] | str | None) -> tuple[str, ...]:
    factors = schema.factors(group_time_effects(fit))
    if by is None:
        return tuple(factors)
    names = (by,) if isinstance(by, str) else tuple(by)
    for name in names:
        if name not in factors:
            raise StudyError(f"'by' names {name!r}, no stratum factor", hint=nearest(name, factors))
    return names
