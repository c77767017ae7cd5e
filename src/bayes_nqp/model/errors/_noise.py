"""Error structures: parameters, and a covariance on the time grid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import needed, registered
from bayes_nqp.numerics.parameters import Parameter, ParameterSpace, check_prior

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.model.priors import Priors


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """State-space form of a unit's errors over its observations, in multiples of ``sigma``.

    The error of an observation is ``carry`` times the previous one plus an innovation with standard
    deviation ``spread``. White noise with standard deviation ``white`` is added and not carried
    over. Numbers are arrays when errors are drawn, and tensors in the PyMC model.

    Parameters
    ----------
    carry : ndarray or tensor (..., row), optional
        0 in a unit's first observation; None if observations are independent.
    """

    spread: Any
    carry: Any = None
    white: Any = None


class Noise(ABC):
    """The error structure of a unit's rows, in multiples of the innovations' ``sigma``.

    A new one states its parameters and its covariance on the whole time grid; unobserved periods,
    weights, unit effects and deviations are the likelihood's business. Besides, it may state
    `steps` or `tensor_covariance`, so that it has a row model too.
    """

    __slots__ = ()

    @abstractmethod
    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """Parameters besides ``sigma``, with their priors.

        Parameters
        ----------
        n_periods : int
            Length of the time grid.
        priors : Priors
            Those of the design.
        """

    @abstractmethod
    def covariance(self, n_periods: int, values: Array) -> Array:
        """Return the covariance of a unit's errors for an innovation variance of one.

        Errors are ``sigma`` times a vector with this covariance. ``sigma`` is therefore the
        standard deviation of innovations, and reports call it so. If a covariance is scaled
        otherwise, ``sigma`` is another quantity, to which its prior, stated for innovations, then
        applies.

        Parameters
        ----------
        n_periods : int
            T, length of the time grid.
        values : ndarray (B, k)
            Parameters at B points, on their own scales: ``values[:, 0, None, None]`` is the first.

        Returns
        -------
        ndarray (B, T, T)
            Positive definite, one for each point.
        """

    def independent(self, n_periods: int, priors: Priors) -> bool:
        """Return True if observations are independent with equal variances."""
        if self.parameters(n_periods, priors):
            return False
        covariance = self.covariance(n_periods, np.zeros((1, 0)))[0]
        return bool((covariance == np.eye(n_periods)).all())

    def draw(
        self, generator: np.random.Generator, n_periods: int, values: Array, n_units: int
    ) -> Array:
        """Draw errors of several units at every point, at unit innovation variance."""
        lower = np.linalg.cholesky(self.covariance(n_periods, values))
        normal = generator.standard_normal((len(values), n_units, n_periods))
        return np.asarray(normal @ lower.swapaxes(-1, -2))

    def steps(self, gap: Any, values: Sequence[Any]) -> Steps | None:
        """State errors row by row, each given the unit's row before; None where that is not so.

        Parameters
        ----------
        gap : ndarray or tensor of int (row)
            Periods since the unit's last observed row; 0 in its first.
        values : sequence of ndarray (..., 1) or scalar tensor
            Parameters besides ``sigma``, on their own scales. Formulas keep to operators, which
            arrays and tensors share.
        """
        return None

    def tensor_covariance(self, n_periods: int, values: Sequence[Any]) -> Any:
        """State `covariance` on tensors, for the row model; needed where there are no `steps`.

        Parameters
        ----------
        values : sequence of scalar tensor
            Parameters besides ``sigma``, on their own scales.

        Returns
        -------
        tensor (T, T), or None
            None where nobody stated it: then there is no row model.
        """
        return None

    @property
    def formula(self) -> tuple[str, str, Mapping[str, Message]]:
        """Return the distribution of errors for the estimating equation of reports.

        Returns
        -------
        tuple of str, str and mapping
            The errors ``ε_{it}`` as a function of innovations ``e_{it}``, empty if both are the
            same; the variance of innovations; and the definitions of the symbols.
        """
        meaning = Message("covariance of a unit's errors in multiples of σ² ({})", self.label())
        return "ε_{i} = V^{1/2} e_{i}", "σ^{2}", {"V": meaning}

    def groups(self, panel: Panel) -> Index | None:
        """Return the groups of units with different error variances, or None if all are equal.

        Returns
        -------
        ndarray of int (unit), or None
            Codes. Relative variances are estimated when the model frame is built.
        """
        return None

    @property
    def takes_weights(self) -> bool:
        """True if precision weights of observations are defined for the structure."""
        return False

    @property
    def correlated(self) -> bool:
        """True if errors of a unit are correlated over time."""
        return True

    @property
    def markov(self) -> bool:
        """True if errors are first-order Markov: a multiple of the last plus an innovation."""
        return False

    def white(self, values: Array) -> Array | None:
        """Return the variance of white noise on top of first-order Markov errors (B).

        Parameters
        ----------
        values : ndarray (B, k)
            Parameters at B points, as in `covariance`.

        Returns
        -------
        ndarray (B), or None
            None if the remaining errors are not first-order Markov.
        """
        return np.zeros(len(values)) if self.markov else None

    def relative(self, values: Array, sigma: Array) -> Array:
        """Return the values that `covariance` takes: variances in multiples of ``sigma²``.

        Parameters
        ----------
        values : ndarray (B, k)
            Parameters at B points, on their own scales.
        sigma : ndarray (B)
            Innovation standard deviation, multiples of ``s``.
        """
        return values

    @property
    def richer(self) -> tuple[Noise, ...]:
        """Structures that a check compares it with, simple ones first: they name it as poorer."""
        kinds: Mapping[str, type[Noise]] = registered("errors")
        kin = [kind.beyond(self) for kind in kinds.values()]
        return tuple(sorted(filter(None, kin), key=lambda x: len(x.poorer)))

    @classmethod
    def beyond(cls, errors: Noise) -> Noise | None:
        """Give the structure of this kind that names another as poorer; None where it does not."""
        default = None if needed(cls) else cls()
        return default if default and any(type(x) is type(errors) for x in default.poorer) else None

    @property
    def why(self) -> Message:
        """Describe how the structure changes estimates or intervals relative to a simpler one."""
        return Message("Errors within a unit are not correlated as this model assumes")

    @property
    def poorer(self) -> tuple[Noise, ...]:
        """Special cases of it that a check compares it with."""
        return ()

    def label(self) -> str:
        """Short name for tables and figures; a `Message` where catalogues have it."""
        return type(self).__name__

    def phrase(self) -> str:
        """Name for comparisons with other specifications: "AR(1) errors"."""
        return self.label()


def structures(*names: str) -> tuple[Noise, ...]:
    """Return the structures of given names that exist and need no argument."""
    kinds = registered("errors")
    return tuple(kinds[name]() for name in names if name in kinds and not needed(kinds[name]))


def parameters_of(errors: Noise, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
    """Give the parameters of a structure, once its mistakes are looked for.

    Raises
    ------
    StudyError
        If its parameters, or its covariance at typical values of them, cannot be worked with.
    """
    parameters = errors.parameters(n_periods, priors)
    for fault, hint in _faults(errors, n_periods, parameters):
        raise StudyError(f"'errors' is {errors!r}: {fault}", hint=hint)
    return tuple(parameters)


def _faults(errors: Noise, n_periods: int, parameters: Any) -> Iterator[tuple[str, str]]:
    """Yield the faults of a covariance with a hint each, the most basic fault first."""
    several = isinstance(parameters, Sequence)
    if not several or not all(isinstance(p, Parameter) for p in parameters):
        yield f"its parameters are {parameters!r}", "a tuple of Parameter, () where there is none"
    names = [p.name for p in parameters]
    for name in names:
        if names.count(name) > 1:
            yield f"two of its parameters are called {name!r}", "a name of its own for each"
        if name == "sigma" or name.startswith("scale_"):
            hint = "another name: 'sigma' and names that begin with 'scale_' are the design's"
            yield f"a parameter of it is called {name!r}", hint
    for parameter in parameters:
        check_prior(parameter.prior)
    # Two points, so that a covariance that serves one of them alone is seen.
    values = np.tile(ParameterSpace(tuple(parameters)).typical, (2, 1))
    covariance = np.asarray(errors.covariance(n_periods, values))
    at = "".join(f" at {n} = {x:g}" for n, x in zip(names, values[0], strict=True))
    shape = (len(values), n_periods, n_periods)
    if covariance.shape != shape:
        hint = f"{shape}, (point, period, period), where values have the shape {values.shape}"
        yield (
            f"its covariance has shape {covariance.shape}",
            (f"{hint}; values[:, 0, None, None] is the first parameter at every point"),
        )
    if not np.isfinite(covariance).all():
        yield f"its covariance{at} is not finite", "a finite one wherever its priors have values"
    try:
        np.linalg.cholesky(covariance)
        positive = np.allclose(covariance, covariance.swapaxes(-1, -2))
    except np.linalg.LinAlgError:
        positive = False
    if not positive:
        yield (
            f"its covariance{at} is not symmetric and positive definite",
            ("a variance for every period on the diagonal, larger than what periods share"),
        )
