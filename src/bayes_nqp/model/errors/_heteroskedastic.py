"""Errors that spread more in one group of units than in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.data.panel import unit_column
from bayes_nqp.model.errors._ar1 import AR1
from bayes_nqp.model.errors._noise import Noise, Steps
from bayes_nqp.numerics.parameters import Parameter

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.model.priors import Priors


@value("errors")
class Heteroskedastic(Noise):
    """Groupwise heteroskedastic errors, with the correlation of another error structure.

    Units of group g have ``Var(e_i) = r_g sigma² V``, V being the covariance of ``errors``. A
    common sigma takes the errors of few treated units to be as large as those of the many others.
    If they are larger, intervals of effects are too narrow, and excess variation looks like
    heterogeneous effects or failing trends. The ``r_g`` have mean one over observations. They are
    estimated once, before sampling, from first differences of untreated observations, which contain
    no unit effect. Their uncertainty (about ``sqrt(2 / steps)``, more with heavy tails) is ignored.

    Parameters
    ----------
    errors : Noise, default AR1()
        Correlation of the errors of a unit over time.
    by : str, optional
        A column that is constant within units: the groups. By default ever-treated and
        never-treated units.

    Raises
    ------
    StudyError
        If heteroskedastic structures are nested in one another.

    References
    ----------
    Greene, W. H. (2018). Econometric Analysis, 8th ed., section 9.7 (groupwise heteroscedasticity).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(errors=nqp.Heteroskedastic()).errors
    Heteroskedastic(errors=AR1(), by=None)
    >>> nqp.Heteroskedastic(nqp.AR1(), by="region").by
    'region'
    """

    errors: Noise = field(default_factory=AR1)
    by: str | None = None

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """Parameters of ``errors``."""
        return self.errors.parameters(n_periods, priors)

    def covariance(self, n_periods: int, values: Array) -> Array:
        """``V``, that of a unit with ``r = 1``."""
        return self.errors.covariance(n_periods, values)

    def groups(self, panel: Panel) -> Index:
        """Who adopts and who does not, or levels of a column."""
        if self.by is not None:
            return unit_column(panel, self.by, "by")[0]
        return np.asarray(panel.cohort_codes >= 0, dtype=np.int64)

    def steps(self, gap: Any, values: Sequence[Any]) -> Steps | None:
        """Return the steps of ``errors``."""
        return self.errors.steps(gap, values)

    def tensor_covariance(self, n_periods: int, values: Sequence[Any]) -> Any:
        """``V`` on tensors."""
        return self.errors.tensor_covariance(n_periods, values)

    @classmethod
    def beyond(cls, errors: Noise) -> Noise | None:
        """Every structure but its own kind."""
        return None if isinstance(errors, cls) else cls(errors)

    @property
    def formula(self) -> tuple[str, str, Mapping[str, Message]]:
        """The law of ``errors``, with a variance for each group of units."""
        law, variance, meanings = self.errors.formula
        who = self.by or Message("treated and never-treated units")
        ratio = Message("relative error variance of a group of units ({})", who)
        return law, f"r_{{q}} {variance}", {**meanings, "r_{q}": ratio}

    @property
    def takes_weights(self) -> bool:
        """True if ``errors`` takes weights."""
        return self.errors.takes_weights

    @property
    def correlated(self) -> bool:
        """True if ``errors`` is correlated over time."""
        return self.errors.correlated

    @property
    def markov(self) -> bool:
        """True if ``errors`` is first-order Markov."""
        return self.errors.markov

    @property
    def richer(self) -> tuple[Noise, ...]:
        """Richer correlation over time."""
        return tuple(
            type(self)(x, self.by) for x in self.errors.richer if type(x) is not type(self)
        )

    @property
    def poorer(self) -> tuple[Noise, ...]:
        """Return the same structure with equal variances, and the structures nested in it."""
        return (self.errors, *self.errors.poorer)

    @property
    def why(self) -> Message:
        """Describe the feature of errors that the structure adds."""
        if self.by is None:
            return Message("Error variances of treated and untreated units differ")
        return Message("Errors do not spread alike by {}", self.by)

    def label(self) -> str:
        """Short name."""
        return Message("{} of unequal spread", self.errors.label())

    def phrase(self) -> str:
        """Name for comparisons with other specifications."""
        return Message("{} of unequal spread", self.errors.phrase())
