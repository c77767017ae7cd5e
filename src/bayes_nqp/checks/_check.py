"""Running checks, and the table of their results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, overload

import pandas as pd

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message, Translator, joined, languages
from bayes_nqp._core.labels import labels_of
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp._core.progress import bar, say
from bayes_nqp._core.types import Language
from bayes_nqp._core.validation import door
from bayes_nqp.checks._check_table import belongs, check_table, results_of
from bayes_nqp.checks._given_parallel import trends_first
from bayes_nqp.checks._serialize import result_bytes, result_from
from bayes_nqp.checks.shared import CHECKS, NOT_APPLICABLE, Check, CheckResult
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import (
    Fit,
    fit_given_channels,
    fit_given_lag,
    follows,
    identity,
    keep_in,
    single,
    store_of,
    total_fit,
)
from bayes_nqp.model.designs import Design

_GIVEN: Final = Message(
    "The check is conditional on the spatial coefficient ({:.2f}) and concerns the effect of a "
    "unit's own treatment."
)
_HOUSE: Final = __name__.partition(".")[0] + "."
"""Prefix of built-in checks: results of other packages' checks are not reused."""


@overload
def check(  # type: ignore[overload-overlap]  # a text is a sequence of texts too
    fit: Fit,
    name: str,
    *,
    store: str | Path | None = None,
    progress: bool = True,
    language: Language = "en",
    **options: object,
) -> CheckResult: ...
@overload
def check(
    fit: Fit,
    name: Sequence[str] | None = None,
    *,
    store: str | Path | None = None,
    progress: bool = True,
    language: Language = "en",
) -> pd.DataFrame: ...
@door
def check(
    fit: Fit,
    name: str | Sequence[str] | None = None,
    *,
    store: str | Path | None = None,
    progress: bool = True,
    language: Language = "en",
    **options: object,
) -> pd.DataFrame | CheckResult:
    """Run one check of a fit, several checks, or all of them.

    Some checks fit other designs to the same panel. The fit caches these refits, so that a repeated
    check takes no time and an interrupted run continues at the same point. `workers` sets the
    number of processes.

    Parameters
    ----------
    name : str or sequence of str, optional
        One check, by its name or its title in any language, or several; all by default.
    store : str or Path, optional
        A folder in which this fit stores refits and results. Later sessions find them again for the
        same fit, drawn with the same seed or loaded from its file, and the same version of the
        library. By default results are cached in memory.
    progress : bool, default True
        Show a progress bar.
    language : str, default "en"
        Language of the table of several checks; a single result contains all languages
        (`CheckResult.said`).
    **options
        Options of the named check.

    Returns
    -------
    DataFrame or CheckResult
        For several checks: one row per check with ``question``, ``check``, ``verdict``, ``figure``
        and ``sentence``. For one check: the result, with its evidence.

    Raises
    ------
    StudyError
        If there is no such check or option, ``fit`` is not a fit, or ``store`` cannot be used.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.check(fit, "identification").verdict
    'passed'
    """
    if not isinstance(name, str) and options:
        raise StudyError(
            f"the option {next(iter(options))!r} requires the name of one check",
            hint="nqp.check(fit, 'name', option=...)",
        )
    if store is not None:
        keep_in(fit, store)
    with bar(progress):
        if isinstance(name, str):
            return _asked(_named(name), fit, options)
        names = None if name is None else [_named(title).name for title in name]
        return check_table(run_checks(fit, names), language, fit)


def checked(
    fit: Fit, checks: Sequence[CheckResult | str] | pd.DataFrame | None
) -> list[CheckResult]:
    """Return the given results of checks of a fit, or run those that are named, or all of them.

    Parameters
    ----------
    checks : sequence of CheckResult or str, or DataFrame, optional
        Results, names of checks to run, or the table of ``nqp.check(fit)``.

    Raises
    ------
    StudyError
        If the table belongs to another fit.
    """
    if checks is None:
        return run_checks(fit)
    if isinstance(checks, pd.DataFrame):
        if not belongs(checks, fit):
            raise StudyError(
                "'checks' is a table that does not contain checks of this fit",
                hint="checks=nqp.check(fit), with the fit of the report",
            )
        return results_of(checks)
    given = [x for x in checks if isinstance(x, CheckResult)]
    return given + run_checks(fit, [x for x in checks if isinstance(x, str)])


