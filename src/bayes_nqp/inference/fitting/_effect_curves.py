"""Draws of effects as functions of moderators, and of the response to an exposure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp.inference.fitting._reported import equation_draws
from bayes_nqp.inference.model_frame import EffectMap, Equation, ModelFrame
from bayes_nqp.model.designs import EquationSpec
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
    kept = ~model_frame.cells.lead
    out = []
    for curve, coefficients in _coefficients(model_frame, equation, _terms_of(fit, equation)):
        rows = curve.of_units[effects.unit]
        out.append(CurveDraws(curve, coefficients, rows, effects, kept))
    return tuple(out)


@dataclass(frozen=True, eq=False)
class ResponseDraws:
    """Draws of the departure of a response to exposure from its line.

    Parameters
    ----------
    curve : EffectCurve
        The line and the bends, of observations.
    coefficients : ndarray (chain, draw, bend), outcome units
        Coefficients of the bends.
    """

    curve: EffectCurve
    coefficients: Array

    def at(self, values: Array, *, derivative: bool = False) -> Array:
        """Evaluate the sum of bends, or its derivative (chain, draw, value)."""
        functions = self.curve.derivatives if derivative else self.curve.functions
        return np.asarray(self.coefficients @ functions(values)[:, 1:].T)


def response_of(fit: Fit) -> ResponseDraws | None:
    """Return the departure of the response to exposure from its line; None for a line."""
    equation = fit.model_frame.equations[0]
    curve = _spec_of(fit.model_frame, equation).response
    if curve is None:
        return None
    by_label = _by_label(equation, _terms_of(fit, equation))
    return ResponseDraws(curve, np.stack([by_label[x] for x in curve.labels[1:]], axis=-1))


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
    spec = _spec_of(model_frame, equation)
    if not spec.curves:
        return
    by_label = _by_label(equation, terms)
    for curve in spec.curves:
        yield curve, np.stack([by_label[label] for label in curve.labels], axis=-1)


def _spec_of(model_frame: ModelFrame, equation: Equation) -> EquationSpec:
    return next(x for x in model_frame.model.equations if x.name == equation.name)


def _terms_of(fit: Fit, equation: Equation) -> dict[str, Array]:
    """Return the draws of the reported parts of an equation by name (chain, draw, label)."""
    names = dict.fromkeys(part.name for part in equation.globals if part.reported)
    return {name: x for name in names if (x := equation_draws(fit, name)) is not None}


def _by_label(equation: Equation, terms: Mapping[str, Array]) -> dict[str, Array]:
    """Return the draws of slopes by the names of their columns (...)."""
    return {
        label: terms[part.name][..., k]
        for part in equation.globals
        if part.place == "slopes" and part.name in terms
        for k, label in enumerate(part.labels)
    }
