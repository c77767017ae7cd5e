"""Which weights the data prefer: those of a spatial model beside others of its places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import softmax

from bayes_nqp.checks.shared import DOUBT, HOLDS, Finding, asks, comparable, marginal, reason
from bayes_nqp.checks.space._near import readable
from bayes_nqp.designs import SpatialLag
from bayes_nqp.errors import NotApplicable, NQPError
from bayes_nqp.fitting import LINKED, ROWS, UNITS, Fit, panel_of
from bayes_nqp.language import Message
from bayes_nqp.panel import Panel
from bayes_nqp.spatial_weights import SpatialWeights, band, crowded, nearest

_MORE = 5.0
"""Nats by which other weights are preferred from which the fit's own are in doubt."""
_NEAREST, _BANDS = (3, 5, 8, 12), (100, 200, 300, 500)
"""Numbers of nearest units, and distances in km, that are tried."""


@asks(
    "Do other weights explain the outcome better?",
    "spatial weights",
    place=176,
    needs=(LINKED, ROWS, UNITS),
)
def spatial_weights(fit: Fit) -> Finding:
    """Compare the weights of the design with others of the panel's places, by evidence.

    The design is kept, and W is that of the 3, 5, 8 and 12 nearest units, and of bands of 100, 200,
    300 and 500 km. Covariates of linked units, whose flat coefficients would belong to other
    columns under every W, are left out of all designs that are compared. Probabilities are those
    of log marginal likelihoods under even odds. *In doubt* if other weights are preferred by more
    than five nats.

    References
    ----------
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics, chapter 6. CRC Press.
    """
    panel, term = panel_of(fit), fit.facts.term(SpatialLag)
    assert term is not None
    if not readable(panel) or crowded(panel):
        raise NotApplicable(
            Message("Other weights cannot be made: units have no places of their own.")
        )
    plain = _without_covariates(term)
    if plain is None:
        raise NotApplicable(Message("No other weights go with this design."))
    table, hints = _marginals(fit, plain, panel)
    best = 1 + int(np.argmax(table["log_marginal"].iloc[1:]))
    more = float(table["log_marginal"][best] - table["log_marginal"][0])
    figure = Message(
        "log marginal likelihood of {} less that of the design's weights {:+.1f}; probability of "
        "the design's {:.2f}",
        table["weights"][best], more, table["probability"][0],
    )  # fmt: skip
    if more > _MORE:
        return Finding(
            DOUBT, figure,
            Message(
                "The data prefer other weights ({}); what units receive depends on them. Next: {}.",
                table["weights"][best],
                f"weights = nqp.spatial_weights.{hints[best]}",
            ),
            table,
        )  # fmt: skip
    return Finding(
        HOLDS, figure,
        Message(
            "No other weights of these places are preferred by a log Bayes factor above {:g}.",
            _MORE,
        ),
        table,
    )  # fmt: skip


def _marginals(fit: Fit, term: SpatialLag, panel: Panel) -> tuple[pd.DataFrame, list[str]]:
    """Log marginal likelihoods under the term's weights, first, and others; what makes these.

    Raises
    ------
    NotApplicable
        If there is no marginal likelihood, or none of other weights.
    """
    weights_of_design = term.weights.aligned(panel.unit_labels)
    try:
        first = marginal(fit, fit.variant(spillovers=term), panel)
    except NQPError as error:
        raise NotApplicable(
            Message("There is no marginal likelihood to go by ({}).", reason(error))
        ) from None
    rows, hints = [(str(weights_of_design.name), first.value)], [""]
    for hint, weights in _others(panel):
        if weights.digest == weights_of_design.digest:
            continue
        try:
            other = marginal(fit, fit.variant(spillovers=replace(term, weights=weights)), panel)
            comparable(first, other)
        except NQPError:
            continue
        rows.append((str(weights.name), other.value))
        hints.append(hint)
    if len(rows) == 1:
        raise NotApplicable(Message("No other weights go with this design."))
    table = pd.DataFrame(rows, columns=["weights", "log_marginal"])
    # Under even odds: exp(log m_k) / sum_l exp(log m_l).
    table["probability"] = softmax(table["log_marginal"])
    return table, hints


def _without_covariates(term: SpatialLag) -> SpatialLag | None:
    """Keep treatment and outcomes of linked units, where the design has them; None has neither."""
    if not term.durbin:
        return term
    if term.durbin is True or "treatment" in tuple(term.durbin):
        return replace(term, durbin=("treatment",))
    return replace(term, durbin=False) if term.lag else None


def _others(panel: Panel) -> Iterator[tuple[str, SpatialWeights]]:
    """Weights of the panel's places, and what makes them."""
    for k in _NEAREST:
        if k < panel.unit_labels.size:
            yield f"nearest(panel, k={k})", nearest(panel, k=k)
    for km in _BANDS:
        call = f"band(panel, km={km}, islands='nearest')"
        yield call, band(panel, km, islands="nearest")
