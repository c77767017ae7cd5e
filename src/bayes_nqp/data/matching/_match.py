"""Match treated with never-treated units."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import TYPE_CHECKING

from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, once
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Column, names_in
from bayes_nqp._core.validation import door
from bayes_nqp.data.matching._matched import Matched
from bayes_nqp.data.matching._methods import METHODS
from bayes_nqp.data.matching._pool import pools_of

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@door
def match(
    panel: Panel,
    covariates: Column | Sequence[Column],
    method: str = "nearest",
    *,
    at: object = None,
    by_period: bool = False,
    **options: object,
) -> Matched:
    """Match treated with never-treated units on covariates.

    Treated units are those that are treated at some time in the panel. Matching makes the groups
    similar in the covariates; it is no evidence that trends would be parallel without treatment.
    Covariates that the treatment affects must not be used after adoption.

    Parameters
    ----------
    panel : Panel
        The panel.
    covariates : str or sequence of str
        Numeric columns of the panel's frame; the outcome may be one of them.
    method : str, default "nearest"
        Method, with its options:

        - "nearest": the `k` (1) nearest controls by propensity score within `caliper` (0.2 SDs of
          its logit), with ``replacement=True`` or by default without, in an optimal assignment;
        - "radius": all controls within `caliper` (0.2);
        - "exact": coarsened exact matching, controls in the same bins of all covariates; `cuts`
          gives the number of bins or the cut points of covariates (Sturges' rule by default);
        - "kernel": controls weighted by an Epanechnikov kernel of the distance of propensity
          scores, with `bandwidth` (0.06);
        - "entropy": entropy balancing, weights of controls with exactly the covariate means (and,
          with ``moments=2``, variances) of treated units.

        Propensity scores come from a logistic regression on the standardised covariates with a
        ridge penalty of 0.01.
    at : label of a period, optional
        Period of the covariates. By default each unit's mean over all periods before the first
        treatment of any unit.
    by_period : bool, default False
        If True, match the observations of each period separately, on covariates in this period.
    **options
        Options of the method.

    Returns
    -------
    Matched
        ``panel`` for any design, ``balance`` before and after matching, and ``items`` with weights
        and propensity scores. ``nqp.table(matched)`` prints the balance, ``nqp.plots.love`` draws
        it. Methods that give controls unequal weights have no panel: ``unweighted()`` keeps the
        same units with equal weights.

    Raises
    ------
    PanelError
        If a covariate is unknown, missing or constant, there are fewer than five treated or
        never-treated units, or no treated unit has a similar control.
    StudyError
        If the method or an option is unknown or out of range.

    References
    ----------
    Heckman, J. J., Ichimura, H. and Todd, P. (1997). Matching as an econometric evaluation
    estimator: evidence from evaluating a job training programme. Review of Economic Studies 64(4).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> matched = nqp.match(panel, ["l_homicide"], k=1, caliper=0.25)
    >>> matched.panel.n_units < panel.n_units
    True
    """
    names = names_in(covariates)
    if not names:
        raise StudyError(Message("'covariates' is empty"), hint='covariates=["ln_gdp"]')
    once("covariates", names)
    if method not in METHODS:
        raise StudyError(
            Message("there is no method {!r} of matching", method), hint=nearest(method, METHODS)
        )
    if by_period and at is not None:
        raise StudyError(
            Message("'at' is {!r}, but by_period=True uses the values of each period", at),
            hint="omit one of them",
        )
    weigh = METHODS[method].weigh
    accepted = tuple(signature(weigh).parameters)[1:]
    for name in options:
        if name not in accepted:
            raise StudyError(
                Message("method={!r} has no option {!r}", method, name),
                hint=nearest(name, accepted),
            )
    pools = pools_of(panel, names, at, by_period=by_period)
    weights = tuple(weigh(pool, **options) for pool in pools)
    if not any(w.any() for w in weights):
        raise PanelError(
            Message(
                "method={!r}: none of the {} treated units has a similar control, because the "
                "covariates of the groups do not overlap",
                method, int(pools[0].treated.sum()),
            ),
            where=Message("covariates: {}", ", ".join(names)),
            hint="use fewer covariates, or a larger caliper, bandwidth or bins; without overlap, "
            "matching cannot make the groups comparable",
        )  # fmt: skip
    return Matched(panel, method, options, pools, weights)
