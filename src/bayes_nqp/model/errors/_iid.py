"""Independent errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.errors._noise import Noise, Steps

if TYPE_CHECKING:
    from bayes_nqp.model.priors import Priors
    from bayes_nqp.numerics.parameters import Parameter


@value("errors")
class IID(Noise):
    """Independent errors with one standard deviation; takes precision weights.

    Serial correlation is the rule in panels, and ignoring it makes intervals far too narrow:
    prefer `AR1`.

    References
    ----------
    Bertrand, M., Duflo, E. and Mullainathan, S. (2004). How much should we trust
    differences-in-differences estimates? Quarterly Journal of Economics 119(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(nqp.NoPooling(), errors=nqp.IID()).errors
    IID()
    """

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """None besides ``sigma``."""
        return ()

    def covariance(self, n_periods: int, values: Array) -> Array:
        """``V = I``."""
        return np.broadcast_to(np.eye(n_periods), (len(values), n_periods, n_periods))

    def steps(self, gap: Any, values: Sequence[Any]) -> Steps:
        """No row follows from another."""
        return Steps(1.0)

    @property
    def formula(self) -> tuple[str, str, Mapping[str, Message]]:
        """Errors are innovations."""
        return "", "σ^{2}", {}

    @property
    def takes_weights(self) -> bool:
        """Independent rows may be of unequal precision."""
        return True

    @property
    def correlated(self) -> bool:
        """Rows are independent."""
        return False

    @property
    def markov(self) -> bool:
        """The row before hands nothing on."""
        return True

    def label(self) -> str:
        """Short name."""
        return Message("independent")

    def phrase(self) -> str:
        """Name for comparisons with other specifications."""
        return Message("independent errors")
