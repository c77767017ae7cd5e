"""Whether shared shocks, or links that are too short, pass for channels between units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import sparse
from scipy.special import ndtr, ndtri

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, NQPError
from bayes_nqp._core.i18n import Message, joined, listed, separated
from bayes_nqp.checks.mediation import LEVELS, EvidenceRow, finding_of, innovations
from bayes_nqp.checks.shared import HOLDS, Finding, asks, ladder
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
"""Probabilities, over all rows, below which it fails, and gets the verdict caution."""
_UNLIKELY: Final = 0.05
"""Probability of the links, among longer ones, below which they get the verdict caution."""
_LONGER: Final = (3, 5, 8, 12)
"""Nearest units that are tried."""
_TOTAL: Final = Message("links of linked units' treatment, among longer ones")
_SHARED: Final = Message("innovations with those of linked units")
_BEYOND: Final = Message("the outcome with that of units beyond the links")


@asks(
    "Are channels between units no shared shocks, and do links reach far enough?",
    "mediators of linked units",
    of="channels",
    place=255,
    needs=(CHANNELS, IN_SPACE, ROWS, UNITS, ADDITIVE),
)
def linked_mediators(fit: Fit) -> Finding:
    """Correlate innovations of linked units, and the outcome's with mediators beyond the links.

    A shock that near units have in common moves the mediator of one and the outcome of another,
    and passes for a slope of linked units' mediators. Where it does so, innovations of mediators,
    or of the outcome, are alike among linked units: Moran's I of both, over all periods, the
    means of levels of time effects allowed for. Where links reach too short, and units have places,
    the total effect is better explained by the nearest 3, 5, 8 or 12, those that link more units
    than the design's: its own links, as its spillovers have them (SLX), have a posterior
    probability among these below .05 (`nqp.weights_probabilities`), which asks for caution. The
    outcome's
    innovations go with the mediators of the units linked to linked ones: the score of a further
    column of these. Innovations are what unit and time effects, cells, each treated unit's own
    effect where units vary, covariates, linked units' treatment and, of the outcome, mediators near
    and far leave, at posterior means of the parameters of errors. Probabilities are adjusted for
    the number of rows (Holm): in doubt below .05, failed below .001. A shock that moves one unit's
    mediator and another's outcome alone leaves no such mark, and no data tell it from a channel.

    References
    ----------
    Anselin, L. (1988). Spatial Econometrics: Methods and Models. Kluwer.
    """
    if not fit.facts.links:
        raise NotApplicable(Message("Mediators of linked units do not enter the outcome here."))
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
            sentences = [] if all(line.verdict == HOLDS for line in lines[:-1]) else [sentence]
            sentence = joined([*sentences, _TOO_SHORT])
    return finding_of(lines, separated(figures), sentence, [fit])


def _share(fit: Fit) -> float | None:
    """Probability of the links by which treatment reaches others, among longer ones.

    None where it reaches them by other means, or units have no places of their own.
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
    """A correlation with its sd if nothing were there."""

    name: str
    quantity: Message
    value: float
    sd: float

    @property
    def z(self) -> float:
        return self.value / self.sd

    @property
    def p(self) -> float:
        """Two-sided."""
        return float(2.0 * ndtr(-abs(self.z)))

    def line(self, p: float) -> EvidenceRow:
        """A row of evidence, by an adjusted probability."""
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
    """Equal weights of the units that are linked to linked ones, and to nobody nearer."""
    near = sparse.csr_array((links != 0.0).astype(np.float64))
    itself = sparse.eye_array(near.shape[0], format="csr")
    far = sparse.csr_array((near @ near > 0.0).astype(np.float64))
    far = sparse.csr_array(far - far.multiply(near) - far.multiply(itself))
    total = np.maximum(far.sum(axis=1), 1.0)
    return sparse.csr_array(far / total[:, None])


def _shared(fit: Fit, name: str, residual: Array, links: sparse.csr_array) -> _Score:
    """Moran's I of innovations over all periods, less its mean."""
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
    """Correlation of innovations with a column net of all others: the score of its slope."""
    length = float(np.sqrt((residual @ residual) * (column @ column)))
    value = float(residual @ column) / length if length > 0.0 else 0.0
    return _Score(name, quantity, value, 1.0 / np.sqrt(residual.size))


_TOO_SHORT: Final = Message(
    "Treatment of more units than those linked explains the total effect better: links reach too "
    "short; weights of more neighbours, or a larger distance."
)


def _sentence(scores: list[_Score], lines: list[EvidenceRow]) -> Message:
    """Name what stands out."""
    bad = [(x, line) for x, line in zip(scores, lines, strict=True) if line.verdict != HOLDS]
    shared = [x.name for x, _ in bad if x.quantity is _SHARED]
    beyond = [x.name for x, _ in bad if x.quantity is _BEYOND]
    parts = []
    if shared:
        parts.append(
            Message(
                "Innovations of {} are alike among linked units: shocks that near units share may "
                "pass for channels between them.",
                listed(shared),
            )
        )
    if beyond:
        parts.append(
            Message(
                "The outcome goes with {} of units beyond the links: these reach too short; "
                "weights of more neighbours, or a larger distance.",
                listed(beyond),
            )
        )
    return joined(parts) if parts else Message(
        "Innovations of linked units are no more alike than chance has it, and nothing goes with "
        "mediators beyond the links."
    )  # fmt: skip
