"""Spatial models side by side, a column a matrix of weights."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr
from scipy.special import ndtr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator, listed
from bayes_nqp.checks import CheckResult
from bayes_nqp.data.spatial_weights import SpatialWeights, worded
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import LINKED, Fit
from bayes_nqp.output.tables import (
    NOTHING,
    Ask,
    Cell,
    Column,
    Form,
    Table,
    TableDraft,
    Writer,
    count,
    decimals_for,
    estimates_of,
    is_of_space,
    kind,
    model_facts,
    outcome_of,
    per_words,
    remarks_of,
    stacked_notes,
    word,
)
from bayes_nqp.space.tables._dependence import LM
from bayes_nqp.space.terms import SpatialLag

_TESTS = Message("Tests")
_CHANCE: Final = Form("{}", ("chance",))
_FORMS: Final = {
    ("wald", "SAR"): Message("Wald, SDM to SAR"),
    ("ratio", "SAR"): Message("LR, SDM to SAR"),
    ("wald", "SEM"): Message("Wald, SDM to SEM"),
    ("ratio", "SEM"): Message("LR, SDM to SEM"),
    ("wald", "SLX"): Message("Wald, SDM to SLX"),
    ("ratio", "SLX"): Message("LR, SDM to SLX"),
}
_MORAN = Message("Moran's I of residuals, most significant period")
_NOTE_LAG = Message(
    "ρ and λ are the coefficients of the spatially lagged outcome and errors. "
    "Coefficients of the treatment are averages over treated observations, without "
    "feedback and unit-level random effects. Policy effects compare the actual adoption "
    "dates with no policy, include feedback, and are averages over treated observations."
)
_NOTE_DOSE = Message(
    "ρ and λ are the coefficients of the spatially lagged outcome and errors. "
    "Coefficients of the exposure exclude feedback and unit-level random effects. Its "
    "effects refer to an increase of {} for all units, include feedback, and are averages"
    " over exposed observations."
)
_NOTE_OWN = Message(
    "LM tests and Moran's I refer to the model of the column without its spatial lag and "
    "spatial errors, with the weights in parentheses. As printed: errors independent over"
    " time; whitened: by the errors of the model."
)
_NOTE_HAUSMAN = Message(
    "Unit effects are fixed effects in every column. No model with random effects is estimated, so "
    "there is no Hausman test."
)
_NOTE_TESTS = Message("Tests: statistic, and its p value in parentheses.")


@kind(Message("Spatial models"), of=("fits", "fit"), place=75, needs=(LINKED,))
def spatial(source: object, ask: Ask) -> Table:
    """Tabulate spatial models by heading, one column each; a fit without spatial terms is allowed.

    Raises
    ------
    StudyError
        If no fit has spillovers or spatial errors, or an item is not a fit with its rows.
    """
    pairs: Any = [("", source)] if isinstance(source, Fit | xr.Dataset) else source
    fits = _fits(pairs)
    translate = ask.translate
    parts = [dict(estimates_of(fit, ask)) for _, fit in fits]
    draft = TableDraft(ask, [x["sd"] for part in parts for y in part.values() for x in y.values()])
    for heading in dict.fromkeys(heading for part in parts for heading in part):
        draft.row(translate(heading))
        columns = [part.get(heading, {}) for part in parts]
        longest = sorted(columns, key=len, reverse=True)
        for label in dict.fromkeys(label for lines in longest for label in lines):
            cells = [lines.get(label) for lines in columns]
            write = _fine(draft, [x["sd"] for x in cells if x is not None])
            draft.row(label, *(NOTHING if x is None else write.estimate(x) for x in cells))
    digests = {fit.digest for _, fit in fits} if ask.checks else set()
    tests = [_tests(fit, ask, digests) for _, fit in fits]
    if any(tests):
        draft.row(translate(_TESTS))
        for label in dict.fromkeys(label for part in tests for label in part):
            draft.row(label, *(part.get(label, NOTHING) for part in tests))
    _facts(draft, [fit for _, fit in fits])
    tops = [ask.summary(att(fit.effects, weights=ask.weights)) for _, fit in fits]
    draft.notes += stacked_notes(tops[0], ask.spread, translate)[:2]
    linked = [fit for _, fit in fits if fit.facts.term(SpatialLag) is not None]
    draft.note(_NOTE_LAG, when=any(fit.facts.adopted for fit in linked))
    doses = [fit.effects.attrs for fit in linked if not fit.facts.adopted]
    for per in dict.fromkeys(per_words(attrs, translate) for attrs in doses):
        draft.note(_NOTE_DOSE, per)
    draft.note(_NOTE_TESTS, when=any(tests))
    names = {result.name for result in ask.checks} & {"moran", "spatial_lm"}
    draft.note(_NOTE_HAUSMAN, when=any(result.name == "spatial_form" for result in ask.checks))
    draft.note(_NOTE_OWN, when=any(tests) and bool(names))
    if any(fit.facts.adopted for _, fit in fits) or ask.weights != "rows":
        draft.notes.append(ask.weighted())
    worst = _judge(draft, [str(table[v.GATE].iloc[0]) for table in tops])
    title = translate("Spatial models: {}", outcome_of(tops[:1], translate))
    heads = (Column(f"({i})\n{name}".rstrip()) for i, (name, _) in enumerate(fits, 1))
    return draft.finish("spatial", title, "", heads, ask.facts(worst))


def _fits(pairs: Sequence[tuple[str, object]]) -> list[tuple[str, Fit]]:
    """Take the fits, and see that they can be tabulated."""
    fits = [(name, fit) for name, fit in pairs if isinstance(fit, Fit) and fit.panel is not None]
    if len(fits) < len(pairs):
        raise StudyError(
            "a table of spatial models takes fits with their rows",
            hint="nqp.load(path, panel=panel)",
        )
    if any(fit.facts.channels for _, fit in fits):
        raise StudyError(
            "a table of spatial models takes no fit with channels",
            hint="fits of the outcome's design, without mediators",
        )
    if not any(is_of_space(fit) for _, fit in fits):
        raise StudyError(
            "no fit has spillovers or spatial errors",
            hint="StaggeredDiD(spillovers=nqp.SpatialLag(weights)), or nqp.Rings([100, 200, 300])",
        )
    return fits


def _fine(draft: TableDraft, spreads: Sequence[float]) -> Writer:
    """Write a row with more decimals where its numbers, as those of σ², are smaller than others."""
    decimals = max(draft.write.decimals, decimals_for(spreads, draft.ask.digits))
    return Writer(draft.translate, decimals, draft.ask.spread)


def _tests(fit: Fit, ask: Ask, digests: Container[str]) -> dict[str, Cell]:
    """Return the tests that belong to a fit, by label.

    Tests of the form restrict a Durbin model and appear only under such a model with the same
    weights. Other tests appear under the model tested, or under models with the same weights if it
    has no column.
    """
    term, out = fit.facts.term(SpatialLag), {}
    assert fit.panel is not None
    by_weights = None if term is None else term.weights.aligned(fit.panel.unit_labels).digest
    for result in ask.checks:
        attrs = {} if result.evidence is None else result.evidence.attrs
        compared = str(attrs.get("digests", "")).split()
        if compared:
            if by_weights in compared:
                evidence: Any = result.evidence
                probability = float(evidence["probability"][compared.index(by_weights)])
                out[ask.translate("P(W)")] = Cell((probability,), _CHANCE)
            continue
        tested = attrs.get("tested")
        if tested in digests:
            ours = tested == fit.digest
        else:
            ours = attrs.get("weights_digest", "") == by_weights
        if not ours or (result.name == "spatial_form" and (term is None or term.form != "SDM")):
            continue
        for label, statistic, p in _statistics(result):
            out[ask.translate(label)] = Cell((statistic, p), _form(ask))
    return out


def _weights(fit: Fit) -> SpatialWeights | None:
    """By which a fit links units."""
    term = fit.facts.term(SpatialLag)
    return None if term is None else term.weights


def _statistics(result: CheckResult) -> Iterator[tuple[Message, float, float]]:
    """Statistics of a check with their p values."""
    evidence: Any = result.evidence
    if result.name == "moran":
        residual = evidence.sel(series="residual")
        at = int(np.abs(residual["z_random"].to_numpy()).argmax())
        z = abs(float(residual["z_random"][at]))
        label = Message("{} ({})", _MORAN, worded(str(evidence.attrs["weights"])))
        yield label, float(residual["value"][at]), float(2.0 * ndtr(-z))
    if result.name == "spatial_lm":
        by_test, weights = evidence.set_index("test"), worded(str(evidence.attrs["weights"]))
        for message, statistic, p in (
            (Message("{} ({}), as printed"), "printed_statistic", "printed_p"),
            (Message("{} ({}), whitened"), "statistic", "p"),
        ):
            for name, label in LM.items():
                line = by_test.loc[name]
                yield message.fill(label, weights), float(line[statistic]), float(line[p])
    elif result.name == "spatial_form":
        white = evidence.sel(errors="whitened")
        for (name, form), label in _FORMS.items():
            at = white.sel(restricted=form)
            yield label, float(at[name]), float(at[f"{name}_p"])


def _form(ask: Ask) -> Form:
    """Format a statistic and its p value."""
    return Form("{}\n({})", ("number", "chance"), (ask.translate("Statistic"), "p"))


def _facts(draft: TableDraft, fits: Sequence[Fit]) -> None:
    """Return rows that describe the model of each column."""
    translate = draft.translate
    facts = [model_facts(fit, translate) for fit in fits]
    rows: dict[str, list[str]] = {
        translate("Spatial model"): [_form_of(fit, translate) for fit in fits],
        translate("Weights"): [
            "" if weights is None else translate.name(weights.name)
            for weights in map(_weights, fits)
        ],
        translate("Errors"): [x["errors"] for x in facts],
        translate("Unit effects"): [translate("yes")] * len(fits),
        translate("Time effects"): [x["time"] for x in facts],
        translate("Controls"): [
            listed(names, len(names)).in_(draft.ask.language) if names else translate("no")
            for names in ([*map(translate.name, fit.facts.covariates_of(fit.rows))] for fit in fits)
        ],
        translate("Random effects by"): [x["deviations"] for x in facts],
    }
    for number, (label, texts) in enumerate(rows.items()):
        if any(texts):
            cells = (word(text) if text else NOTHING for text in texts)
            draft.row(label, *cells, rule=number == 0)
    panels = [fit.rows for fit in fits]
    draft.row("N", *(count(panel.n_rows) for panel in panels))
    draft.row(translate("Units"), *(count(panel.n_units) for panel in panels))


def _form_of(fit: Fit, translate: Translator) -> str:
    """Return the name of the model in the literature."""
    term = fit.facts.term(SpatialLag)
    if term is None:
        return "" if fit.facts.reach == "none" else translate("exposure")
    return term.form


def _judge(draft: TableDraft, gates: Sequence[str]) -> str:
    """Report failed convergence diagnostics, and return the worst one."""
    remarks = remarks_of(None, v.PASSED, draft.ask.checks, draft.translate)
    failed = [gate for gate in gates if gate not in (v.PASSED, v.UNVERIFIED)]
    draft.stamps += remarks.stamps
    draft.notes += remarks.notes if not failed else remarks.notes[1:]
    for i, gate in enumerate(gates, 1):
        if gate in failed:
            draft.stamps.append(
                f"({i}) " + draft.translate("Convergence diagnostics failed: {}", gate)
            )
    return failed[0] if failed else v.UNVERIFIED if v.UNVERIFIED in gates else v.PASSED
