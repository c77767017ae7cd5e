"""Comparison of the convergence diagnostics stored in a file with those of its draws."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.fitting._fit_index import pooled_over
from bayes_nqp.inference.fitting._groups import average_diagnostics
from bayes_nqp.inference.fitting._reported import OUTCOME
from bayes_nqp.numerics.diagnostics import (
    ESS,
    ConvergenceDiagnostics,
    convergence,
    importance_diagnostics,
    population_diagnostics,
    split_rhat,
    worst_diagnostics,
)

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


_SAME = 1e-3
"""Relative difference of diagnostics between versions and processors."""
_SPREAD = 0.05
"""Amount by which R-hat of draws may exceed that of the populations that they are from."""
_NUMBER = re.compile(r"\[?\d+(?:\.\d+)?\]?")


def check_recorded_diagnostics(fit: Fit) -> None:
    """Compute a fit's convergence diagnostics again, and compare them with the stored ones.

    Raises
    ------
    StudyError
        Naming the difference.
    """
    _check_places(fit)
    if pooled_over(fit):
        _check_pooled(fit.gate)
        return
    stats, parts, short = fit.groups["sample_stats"], {}, False
    names = map(str, stats[v.EQUATION].to_numpy()) if v.EQUATION in stats.coords else (OUTCOME,)
    for number, name in enumerate(names):
        group = stats.isel({v.EQUATION: number}) if v.EQUATION in stats.dims else stats
        parts[name], less = _judged(fit, name, group)
        short |= less
    judged = parts[OUTCOME]
    if len(parts) > 1:
        every = {f"{name}: ": gate for name, gate in parts.items()}
        if not all(gate.weighted for gate in every.values()):
            every = {"": _of_average(fit.effects), **every}
        judged = worst_diagnostics(every)
    _compare(fit.gate, judged, short)


def _check_places(fit: Fit) -> None:
    """Check that effects and leads carry the fit's verdict and importance diagnostics."""
    for name, effects_dataset in (("effects", fit.effects), ("leads", fit.leads)):
        if effects_dataset is None:
            continue
        label = str(effects_dataset.coords[v.GATE].item())
        if label != str(fit.gate):
            raise StudyError(
                f"the convergence diagnostics in its head differ from those of its {name}: "
                f"{str(fit.gate)!r} instead of {label!r}"
            )
        if pooled_over(fit):
            continue
        for fact in (v.IMPORTANCE_ESS, v.KHAT):
            stated = getattr(fit.gate, fact)
            beside = (
                float(effects_dataset.coords[fact].item())
                if fact in effects_dataset.coords
                else np.nan
            )
            if not np.isclose(beside, stated if fit.gate.weighted else np.nan, equal_nan=True):
                raise StudyError(
                    f"{fact} of its {name} is {beside:g}, and of its diagnostics {stated:g}"
                )


def _judged(fit: Fit, name: str, stats: xr.Dataset) -> tuple[ConvergenceDiagnostics, bool]:
    """Return diagnostics of one equation; and True if quantities used at fitting are missing."""
    numbers = {str(k): x.to_numpy() for k, x in stats.data_vars.items()}
    facts = {k: float(x) for k, x in numbers.items() if x.ndim == 0 and not np.isnan(x)}
    parameters = _parameters(fit.posterior, name)
    chains, draws = fit.posterior.sizes[v.CHAIN], fit.posterior.sizes[v.DRAW]
    if v.IMPORTANCE_ESS in facts:
        most = _most_effective(parameters)
        if facts[v.IMPORTANCE_ESS] > most:
            raise StudyError(
                f"importance_ess of its sample_stats is {facts[v.IMPORTANCE_ESS]:.0f}, and draws "
                f"repeated this often allow at most {most:.0f}"
            )
        return importance_diagnostics(facts, chains * draws), False
    if "tempered_ess" in facts:
        rhat = max((float(split_rhat(x[..., None]).item()) for x in parameters.values()), default=1)
        if draws * chains >= ESS and rhat > facts["tempered_rhat"] + _SPREAD:
            raise StudyError(
                f"tempered_rhat of its sample_stats is {facts['tempered_rhat']:.3f}, and that of "
                f"its draws {rhat:.3f}"
            )
        return population_diagnostics(facts, chains * draws), False
    arrays = {k: x for k, x in numbers.items() if x.ndim == 2}
    effect, short = _judged_effects(fit, name)
    return convergence({**parameters, "effect": effect}, arrays), short


