"""Checks of user-defined classes: their return values must be valid for a model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, NQPError, StudyError, brief
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.validation import held
from bayes_nqp.numerics.parameters._prior import Prior

_POINTS = np.linspace(-1.0, 1.0, 3)


def own(value: object) -> bool:
    """Return True if a class is not part of the library."""
    return not type(value).__module__.startswith("bayes_nqp.")


def answered(owner: object, attribute: str, call: Callable[[], Any], kind: Any) -> Any:
    """Return the value of a method or attribute, after a check of its type."""
    name = f"{type(owner).__name__}.{attribute}"
    value = reply(call, partial(_raised, name))
    held(value, kind, name)
    return value


def _raised(name: str, error: Exception) -> NoReturn:
    if isinstance(error, NQPError | NotApplicable):
        raise error
    raise StudyError(
        Message("{} raises {}: {}", name, type(error).__name__, brief(str(error))),
        hint="correct it there: this class is not part of the library",
    ) from error


def numbers(
    owner: object,
    attribute: str,
    value: object,
    shape: tuple[int | None, ...],
    least: float = -np.inf,
) -> Array:
    """Return finite numbers of a shape, in which None is any size."""
    name = f"{type(owner).__name__}.{attribute}"
    array = reply(lambda: np.asarray(value, dtype=np.float64), lambda _: None)
    fits = (
        array is not None
        and array.ndim == len(shape)
        and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    )
    if array is None or not fits or not np.isfinite(array).all() or (array < least).any():
        sizes = "×".join("n" if n is None else str(n) for n in shape) or "one"
        raise StudyError(
            Message("{} gives {}", name, brief(value)),
            hint=Message("finite numbers: {} of them", sizes),
        )
    return array


def check_prior(prior: Prior) -> None:
    """Check that a user-defined prior can be evaluated, drawn from and named.

    Raises
    ------
    StudyError
        With the first method that returns an invalid value.
    """
    if not own(prior):
        return

    def ask(attribute: str, *arguments: object) -> Any:
        method = getattr(prior, attribute)
        return answered(prior, attribute, lambda: method(*arguments), object)

    shape = _POINTS.shape
    value = numbers(prior, "constrain", ask("constrain", _POINTS), shape)
    for attribute, at in (("unconstrain", value), ("log_density", _POINTS), ("log_kernel", value)):
        numbers(prior, attribute, ask(attribute, at), shape)
    numbers(prior, "draw", ask("draw", np.random.default_rng(1), 3), shape)
    numbers(prior, "centre", answered(prior, "centre", lambda: prior.centre, object), ())
    held(ask("words"), str, f"{type(prior).__name__}.words")
