"""The table of results of checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import UnknownLabelError, nearest, one_of
from bayes_nqp._core.i18n import Message, Translator, languages
from bayes_nqp._core.templates import html
from bayes_nqp._core.texts import size_of
from bayes_nqp._core.types import Language
from bayes_nqp.checks.shared import (
    CHECKS,
    NOT_APPLICABLE,
    OPEN,
    TINTS,
    VERDICTS,
    CheckResult,
    Verdict,
)
from bayes_nqp.inference.fitting import Fit

_CONSOLE = ("check", "verdict", "figure")
_NARROW = 60
"""Smallest width of the key figure, in characters."""
_MORE: Final = Message("further columns: question, sentence")
MESSAGES = "messages"
"""The attr of a table of checks with its texts for any language."""
_FIT = "fit"
"""The attr of a table of checks with the digest of the fit."""


class CheckTable(pd.DataFrame):
    """A data frame of check results, shown in full with coloured verdicts.

    A console prints check, verdict and key figure without truncation. Slices of it and results of
    computations are plain data frames.

    Attributes
    ----------
    results : tuple of CheckResult
        The results with their evidence.
    language : str
        Language in which verdicts are printed; the column has the English words.
    """

    _metadata = ["results", "language"]  # noqa: RUF012 - as pandas has it
    results: tuple[CheckResult, ...] = ()
    language: Language = "en"

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    if not TYPE_CHECKING:

        def __getitem__(self, key: Any) -> Any:
            try:
                return super().__getitem__(key)
            except KeyError:
                raise self._lacking(str(key)) from None

    def _lacking(self, key: str) -> UnknownLabelError:
        """Return the error for a key that is no column, such as the name of a check."""
        names = [*self["check"]] if "check" in self.columns else []
        hint: str = nearest(key, [*names, *self.columns])
        if key in CHECKS:
            hint = f"nqp.check(fit, {key!r}) returns the result of one check"
            if key in names:
                hint += f"; table[table['check'] == {key!r}] is its row"
        columns = ", ".join(map(str, self.columns))
        return UnknownLabelError(
            f"the table has no column {key!r}",
            where=f"columns: {columns}; checks: {', '.join(map(str, names)) or 'none'}",
            hint=hint,
        )

    def __repr__(self) -> str:
        if not {*_CONSOLE} <= {*self.columns}:
            return repr(pd.DataFrame(self))
        say = Translator(self.language).name
        shown = self.assign(verdict=[say(VERDICTS.get(x, x)) for x in self["verdict"]])
        lines = [_CONSOLE, *shown[[*_CONSOLE]].astype(str).itertuples(index=False, name=None)]
        name, verdict = (max(size_of(line[k]) for line in lines) for k in (0, 1))
        space = " " * (name + verdict + 4)
        width = max(get_terminal_size().columns - len(space), _NARROW)
        rows = [
            f"{check:<{name}}  {answer}{' ' * (verdict - size_of(answer))}  "
            + f"\n{space}".join(wrap(figure, width, break_on_hyphens=False))
            for check, answer, figure in lines
        ]
        findings = []
        if "sentence" in self.columns:
            is_open = self["verdict"].isin([str(x) for x in OPEN])
            finding = Message("{}: {}. {}", context="finding")
            findings = [
                "\n".join(["", *wrap(say(finding.fill(*row)), max(width, 96))])
                for row in shown.loc[is_open, ["check", "verdict", "sentence"]].itertuples(
                    index=False, name=None
                )
            ]
        return "\n".join([*(row.rstrip() for row in rows), say(_MORE), *findings])

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        if not {*_CONSOLE, "question", "sentence"} <= {*self.columns}:
            return str(pd.DataFrame(self).to_html())
        say = Translator(self.language).name
        words = {verdict: say(text) for verdict, text in VERDICTS.items()}
        counts = self["verdict"].value_counts()
        tally = ", ".join(
            f"{counts[verdict]} {words[verdict]}"
            for verdict in (*TINTS, NOT_APPLICABLE)
            if verdict in counts.index
        )
        rows = list(self.itertuples(index=False))
        title = say(Message("Checks"))
        return html(
            "checks/templates/checks.html",
            rows=rows, tally=tally, tints=TINTS, words=words, title=title,
        )  # fmt: skip


def check_table(
    results: Iterable[CheckResult], language: Language = "en", fit: Fit | None = None
) -> CheckTable:
    """Tabulate results, one row per check.

    Parameters
    ----------
    language : str, default "en"
        Language of questions, key figures, sentences and printed verdicts; the columns ``check``
        and ``verdict`` are not translated.
    fit : Fit, optional
        The fit that was checked.

    Returns
    -------
    DataFrame
        ``question``, ``check``, ``verdict``, ``figure``, ``sentence``.

    Raises
    ------
    StudyError
        If the language is unknown.
    """
    one_of("language", language, languages())
    results = tuple(results)
    rows = [
        (r.asked(language), r.name, r.verdict, r.figure_in(language), r.said(language))
        for r in results
    ]
    table = CheckTable(rows, columns=["question", "check", "verdict", "figure", "sentence"])
    table.results, table.language = results, language
    table.attrs[MESSAGES] = {r.name: [r.question, r.figure, r.sentence, r.details] for r in results}
    if fit is not None:
        table.attrs[_FIT] = fit.digest
    return table


def belongs(table: pd.DataFrame, fit: Fit) -> bool:
    """Return True if a table, or a slice of it, contains checks of a fit."""
    return {"question", "sentence", *_CONSOLE} <= {*table.columns} and (
        table.attrs.get(_FIT) == fit.digest
    )


def results_of(table: pd.DataFrame) -> list[CheckResult]:
    """Return the results in a table of them.

    Parameters
    ----------
    table : DataFrame
        As returned by `check_table`, or a slice of it.

    Returns
    -------
    list of CheckResult
        With evidence if the table is not a slice; in every language if it still has its ``attrs``.
    """
    kept = {(x.name, str(x.verdict)): x for x in getattr(table, "results", ())}
    messages, results = table.attrs.get(MESSAGES, {}), []
    for row in table.itertuples(index=False):
        if (row.check, str(row.verdict)) in kept:
            results.append(kept[str(row.check), str(row.verdict)])
            continue
        texts = [str(row.question), str(row.figure), str(row.sentence), ""]
        question, figure, sentence, *details = messages.get(row.check, texts)
        verdict: Verdict = row.verdict  # type: ignore[assignment]
        result = CheckResult(str(row.check), question, verdict, figure, sentence)
        results.append(replace(result, details=next(iter(details), "")))
    return results
