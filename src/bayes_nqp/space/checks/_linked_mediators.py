"""Test of shared shocks and of omitted links in mediation between spatial neighbours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import sparse
from scipy.special import ndtr, ndtri

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, NQPError
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, detailed, joined, listed, separated
from bayes_nqp.checks.mediation import LEVELS, EvidenceRow, finding_of, innovations
from bayes_nqp.checks.shared import HOLDS, Finding, Guide, asks, ladder
from bayes_nqp.checks.trends import holm
from bayes_nqp.data.spatial_weights import crowded, located, nearest
from bayes_nqp.inference.fitting import (
    ADDITIVE,
    CHANNELS,
    IN_SPACE,
    ROWS,
    UNITS,
    Fit,
    error_draws,
    refit,
)
from bayes_nqp.model.predictors import Linked
from bayes_nqp.space.checks import spatial_models
from bayes_nqp.space.terms import SpatialLag

_FAILS, _DOUBT = 0.001, 0.05
"""Adjusted probabilities below which the verdict is failed, and caution."""
_UNLIKELY: Final = 0.05
"""Probability of the design's links, among longer ones, below which the verdict is caution."""
_LONGER: Final = (3, 5, 8, 12)
"""Numbers of nearest units of the longer links."""
_TOTAL: Final = Message("probability of the links among longer ones")
_SHARED: Final = Message("innovations with those of linked units")
_BEYOND: Final = Message("outcome with mediators beyond the links")


@asks(
    "Are indirect effects between units free of shared shocks and omitted links?",
    "mediators of linked units",
    of="channels",
    place=255,
    needs=(CHANNELS, IN_SPACE, ROWS, UNITS, ADDITIVE),
    guide=Guide(
        statistic=Message(
            "Moran's I of the innovations of mediators and of the outcome, correlation "
            "of the outcome with mediators beyond the links, and the posterior "
            "probability of the links among the nearest {} units.",
            ", ".join(map(str, _LONGER)),
        ),
        thresholds=Message(
            "Caution: a probability adjusted by Holm's method is below {0:g}, or the "
            "links have a posterior probability below {2:g}. Failed: an adjusted "
            "probability is below {1:g}.",
            _DOUBT,
            _FAILS,
            _UNLIKELY,
        ),
        failure=Message(
            "Shocks shared by neighbours, or effects beyond the links, are attributed "
            "to indirect effects between units."
        ),
        remedy=Message(
            "fit {} with weights of more neighbours and compare the indirect effects",
            Code("nqp.Mediation(..., links=weights)", '[channels] links = "weights"'),
        ),
        code=(
            "weights = nqp.spatial_weights.nearest(panel, k=8)\n"
            "again = nqp.fit(fit.design.replace(links=weights), panel)\n"
            'nqp.check(again, "linked_mediators")'
        ),
        literature="Anselin (1988); Holm (1979)",
        limits=Message(
            "A shock that moves the mediator of one unit and only the outcome of "
            "another is not detected."
        ),
    ),
)
def linked_mediators(fit: Fit) -> Finding:
    """Correlate innovations of linked units, and of the outcome with mediators beyond the links.

    A shock shared by neighbours moves the mediator of one unit and the outcome of another, and is
    then attributed to the slope of linked units' mediators. In this case innovations of mediators,
    or of the outcome, are correlated between linked units: Moran's I of both over all periods,
    allowing for the means of levels of time effects. If links omit neighbours and units have
    coordinates, the total effect is better explained by the nearest 3, 5, 8 or 12 units (those with
    more links than the design): the design's links, as in its spillovers (SLX), then have a small
    posterior probability (`nqp.weights_probabilities`). The innovations of the outcome are also
    correlated with the mediators of units linked to linked units: the score of a further column of
    these. Innovations are residuals net of unit and time effects, cells, unit-level treatment
    effects, covariates, linked units' treatment and, for the outcome, the mediators, at posterior
    means of the parameters of errors. Probabilities are adjusted for the number of tests (Holm). A
    shock that moves only the mediator of one unit and the outcome of another has no such pattern,
    and no data distinguish it from mediation.

    References
    ----------
    Anselin, L. (1988). Spatial Econometrics: Methods and Models. Kluwer.
    """
    if not fit.facts.links:
        raise NotApplicable(
            Message("Mediators of linked units do not enter the outcome in this model.")
        )
    scores = _scores(fit)
    p = holm([score.p for score in scores])
    lines = [score.line(value) for score, value in zip(scores, p, strict=True)]
    figures = [
        Message("{}, {}: {:+.3f} (z = {:.1f})", x.name, x.quantity, x.value, x.z) for x in scores
    ]
    sentence, outcome = _sentence(scores, lines), fit.model_frame.equations[0].name
    if (share := _share(fit)) is not None:
        verdict = ladder(fails=False, doubt=share < _UNLIKELY)
        lines.append(EvidenceRow(outcome, _TOTAL, share, np.nan, np.nan, verdict, "share"))
        figures.append(Message("{}, {}: {:.2f}", outcome, _TOTAL, share))
        if share < _UNLIKELY:
            fine = all(line.verdict == HOLDS for line in lines[:-1])
            sentence = _TOO_SHORT if fine else joined([sentence, detailed(_SHORT)])
    return finding_of(lines, separated(figures), sentence, [fit])


