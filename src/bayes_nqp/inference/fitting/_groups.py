"""Draws of a plan's equations, labelled: the groups that a fit keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._coefficients import COEFFICIENTS, labelled_positions
from bayes_nqp.inference.fitting._draws import Recovered, combined
from bayes_nqp.inference.fitting._effects_dataset import effects_dataset
from bayes_nqp.inference.fitting._paths import Paths, paths_of
from bayes_nqp.inference.model_frame import Equation, ModelFrame
from bayes_nqp.model.predictors import SlopeKind
from bayes_nqp.numerics.diagnostics import (
    ConvergenceDiagnostics,
    convergence,
    importance_diagnostics,
    population_diagnostics,
    worst_diagnostics,
)
from bayes_nqp.numerics.sampling import Chains


@dataclass(frozen=True, eq=False)
class Drawn:
    """All draws of one equation.

    Parameters
    ----------
    chains : Chains
        With the sampler's statistics.
    x : ndarray (chain, draw, ...)
        Sampled values; the first two dims are those of all draws.
    draws : Recovered
        Flat over chains.
    """

    equation: Equation
    chains: Chains
    x: Array
    parameters: Mapping[str, Array]
    draws: Recovered

    @cached_property
    def gate(self) -> ConvergenceDiagnostics:
        """Convergence diagnostics of this equation: of weights, particle populations or chains."""
        facts, draws = self.chains.facts, self.x.shape[0] * self.x.shape[1]
        if v.IMPORTANCE_ESS in facts:
            return importance_diagnostics(facts, draws)
        if "tempered_ess" in facts:
            return population_diagnostics(facts, draws)
        effect = self.shaped(self.draws.cell_effect)
        return convergence({**self.parameters, "effect": effect}, self.chains.stats)

    def shaped(self, flat: Array) -> Array:
        """Take draws apart into chains."""
        return flat.reshape(*self.x.shape[:2], *flat.shape[1:])

    def cut(self, draws: int) -> Drawn:
        """Keep the first draws of every chain, as an interrupted equation leaves them."""
        if draws == self.x.shape[1]:
            return self

        def first(flat: Sequence[Array]) -> Array:
            return self.shaped(flat[0])[:, :draws].reshape(-1, *flat[0].shape[1:])

        return replace(
            self,
            chains=replace(
                self.chains, stats={k: a[:, :draws] for k, a in self.chains.stats.items()}
            ),
            x=self.x[:, :draws],
            parameters={k: a[:, :draws] for k, a in self.parameters.items()},
            draws=combined([self.draws], first),
        )


@dataclass(frozen=True, eq=False)
class Labelled:
    """A variable of the posterior that belongs to no single term.

    Parameters
    ----------
    coords : mapping of str to ndarray
        Labels of its dims other than chain and draw.
    """

    dims: tuple[str, ...]
    values: Array
    coords: Mapping[str, Any]


def build_groups(
    model_frame: ModelFrame,
    drawn: Sequence[Drawn],
    *,
    paths: Paths | None = None,
    more: Mapping[str, Labelled] | None = None,
    gate: ConvergenceDiagnostics | None = None,
) -> tuple[dict[str, xr.Dataset], ConvergenceDiagnostics]:
    """Label all draws.

    Parameters
    ----------
    drawn : sequence of Drawn
        In the order of the plan's equations.
    paths : Paths, optional
        Effects along paths, if they are not functions of the equations' means alone.
    more : mapping of str to Labelled, optional
        Further variables of the posterior.
    gate : ConvergenceDiagnostics, optional
        Convergence diagnostics; computed by default.

    Returns
    -------
    tuple of dict and ConvergenceDiagnostics
        Datasets "posterior", "sample_stats", "effects" and, if there are any, "leads"; and the
        outcome's "coefficients" if these are not too many.
    """
    first = drawn[0]
    if paths is None:
        paths = paths_of(model_frame, [equation.draws for equation in drawn])
    effect = first.shaped(paths.effect)
    deviation = None if paths.deviation is None else first.shaped(paths.deviation)
    gate = _diagnostics(model_frame, drawn, effect) if gate is None else gate
    coords: dict[str, Any] = {
        v.CHAIN: np.arange(effect.shape[0]), v.DRAW: np.arange(effect.shape[1])
    }  # fmt: skip
    data: dict[str, Any] = {}
    cells = np.arange(int((~model_frame.cells.lead).sum()))
    for equation in drawn:
        named, places = _posterior(model_frame, equation)
        data |= named
        coords |= places
    for name, one_more in (more or {}).items():
        data[name] = (one_more.dims, one_more.values)
        coords |= one_more.coords
    attrs = {"target": "sample", "outcome": model_frame.panel.roles.outcome}
    if model_frame.facts.varying is not None:
        attrs["varying"] = model_frame.facts.varying
    if (lag := model_frame.model.equations[0].lag) is not None and lag.adjusted:
        attrs["likelihood"] = "adjusted"
    via = None if paths.via is None else first.shaped(paths.via)
    common: dict[str, Any] = {
        "paths": paths.names, "gate": gate, "cells": paths.cells, "via": via
    }  # fmt: skip
    added = None if first.draws.added is None else first.shaped(first.draws.added)
    groups = {
        "posterior": xr.Dataset(data, coords={**coords, v.CELL: cells}),
        "sample_stats": _stats(drawn, {k: coords[k] for k in v.SAMPLE_DIMS}),
        "effects": effects_dataset(
            model_frame, effect, deviation, attrs=attrs, added=added, **common
        ),
    }
    if model_frame.cells.lead.any():
        leads = effects_dataset(model_frame, effect, None, leads=True, attrs=attrs, **common)
        groups["leads"] = leads
    if first.draws.positions is not None:
        positions = first.shaped(first.draws.positions)
        coefficients = labelled_positions(model_frame, first.equation, positions)
        if coefficients is not None:
            groups[COEFFICIENTS] = coefficients
    return groups, gate


def _diagnostics(
    model_frame: ModelFrame, drawn: Sequence[Drawn], effect: Array
) -> ConvergenceDiagnostics:
    """Every equation's own gate, and of chains that of the average effect along every path."""
    if len(drawn) == 1:
        return drawn[0].gate
    every = {f"{equation.equation.name}: ": equation.gate for equation in drawn}
    if all(gate.weighted for gate in every.values()):
        return worst_diagnostics(every)
    rows = np.where(model_frame.cells.lead, 0, model_frame.cells.rows)
    return worst_diagnostics(
        {"": average_diagnostics(effect, rows, model_frame.table.stratum), **every}
    )


