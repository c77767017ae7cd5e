"""The referee's checklist: every exhibit with its status, result and call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core.exceptions import NotApplicable, NQPError, StudyError
from bayes_nqp._core.i18n import Message, Translator, separated, unadvised
from bayes_nqp._core.progress import bar
from bayes_nqp._core.texts import folded, size_of
from bayes_nqp._core.types import Language
from bayes_nqp._core.validation import door
from bayes_nqp.checks import (
    CHECKS,
    NOT_APPLICABLE,
    VERDICTS,
    CheckResult,
    Need,
    meets,
    results_of,
    run_checks,
)
from bayes_nqp.effects.estimands import words
from bayes_nqp.inference.fitting import Fit, require
from bayes_nqp.output.exhibits._registry import EXHIBITS, THEMES, Exhibit, calls_of
from bayes_nqp.output.plots import PLOTS
from bayes_nqp.output.tables import KINDS, Column, Row, Table, key_of, remarks_of, word

_DONE: Final = Message("done", context="exhibit")
_TO_DO: Final = Message("to do", context="exhibit")
_UNSUITED: Final = Message("not for this design", context="exhibit")
_ELSEWHERE: Final = Message("elsewhere", context="exhibit")
_HERE: Final = Message("in this report", context="exhibit")
_TONES: Final = {_DONE: "good", _TO_DO: "doubt", _UNSUITED: "faint", _ELSEWHERE: ""}
_WIDE = 100
"""Width of the checklist in a console, in Latin characters."""
_HINT = "nqp.referee(fit, nqp.check(fit)), or one or several results of checks"

type Status = tuple[Message, str]
"""Status of an exhibit, and the result or the reason."""


class Checklist(Table):
    """Table of exhibits that a console prints in full, a line for each part of an exhibit."""

    def __repr__(self) -> str:
        lines = [self.title, *self.stamps]
        indent = max(size_of(row.cells[0].text) for row in self.rows if row.cells) + 4
        for row in self.rows:
            if row.heading:
                lines += ["", row.label]
                continue
            status, result, code = (*(cell.text for cell in row.cells), "")[:3]
            text = Message("{}: {}", row.label, result) if result else Message("{}", row.label)
            first, *more = folded(text.in_(self.language), _WIDE - indent)
            gap = " " * (indent - 2 - size_of(status))
            lines.append(f"  {status}{gap}{first}")
            lines += [" " * indent + line for line in (*more, *code.splitlines())]
        return "\n".join(line.rstrip() for line in [*lines, "", *self.notes])


@door
def referee(
    fit: Fit,
    checks: pd.DataFrame | CheckResult | Iterable[CheckResult] = (),
    *,
    run: bool = False,
    language: Language = "en",
    progress: bool = True,
) -> Table:
    """List the exhibits that referees expect, with the status and the call of each.

    The status is one of the following:

    - "done": the fit or `checks` contain the result, which is listed;
    - "to do": the call has not been made;
    - "not for this design", with the reason;
    - "elsewhere": another library makes the exhibit; the reason and a recipe are listed.

    Without `run`, nothing is fitted.

    Parameters
    ----------
    checks : DataFrame, CheckResult or iterable of CheckResult, default ()
        Results of checks of this fit, such as ``nqp.check(fit)``.
    run : bool, default False
        If True, run the checks of the list that are not in `checks`; this can take minutes.
    language : str, default "en"
        Language of the list.
    progress : bool, default True
        If True, show a progress bar while checks run.

    Returns
    -------
    Table
        One row per exhibit, by theme; ``save`` writes it to a file.

    Raises
    ------
    StudyError
        If `checks` are not results of checks.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> exhibits = nqp.referee(fit).to_frame().set_index("label")
    >>> exhibits.loc["Placebo in time", "Status"]
    'to do'
    """
    results = _results(checks)
    if run:
        missing = dict.fromkeys(x.check for x in EXHIBITS.values() if x.check in CHECKS)
        names = [x for x in missing if x not in results and meets(fit, CHECKS[x].needs)]
        with bar(progress):
            results |= {x.name: x for x in run_checks(fit, names)}
    return checklist(fit, results.values(), language)


def checklist(
    fit: Fit,
    checks: Iterable[CheckResult],
    language: Language = "en",
    *,
    calls: bool = True,
    sections: Collection[str] = (),
) -> Checklist:
    """Tabulate the exhibits of a fit by theme.

    Parameters
    ----------
    checks : iterable of CheckResult
        Results at hand.
    calls : bool, default True
        If True, add a column with the call or the recipe.
    sections : collection of str, default ()
        Sections of the report that contains the checklist; their exhibits are done.
    """
    translate, results = words(language, fit), {x.name: x for x in checks}
    rows, tally = list[Row](), Counter[str]()
    for theme, listed in _by_theme().items():
        rows.append(Row(translate(THEMES[theme]) if theme in THEMES else theme))
        for each in listed:
            status, result = _status(each, fit, results, translate)
            if status is _TO_DO and each.section in sections:
                status, result = _DONE, translate.name(_HERE)
            tally[status] += 1
            cells = (word(translate.name(status), _TONES[status]), word(result))
            label = translate.name(each.title)
            rows.append(Row(label, (*cells, word(each.code)) if calls else cells))
    columns = [
        Column(translate("Status")),
        Column(translate("Result or reason"), words=True),
        Column(translate("Call or recipe"), words=True),
    ]
    counted = [Message("{} {}", x, tally[x], context="count") for x in _TONES if tally[x]]
    notes = [translate("{}.", separated(counted)), *(_how(fit, translate) if calls else ())]
    return Checklist(
        "exhibits",
        translate("Referee's checklist"),
        translate("Exhibit"),
        tuple(columns if calls else columns[:2]),
        tuple(rows),
        tuple(notes),
        remarks_of(fit, str(fit.gate), tuple(results.values()), translate).stamps,
        language,
    )


def _how(fit: Fit, translate: Translator) -> Iterator[str]:
    """Yield notes on the calls and on the data frame of the recipes."""
    yield translate(
        "Results of checks are listed if they are passed: nqp.referee(fit, nqp.check(fit)); "
        "run=True runs all checks of the list."
    )
    if fit.panel is not None:
        roles = fit.panel.roles
        named = {roles.unit: "unit", roles.time: "time", roles.outcome: "outcome"}
        if roles.cohort is not None:
            named[roles.cohort] = "cohort"
        others = {old: new for old, new in named.items() if old != new}
        yield translate(
            "Recipes begin with {}; treated is 1 from adoption on, and other columns represent "
            "your own.",
            f"rows = panel.frame.rename(columns={others})" if others else "rows = panel.frame",
        )


def _by_theme() -> dict[str, list[Exhibit]]:
    """Group the exhibits by theme; themes of other packages come last."""
    themes: dict[str, list[Exhibit]] = {theme: [] for theme in THEMES}
    for each in EXHIBITS.values():
        themes.setdefault(each.theme, []).append(each)
    return {theme: listed for theme, listed in themes.items() if listed}


def _results(checks: object) -> dict[str, CheckResult]:
    if isinstance(checks, pd.DataFrame):
        if not {"check", "question", "verdict", "figure", "sentence"} <= {*checks.columns}:
            raise StudyError("'checks' is a DataFrame, and not that of nqp.check(fit)", hint=_HINT)
        checks = results_of(checks)
    several = [checks] if isinstance(checks, CheckResult) else list(checks)  # type: ignore[call-overload]
    odd = [x for x in several if not isinstance(x, CheckResult)]
    if odd:
        raise StudyError(f"'checks' holds a {type(odd[0]).__name__}", hint=_HINT)
    return {x.name: x for x in several}


def _status(
    each: Exhibit, fit: Fit, results: Mapping[str, CheckResult], translate: Translator
) -> Status:
    """Return the status of an exhibit, and the result or the reason."""
    if each.because:
        return _ELSEWHERE, translate.name(each.because)
    result = results.get(each.check)
    if result is not None:
        return _of_check(each, result, translate)
    try:
        require(fit, *_needs(each))
        number = each.number(fit) if each.number else None
        _need_columns(each, fit)
    except NotApplicable as missing:
        return _UNSUITED, translate.name(missing.why)
    except NQPError as error:
        return _UNSUITED, translate("{}.", error.what)
    return (_TO_DO, "") if number is None else (_DONE, translate.name(number))


def _of_check(each: Exhibit, result: CheckResult, translate: Translator) -> Status:
    """Return the status of an exhibit that a check has answered."""
    if result.verdict == NOT_APPLICABLE:
        return _UNSUITED, translate.name(unadvised(result.sentence))
    verdict, evidence = VERDICTS[result.verdict], result.evidence
    if not each.change:
        figure = key_of(translate.name(result.figure)) if result.figure else ""
        return _DONE, translate("{}: {}", verdict, figure) if figure else translate.name(verdict)
    if not isinstance(evidence, xr.Dataset):  # of a table of checks, which has no rows of them
        return _TO_DO, ""
    draws = evidence["att"].to_numpy()[..., np.isin(evidence["change"].to_numpy(), each.change)]
    if draws.size:
        means, sds = draws.mean(axis=(0, 1)), draws.std(axis=(0, 1))
        span = Message(
            "average effect from {:.3g} to {:.3g}, posterior SD from {:.3g} to {:.3g}, number of "
            "specifications: {}",
            *(means.min(), means.max(), sds.min(), sds.max(), means.size),
        )
        return _DONE, translate.name(span)
    if "=[" in each.code:  # the columns are for the user to name
        return _TO_DO, ""
    return _UNSUITED, translate(
        "The panel does not allow these refits; the check gives the reason."
    )


def _needs(each: Exhibit) -> Iterator[Need]:
    """Yield the requirements of the checks, tables and plots of an exhibit."""
    for call in calls_of(each.code):
        if call.source != "fit":
            continue
        name = next(iter(call.texts), "")
        if call.function == "nqp.check" and name in CHECKS:
            yield from CHECKS[name].needs
        elif call.function == "nqp.table" and name in KINDS:
            yield from KINDS[name].needs
        elif call.function.startswith("nqp.plots."):
            plot = call.function.removeprefix("nqp.plots.")
            yield from PLOTS[plot].needs if plot in PLOTS else ()


def _need_columns(each: Exhibit, fit: Fit) -> None:
    """Raise an error if the panel lacks the columns that the check of an exhibit requires."""
    check = CHECKS.get(each.check)
    if check is None or fit.panel is None or check.suits is None:
        return
    if not (check.listed(fit.design, fit.panel) or check.offered(fit.design, fit.panel)):
        why = Message("The panel has no columns for the check {!r}.", each.check)
        raise NotApplicable(why)