def _share(fit: Fit) -> float | None:
    """Return the probability of the links of the treatment, among longer ones.

    None if spillovers have another form, or units have no distinct coordinates.
    """
    panel, term = fit.rows, fit.facts.term(SpatialLag)
    if term is None or term.lag or not located(panel) or crowded(panel):
        return None
    matrix = term.weights.aligned(panel.unit_labels)
    longer = [nearest(panel, k) for k in _LONGER if k < panel.n_units]
    terms = {("", term.form): term}
    terms |= {
        (str(x.name), term.form): replace(term, weights=x)
        for x in longer
        if x.matrix.nnz > matrix.matrix.nnz
    }
    try:
        models, _ = spatial_models(refit(fit, fit.outcome_design), terms)
    except NQPError:
        return None
    return next((x.probability for x in models if not x.weights), None)


@dataclass(frozen=True, slots=True)
class _Score:
    """Correlation with its SD under independence."""

    name: str
    quantity: Message
    value: float
    sd: float

    @property
    def z(self) -> float:
        return self.value / self.sd

    @property
    def p(self) -> float:
        """Two-sided p value."""
        return float(2.0 * ndtr(-abs(self.z)))

    def line(self, p: float) -> EvidenceRow:
        """Return a row of evidence, judged by an adjusted probability."""
        quantiles = tuple((self.value + self.sd * ndtri(LEVELS)).tolist())
        low, high = self.value - 1.96 * self.sd, self.value + 1.96 * self.sd
        verdict = ladder(fails=p < _FAILS, doubt=p < _DOUBT)
        return EvidenceRow(self.name, self.quantity, self.value, low, high, verdict, "correlation",
                    quantiles)  # fmt: skip


def _scores(fit: Fit) -> list[_Score]:
    model_frame, panel, facts = fit.model_frame, fit.model_frame.panel, fit.facts
    assert facts.channels is not None
    assert facts.channels.links is not None
    links = facts.channels.links.aligned(panel.unit_labels).matrix
    beyond = Linked(_beyond(links), panel)
    specs = {spec.name: spec for spec in model_frame.model.equations}
    names = [name for name in specs if name != model_frame.equations[0].name]
    mediators = {name: specs[name].outcome for name in names}
    covariates = [panel.covariates[:, panel.roles.covariates.index(x)]
                  for x in model_frame.model.equations[0].covariates]  # fmt: skip
    out = []
    for name, spec in specs.items():
        near = [] if spec.linked is None else [*spec.linked.treated.values()]
        columns = [*covariates, *near, *spec.columns.values()]
        columns += [] if name in mediators else [*mediators.values()]
        more = np.stack(columns, axis=1) if columns else np.zeros((panel.unit_codes.size, 0))
        *parameters, _ = error_draws(fit, name).values()
        means = np.array([draws.mean() for draws in parameters])
        varying = facts.varying is not None

        def left(values: Array, more: Array = more, means: Array = means) -> Array:
            return innovations(model_frame, values, facts.noise, means, varying=varying, more=more)  # noqa: B023

        residual = left(spec.outcome)
        out.append(_shared(fit, name, residual, links))
        if name not in mediators:
            out += [_far(x, _BEYOND, residual, left(beyond(m))) for x, m in mediators.items()]
    return out


