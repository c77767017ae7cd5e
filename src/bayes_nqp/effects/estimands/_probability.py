"""Posterior probabilities of simple statements, and simultaneous signs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.validation import door


@door
def probability(
    draws: xr.DataArray, *, above: float | None = None, below: float | None = None
) -> xr.DataArray:
    """Compute the posterior probability that a quantity is above or below a value.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Labelled draws; or a condition on them, such as ``draws > 4``.
    above, below : float, outcome units, optional
        Exclusive bounds; both for an interval. By default above 0.

    Returns
    -------
    DataArray (...), probability
        NaN if there is no draw.

    Raises
    ------
    StudyError
        If ``draws`` are not draws.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.effects.estimands import probability
    >>> draws = xr.DataArray([[-1.0, 1.0, 2.0, 3.0]], dims=("chain", "draw"))
    >>> float(probability(draws, above=0)), float(probability(draws, below=2))
    (0.75, 0.5)
    """
    if draws.dtype.kind == "b":
        if above is not None or below is not None:
            raise StudyError(
                "'draws' are booleans, to which bounds do not apply",
                hint="nqp.probability(draws > 4), or nqp.probability(draws, above=4)",
            )
        return _mean(draws, draws, f"P(condition on {draws.attrs.get('estimand', 'draw')})")
    low = 0.0 if above is None and below is None else above
    inside = xr.ones_like(draws, dtype=bool)
    words = []
    if low is not None:
        inside, words = inside & (draws > low), [f"> {low:g}"]
    if below is not None:
        inside, words = inside & (draws < below), [*words, f"< {below:g}"]
    return _mean(draws, inside, f"P({draws.attrs.get('estimand', 'draw')} {' and '.join(words)})")


@door
def rope(draws: xr.DataArray, width: float | tuple[float, float]) -> xr.DataArray:
    """Compute the posterior probability that a quantity is practically zero.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Labelled draws, such as a contrast.
    width : float or pair of float, outcome units
        The largest negligible effect in either direction, or the two ends of the range of
        negligible effects.

    Returns
    -------
    DataArray (...), probability
        Probability of ``abs(draws) < width``, or of draws between the two ends; NaN if there is no
        draw.

    Raises
    ------
    StudyError
        If the width is not positive, the ends of the range are not in increasing order, or
        ``draws`` are not draws.

    Examples
    --------
    >>> import xarray as xr
    >>> from bayes_nqp.effects.estimands import rope
    >>> draws = xr.DataArray([[-1.0, 0.1, 0.2, 3.0]], dims=("chain", "draw"))
    >>> float(rope(draws, 0.5))
    0.5
    """
    name = draws.attrs.get("estimand", "draw")
    if not isinstance(width, float | int):
        low, high = width
        if not low < high:
            raise StudyError(
                f"width={width!r} is not a range", hint="the lower end first: width=(-0.5, 0.5)"
            )
        return _mean(draws, (draws > low) & (draws < high), f"P({low:g} < {name} < {high:g})")
    if not width > 0:
        raise StudyError(
            f"width={width!r} is not positive",
            hint="the largest negligible effect, in units of the outcome",
        )
    inside = (draws > -width) & (draws < width)
    return _mean(draws, inside, f"P(|{name}| < {width:g})")


def _mean(draws: xr.DataArray, inside: xr.DataArray, words: str) -> xr.DataArray:
    missing = [dim for dim in v.SAMPLE_DIMS if dim not in draws.dims]
    if missing:
        raise StudyError(
            f"'draws' has no dim {missing[0]!r}, so these are not draws",
            hint="pass the result of nqp.att or nqp.contrast",
        )
    result = inside.astype(np.float64).where(draws.notnull()).mean(v.SAMPLE_DIMS)
    result.attrs = {**draws.attrs, "estimand": words}
    return result.rename("probability")


Flags = npt.NDArray[np.bool_]


@door
def simultaneous_signs(draws: xr.DataArray, prob: float = 0.95) -> xr.Dataset:
    """Select the statements on signs that are credible simultaneously.

    A statement asserts that an effect, or a difference, has the sign of its posterior mean. A set
    of statements is selected only if all of them are true with posterior probability `prob`. In
    addition, every selected statement must be outside the simultaneous band of the statements not
    selected before it. This adjusts for multiplicity: among many differences the largest one
    appears credible even if all are zero.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        All quantities compared, not only large ones: ``pairwise_contrasts(att(fit, "region"))``, or
        ``nie(fit)``. Missing values (NaN) are ignored.
    prob : float, default 0.95
        Posterior probability that all selected signs are correct.

    Returns
    -------
    Dataset (...), probabilities
        ``named``: True if the statement is selected; ``positive``: its sign; ``probability``: of
        the single statement; ``tail``: the probability that posterior uncertainty alone moves some
        statement, among those that are not more certain, as far from its mean as this mean is from
        zero. The smallest tail is the multiplicity-adjusted tail probability of the hypothesis that
        all quantities are zero. Scalar: ``joint``, the posterior probability of all selected
        statements (1 if none is selected).

    Raises
    ------
    StudyError
        If ``draws`` are not draws, or `prob` is not a probability.

    Notes
    -----
    With means ``m_k``, standard deviations ``s_k`` and ``t_k = |m_k| / s_k``, statements are taken
    in decreasing order of ``t_k``. Statement k is selected while ``tail_k = P(max_j |d_j - m_j| /
    s_j >= t_k)``, over k and all later j, is at most ``1 - prob``, and the joint probability is at
    least `prob`. The first statement is outside the simultaneous credible band of all statements.
    With zero effects and a flat prior, some statement is therefore selected with probability ``1 -
    prob``, whatever their number. A single statement is selected if its probability is at least
    ``(1 + prob) / 2``.

    References
    ----------
    Montiel Olea, J. and Plagborg-Møller, M. (2019). Simultaneous confidence bands: theory,
    implementation, and an application to SVARs. Journal of Applied Econometrics 34(1). Romano, J.
    and Wolf, M. (2005). Exact and approximate stepdown methods for multiple hypothesis testing.
    Journal of the American Statistical Association 100(469).

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.effects.estimands import simultaneous_signs
    >>> draws = xr.DataArray(
    ...     np.random.default_rng(1).normal([6.0, -5.0, 1.5], 1.0, (4, 1000, 3)),
    ...     dims=("chain", "draw", "mediator"),
    ...     coords={"mediator": ["digital", "finance", "skills"]},
    ... )
    >>> said = simultaneous_signs(draws)
    >>> said["named"].to_series().to_dict()
    {'digital': True, 'finance': True, 'skills': False}
    >>> round(float(said["joint"]), 2)
    1.0
    """
    missing = [dim for dim in v.SAMPLE_DIMS if dim not in draws.dims]
    if missing:
        raise StudyError(
            f"'draws' has no dim {missing[0]!r}, so these are not draws",
            hint="pass the result of nqp.att, nqp.nie or nqp.pairwise_contrasts",
        )
    if not 0 < prob < 1:
        raise StudyError(f"prob={prob!r} is not a probability", hint="prob=0.95")
    ordered = draws.transpose(*v.SAMPLE_DIMS, ...)
    values = ordered.to_numpy().astype(np.float64)
    shape = values.shape[2:]
    values = values.reshape(values.shape[0] * values.shape[1], -1)
    draw = ordered.isel(chain=0, draw=0, drop=True)
    seen = np.isfinite(values).all(axis=0)
    positive, single, tail, named = (np.full(seen.size, x) for x in (False, np.nan, np.nan, False))
    positive[seen], single[seen], tail[seen], named[seen], joint = _stepped(values[:, seen], prob)
    variables = {"named": named, "positive": positive, "probability": single, "tail": tail}
    return xr.Dataset(
        {name: (draw.dims, x.reshape(shape)) for name, x in variables.items()} | {"joint": joint},
        coords=draw.coords,
        attrs={**draws.attrs, "estimand": f"signs of {draws.attrs.get('estimand', 'draws')}"},
    )


def simultaneous(draws: Array, prob: float) -> tuple[Array, Array]:
    """Compute the sup-t band that contains all quantities simultaneously.

    Parameters
    ----------
    draws : array (chain, draw, label)
        Draws of each quantity.
    prob : float
        Posterior probability of the band.

    Returns
    -------
    tuple of two arrays (label)
        m ∓ c s, where P(max |d - m| / s <= c) is `prob`.
    """
    values = draws.reshape(-1, draws.shape[-1])
    mean, sd = values.mean(axis=0), np.maximum(values.std(axis=0), np.finfo(np.float64).tiny)
    reach = sd * np.quantile((np.abs(values - mean) / sd).max(axis=1), prob)
    return mean - reach, mean + reach


def _stepped(draws: Array, prob: float) -> tuple[Flags, Array, Array, Flags, float]:
    """Select statements stepwise in the order of t; return signs, probabilities and tails."""
    number = draws.shape[1]
    mean = draws.mean(axis=0)
    sd = np.sqrt(((draws - mean) ** 2).sum(axis=0) / max(len(draws) - 1, 1))
    # A quantity without uncertainty has t = infinity and is excluded from the maximum.
    scale = np.where(sd > 0, sd, 1.0)
    t = np.where(sd > 0, np.abs(mean) / scale, np.where(mean == 0, 0.0, np.inf))
    order = np.argsort(-t, kind="stable")
    away = (np.abs(draws - mean) / scale)[:, order]
    holds = (np.sign(draws) == np.sign(mean)) & (mean != 0)
    # Column k: the maximum over k and all later statements.
    farthest = np.maximum.accumulate(away[:, ::-1], axis=1)[:, ::-1]
    tails = np.maximum.accumulate((farthest >= t[order]).mean(axis=0)) if number else np.empty(0)
    together = np.logical_and.accumulate(holds[:, order], axis=1).mean(axis=0)
    inside = np.logical_and.accumulate((tails <= 1 - prob) & (together >= prob))
    tail, named = np.empty(number), np.zeros(number, dtype=bool)
    tail[order], named[order] = tails, inside
    joint = float(together[inside][-1]) if inside.any() else 1.0
    return mean > 0, holds.mean(axis=0), tail, named, joint
