"""Equal, fixed, CRITIC and first-principal-component weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door, value
from bayes_nqp.data.index._scheme import Scope, check_shapes, linear, moments, shares, varies


@value("index")
class EqualWeights:
    """Equal weights of all indicators; constants have weight zero.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.EqualWeights()
    EqualWeights()
    """

    scope: ClassVar[Scope] = "pooled"
    estimated: ClassVar[bool] = False

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Compute the weights of the columns of z."""
        return shares(varies(z).astype(float), "EqualWeights()")

    def contributions(self, z: Array, weights: Array) -> Array:
        """Return the contribution of each indicator to the index."""
        return linear(z, weights)


@register("index")
@door
@dataclass(frozen=True, slots=True, init=False)
class FixedWeights:
    """Weights given by the user, for example from a survey of experts.

    Parameters
    ----------
    weights : mapping of str to float, or sequence of pairs
        A non-negative weight for every indicator's key. They are divided by their sum.

    Raises
    ------
    StudyError
        If a weight is negative or not a number, or no weight is positive.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.FixedWeights({"patents": 2, "robots": 1})
    FixedWeights(weights=(('patents', 2.0), ('robots', 1.0)))
    """

    weights: tuple[tuple[str, float], ...]

    scope: ClassVar[Scope] = "pooled"
    estimated: ClassVar[bool] = False

    def __init__(self, weights: Mapping[str, float] | Iterable[tuple[str, float]]) -> None:
        try:
            pairs = tuple(
                (str(key), float(weight))
                for key, weight in (weights.items() if isinstance(weights, Mapping) else weights)
            )
        except (TypeError, ValueError) as error:
            raise StudyError(
                Message("'weights' is {!r}", weights),
                hint="a number for every indicator: {'patents': 0.6}",
            ) from error
        wrong = [f"{key} ({weight!r})" for key, weight in pairs if not 0 <= weight < np.inf]
        if wrong:
            raise StudyError(Message("'weights' must not be negative: {}", shown(wrong)))
        if not sum(weight for _, weight in pairs) > 0:
            raise StudyError("'weights' contains no positive weight", hint="{'patents': 0.6, …}")
        object.__setattr__(self, "weights", pairs)

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Return the weights of the columns of z.

        Raises
        ------
        StudyError
            If a weight is missing, or belongs to no indicator.
        """
        check_shapes(z, keys=keys)
        weights_by_key = dict(self.weights)
        for key in weights_by_key:
            if key not in keys:
                raise StudyError(
                    Message("FixedWeights names {!r}, which is not an indicator", key),
                    hint=nearest(key, keys),
                )
        missing = [key for key in keys if key not in weights_by_key]
        if missing:
            raise StudyError(
                Message("FixedWeights has no weight for {}", shown(map(repr, missing))),
                hint="0 excludes an indicator",
            )
        return shares(np.array([weights_by_key[key] for key in keys]) * varies(z), "FixedWeights()")

    def contributions(self, z: Array, weights: Array) -> Array:
        """Return the contribution of each indicator to the index."""
        return linear(z, weights)


@value("index")
class Critic:
    """CRITIC weights: standard deviation times lack of correlation with other indicators.

    Weights are proportional to ``σ_j Σ_k (1 − r_jk)``, with standard deviations and Pearson
    correlations of the normalised indicators over all rows.

    References
    ----------
    Diakoulaki, D., Mavrotas, G. and Papayannakis, L. (1995). Determining objective weights in
    multiple criteria problems: the CRITIC method. Computers & Operations Research 22(7).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.Critic()
    Critic()
    """

    scope: ClassVar[Scope] = "pooled"
    estimated: ClassVar[bool] = True

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Compute the weights of the columns of z."""
        label = varies(z)
        parts = np.zeros(z.shape[1])
        if label.sum() == 1:
            parts[label] = 1.0
        elif label.any():
            sd, correlation = moments(z[:, label], rows)
            parts[label] = sd * (1.0 - correlation).sum(axis=0)
        return shares(parts, "Critic()")

    def contributions(self, z: Array, weights: Array) -> Array:
        """Return the contribution of each indicator to the index."""
        return linear(z, weights)


@value("index")
class PrincipalComponent:
    """Weights of the first principal component of the standardised indicators.

    Parameters
    ----------
    loadings : {"signed", "squared"}, default "signed"
        "signed": the index is the first component, shifted and rescaled to weights that sum to one.
        An indicator that is negatively correlated with the others has a negative weight, which the
        index reports in a note. "squared": weights are the squared loadings, each indicator's share
        of the component's variance (OECD handbook). They are not negative, but the index is no
        longer the component.

    Raises
    ------
    StudyError
        If ``loadings`` has another value.

    References
    ----------
    Jolliffe, I. T. (2002). Principal Component Analysis, ch. 2. OECD and JRC (2008). Handbook on
    Constructing Composite Indicators, §6.1.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.PrincipalComponent()
    PrincipalComponent(loadings='signed')
    """

    loadings: Literal["signed", "squared"] = "signed"

    scope: ClassVar[Scope] = "pooled"
    estimated: ClassVar[bool] = True

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Compute the weights of the columns of z."""
        label = varies(z)
        parts = np.zeros(z.shape[1])
        if label.any():
            sd, correlation = moments(z[:, label], rows)
            first = np.linalg.eigh(correlation)[1][:, -1]
            parts[label] = first**2 if self.loadings == "squared" else first / sd
        if parts.sum() < 0:
            parts = -parts
        if label.any() and parts.sum() < 1e-6 * np.abs(parts).sum():
            raise PanelError(
                "the first principal component has weights of opposite signs that sum to zero",
                hint="check the directions, or PrincipalComponent(loadings='squared')",
            )
        return shares(parts, "PrincipalComponent()")

    def contributions(self, z: Array, weights: Array) -> Array:
        """Return the contribution of each indicator to the index."""
        return linear(z, weights)
