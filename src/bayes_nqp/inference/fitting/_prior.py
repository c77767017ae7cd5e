"""Prior predictive distribution: draws of effects and of observations from the prior."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import xarray as xr
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.limits import afford
from bayes_nqp._core.types import Seed
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting._draws import kept_unit_effects
from bayes_nqp.inference.fitting._effects_dataset import effects_dataset
from bayes_nqp.inference.fitting._parameters import parameter_units
from bayes_nqp.inference.model_frame import RowLayout, cell_slopes, model_frame_of, row_layout
from bayes_nqp.inference.pymc_model import chunks, errors_of, padded, path_draws, row_slopes
from bayes_nqp.model.designs import Design
from bayes_nqp.model.predictors import SlopeKind
from bayes_nqp.numerics.parameters import FLAT, Scale

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.model_frame import Equation, ModelFrame
    from bayes_nqp.model.predictors import GlobalPart, LocalPart


_CHUNK_NUMBERS = 4_000_000


@door
def prior_predictive(
    design: Design, panel: Panel, *, draws: Annotated[int, Ge(1)] = 500, seed: Seed | None = None
) -> xr.Dataset:
    """Draw effects and outcomes from the prior, for the observations of a panel.

    Coefficients with a flat prior in a fit (unit effects, time effects, slopes, effects under
    ``NoPooling()``) have a normal prior with standard deviation ``priors.wide`` times ``s`` here.
    Only ``s`` is computed from the panel's outcome.

    Parameters
    ----------
    draws : int, default 500
        Number of independent draws; each contains a number for every observation.
    seed : int, optional
        The same seed gives the same draws. Random by default, and stored in the attrs.

    Returns
    -------
    Dataset
        An effects dataset with one chain: ``effect`` (chain, draw, path, cell) and, if effects
        vary by unit, ``deviation`` (chain, draw, path, member). In addition ``outcome`` (chain,
        draw, row), and ``outcome__…``: parameters and coefficients named as in a fit's posterior.
        All are in outcome units, outcomes as differences from the panel's level. Under a link other
        than the identity all variables except ``outcome`` are on the scale of the link, and
        outcomes are on their own scale. ``row`` counts the panel's observations.

    Raises
    ------
    StudyError
        If ``draws`` is not a positive whole number, or the design has mediators.
    IdentificationError
        If the panel does not identify an effect of the design.

    References
    ----------
    Gabry, J., Simpson, D., Vehtari, A., Betancourt, M. and Gelman, A. (2019). Visualization in
    Bayesian workflow. Journal of the Royal Statistical Society A 182(2).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> prior = nqp.prior_predictive(design, panel, draws=100, seed=1)
    >>> prior["outcome"].dims
    ('chain', 'draw', 'row')
    """
    model_frame = model_frame_of(design, panel)
    if model_frame.facts.channels is not None:
        raise StudyError(
            "prior draws use one equation, but a design with mediators has several",
            hint="the design of the outcome alone: design.outcome_design",
        )
    seed = secrets.randbits(31) if seed is None else seed
    (equation,) = model_frame.equations
    layout = row_layout(model_frame, equation)
    needed = 8.0 * draws * (layout.rows.size + model_frame.codes.n_units)
    afford(needed, f"'draws': {draws:,} of all observations", "fewer of them")
    # One stream for parameters and one for observations: neither depends on the other's size.
    few, *many = np.random.default_rng(seed).spawn(4)
    prior = _Draws(model_frame, equation, layout, draws, few)
    outcome = np.empty((draws, layout.rows.size))
    for part in chunks(draws, layout.rows.size, _CHUNK_NUMBERS):
        outcome[part] = prior.rows(part, many)
    return prior.dataset(outcome, {"outcome": panel.roles.outcome, "seed": float(seed)})


class _Draws:
    """Draws of all quantities except observations, in multiples of ``s``."""

    def __init__(
        self,
        model_frame: ModelFrame,
        equation: Equation,
        layout: RowLayout,
        draws: int,
        generator: np.random.Generator,
    ) -> None:
        self.model_frame, self.equation, self.layout = model_frame, equation, layout
        self.draws, self.generator, self.wide = draws, generator, model_frame.facts.priors.wide
        self.varying = model_frame.facts.varying
        problem = equation.problem
        values = problem.space.draw(generator, draws)
        self.parameters = {name: values[:, k] for k, name in enumerate(problem.space.names)}
        self.likelihood = model_frame.facts.likelihood
        self.own = {x.name: x.prior.draw(generator, draws) for x in self.likelihood.parameters}
        self.coefficients: dict[str, Array] = {}
        self.time = self._table(
            "time", len(model_frame.codes.level_names) * model_frame.codes.n_periods
        )
        self.cells = self._table("cells", model_frame.table.size)
        strata = model_frame.codes.stratum_levels.shape[0]
        self.slopes = self._table("slopes", strata * len(equation.rows.columns))
        self.paths = path_draws(equation, self.parameters, generator)
        self.alpha = self.wide * generator.standard_normal((draws, model_frame.codes.n_units))
        self.deviation = np.zeros((draws, model_frame.effects.codes.size))
        if problem.unit_effect_scale is not None:
            scale = self._scale(problem.unit_effect_scale)
            self.deviation = model_frame.facts.deviations.draw(
                generator, scale, model_frame.effects.codes.size
            )

    def _scale(self, scale: Scale) -> Array:
        if scale.estimated:
            return self.parameters[f"scale_{scale.name}"]
        return np.full(self.draws, scale.fixed)

    def _table(self, place: str, size: int) -> Array:
        """Add up all coefficients by position (draw, place)."""
        total = np.zeros((self.draws, size))
        for part in self.equation.globals:
            if part.place == place:
                values = self._values(part, part.columns.shape[1])
                total += values @ part.columns.T
                shown = values if part.display is None else values @ part.display.T
                self.coefficients[part.name] = shown
        for local in self.equation.locals:
            if local.place == place:
                total[:, local.index] += self._values(local, local.index.size)
        return total

    def _values(self, part: GlobalPart | LocalPart, size: int) -> Array:
        z = self.generator.standard_normal((self.draws, size))
        if part.scale == FLAT:
            return self.wide * z
        return z * self._scale(part.scale)[:, None] if isinstance(part.scale, Scale) else z

    def mean(self, part: slice) -> Array:
        """Compute expected outcomes of observations for some draws (draw, row)."""
        layout = self.layout
        out = self.alpha[part][:, layout.unit] + self.time[part][:, layout.time_effect]
        out += padded(self.cells[part])[:, layout.cell]
        out += padded(self.deviation[part])[:, layout.unit_effect] * layout.loading
        row_slopes(layout, len(self.equation.rows.columns), self.slopes[part], out)
        if self.equation.n_paths:
            rows = self.equation.rows
            out += self.paths[part][:, rows.group[rows.unit], rows.time]
        return out

    def errors(self, part: slice, generators: list[np.random.Generator]) -> Array:
        """Draw errors of observations for some draws (draw, row)."""
        every = (self.parameters | self.own).items()
        some = {name: values[part] for name, values in every}
        return errors_of(self.equation, self.layout, self.likelihood, some, generators)

    def rows(self, part: slice, generators: list[np.random.Generator]) -> Array:
        """Draw outcomes of observations for some draws (draw, row), outcome units."""
        outcome = (self.mean(part) + self.errors(part, generators)) * self.equation.scale
        if self.equation.rows.offset is not None:
            outcome = outcome + self.equation.rows.offset
        values = [self.own[x.name][part, None] for x in self.likelihood.parameters]
        trials = self.equation.rows.trials
        given = {} if trials is None else {"trials": trials}
        return self.likelihood.observed(outcome, values, generators[1], **given)

    def dataset(self, outcome: Array, facts: Mapping[str, str | float]) -> xr.Dataset:
        """Label all draws, in outcome units."""
        model_frame, s = self.model_frame, self.equation.scale
        per, effects = self.equation.effect_scale, model_frame.effects
        cells, theta, deviation = self.cells, None, None
        average: Array | float = 0.0
        if self.equation.dose is not None:
            cells = self.slopes[:, cell_slopes(model_frame, self.equation)]
        if (moderation := self.equation.slope(SlopeKind.MODERATION)) is not None:
            slopes = self.slopes.reshape(self.draws, *self.equation.positions.slopes.shape)
            theta = slopes[..., -1] * (s / moderation.size)
        if self.equation.problem.unit_effect_scale is not None:
            average = effects.averaged(self.deviation) * per
            terms = {name: values * s for name, values in self.coefficients.items()}
            deviation = kept_unit_effects(
                model_frame, self.equation, self.deviation * per, theta, terms
            )
        effect = effects.of_cells(cells * per, theta, average)
        if deviation is not None:
            deviation = deviation[None]
        attrs: dict[str, str | float] = {"target": "sample", "draws": "prior", **facts}
        if self.varying is not None:
            attrs["varying"] = self.varying
        out = effects_dataset(model_frame, effect[None], deviation, gate=v.UNVERIFIED, attrs=attrs)
        return (
            out.assign(self._named())
            .assign({"outcome": ((v.CHAIN, v.DRAW, "row"), outcome[None])})
            .assign_coords(row=self.layout.rows)
        )

    def _named(self) -> dict[str, Any]:
        prefix, s = f"{self.equation.name}__", self.equation.scale
        out: dict[str, Any] = {
            prefix + name: ((v.CHAIN, v.DRAW), values[None] * unit)
            for (name, values), unit in zip(
                self.parameters.items(), parameter_units(self.equation), strict=True
            )
        }
        out |= {prefix + name: ((v.CHAIN, v.DRAW), x[None]) for name, x in self.own.items()}
        for part in self.equation.globals:
            if part.place in ("time", "paths"):
                continue
            values = self.coefficients[part.name][None] * s
            if part.name in ("level", "drift"):
                out[prefix + part.name] = ((v.CHAIN, v.DRAW), values[..., 0])
                continue
            dim = f"{prefix}{part.name}_label"
            labels = np.asarray(part.labels, dtype=str)
            out[prefix + part.name] = xr.DataArray(
                values, dims=(v.CHAIN, v.DRAW, dim), coords={dim: labels}
            )
        return out
