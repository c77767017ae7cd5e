"""``fit.to_arviz()``: a fit as ArviZ has any model of PyMC."""

from __future__ import annotations

import xarray as xr

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.validation import attribute

_OUTCOME, _OBSERVED = "outcome", "observed"


@attribute("Fit")
def to_arviz(
    fit: nqp.Fit,
    *,
    log_likelihood: bool = False,
    posterior_predictive: bool = False,
    prior: bool = False,
    draws: int = 500,
    seed: int | None = None,
) -> xr.DataTree:
    """Return a fit as a DataTree for ArviZ, in the format of ``pymc.sample``.

    Parameters
    ----------
    log_likelihood : bool, default False
        If True, add the log likelihood of every unit, as computed by `log_likelihood`, for
        ``az.loo``.
    posterior_predictive : bool, default False
        If True, add replicated and observed outcomes, for ``az.plot_ppc_dist``.
    prior : bool, default False
        If True, add draws of the prior and the prior predictive, for ``az.plot_prior_posterior``.
    draws : int, default 500
        Number of replicated outcomes and prior draws.
    seed : int, optional
        Random seed of these draws.

    Returns
    -------
    DataTree
        ``posterior``: ``att`` (the average effect), ``effect`` (path, cell), ``deviation``
        (path, member) if effects vary, and all of ``fit.posterior``, in outcome units; cells
        and members by name. ``sample_stats``; and, if requested, ``log_likelihood``
        (``outcome``), ``posterior_predictive`` and ``observed_data`` (``outcome``, by row),
        ``prior`` and ``prior_predictive``. The attr ``gate`` is the verdict of the convergence
        diagnostics.

    Raises
    ------
    StudyError
        If a requested group is not available, with the reason.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> tree = fit.to_arviz(log_likelihood=True)
    >>> sorted(tree.children)
    ['log_likelihood', 'posterior', 'sample_stats']
    """
    groups = {"posterior": _quantities(fit.effects, fit.posterior)}
    groups["sample_stats"] = fit.groups["sample_stats"]
    if log_likelihood:
        values = nqp.log_likelihood(fit)
        groups["log_likelihood"] = _plain(values.to_dataset(name=_OUTCOME))
        for name in ("posterior", "sample_stats"):  # of the draws that were not thinned away
            groups[name] = groups[name].sel({v.DRAW: values[v.DRAW]})
    if posterior_predictive:
        replicated = nqp.posterior_predictive(fit, draws=draws, seed=seed)
        groups["posterior_predictive"] = _plain(replicated[[_OUTCOME]])
        groups["observed_data"] = _plain(replicated[[_OBSERVED]].rename({_OBSERVED: _OUTCOME}))
    if prior:
        before = nqp.prior_predictive(fit.design, fit.rows, draws=draws, seed=seed)
        groups["prior"] = _quantities(before, before.drop_vars(_OUTCOME))
        groups["prior_predictive"] = _plain(before[[_OUTCOME]])
    tree = xr.DataTree.from_dict(groups)
    tree.attrs[v.GATE] = str(fit.gate)
    return tree


def _quantities(effects: xr.Dataset, others: xr.Dataset) -> xr.Dataset:
    """Return draws of effects and of all other quantities, with cells by name."""
    named = [name for name in (v.EFFECT, v.DEVIATION, v.MODERATION) if name in effects]
    average = {} if _nothing(effects) else {"att": nqp.att(effects).reset_coords(drop=True)}
    drawn = {name: x for name, x in others.data_vars.items() if set(v.SAMPLE_DIMS) <= {*x.dims}}
    parts = xr.Dataset({**average, **effects[named].data_vars, **drawn})
    return _plain(parts).assign_coords({v.CELL: _cells(effects)})


def _nothing(effects: xr.Dataset) -> bool:
    return not bool(effects[v.IDENTIFIED].any())


def _plain(dataset: xr.Dataset) -> xr.Dataset:
    """Labels of dims alone: other coordinates are no draws, and the gate is the tree's."""
    return dataset.reset_coords(drop=True)


def _cells(effects: xr.Dataset) -> list[str]:
    """Call cells by stratum, cohort and time, and by their role where these are not enough."""
    from bayes_nqp.effects.estimands import text

    names = [name for name in (*schema.factors(effects), v.COHORT, v.TIME) if name in effects]
    beside = [str(name) for name, x in effects.coords.items() if x.dims == (v.CELL,)]
    beside = [name for name in beside if name not in names and effects[name].dtype.kind in "OU"]
    labels: list[str] = []
    for more in ([], *([name] for name in beside)):
        names += more
        columns = ([text(x) for x in effects[name].to_numpy()] for name in names)
        labels = [" · ".join(parts) for parts in zip(*columns, strict=True)]
        if len({*labels}) == len(labels):
            return labels
    return [f"{label} · {place}" for place, label in enumerate(labels)]