def _parameters(posterior: xr.Dataset, equation: str) -> dict[str, Array]:
    prefix = f"{equation}__"
    names = [str(n).removeprefix(prefix) for n, x in posterior.data_vars.items()
             if str(n).startswith(prefix) and x.ndim == 2]  # fmt: skip
    return {
        name: posterior[prefix + name].transpose(*v.SAMPLE_DIMS).to_numpy()
        for name in names
        if name not in ("level", "drift")
    }


def _judged_effects(fit: Fit, name: str) -> tuple[Array, bool]:
    """Return effects of an equation's cells and leads; and True if some were not stored."""
    posterior, leads, several = fit.posterior, fit.leads, fit.facts.channels is not None
    linked = fit.facts.has("lag") or fit.facts.has("linked")
    variable = f"{name}__cell_effect" if several else f"{name}__cell_mean"
    if several or linked:
        values = posterior[variable].transpose(*v.SAMPLE_DIMS, v.CELL).to_numpy()
        return values, leads is not None or linked
    groups = [fit.effects, *([] if leads is None else [leads])]
    totals = [x[v.EFFECT].sel({v.PATH: v.TOTAL}).transpose(*v.SAMPLE_DIMS, ...) for x in groups]
    return np.concatenate([x.to_numpy() for x in totals], axis=2), False


def _most_effective(parameters: Mapping[str, Array]) -> float:
    """Return the largest effective sample size that repeated draws are compatible with.

    Among n systematic draws of a chain, a proposal of weight w occurs fewer than ``n w + 1`` times.
    Therefore ``sum w² >= sum ((k - 1) / n)²``; the bound for all chains is the sum of their bounds.
    """
    if not parameters:
        return np.inf
    points = np.stack(list(parameters.values()), axis=-1)
    total = 0.0
    for chain in points.view(np.int64) >> 12:  # the same to rounding
        times = np.unique(chain, axis=0, return_counts=True)[1]
        least = float((((times - 1) / len(chain)) ** 2).sum())
        total += 1.0 / least if least else np.inf
    return total * (1.0 + _SAME)


def _of_average(effects: xr.Dataset) -> ConvergenceDiagnostics:
    factors = [effects[f].to_numpy().astype(str) for f in schema.factors(effects)]
    labels = ["\x1f".join(levels) for levels in zip(*factors, strict=True)] if factors else []
    rows = effects[v.ROWS].to_numpy()
    stratum = np.unique(labels, return_inverse=True)[1] if labels else np.zeros_like(rows)
    effect = effects[v.EFFECT].transpose(*v.SAMPLE_DIMS, v.PATH, v.CELL).to_numpy()
    return average_diagnostics(effect, rows, stratum)


def _compare(stated: ConvergenceDiagnostics, gate: ConvergenceDiagnostics, short: bool) -> None:
    """Refuse diagnostics that differ, or, if quantities are missing, that are better."""
    for field in fields(ConvergenceDiagnostics):
        name = field.name
        if name == "failures":
            continue
        a, b = float(getattr(stated, name)), float(getattr(gate, name))
        worse = (name == "rhat" and a > b) or (name.startswith("ess_") and a < b)
        if not (np.isclose(a, b, rtol=_SAME, atol=0.0, equal_nan=True) or (short and worse)):
            raise StudyError(
                f"{name} of its convergence diagnostics is {a:g}, and of its draws {b:g}"
            )
    if short and stated.failures and gate.passed:
        return
    if not (len(stated.failures) >= len(gate.failures) if short else _alike(stated, gate)):
        raise StudyError(
            f"its convergence diagnostics are {str(stated)!r}, and those of its draws {str(gate)!r}"
        )


def _alike(stated: ConvergenceDiagnostics, gate: ConvergenceDiagnostics) -> bool:
    """Return True if two diagnostics fail for the same reasons, with equal numbers.

    Numbers may differ by rounding.
    """
    a, b = str(stated), str(gate)
    numbers = [[float(x) for x in _NUMBER.findall(t) if not x.startswith("[")] for t in (a, b)]
    same = _NUMBER.sub("", a) == _NUMBER.sub("", b)
    return same and np.allclose(numbers[0], numbers[1], rtol=0.01)


def _check_pooled(gate: ConvergenceDiagnostics) -> None:
    """Check that the verdict on pooled draws of several fits follows from its numbers."""
    nan: Any = float("nan")
    facts = {"importance_ess": gate.importance_ess, "khat": gate.khat,
             "khat_limit": gate.khat_limit, "refused": nan}  # fmt: skip
    if gate.weighted and gate.passed and not importance_diagnostics(facts, int(ESS)).passed:
        raise StudyError("its convergence diagnostics passed, but by its numbers they fail")
