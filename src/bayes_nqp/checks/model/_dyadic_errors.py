"""Check of dyadic errors: correlation between pairs that share a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import Hint, IdentificationError, NotApplicable
from bayes_nqp._core.hints import Code, evidence_of
from bayes_nqp._core.i18n import Message, advised, joined
from bayes_nqp.checks.model._cluster import Contributions
from bayes_nqp.checks.model._influences import saturated_model
from bayes_nqp.checks.shared import (
    DOUBT,
    HOLDS,
    UNTOLD,
    Finding,
    Guide,
    asks,
    average_effect,
    reported_weights,
)
from bayes_nqp.data.panel import Pairs, is_paired, pairs_of
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import ADDITIVE, ROWS, SEPARATE, UNITS, Fit, panel_of
from bayes_nqp.model.designs import NodeTimeEffects
from bayes_nqp.model.predictors import ProcessPart

_LIMIT = 1.2
"""Ratio of standard deviations above which the verdict is caution."""
_CHANCE = 1.6449
"""Normal quantile that covariances of independent pairs exceed with probability 0.05."""
_FEWEST = 10
"""Smallest number of nodes for a dyadic-robust standard error."""
_SHOCKS, _EACH_WAY = "shocks of nodes", "links each way"


@asks(
    "Are intervals wide enough for correlated errors of pairs that share a node?",
    "dyadic errors",
    place=177,
    needs=(ROWS, UNITS, ADDITIVE, SEPARATE),
    suits=is_paired,
    guide=Guide(
        statistic=Message(
            "Standard errors of the average effect that allow for shared nodes, for "
            "node-by-time effects, and for the two directions of a link, relative to the "
            "posterior SD.",
        ),
        thresholds=Message(
            "Caution: one of the ratios exceeds {0:.1f} and the value that chance explains at "
            "5 %. Inconclusive: node-by-time effects cannot be estimated, and chance alone "
            "could give a ratio of {0:.1f}.",
            _LIMIT,
        ),
        failure=Message(
            "The reported intervals are too narrow, because errors of pairs with a common node"
            " are correlated.",
        ),
        remedy=Message(
            "fit again with {0} in the design, or report the larger standard error, in {1}",
            Code("terms=nqp.NodeTimeEffects()", '[design] terms = { type = "NodeTimeEffects" }'),
            evidence_of("dyadic_errors"),
        ),
        code='nqp.check(fit, "dyadic_errors").evidence',
        literature="Fafchamps and Gubert (2007); Aronow, Samii and Assenova (2015)",
        limits=Message(
            "At least {} nodes are needed, and with few nodes the check has little power.",
            _FEWEST,
        ),
    ),
)
def dyadic_errors(fit: Fit) -> Finding:
    """Compare standard errors that allow for shared nodes with the posterior SD.

    All refer to the average effect of the saturated fit under the fit's error structure. The
    dyadic-robust standard error adds to the model's variance ``sum psi_p psi_q`` over pairs that
    share a node, with psi their influences, minus the mean of this sum for independent pairs whose
    groups have separate effects (times ``n / (n - g)`` for n nodes and g adoption dates). The
    second adds the variance of node-by-time effects (`NodeTimeEffects`), estimated on untreated
    observations, if the design has neither these nor shocks shared by the levels of a column. For
    directed links, a third adds twice the sum of products of influences of the two directions
    between two nodes.

    References
    ----------
    Fafchamps, M. and Gubert, F. (2007). The formation of risk sharing networks. Journal of
    Development Economics 83(2). Aronow, P., Samii, C. and Assenova, V. (2015). Cluster-robust
    variance estimation for dyadic data. Political Analysis 23(4).
    """
    pairs = _pairs(fit)
    with_nodes = any(isinstance(term, NodeTimeEffects) for term in fit.facts.terms)
    # Node-by-time effects would absorb shocks shared by the levels of a column.
    shared = bool(fit.facts.shared_by)
    parts = _NodeSums.of(fit, pairs, [] if with_nodes or shared else _shocks(fit, pairs))
    posterior = float(average_effect(fit).var())
    table = _table(parts, pairs, posterior, with_nodes or shared)
    learned = with_nodes or parts.learned
    figure, dyadic = _figure(table), float(table["limit"][0])
    if (table["over_posterior_sd"] > table["limit"]).any():
        terms = _with_shocks(fit, pairs) if parts.learned or (shared and not with_nodes) else None
        return Finding(DOUBT, figure, _too_narrow(table, np.sqrt(posterior), terms), table)
    if not learned and dyadic > _LIMIT:
        sentence = Message(
            "The number of nodes is too small to test if pairs that share a node are correlated."
        )
        return Finding(UNTOLD, figure, sentence, table)
    sentence = Message(
        "Errors of pairs that share a node are not more correlated than the model assumes."
    )
    return Finding(HOLDS, figure, sentence, table)


def _table(parts: _NodeSums, pairs: Pairs, posterior: float, with_shocks: bool) -> pd.DataFrame:
    """Return standard errors, and their ratios to the posterior SD with the limits by chance."""
    base = parts.model if with_shocks else posterior
    chance = _CHANCE * parts.spread * posterior / parts.model
    rows = [("dyadic", base + parts.covariance, (base + chance) / posterior)]
    if parts.shocks is not None and not with_shocks:
        # Without node effects, f nodes give an estimate of the size sqrt(2/f) of pairs' errors.
        freedom = max(pairs.nodes.size - np.unique(pairs.adoption).size, 1)
        rows.append((_SHOCKS, posterior + parts.shocks, 1.0 + _CHANCE * np.sqrt(2.0 / freedom)))
    if parts.each_way is not None:
        shared, spread = parts.each_way
        rows.append((_EACH_WAY, posterior + shared, 1.0 + _CHANCE * spread / posterior))
    called, variances, beyond = zip(*rows, strict=True)
    errors = np.sqrt(np.maximum(variances, 0.0))
    return pd.DataFrame({
        "by": called, "se": errors, "over_posterior_sd": errors / np.sqrt(posterior),
        "limit": np.maximum(_LIMIT, np.sqrt(beyond)),
    })  # fmt: skip


def _figure(table: pd.DataFrame) -> Message:
    """Return the key figure: every standard error over the posterior SD."""
    ratios = dict(zip(table["by"], table["over_posterior_sd"].astype(float), strict=True))
    figure = Message("dyadic-robust standard error over posterior SD {:.2f}", ratios["dyadic"])
    if _SHOCKS in ratios:
        figure = Message("{}; with node-by-time effects {:.2f}", figure, ratios[_SHOCKS])
    if _EACH_WAY in ratios:
        figure = Message(
            "{}; with correlation of the two directions {:.2f}", figure, ratios[_EACH_WAY]
        )
    return figure


def _too_narrow(table: pd.DataFrame, sd: float, next_terms: Hint | None) -> Message:
    """Return the finding, its meaning and the next step where intervals are too narrow."""
    over = table[table["over_posterior_sd"] > table["limit"]]
    both_ways = set(over["by"]) == {_EACH_WAY}
    who = Message("Errors of pairs that share a node are correlated")
    if both_ways:
        who = Message("Errors of the two directions between two nodes are correlated")
    wide = Message(
        "{}: the standard error of the average effect is {:.3g}, the posterior SD {:.3g}.",
        who, float(over["se"].max()), sd,
    )  # fmt: skip
    step = Message(
        "Next: report the larger standard error, in {}.",
        evidence_of("dyadic_errors"),
    )
    if next_terms is not None and not both_ways:
        step = Message("Next: fit again with {} in the design.", next_terms)
    return joined([wide, Message("The reported intervals are too narrow."), advised(step)])


def _pairs(fit: Fit) -> Pairs:
    """Return the pairs of a panel, or raise an error if it has none or too few nodes."""
    if not is_paired(fit.rows):
        raise NotApplicable(Message("The units of this panel are not pairs of nodes."))
    pairs = pairs_of(fit.rows)
    if pairs.nodes.size < _FEWEST:
        raise NotApplicable(
            Message("There are {} nodes; a dyadic-robust standard error needs at least {}.",
                    pairs.nodes.size, _FEWEST)
        )  # fmt: skip
    return pairs


def _with_shocks(fit: Fit, pairs: Pairs) -> Hint:
    """Return the terms of the design together with node-by-time effects."""
    shocks = tuple(term for term in fit.facts.terms if term.argument == "terms")
    return Hint("terms", (*shocks, NodeTimeEffects(directed=pairs.directed)))


def _shocks(fit: Fit, pairs: Pairs) -> Sequence[ProcessPart]:
    """Return node-by-time effects that untreated observations identify, if there are any."""
    design = fit.variant(terms=_with_shocks(fit, pairs).value)
    try:
        model = design.spec(panel_of(fit))
    except IdentificationError:
        return ()
    return [part for part in model.equations[0].processes if part.mixing is not None]


@dataclass(frozen=True, slots=True)
class _NodeSums:
    """Parts of the variance of the average effect, squared outcome units.

    Parameters
    ----------
    model : float
        Variance under the model without node-by-time effects.
    covariance, spread : float
        Sum of products of influences of pairs that share a node, minus its mean for independent
        pairs, and its standard deviation for these.
    shocks : float or None
        Variance due to node-by-time effects.
    each_way : (float, float) or None
        Sum of products of influences of the two directions between two nodes, and its standard
        deviation if the directions are independent; None if no nodes are linked in both directions.
    """

    model: float
    covariance: float
    spread: float
    shocks: float | None
    each_way: tuple[float, float] | None

    @property
    def learned(self) -> bool:
        """True if untreated observations identify node-by-time effects."""
        return self.shocks is not None

    @classmethod
    def of(cls, fit: Fit, pairs: Pairs, processes: Sequence[ProcessPart]) -> _NodeSums:
        """Sum the contributions of pairs to the saturated estimate."""
        weights = reported_weights(group_time_effects(fit))[1][[0]].toarray()
        model_frame, everywhere, errors = saturated_model(fit, weights)
        units, eye = np.arange(model_frame.codes.n_units), np.eye(model_frame.codes.n_periods)
        owners = tuple((part.owner, eye) for part in processes)
        errors = replace(errors, processes=owners)
        parts = Contributions(model_frame, errors, everywhere, units, units, apart=True)
        sums, (noise, deviation) = parts.sums(), parts.variances
        scale, at = model_frame.equations[0].effect_scale, np.sort(parts.problem.units)
        off = sums.response[:, 0] - sums.share[:, 0]
        model = float(noise * sums.diagonal.sum() + deviation * off @ off)
        influence = np.zeros(units.size)
        influence[at] = sums.influence[:, 0] * scale
        covariance, spread = _shared(influence, pairs)
        shocks = 0.0
        for part, shared in zip(processes, parts.shared, strict=True):
            # h_gt of groups g: the average effect moves by sum_gt h_gt eta_gt.
            h = np.zeros((int(part.owner.max()) + 1, len(eye)))
            paired = shared.owner_of_pair >= 0
            owner = np.unique(part.owner)[shared.owner_of_pair[paired]]
            np.add.at(h, owner, shared.response[paired, :, 0])
            assert part.mixing is not None
            shocks += float(((part.mixing.T @ h @ part.loadings[0]) ** 2).sum())
        return cls(
            model * scale**2, covariance, spread, shocks if processes else None,
            _each_way(influence, pairs),
        )  # fmt: skip


def _shared(influence: Array, pairs: Pairs) -> tuple[float, float]:
    """Sum products of influences of pairs that share a node, minus their mean.

    The influences of the m pairs of a group sum to zero, so two independent pairs have the mean
    product ``-v / (m - 1)``, with v their variance.
    """
    ends, dyad = np.unique(np.sort(pairs.ends, axis=0), axis=1, return_inverse=True)
    dyad, nodes = dyad.ravel(), pairs.nodes.size
    influences = np.bincount(dyad, influence)
    square = np.bincount(dyad, influence**2)

    def by_node(values: Array) -> Array:
        return np.asarray(sum(np.bincount(end, values, nodes) for end in ends))

    date = np.zeros(nodes, dtype=np.int64)
    date[pairs.ends.ravel()] = pairs.adoption.ravel()
    dates: Index = np.sort(date[ends], axis=0)
    group = np.unique(dates, axis=1, return_inverse=True)[1].ravel()
    size = np.bincount(group)
    touched = np.zeros((size.size, nodes))
    for end in ends:
        np.add.at(touched, (group, end), 1.0)
    sharing = (touched**2).sum(axis=1) - 2.0 * size
    mean = float((np.bincount(group, square) / size * sharing / np.maximum(size - 1, 1)).sum())
    factor = nodes / max(nodes - np.unique(date).size, 1)
    apart = float((by_node(influences) ** 2).sum() - 2.0 * (influences**2).sum()) + mean
    ways = float((influences**2).sum() - square.sum())
    spread = 2.0 * float((by_node(square) ** 2 - by_node(square**2)).sum())
    return factor * apart + ways, factor * float(np.sqrt(max(spread, 0.0)))


def _each_way(influence: Array, pairs: Pairs) -> tuple[float, float] | None:
    """Sum ``2 psi_ij psi_ji`` over nodes linked in both directions, with its standard deviation.

    For independent links the sum has the variance ``4 sum v_ij v_ji``, with v their variances. Its
    mean is close to zero, since the two directions belong to one group only if both nodes adopt
    together.
    """
    dyad = np.unique(np.sort(pairs.ends, axis=0), axis=1, return_inverse=True)[1].ravel()
    ahead = pairs.ends[0] < pairs.ends[1]
    ahead_sum, back_sum = (
        np.bincount(dyad[x], influence[x], dyad.max() + 1) for x in (ahead, ~ahead)
    )
    product = ahead_sum * back_sum
    if not product.any():
        return None
    return 2.0 * float(product.sum()), 2.0 * float(np.sqrt((product**2).sum()))
