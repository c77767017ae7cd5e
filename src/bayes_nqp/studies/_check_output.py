"""Tests of the names in the tables [report], [paper], [figures] and [tables]."""

from __future__ import annotations

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import ESTIMANDS
from bayes_nqp.output.plots import PLOTS
from bayes_nqp.output.reports import SECTIONS, writers
from bayes_nqp.output.tables import KINDS
from bayes_nqp.studies._schema import Settings

_UNKNOWN = {
    "report.formats": Message("'{}' contains {!r}, which is not a report format"),
    "report.sections": Message("'{}' contains {!r}, which is not a section of the report"),
    "paper.exhibits": Message("'{}' contains {!r}, which is not a section of the report"),
    "report.estimands": Message("'{}' contains {!r}, which is not an estimand"),
    "figures.draw": Message("'{}' contains {!r}, which is not a plot"),
    "tables.show": Message("'{}' contains {!r}, which is not a kind of table"),
}


def check_output(settings: Settings) -> None:
    """Test that formats, sections, estimands, figures, tables and languages can be written.

    Raises
    ------
    StudyError
        If a name is unknown, sections are chosen twice, or a language is that of the report.
    """
    for key, names, registry in (
        ("report.formats", settings.report.formats, writers),
        ("report.sections", settings.report.sections, SECTIONS.keys),
        ("paper.exhibits", settings.paper and settings.paper.exhibits, SECTIONS.keys),
        ("report.estimands", settings.report.estimands, ESTIMANDS.keys),
        ("figures.draw", settings.figures.draw, PLOTS.keys),
        ("tables.show", settings.tables.show, KINDS.keys),
    ):
        for name in names or ():
            if name not in registry():
                hint = nearest(name, registry())
                if "did you mean" not in hint:
                    hint = Message("choose among {}", ", ".join(registry()))
                raise StudyError(_UNKNOWN[key].fill(key, name), hint=hint)
    if settings.paper is not None and settings.report.sections is not None:
        raise StudyError(
            "'report.sections' and [paper] both choose the sections of the report",
            hint='write the sections in [paper] as exhibits = ["…"], and remove report.sections',
        )
    if settings.report.language in settings.report.translations:
        language = settings.report.language
        raise StudyError(
            Message("'report.translations' contains {!r}, the language of the report", language),
            hint=Message("remove [report.translations.{}], or change report.language", language),
        )
