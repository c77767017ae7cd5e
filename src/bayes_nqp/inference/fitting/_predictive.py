"""Posterior predictive distribution of outcomes: replicated observations of a fit's panel."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.limits import afford
from bayes_nqp._core.threads import one_thread
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting._coefficient_draws import coefficients_of
from bayes_nqp.inference.fitting._fit_index import refuse_pooled
from bayes_nqp.inference.fitting._parameters import natural, unconstrained
from bayes_nqp.inference.fitting._unit_rows import Members, UnitRows
from bayes_nqp.inference.model_frame import RowLayout, row_layout
from bayes_nqp.inference.pymc_model import chunks, errors_of, padded, row_slopes

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit
    from bayes_nqp.inference.model_frame import Equation, ModelFrame


_CHUNK_NUMBERS = 2_000_000


@door
def posterior_predictive(
    fit: Fit,
    *,
    draws: Annotated[int, Ge(1)] = 500,
    seed: Seed | None = None,
    members: Members = "same",
) -> xr.Dataset:
    """Draw replicated outcomes of a fit's panel from the posterior predictive distribution.

    Each draw takes parameters and coefficients from the posterior, and unit effects from their
    exact distribution given these and the data; only the errors are new. The replicated units are
    therefore the panel's own units at their own levels, with other errors.

    Parameters
    ----------
    fit : Fit
        With a Gaussian likelihood.
    draws : int, default 500
        Number of draws; they use evenly spaced posterior draws.
    seed : int, optional
        The same seed gives the same draws. Random by default, and stored in the attrs.
    members : {"same", "new"}, default "same"
        With "same" treated units keep their own deviations of the effect, drawn given the data;
        with "new" they get new ones from the distribution of deviations. "new" is for statistics of
        the differences between the effects of members; untreated observations do not depend on it.

    Returns
    -------
    Dataset
        ``outcome`` (chain, draw, row), with one chain, and ``observed`` (row), in outcome
        units. ``row`` counts the panel's observations; those that the design drops are left out.
        The scalar coordinate ``gate`` is the convergence verdict on the posterior draws.

    Raises
    ------
    StudyError
        If the fit has no observations, its likelihood is not Gaussian, or an argument is out of
        range.

    References
    ----------
    Gelman, A., Meng, X.-L. and Stern, H. (1996). Posterior predictive assessment of model
    fitness via realized discrepancies. Statistica Sinica 6(4).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.posterior_predictive(fit, draws=100, seed=1)["outcome"].dims
    ('chain', 'draw', 'row')
    """
    if not fit.facts.exact:
        name, value, _ = fit.facts.inexact
        raise StudyError(
            f"the fit's {name} is {value!r}, and such a fit does not store the "
            "unit effects that are needed",
            hint="nqp.check(fit, 'model_fit'), which does not need them",
        )
    refuse_pooled(fit)
    model_frame, equation = fit.model_frame, fit.model_frame.equations[0]
    seed = secrets.randbits(31) if seed is None else seed
    assert fit.panel is not None
    observed = fit.panel.outcome[model_frame.kept]
    rows = np.flatnonzero(model_frame.kept)
    afford(8.0 * draws * rows.size, f"'draws': {draws:,} of all rows", "fewer of them")
    outcome = np.empty((draws, rows.size))
    for part in replications(fit, draws=draws, seed=seed, members=members):
        # The equation's outcome is centred by unit and period; differences are not.
        change = (part.outcome - equation.rows.outcome) * equation.scale
        outcome[part.draws] = observed + change
    return xr.Dataset(
        {"outcome": ((v.CHAIN, v.DRAW, "row"), outcome[None]), "observed": ("row", observed)},
        coords={v.CHAIN: [0], v.DRAW: np.arange(draws), "row": rows, **fit.gate.evidence},
        attrs={
            "draws": "posterior",
            "outcome": fit.panel.roles.outcome,
            "members": members,
            "seed": float(seed),
        },
    )


@dataclass(frozen=True, eq=False)
class Replication:
    """Some replicated draws of a panel's observations.

    Parameters
    ----------
    draws : slice
        The draws.
    outcome : ndarray (draw, row), multiples of ``s``
        Centred in the same way as the equation's observations.
    """

    draws: slice
    outcome: Array


def replications(
    fit: Fit, *, draws: int, seed: Seed, members: Members = "same"
) -> Iterator[Replication]:
    """Draw replicated outcomes, some draws at a time.

    A fit by observation stores neither unit nor time effects: its replications are without them,
    and those of leads are without lead effects. After unit and time effects are partialled out of
    untreated observations, the remainder is exact, except under a link other than the identity.

    Parameters
    ----------
    members : {"same", "new"}
        As in `posterior_predictive`.
    """
    model_frame, equation = fit.model_frame, fit.model_frame.equations[0]
    layout = row_layout(model_frame, equation)
    units, *errors = np.random.default_rng(seed).spawn(4)
    total = fit.posterior.sizes[v.CHAIN] * fit.posterior.sizes[v.DRAW]
    chosen = np.linspace(0, total - 1, draws).round().astype(np.int64)
    x = unconstrained(equation, fit.posterior).reshape(total, -1)[chosen]
    parameters = natural(equation, x)
    likelihood = fit.facts.likelihood
    parameters |= {x.name: _flat(fit, x.name, chosen) for x in likelihood.parameters}
    exact = fit.facts.exact
    rows = UnitRows(model_frame, equation) if exact else None
    positions = coefficients_of(fit, equation, chosen) if exact else np.zeros((draws, 0))
    with one_thread():
        for part in chunks(draws, layout.rows.size, _CHUNK_NUMBERS):
            some = {name: values[part] for name, values in parameters.items()}
            if rows is not None:
                mean = rows.expected(positions[part])
                residual, values = equation.rows.outcome - mean, equation.gaussian.values(x[part])
                mean += rows.drawn(residual, values, units, members)
            else:
                mean = _stored(fit, model_frame, equation, layout, chosen[part])
            new = errors_of(equation, layout, likelihood, some, errors)
            yield Replication(part, mean + new)


def _flat(fit: Fit, name: str, chosen: Index) -> Array:
    name = f"{fit.model_frame.equations[0].name}__{name}"
    return np.asarray(fit.posterior[name].to_numpy().ravel()[chosen], dtype=np.float64)


def _stored(
    fit: Fit, model_frame: ModelFrame, equation: Equation, layout: RowLayout, chosen: Index
) -> Array:
    """Compute expected outcomes of a fit by observation, without unit, time and lead effects."""
    prefix = f"{equation.name}__"
    cells = np.zeros((chosen.size, model_frame.table.size))
    posterior = fit.posterior
    cells[:, ~model_frame.cells.lead] = (
        posterior[f"{prefix}cell_mean"]
        .to_numpy()
        .reshape(-1, int((~model_frame.cells.lead).sum()))[chosen]
    )
    out = padded(cells / equation.scale)[:, layout.cell]
    if v.DEVIATION in (effects := fit.groups["effects"]):
        deviation = effects[v.DEVIATION].to_numpy().reshape(-1, model_frame.effects.codes.size)
        out += padded(deviation[chosen] / equation.scale)[:, layout.unit_effect]
    for part in equation.globals:
        if part.place == "slopes":
            shown = posterior[prefix + part.name].to_numpy().reshape(-1, len(part.labels))[chosen]
            values = shown / equation.scale
            if part.display is not None:
                values = values @ np.linalg.inv(part.display).T
            row_slopes(layout, len(equation.rows.columns), values @ part.columns.T, out)
    return out