def average_diagnostics(effect: Array, rows: Index, stratum: Index) -> ConvergenceDiagnostics:
    """Judge the average effect along every path, over all cells and those of each stratum.

    Parameters
    ----------
    effect : ndarray (chain, draw, path, cell)
        Draws, outcome units.
    rows, stratum : ndarray of int (cell)
        Rows that count, zero in leads; and the number of each cell's stratum.
    """
    strata = stratum[None] == np.unique(stratum)[:, None]
    groups = np.concatenate([np.ones((1, rows.size)), strata]) * rows
    groups = groups[groups.sum(axis=1) > 0]
    averages = effect @ (groups / groups.sum(axis=1, keepdims=True)).T
    return convergence({"average effect": averages}, {})


def _posterior(model_frame: ModelFrame, equation: Drawn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draws of one equation by name, and the labels of their dims."""
    prefix = f"{equation.equation.name}__"
    data: dict[str, Any] = {
        prefix + name: (v.SAMPLE_DIMS, values) for name, values in equation.parameters.items()
    }
    coords: dict[str, Any] = {}
    labels = {p.name: list(p.labels) for p in equation.equation.globals}
    for name, flat in equation.draws.coefficients.items():
        values = equation.shaped(flat)
        if values.shape[2] == 1 and len(labels[name]) == 1 and name in ("level", "drift"):
            data[prefix + name] = (v.SAMPLE_DIMS, values[..., 0])
            continue
        dim = f"{prefix}{name}_label"
        data[prefix + name] = ((*v.SAMPLE_DIMS, dim), values)
        coords[dim] = np.asarray(labels[name], dtype=str)
    by_cell = {"cell_mean": equation.draws.cell_mean}
    if len(model_frame.equations) > 1:
        by_cell["cell_effect"] = equation.draws.cell_effect
    if equation.draws.across is not None:
        by_cell["own_effect"] = equation.draws.across[:, 0, 0, : model_frame.table.size]
    for name, flat in by_cell.items():
        real = ~model_frame.cells.lead
        effects = flat if real.all() else flat.compress(real, axis=1)
        data[prefix + name] = ((*v.SAMPLE_DIMS, v.CELL), equation.shaped(effects))
    if model_frame.model.equations[0].linked is not None and equation.draws.deviation is not None:
        deviation = equation.shaped(equation.draws.deviation)
        data[prefix + "deviation"] = ((*v.SAMPLE_DIMS, v.MEMBER), deviation)
        coords[v.MEMBER] = model_frame.effects.labels
    dims = (*v.SAMPLE_DIMS, f"{prefix}stratum")
    for kind in dict.fromkeys(slope.kind for slope in equation.draws.slopes):
        mine = {s: equation.shaped(x) for s, x in equation.draws.slopes.items() if s.kind is kind}
        coords[f"{prefix}stratum"] = np.asarray(model_frame.stratum_names, dtype=str)
        if kind is SlopeKind.MODERATION:
            ((slope, values),) = mine.items()
            seen = np.isin(np.arange(values.shape[2]), slope.strata or ())
            data[prefix + kind.draws] = (dims, np.where(seen, values, np.nan))
            continue
        data[prefix + kind.draws] = ((*dims, v.MEDIATOR), np.stack([*mine.values()], axis=-1))
        coords[v.MEDIATOR] = np.asarray([slope.mediator for slope in mine], dtype=str)
    return data, coords


def _stats(drawn: Sequence[Drawn], coords: dict[str, Any]) -> xr.Dataset:
    """Statistics of the sampler; by equation where there are several."""
    parts = [
        xr.Dataset(
            {
                **{k: (v.SAMPLE_DIMS, a) for k, a in equation.chains.stats.items()},
                **{k: ((), float(x)) for k, x in equation.chains.facts.items()},
            },
            coords=coords,
        )
        for equation in drawn
    ]
    if len(parts) == 1:
        return parts[0]
    names = np.asarray([equation.equation.name for equation in drawn], dtype=str)
    stacked = xr.concat(parts, dim=v.EQUATION, data_vars="all", join="outer", coords="minimal",
                      compat="override")  # fmt: skip
    return stacked.assign_coords({v.EQUATION: names}).transpose(..., v.EQUATION)
