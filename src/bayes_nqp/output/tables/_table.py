"""One function for every table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import xarray as xr
from annotated_types import Interval

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.labels import Labels, labels_of
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.types import Language
from bayes_nqp._core.validation import door
from bayes_nqp.checks import CheckResult, ModelAverage, results_of
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import By
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._draft import NOTE_AVERAGE
from bayes_nqp.output.tables._kinds import KINDS, Ask, Subject
from bayes_nqp.output.tables._layouts import LAYOUTS, laid
from bayes_nqp.output.tables._model import Table

_ANSWERS: tuple[Subject, ...] = ("weights", "decay", "matched")
"""What other values call themselves, by their ``table_subject``."""
_MANY = 1_000
"""Things that are taken of what may have no end."""
_WHAT = "nqp.table(fit), nqp.table({'base': fit, 'iid': other}), nqp.table(panel), or checks"


@door
def table(
    values: object,
    kind: str | None = None,
    *,
    by: By = None,
    language: Language = "en",
    prob: float = 0.95,
    digits: Annotated[int, Interval(ge=0, le=12)] | None = None,
    interval: Literal["eti", "hdi"] = "eti",
    spread: Literal["interval", "sd"] = "interval",
    weights: str = "rows",
    leads: bool | int = True,
    checks: CheckResult | Iterable[CheckResult] = (),
    title: str | None = None,
    estimands: Sequence[str] | None = None,
    layout: str | None = None,
    marks: bool = False,
    steps: Sequence[Sequence[str]] | None = None,
    coefficients: bool = False,
    twfe: bool | None = None,
) -> Table:
    """Build a table for a paper, which can be rendered in several formats.

    Failed convergence diagnostics and failed `checks` are printed in the table itself. P(> 0) is
    the posterior probability of a positive value; there are no significance stars, except with
    `marks` in a layout.

    Parameters
    ----------
    values : Fit, Dataset, mapping or sequence of them, Panel, CheckResult or sequence of them
        Object to tabulate: a fit, or a Dataset of group-time effects; several, by the heading of
        their column; a panel; results of checks (also the table of ``nqp.check(fit)``); or a result
        of `nqp.weights_probabilities`, `nqp.decay` or `nqp.match`.
    kind : str, optional
        Kind of table; by default determined from `values`:

        - "effects", of a fit: overall, by group, and contrasts;
        - "estimands", of a fit: every registered estimand that it has, or those of `estimands`;
        - "event_study", of a fit: by event time, with leads;
        - "baseline", of a fit or a panel: refits with controls added step by step, one column each;
        - "mediation", of a mediation fit (its default): every path, and shares;
        - "two_step_mediation", of a mediation fit: the effects of treatment on the outcome and on
          each mediator, one column per equation;
        - "steps", of a mediation fit: the three steps, one column per equation;
        - "robustness", of several fits, one column each; or of checks that compare specifications,
          one row each;
        - "spatial", of fits with spatial weights by heading (and other fits), one column each;
        - "moran", "lisa", "spatial_lm", of a fit or of checks: tables of spatial statistics;
        - "weights_probabilities", "decay", of the results of these functions, or of checks;
        - "omitted_variables", of a fit or of the check: Oster's δ and robustness values;
        - "descriptives", "correlations" and "vif", of a panel;
        - "balance", of matched units: covariates before and after matching;
        - "bacon", of a panel or a fit: the Goodman-Bacon decomposition of the two-way fixed effects
          coefficient;
        - "diagnostics", of checks; of a fit, for which all checks are then run.
    by : str, sequence of str or mapping, optional
        Groups. For effects: the factors one after another (every stratum factor by default); for a
        panel: strata and "treated"; otherwise as in ``att``. A mapping renames.
    language : str, default "en"
        Language of labels and notes.
    prob : float, default 0.95
        Posterior probability of intervals.
    digits : int, optional
        Decimals. By default three; more where posterior SDs are small, fewer where large.
    interval : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.
    spread : {"interval", "sd"}, default "interval"
        Number below an estimate if both share a cell.
    weights : str, default "rows"
        As in ``att``.
    leads : bool or int, default True
        For an event study, as in `plots.event_study`.
    checks : CheckResult or iterable of CheckResult, default ()
        Results of checks to print in the table and its notes.
    title : str, optional
        Title instead of the default.
    estimands : sequence of str, optional
        Names for a table of estimands; all estimands of the fit by default.
    layout : str, optional
        Layout of one or several fits instead of a kind: "journal" prints one column per fit, with
        the estimate over (SD) and [P(> 0)], N, and rows for unit effects, time effects and
        controls; groups of `by` follow.
    marks : bool, default False
        With a layout or a baseline table: ``*``, ``**`` and ``***`` for signs with a posterior
        probability above 0.95, 0.975 and 0.995; a note states that these are not p-values. For
        correlations: marks of p-values below 0.1, 0.05 and 0.01.
    steps : sequence of sequences of str, optional
        For a baseline table: the controls of each column, covariates of the panel. By default none,
        then one more in each column for up to four controls, or all of them at once.
    coefficients : bool, default False
        If True, a baseline table contains the coefficients of controls.
    twfe : bool, optional
        For a baseline table: if True, the last column is the two-way fixed effects regression with
        the controls of the last step, by pyfixest. By default, if pyfixest is installed.

    Returns
    -------
    Table
        ``to_frame``, ``to_markdown``, ``to_html``, ``to_latex``, ``to_docx``, ``to_excel``.

    Raises
    ------
    StudyError
        If `values` cannot be tabulated, or not as this kind; otherwise as ``att`` and ``summary``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.table(fit, by="region").kind
    'effects'
    """
    values = list(islice(values, _MANY)) if isinstance(values, Iterator) else values
    evidence = (checks,) if isinstance(checks, CheckResult) else tuple(checks)
    labels = _labels(values)
    named = None if estimands is None else tuple(estimands)
    ask = Ask(
        by, language, prob, interval, digits, spread, weights, leads, evidence, title, labels,
        named, marks, steps, coefficients, twfe,
    )  # fmt: skip
    _check(ask, kind)
    if steps is not None and kind != "baseline":
        raise StudyError("'steps' belongs to kind='baseline'", hint="nqp.table(fit, 'baseline', …)")
    subject, source = _subject(_drawn(values))
    effects = getattr(source, "effects", None)
    if subject in _ANSWERS and effects is not None and kind and "fit" in KINDS[kind].of:
        # Kinds of fits take its draws, as they take those of a fit.
        subject, source = "fit", effects
    if layout is not None:
        return laid(layout, subject, source, ask, kind)
    usual = next((each.name for each in KINDS.values() if each.suits(subject, source)), None)
    chosen = KINDS.get(kind or usual or "")
    if chosen is None or subject not in chosen.of:
        hint = f"kind={usual!r}"
        if chosen is not None and "panel" in chosen.of:
            hint = f"nqp.table(fit.panel, {kind!r})"
        raise StudyError(f"kind={kind!r} is no table of a {type(values).__name__}", hint=hint)
    table = chosen.tabulate(source, ask)
    if isinstance(values, ModelAverage) and table.kind != "model_average":
        weighed = ask.translate(NOTE_AVERAGE, values.words)
        table = replace(table, notes=(*table.notes, weighed))
    return table


def _drawn(values: object) -> object:
    """Replace model averages by their effects datasets."""
    if isinstance(values, ModelAverage):
        return values.effects
    if isinstance(values, Mapping) and not isinstance(values, xr.Dataset):
        return {name: _drawn(each) for name, each in values.items()}
    return values


def _labels(subject: object) -> Labels:
    """Return the labels of the tabulated object; for several, those of the first."""
    if isinstance(subject, xr.Dataset) or not isinstance(subject, Mapping | list | tuple):
        return labels_of(subject)
    several = subject.values() if isinstance(subject, Mapping) else subject
    return labels_of(next(iter(several), None))


def _check(ask: Ask, kind: str | None) -> None:
    if kind is not None and kind not in KINDS:
        hint = f"layout={kind!r}" if kind in LAYOUTS else nearest(str(kind), KINDS, 0.6)
        raise StudyError(f"kind={kind!r} is no kind of table", hint=hint)
    ask.translate  # noqa: B018 - raises where the language is not spoken


def _subject(candidate: object) -> tuple[Subject, object]:
    """Return the type of the tabulated object."""
    if isinstance(candidate, Panel):
        return "panel", candidate
    for subject in _ANSWERS:
        if getattr(type(candidate), "table_subject", "") == subject:
            return subject, candidate
    results = _results(candidate)
    if results is not None:
        return "checks", results
    if isinstance(candidate, Fit | xr.Dataset):
        return "fit", candidate
    return "fits", _several(candidate)


def _results(candidate: object) -> list[CheckResult] | None:
    """Results of checks, if these are some."""
    if isinstance(candidate, CheckResult):
        return [candidate]
    if isinstance(candidate, pd.DataFrame):
        wanted = ["check", "question", "verdict", "figure", "sentence"]
        if not set(wanted) <= set(candidate.columns):
            raise StudyError("'values' is a DataFrame, and not that of nqp.check(fit)", hint=_WHAT)
        return results_of(candidate)
    if isinstance(candidate, Iterable) and not isinstance(
        candidate, str | Mapping | np.ndarray | xr.Dataset
    ):
        several = reply(lambda: list(candidate), lambda _: [])
        if several and all(isinstance(result, CheckResult) for result in several):
            return several
    return None


def _several(candidate: object) -> list[tuple[str, object]]:
    """Fits with the headings of their columns."""
    if isinstance(candidate, Mapping):
        named = [(str(name), source) for name, source in candidate.items()]
    elif isinstance(candidate, list | tuple):
        records = [source.record if isinstance(source, Fit) else {} for source in candidate]
        named = [
            (str(f.get("outcome", "")), source)
            for f, source in zip(records, candidate, strict=True)
        ]
    else:
        raise StudyError(f"'values' is a {type(candidate).__name__}", hint=_WHAT)
    odd = [source for _, source in named if not isinstance(source, Fit | xr.Dataset)]
    if odd or not named:
        reason = f"holds a {type(odd[0]).__name__}" if odd else "is empty"
        raise StudyError(f"'values' {reason}", hint=_WHAT)
    return named
