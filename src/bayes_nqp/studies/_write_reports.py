"""Reports of a study: their context, in the language of the study and in further languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, figures
from bayes_nqp._core.io import in_shell
from bayes_nqp.checks import CheckResult
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.plots import sketches
from bayes_nqp.output.reports import SPATIAL, Context, FigureFolder, report_title, write_report
from bayes_nqp.studies._comparison_designs import heading
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._study import Study
from bayes_nqp.studies._table_notes import ALL


def write_reports(
    study: Study,
    context: Context,
    tables: Mapping[str, pd.DataFrame],
    folder: Path,
    notify: Callable[[str], None],
) -> None:
    """Draw the figures of a study and write its report in every language.

    A paper has the figures of its exhibits; other studies have all figures.
    """
    drawn, formats = FigureFolder(folder / "figures"), study.settings.report.formats
    if study.settings.paper is None or not formats:
        for sketch in sketches(context):
            drawn.draw(sketch)
    if not formats:
        return
    notify(Message("writing the report"))
    write_report(context, folder / "report", formats, drawn)
    for language in study.settings.report.translations:
        own = folder / f"report_{language}"
        translated = _translated(study, context, tables, language)
        write_report(translated, own, formats, FigureFolder(own / "figures"))


def _translated(
    study: Study, context: Context, tables: Mapping[str, pd.DataFrame], language: str
) -> Context:
    """Return the context of the report in a further language."""
    texts = study.settings.report.translations[language]
    return replace(
        context,
        language=language,
        notice=_notice(study, tables, language),
        title=texts.title or context.title,
        question=texts.question or context.question,
        outcome=texts.outcome or Context(context.given, (), language).usual_outcome,
        unit=texts.outcome_unit or context.unit,
        heading=heading(study.settings, language),
        figures="figures/",
    )


def _notice(study: Study, tables: Mapping[str, pd.DataFrame], language: str) -> str:
    """Return the notice that the data are simulated, with the true effects."""
    simulated = study.prepared.simulated
    if simulated is None or "truth.csv" not in tables:
        return ""
    truth = tables["truth.csv"]
    overall = truth[(truth["by"] == ALL) & (truth[v.PATH] == v.TOTAL)].iloc[0]
    return Message(
        "The data are simulated (“{name}”, seed {seed}); the results are not findings "
        "about real places. The true average effect of the simulation is {truth}; other "
        "true effects are in truth.csv.",
        name=study.settings.data.simulation,
        seed=simulated.parameters["seed"],
        truth=figures(float(overall["truth"]), float(overall["sd"])),
    ).in_(language)


def report_context(
    study: Study,
    fitted: Fit,
    others: Mapping[str, Fit],
    checks: Sequence[CheckResult],
    tables: Mapping[str, pd.DataFrame],
) -> Context:
    """Return the context from which figures and the report are made."""
    settings = study.settings.report
    unnamed = Context(fitted, tuple(checks), settings.language)
    outcome = settings.outcome or unnamed.usual_outcome
    context = replace(
        unnamed,
        others=others,
        prob=settings.prob,
        by=tuple(study.factors),
        weights=settings.weights,
        outcome=outcome,
        unit=settings.outcome_unit or "",
        notice=_notice(study, tables, settings.language),
        title=study.settings.title or report_title(fitted, outcome, unnamed.translate),
        heading=heading(study.settings),
        question=settings.question,
        command=f"bayes-nqp run {in_shell(Path(study.path.name))}",
        figures="../figures/",
        plots=_names(study.settings.figures.draw),
        kinds=_kinds(study.settings),
        baseline=study.baseline,
        sections=_names(study.sections),
        estimands=tuple(settings.estimands),
        author=settings.author,
        date=settings.date,
        outcome_scale=settings.outcome_scale,
        spatial=not {*SPATIAL}.isdisjoint(
            [*(study.settings.checks.run or ()), *study.check_options]
        ),
    )
    for table in study.settings.plugins.values():
        context = replace(context, **table.context_for(study.path.parent))
    return context


def _kinds(settings: Settings) -> tuple[str, ...] | None:
    """Return the kinds of tables to show, with that of the table [baseline]."""
    shown = _names(settings.tables.show)
    return shown if shown is None or settings.baseline is None else (*shown, "baseline")


def _names(wanted: list[str] | None) -> tuple[str, ...] | None:
    return None if wanted is None else tuple(wanted)
