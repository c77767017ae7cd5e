"""Validation of the return values of user-defined classes when a model frame is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, cast, get_args

import numpy as np

from bayes_nqp._core.exceptions import StudyError, brief
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import held
from bayes_nqp._core.vocabulary import Link
from bayes_nqp.data.panel import Panel
from bayes_nqp.model.likelihoods import Likelihood
from bayes_nqp.model.pooling import Piece, Pooling
from bayes_nqp.model.priors import Deviations, Priors
from bayes_nqp.model.specification._equation import EquationSpec
from bayes_nqp.model.specification._timing import Calendar, Timing
from bayes_nqp.numerics.parameters import (
    Parameter,
    Prior,
    Scale,
    answered,
    check_prior,
    numbers,
    own,
)


def check_values(priors: Priors, pooling: Pooling, likelihood: Likelihood) -> None:
    """Validate user-defined priors, pooling and likelihood.

    Raises
    ------
    StudyError
        For the first method or attribute that returns an unusable value.
    """
    for field in fields(cast(Any, priors)):
        value = getattr(priors, field.name)
        if isinstance(value, Deviations):
            _check_deviations(value)
        elif isinstance(value, Prior):
            check_prior(value)
    if own(pooling):
        _check_pooling(pooling)
    if own(likelihood):
        _check_likelihood(likelihood)


def _check_deviations(deviations: Deviations) -> None:
    check_prior(answered(deviations, "prior", lambda: deviations.prior, Prior))
    if not own(deviations):
        return
    scale, generator = np.array([0.5, 1.0]), np.random.default_rng(1)
    drawn = answered(deviations, "draw", lambda: deviations.draw(generator, scale, 3, 1.0), object)
    numbers(deviations, "draw", drawn, (2, 3))
    sd = answered(deviations, "sd", lambda: deviations.sd(scale, 1.0), object)
    numbers(deviations, "sd", sd, (2,), 0.0)
    answered(deviations, "label", lambda: deviations.label, str)
    answered(deviations, "words", deviations.words, str)


def _check_pooling(pooling: Pooling) -> None:
    pieces = answered(pooling, "pieces", lambda: pooling.pieces, object)
    choices = get_args(Piece.__value__)
    if not isinstance(pieces, set | frozenset) or not pieces <= {*choices}:
        raise StudyError(
            Message("{}.pieces is {}", type(pooling).__name__, brief(pieces)),
            hint=Message("a frozenset of some of {}", ", ".join(map(repr, choices))),
        )
    answered(pooling, "flat", lambda: pooling.flat, bool)
    answered(pooling, "varying", lambda: pooling.varying, str | None)
    answered(pooling, "factors", lambda: pooling.factors, tuple[str, ...] | None)
    for attribute in ("label", "phrase"):
        answered(pooling, attribute, partial(getattr, pooling, attribute), str)
    answered(pooling, "words", lambda: pooling.words("x"), str)
    answered(pooling, "with_varying", lambda: pooling.with_varying(None), Pooling)


def _check_likelihood(likelihood: Likelihood) -> None:
    answered(likelihood, "link", lambda: likelihood.link, Link)
    stated = check_parameters(likelihood, lambda: likelihood.parameters)
    scale = answered(likelihood, "scale", lambda: likelihood.scale, float | None)
    if scale is not None and not scale > 0.0:
        raise StudyError(
            Message("{}.scale is {}", type(likelihood).__name__, scale), hint="a number above 0"
        )
    for attribute in ("exact", "approximated", "robust"):
        answered(likelihood, attribute, partial(getattr, likelihood, attribute), bool)
    answered(likelihood, "label", lambda: likelihood.label, str)
    answered(likelihood, "words", lambda: likelihood.words("AR(1)"), str)
    values = [np.full((2, 1), x.prior.centre) for x in stated]
    attribute = "observed" if likelihood.latent else "innovations"
    method, normal = getattr(likelihood, attribute), np.full((2, 3), 0.5)
    drawn = answered(
        likelihood,
        attribute,
        lambda: method(normal.copy(), values, np.random.default_rng(1)),
        object,
    )
    numbers(likelihood, attribute, drawn, normal.shape)
    if likelihood.approximated:
        _check_approximation(likelihood)


def _check_approximation(likelihood: Likelihood) -> None:
    """Raise an error unless the density and its expected slopes are numbers."""
    y, mean = np.arange(3.0), np.full(3, 0.5)
    calls: dict[str, Callable[[], object]] = {
        "start": lambda: likelihood.start(y),
        "log_density": lambda: likelihood.log_density(y, mean),
        "expected_slopes": lambda: np.stack(likelihood.expected_slopes(y, mean, mean)),
    }
    for name, call in calls.items():
        shape = (2, 3) if name == "expected_slopes" else (3,)
        numbers(likelihood, name, answered(likelihood, name, call, object), shape)


def check_parameters(owner: object, call: Callable[[], Any]) -> tuple[Parameter, ...]:
    """Return parameters with valid priors."""
    stated: Any = answered(owner, "parameters", call, object)
    if not isinstance(stated, Sequence) or not all(isinstance(x, Parameter) for x in stated):
        raise StudyError(
            Message("{}.parameters is {}", type(owner).__name__, brief(stated)),
            hint="a tuple of Parameter, () where there is none",
        )
    for parameter in stated:
        held(parameter.prior, Prior, f"{type(owner).__name__}.parameters: {parameter.name}")
        check_prior(parameter.prior)
    return tuple(stated)


def check_timing(term: object, changed: Timing, panel: Panel) -> None:
    """Validate the shape of a timing that a term has changed."""
    if isinstance(changed, Calendar):
        key = numbers(term, "timing: key", changed.key, (panel.unit_labels.size,), 0.0)
        classes = (int(key.max(initial=-1)) + 1, panel.periods)
        size = (None if len(changed.role) > classes[0] else classes[0], classes[1])
        numbers(term, "timing: role", changed.role, size)
        numbers(term, "timing: origin", changed.origin, (len(changed.role), panel.periods))


def check_equation(
    term: object, changed: EquationSpec, equation: EquationSpec, panel: Panel
) -> None:
    """Validate the components that a term has added to an equation."""
    numbers(term, "equation: outcome", changed.outcome, (panel.outcome.size,))
    for name, column in answered(term, "equation: columns", changed.columns.items, object):
        numbers(term, f"equation: column {name}", column, (panel.outcome.size,))
    by_unit = answered(term, "equation: unit columns", changed.unit_columns.items, object)
    for name, column in by_unit:
        numbers(term, f"equation: unit column {name}", column, (panel.unit_labels.size,))
    if changed.series is not None:
        numbers(term, "equation: series", changed.series.values, (panel.periods, None))
    for part in changed.processes:
        if all(part is not before for before in equation.processes):
            _check_process(term, part, panel)


def _check_process(term: object, part: Any, panel: Panel) -> None:
    label = f"equation: process {getattr(part, 'name', brief(part))}"
    owner = answered(term, label, lambda: part.owner, object)
    numbers(term, f"{label}, owner", owner, (panel.unit_labels.size,), -1.0)
    loadings, scales = (
        answered(term, f"{label}, {name}", partial(_listed, part, name), object)
        for name in ("loadings", "scales")
    )
    for loading in loadings:
        numbers(term, f"{label}, loadings", loading, (panel.periods, None))
    _scales(term, label, scales, len(loadings))


def _listed(part: Any, name: str) -> list[Any]:
    return [*getattr(part, name)]


def _scales(term: object, label: str, scales: Iterable[object], number: int) -> None:
    listed = list(scales)
    if len(listed) != number or not all(isinstance(x, Scale) for x in listed):
        raise StudyError(
            Message("{}.{} has the scales {}", type(term).__name__, label, brief(listed)),
            hint=Message("{} of them, each a Scale, one for each of the loadings", number),
        )
    for scale in listed:
        assert isinstance(scale, Scale)
        held(scale.prior, Prior, f"{type(term).__name__}.{label}, scale {scale.name}")
        check_prior(scale.prior)
