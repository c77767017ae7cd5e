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
    """Errors whose variance differs between groups of units, correlated as another structure says.

    Units of group g have ``Var(e_i) = r_g sigma² V``, V that of ``errors``. One sigma for all takes
    the errors of few adopters for as large as those of the many others: where they are larger,
    intervals of effects are too narrow, and what is too large looks like effects that differ or
    trends that fail. The ``r_g``, one on average over rows, are estimated once, before sampling,
    by steps of untreated rows from one period to the next, in which no unit effect is; their own
    uncertainty (some ``sqrt(2 / steps)``, more with heavy tails) is not carried.

    Parameters
    ----------
    errors : Noise, default AR1()
        How errors of a unit are correlated over time.
    by : str, optional
        A column that is constant within units: the groups. By default those who adopt, at whatever
        time, and those who do not.

    Raises
    ------
    StudyError
        If structures of unequal errors stand in one another.

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
        """Those of ``errors``."""
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
        """Those of ``errors``."""
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
        """As ``errors`` do."""
        return self.errors.takes_weights

    @property
    def correlated(self) -> bool:
        """As ``errors`` are."""
        return self.errors.correlated

    @property
    def markov(self) -> bool:
        """As ``errors`` are."""
        return self.errors.markov

    @property
    def richer(self) -> tuple[Noise, ...]:
        """Richer correlation over time."""
        return tuple(
            type(self)(x, self.by) for x in self.errors.richer if type(x) is not type(self)
        )

    @property
    def poorer(self) -> tuple[Noise, ...]:
        """Equal variances, and what is poorer than these."""
        return (self.errors, *self.errors.poorer)

    @property
    def why(self) -> Message:
        """What else errors do under it."""
        if self.by is None:
            return Message("Errors of those who adopt and of the others do not spread alike")
        return Message("Errors do not spread alike by {}", self.by)

    def label(self) -> str:
        """Short name."""
        return Message("{} of unequal spread", self.errors.label())

    def phrase(self) -> str:
        """The same beside other specifications."""
        return Message("{} of unequal spread", self.errors.phrase())
