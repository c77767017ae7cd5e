"""Normal errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.likelihoods._likelihood import Likelihood


@value("likelihood")
class Gaussian(Likelihood):
    """Normal errors: exact compression, whatever the number of rows.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD().likelihood
    Gaussian()
    """

    exact: ClassVar[bool] = True
    label: ClassVar[Message] = Message("Gaussian")
    distribution: ClassVar[str] = "N"

    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """``N(y | location, spread²)``."""
        import pymc as pm

        pm.Normal(name, location, spread, **rows)