def _beyond(links: sparse.csr_array) -> sparse.csr_array:
    """Return equal weights of units linked to linked units, but not linked directly."""
    near = sparse.csr_array((links != 0.0).astype(np.float64))
    itself = sparse.eye_array(near.shape[0], format="csr")
    far = sparse.csr_array((near @ near > 0.0).astype(np.float64))
    far = sparse.csr_array(far - far.multiply(near) - far.multiply(itself))
    total = np.maximum(far.sum(axis=1), 1.0)
    return sparse.csr_array(far / total[:, None])


def _shared(fit: Fit, name: str, residual: Array, links: sparse.csr_array) -> _Score:
    """Return Moran's I of innovations over all periods, minus its mean."""
    frame = fit.model_frame.codes
    table = np.zeros((frame.n_units, frame.n_periods))
    table[frame.unit[fit.model_frame.kept], frame.time[fit.model_frame.kept]] = residual
    # E[e'We] = -s² (T - 1) tr(PW), P the means of levels; var = s⁴ (T - 1) tr(W² + W'W).
    level = sparse.csr_array(np.equal.outer(np.unique(frame.level), frame.level).astype(np.float64))
    inside = (level @ links @ level.T).diagonal() / level.sum(axis=1)
    size = frame.n_units - level.shape[0]
    trace = float(links.multiply(links.T).sum() + links.multiply(links).sum())
    value = float((table * (links @ table)).sum() / (table**2).sum() + inside.sum() / size)
    return _Score(name, _SHARED, value, float(np.sqrt(trace / (frame.n_periods - 1)) / size))


def _far(name: str, quantity: Message, residual: Array, column: Array) -> _Score:
    """Correlate innovations with a column net of all others (score of its slope)."""
    length = float(np.sqrt((residual @ residual) * (column @ column)))
    value = float(residual @ column) / length if length > 0.0 else 0.0
    return _Score(name, quantity, value, 1.0 / np.sqrt(residual.size))


_SHORT: Final = Message(
    "Weights with more neighbours than those of the design explain the total effect better."
)
_OMITTED: Final = Message(
    "Effects between units beyond the links are omitted, so indirect effects may be biased."
)
_LINKS: Final = Message(
    "Next: fit {} with weights of more neighbours or over a larger distance.",
    Code("nqp.Mediation(..., links=weights)", '[channels] links = "weights"'),
)
_TOO_SHORT: Final = joined([_SHORT, _OMITTED, advised(_LINKS)])


def _sentence(scores: list[_Score], lines: list[EvidenceRow]) -> Message:
    """Return the finding, its meaning and the next step."""
    bad = [(x, line) for x, line in zip(scores, lines, strict=True) if line.verdict != HOLDS]
    shared = [x.name for x, _ in bad if x.quantity is _SHARED]
    beyond = [x.name for x, _ in bad if x.quantity is _BEYOND]
    far = Message("The outcome is correlated with {} of units beyond the links.", listed(beyond))
    if shared:
        near = Message("Innovations of {} are correlated between linked units.", listed(shared))
        shocks = Message(
            "Shocks shared by neighbours may be mistaken for indirect effects between units."
        )
        step = Message(
            "Next: add covariates that explain the shared shocks, and report indirect "
            "effects between units as descriptive."
        )
        return joined([near, shocks, advised(step), *([detailed(far)] if beyond else [])])
    if beyond:
        return joined([far, _OMITTED, advised(_LINKS)])
    return Message(
        "Innovations of linked units are not correlated beyond chance, and the "
        "outcome is not correlated with mediators beyond the links."
    )
