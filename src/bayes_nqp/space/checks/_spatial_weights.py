"""Comparison of the weights of a spatial model with other weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.i18n import Message, advised, chance, joined
from bayes_nqp.checks.shared import DOUBT, HOLDS, Finding, Guide, asks, reason
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import SpatialWeights, band, crowded, nearest
from bayes_nqp.inference.fitting import LINKED, ROWS, UNITS, Fit, panel_of
from bayes_nqp.space.checks._neighbour_weights import readable
from bayes_nqp.space.checks._spatial_models import spatial_models
from bayes_nqp.space.terms import SpatialLag

_MORE = 5.0
"""Log Bayes factor in favour of other weights above which the verdict is caution."""
_NEAREST, _BANDS = (3, 5, 8, 12), (100, 200, 300, 500)
"""Numbers of nearest units, and distances in km, of the other weights."""


@asks(
    "Do other spatial weights explain the outcome better?",
    "spatial weights",
    place=176,
    needs=(LINKED, ROWS, UNITS),
    guide=Guide(
        statistic=Message(
            "Log marginal likelihood of the design under its weights and under other "
            "weights: the nearest {0} units and bands of {1} km, or the weights given.",
            ", ".join(map(str, _NEAREST)),
            ", ".join(map(str, _BANDS)),
        ),
        thresholds=Message(
            "Caution: the log Bayes factor in favour of other weights is above {:g}.", _MORE
        ),
        failure=Message(
            "The spatial links are misspecified, so estimated spillover effects are unreliable."
        ),
        remedy=Message(
            "fit again with the weights that the check names, or average over weights with "
            "nqp.weights_probabilities(fit, weights)"
        ),
        code=(
            'near = {f"{k} nearest": nqp.spatial_weights.nearest(panel, k=k) for k in (3, 8)}\n'
            "nqp.weights_probabilities(fit, near).table"
        ),
        literature="LeSage and Pace (2009)",
        limits=Message("Weights must be exogenous; the check does not test this."),
    ),
)
def spatial_weights(
    fit: Fit, *, weights: SpatialWeights | Sequence[SpatialWeights] | None = None
) -> Finding:
    """Compare the weights of the design with others by marginal likelihood.

    The design is kept, and W is that of the 3, 5, 8 and 12 nearest units, and of bands of 100, 200,
    300 and 500 km, or the weights given. Coefficients of spatially lagged treatment and covariates,
    with columns that differ by W, have a unit-information prior. Probabilities come from log
    marginal likelihoods under equal prior odds, as in `nqp.weights_probabilities`, which also
    averages effects.

    Parameters
    ----------
    weights : SpatialWeights or sequence of SpatialWeights, optional
        Weights to compare with those of the design, instead of those computed from coordinates.

    References
    ----------
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics, chapter 6. CRC Press.
    """
    panel, term = panel_of(fit), fit.facts.term(SpatialLag)
    assert term is not None
    if weights is None and (not readable(panel) or crowded(panel)):
        raise NotApplicable(
            Message(
                "The units have no distinct coordinates, so no other weights can be "
                "computed; give weights=…."
            )
        )
    matrices = [weights] if isinstance(weights, SpatialWeights) else weights
    others = _others(panel) if matrices is None else (("", x) for x in matrices)
    table, hints = _marginals(fit, term, panel, others)
    best = 1 + int(np.argmax(table["log_marginal"].iloc[1:]))
    more = float(table["log_marginal"][best] - table["log_marginal"][0])
    figure = Message(
        "log Bayes factor of {} over the design's weights {:+z.1f}; probability of "
"the design's weights {}",
        table["weights"][best], more, chance(table["probability"][0], 2),
    )  # fmt: skip
    if more > _MORE:
        name, hint = table["weights"][best], hints[best]
        finding = Message(
            "The data favour other spatial weights ({}) over those of the design.", name
        )
        meaning = Message("Estimated spillover effects depend on the weights.")
        sentence = joined([finding, meaning])
        if hint:
            call = f"weights = nqp.spatial_weights.{hint}"
            step = Message("Next: fit again with these weights, {}.", call)
            sentence = joined([sentence, advised(step)])
        return Finding(DOUBT, figure, sentence, table, "weights_probabilities")
    held = Message("No other weights are favoured by a log Bayes factor above {:g}.", _MORE)
    return Finding(HOLDS, figure, held, table, "weights_probabilities")


def _marginals(
    fit: Fit, term: SpatialLag, panel: Panel, others: Iterable[tuple[str, SpatialWeights]]
) -> tuple[pd.DataFrame, list[str]]:
    """Return log marginal likelihoods under the design's weights and others, and their calls.

    Raises
    ------
    NotApplicable
        If there is no marginal likelihood, or none for other weights.
    """
    matrix = term.weights.aligned(panel.unit_labels)
    by_name, hints, digests = {str(matrix.name): term}, {str(matrix.name): ""}, [matrix.digest]
    for hint, weights in others:
        digest = weights.aligned(panel.unit_labels).digest
        if digest in digests:
            continue
        digests.append(digest)
        name = str(weights.name)
        name = f"{name} ({len(digests)})" if name in by_name else name
        by_name[name], hints[name] = replace(term, weights=weights), hint
    try:
        models, left_out = spatial_models(fit, {(k, x.form): x for k, x in by_name.items()})
    except StudyError as error:
        raise NotApplicable(
            Message("No marginal likelihood is available ({}).", reason(error))
        ) from None
    if models[0].term != term:
        raise NotApplicable(Message("No marginal likelihood is available ({}).", *left_out[0][1:]))
    if len(models) == 1:
        raise NotApplicable(Message("No other weights can be used with this design."))
    rows = [(x.weights, x.log_marginal, x.probability) for x in models]
    table = pd.DataFrame(rows, columns=["weights", "log_marginal", "probability"])
    seals = dict(zip(by_name, digests, strict=True))
    table.attrs["digests"] = " ".join(seals[x.weights] for x in models)
    return table, [hints[x.weights] for x in models]


def _others(panel: Panel) -> Iterator[tuple[str, SpatialWeights]]:
    """Yield weights computed from coordinates, with the call that computes them."""
    for k in _NEAREST:
        if k < panel.unit_labels.size:
            yield f"nearest(panel, k={k})", nearest(panel, k=k)
    for km in _BANDS:
        call = f"band(panel, km={km}, islands='nearest')"
        yield call, band(panel, km, islands="nearest")
