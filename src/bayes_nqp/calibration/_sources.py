"""Sources of true values: the prior of a model, or the posterior of a fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.calibration._quantities import quantities
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import (
    Fit,
    effects_dataset,
    equation_draws,
    error_draws,
    parameter_units,
    prior_predictive,
)
from bayes_nqp.inference.model_frame import RowLayout, model_frame_of, row_layout
from bayes_nqp.inference.pymc_model import errors_of, padded, path_draws

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.model_frame import ModelFrame
    from bayes_nqp.model.designs import StaggeredDiD


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedTruth:
    """A panel with a simulated outcome, and its true values.

    Parameters
    ----------
    panel : Panel
        The user's panel with a simulated outcome.
    truth : mapping of str to float
        True value of each quantity.
    """

    panel: Panel
    truth: dict[str, float]


class Source(Protocol):
    """Source of simulated panels."""

    @property
    def label(self) -> str:
        """Return a short label."""

    @property
    def scale(self) -> float | None:
        """Return ``s`` if fixed in refits; None to compute it from each simulated outcome."""

    def simulate(self, seed: int) -> SimulatedTruth:
        """Draw true values, and outcomes for the observations."""


class PriorSource:
    """True values from the prior of a model.

    Parameters with flat priors are drawn with standard deviation ``s``. The scale is arbitrary,
    because the posterior of all other parameters does not depend on them.
    """

    label = "prior"

    def __init__(self, design: StaggeredDiD, panel: Panel) -> None:
        facts = design.facts
        self.design = design.variant({"priors": replace(facts.priors, wide=1.0)})
        self.panel = panel
        self.scale: float | None = model_frame_of(self.design, panel).equations[0].scale

    def simulate(self, seed: int) -> SimulatedTruth:
        """Draw true values, and outcomes for the observations."""
        drawn = prior_predictive(self.design, self.panel, draws=1, seed=seed)
        rows, values = drawn["row"].to_numpy(), drawn["outcome"].to_numpy()[0, 0]
        return SimulatedTruth(
            _with_rows(self.panel, rows, values), _truth(quantities(drawn, drawn))
        )


class PosteriorSource:
    """True values from the posterior of a fit: parameters and effects of one draw.

    Unit effects, flat time effects and slopes are zero, because no posterior depends on them.
    Pooled time effects, unit-level random effects not stored in the fit, and common shocks of units
    are drawn given their scales.
    """

    label = "posterior"
    scale: float | None = None

    def __init__(self, fit: Fit) -> None:
        if fit.panel is None:
            raise StudyError(
                "'source' is a fit that was saved without its observations",
                hint="nqp.load(path, panel=panel) with the same panel",
            )
        if fit.facts.likelihood.latent:
            raise StudyError(
                "'source' is a fit with a link function, which stores no unit and period levels "
                "from which to simulate",
                hint="source='prior'",
            )
        self.fit, self.panel = fit, fit.panel
        self.model_frame: ModelFrame = fit.model_frame
        self.layout: RowLayout = row_layout(self.model_frame, self.model_frame.equations[0])
        effects = group_time_effects(fit)
        self.deviations = effects.get(v.DEVIATION)

    def simulate(self, seed: int) -> SimulatedTruth:
        """Draw true values, and outcomes for the observations."""
        first, *many = np.random.default_rng(seed).spawn(4)
        posterior = self.fit.posterior
        chain = int(first.integers(posterior.sizes[v.CHAIN]))
        draw = int(first.integers(posterior.sizes[v.DRAW]))
        at_draw = {v.CHAIN: [chain], v.DRAW: [draw]}
        parameters = posterior.isel(at_draw)
        at = chain, draw
        cells, deviation = self._cells(at), self._deviation(at, first)
        layout, equation = self.layout, self.model_frame.equations[0]
        errors = {name: x[chain, [draw]] for name, x in error_draws(self.fit).items()}
        likelihood = self.fit.facts.likelihood
        errors |= {x.name: self._drawn(x.name, at)[None] for x in likelihood.parameters}
        values = errors_of(equation, layout, likelihood, errors, many) * equation.scale
        effects = padded(cells)[:, self.model_frame.cell_of_row[layout.rows]]
        effects += padded(deviation)[:, layout.unit_effect]
        exposure = self.model_frame.exposure
        if exposure is not None:
            effects *= exposure.values[layout.rows] / exposure.unit
        values += effects
        values += self._time(at, first)[:, layout.time_effect]
        values += self._paths(at, first)
        of = self.model_frame.effects
        effect = of.of_cells(cells, average=of.averaged(deviation))
        truth = effects_dataset(self.model_frame, effect[None], None, gate=v.UNVERIFIED)
        return SimulatedTruth(
            _with_rows(self.panel, layout.rows, values[0]), _truth(quantities(parameters, truth))
        )

    def _drawn(self, name: str, at: tuple[int, int], otherwise: float = np.nan) -> Array:
        """Return one draw of a term of the outcome equation, or a default if there is none."""
        draws = equation_draws(self.fit, name)
        return np.asarray(otherwise if draws is None else draws[at])

    def _cells(self, at: tuple[int, int]) -> Array:
        cells = np.zeros((1, self.model_frame.table.size))
        cells[:, ~self.model_frame.cells.lead] = self._drawn("cell_mean", at)
        return cells

    def _deviation(self, at: tuple[int, int], generator: np.random.Generator) -> Array:
        unit_effects = self.model_frame.effects.codes.size
        scale = self.model_frame.equations[0].problem.unit_effect_scale
        if scale is None:
            return np.zeros((1, unit_effects))
        if self.deviations is not None:
            return np.asarray(self.deviations.to_numpy()[at][:1])
        unit = self.fit.scale
        spread = self._drawn(f"scale_{scale.name}", at, scale.fixed * unit)
        return self.fit.facts.deviations.draw(generator, spread.reshape(1), unit_effects, unit)

    def _time(self, at: tuple[int, int], generator: np.random.Generator) -> Array:
        """Return time effects (draw, level × period): zero if flat."""
        frame = self.model_frame.codes
        out = np.zeros((1, len(frame.level_names) * frame.n_periods))
        for local in self.model_frame.equations[0].locals:
            if local.place == "time" and not isinstance(local.scale, int):
                spread = self._drawn(f"scale_{local.scale.name}", at, local.scale.fixed)
                out[:, local.index] += spread * generator.standard_normal(local.index.size)
        return out

    def _paths(self, at: tuple[int, int], generator: np.random.Generator) -> Array:
        """Draw the contributions of stochastic processes to observations (draw, row)."""
        equation = self.model_frame.equations[0]
        if not equation.n_paths:
            return np.zeros((1, self.layout.rows.size))
        units = zip(equation.problem.space.parameters, parameter_units(equation), strict=True)
        values = {x.name: np.array([self._drawn(x.name, at) / unit]) for x, unit in units}
        group = equation.rows.group[equation.rows.unit]
        paths = path_draws(equation, values, generator)[:, group, equation.rows.time]
        return np.asarray(paths * equation.scale)


def _truth(named: dict[str, Array]) -> dict[str, float]:
    return {name: float(values[0, 0]) for name, values in named.items()}


def _with_rows(panel: Panel, rows: npt.NDArray[np.integer], values: Array) -> Panel:
    """Replace the outcome of the observations in the likelihood; others are not used."""
    outcome = np.array(panel.outcome)
    outcome[rows] = values
    return panel.with_outcome(outcome, panel.outcome_se)
