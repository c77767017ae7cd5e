"""Draws of effects as functions of moderators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp.inference.fitting._reported import equation_draws
from bayes_nqp.inference.model_frame import EffectMap, Equation, ModelFrame
from bayes_nqp.model.predictors import EffectCurve

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


@dataclass(frozen=True, eq=False)
class CurveDraws:
    """Draws of one function of a moderator.

    Parameters
    ----------
    curve : EffectCurve
        The functions that it is a sum of.
    coefficients : ndarray (chain, draw, function), outcome units
        Their coefficients.
    of_rows : ndarray (treated observation, function)
        Values of the functions.
    maps : EffectMap
        Cells and members of treated observations.
    kept : ndarray of bool (cell)
        Cells with effects.
    """

    curve: EffectCurve
    coefficients: Array
    of_rows: Array
    maps: EffectMap
    kept: Mask

    def at(self, values: Array) -> Array:
        """Evaluate the function at values of the moderator (chain, draw, value), outcome units."""
        return np.asarray(self.coefficients @ self.curve.functions(values).T)

    @property
    def cells(self) -> Array:
        """Evaluate the mean over each cell (chain, draw, cell), outcome units."""
        means = np.stack([self.maps.cell_means(x)[self.kept] for x in self.of_rows.T])
        return np.asarray(self.coefficients @ means)

    @property
    def of_members(self) -> Array:
        """Evaluate the mean over each member (chain, draw, member), outcome units."""
        means = np.stack([self.maps.unit_effect_means(x) for x in self.of_rows.T])
        return np.asarray(self.coefficients @ means)


def effect_curves_of(fit: Fit) -> tuple[CurveDraws, ...]:
    """Return the draws of all functions of moderators of the outcome's equation."""
    model_frame = fit.model_frame
    equation, effects = model_frame.equations[0], model_frame.effects
    names = dict.fromkeys(part.name for part in equation.globals if part.reported)
    draws = {name: x for name in names if (x := equation_draws(fit, name)) is not None}
    kept = ~model_frame.cells.lead
    out = []
    for curve, coefficients in _coefficients(model_frame, equation, draws):
        rows = curve.of_units[effects.unit]
        out.append(CurveDraws(curve, coefficients, rows, effects, kept))
    return tuple(out)


def curves_of_unit_effects(
    model_frame: ModelFrame, equation: Equation, terms: Mapping[str, Array]
) -> Array | float:
    """Return the functions of moderators of each member (draw, member); zero without any.

    Parameters
    ----------
    terms : mapping of str to ndarray (draw, label), outcome units
        Coefficients by part.
    """
    total: Array | float = 0.0
    effects = model_frame.effects
    for curve, coefficients in _coefficients(model_frame, equation, terms):
        values = curve.of_units[effects.unit]
        means = np.stack([effects.unit_effect_means(x) for x in values.T])
        total = total + coefficients @ means
    return total


def _coefficients(
    model_frame: ModelFrame, equation: Equation, terms: Mapping[str, Array]
) -> Iterator[tuple[EffectCurve, Array]]:
    """Find the coefficients of each curve (..., function) by the names of its columns."""
    spec = next(x for x in model_frame.model.equations if x.name == equation.name)
    if not spec.curves:
        return
    by_label = {
        label: terms[part.name][..., k]
        for part in equation.globals
        if part.place == "slopes" and part.name in terms
        for k, label in enumerate(part.labels)
    }
    for curve in spec.curves:
        yield curve, np.stack([by_label[label] for label in curve.labels], axis=-1)