def run_checks(
    fit: Fit,
    names: Iterable[str] | None = None,
    *,
    options: Mapping[str, Mapping[str, object]] | None = None,
    after: Callable[[CheckResult], None] | None = None,
) -> list[CheckResult]:
    """Run several checks of a fit.

    Parameters
    ----------
    names : iterable of str, optional
        Names of the checks; all by default.
    options : mapping of str to mapping, optional
        Options by the name of the check.
    after : callable, optional
        Called with each result as soon as it is available.

    Raises
    ------
    StudyError
        If there is no such check.
    """
    wanted = [_named(name) for name in (applicable(fit) if names is None else names)]
    results: list[CheckResult] = []
    for number, each in enumerate(wanted):
        announce = partial(say, Message("checking: {}", each.title), number, len(wanted))
        latest = results[-1:]
        with omitted(Message("The check {}", each.name)):
            results.append(_asked(each, fit, (options or {}).get(each.name, {}), announce))
        if after is not None and results[-1:] != latest:
            after(results[-1])
    return results


def applicable(fit: Fit) -> list[str]:
    """Return the names of the checks that apply to the design of a fit.

    Returns
    -------
    list of str
        Checks of mediators are included for mediation models only, checks of exposure for a
        continuous exposure only, and those of indicators if the panel contains its index.
    """
    return suiting(fit.design, fit.panel)


def suiting(design: Design, panel: Panel | None) -> list[str]:
    """Return the names of the checks that apply to a design on a panel.

    Returns
    -------
    list of str
        As in `applicable`.
    """
    return [name for name, each in CHECKS.items() if each.listed(design, panel)]


def _asked(
    each: Check,
    fit: Fit,
    options: Mapping[str, object],
    announce: Callable[[], None] = lambda: None,
) -> CheckResult:
    """Run a check on the fit that it requires: of one outcome, or of the total effect alone.

    Results in the fit's store are reused; ``announce`` is called before a new run.
    """
    if each.of != "fit" and fit.panel is not None:
        fit = single(fit)
    if each.of not in ("channels", "fit") and fit.facts.channels and fit.panel is not None:
        conditional = each.of == "outcome" and fit.facts.links
        fit = fit_given_channels(fit) if conditional else total_fit(fit)

    def ask() -> CheckResult:
        announce()
        if each.of == "errors" and follows(fit):
            return _given_lag(each, fit, options)
        return trends_first(each(fit, **options), fit)

    store, house = store_of(fit), each.find.__module__.startswith(_HOUSE)
    if store is None or fit.panel is None or not house:
        return ask()
    key = ("check", each.name, dict(options), *identity(fit))
    return store.recall(
        key, ask, result_bytes, partial(result_from, labels=labels_of(fit)), each.title
    )


def _given_lag(each: Check, fit: Fit, options: Mapping[str, object]) -> CheckResult:
    """Run a check of errors after the part explained by the spatial lag is subtracted."""
    alone, delta = fit_given_lag(fit)
    result = each(alone, **options)
    if result.verdict == NOT_APPLICABLE:
        return result
    return replace(result, details=joined([result.details, _GIVEN.fill(delta)]))


def _named(name: str) -> Check:
    if name in CHECKS:
        return CHECKS[name]
    titles = {
        Translator(language).name(each.title).lower(): each
        for language in languages()
        for each in CHECKS.values()
    }
    wanted = str(name).strip().lower().replace("-", " ").replace("_", " ")
    for title, each in titles.items():
        if title.replace("-", " ") == wanted:
            return each
    hint = nearest(str(name), CHECKS)
    if not wanted.isascii():  # part of a title in another script
        part = wanted.removesuffix("检验").removesuffix("分析")
        like = (each.name for title, each in titles.items() if part in title)
        hint = next((Message("did you mean {!r}?", title_of_part) for title_of_part in like), hint)
    if wanted in ("all", "every"):
        hint = Message("nqp.check(fit) runs all checks")
    raise StudyError(f"there is no check {name!r}", hint=hint)


def title_of(name: str) -> str:
    """Return the title of a check.

    Returns
    -------
    str
        A message if the check is known.
    """
    return CHECKS[name].title if name in CHECKS else name
