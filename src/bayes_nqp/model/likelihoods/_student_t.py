"""Student-t innovations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Gt

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.likelihoods._likelihood import Likelihood
from bayes_nqp.numerics.parameters import Gamma, Parameter


@value("likelihood")
class StudentT(Likelihood):
    """Student-t innovations, robust to outlying rows; sampled row by row, and slowly.

    Parameters
    ----------
    nu : float or None, default None
        Degrees of freedom; None estimates them under a Gamma(2, 0.1) prior above 2.

    Raises
    ------
    StudyError
        If ``nu`` is not above 2.

    References
    ----------
    Juárez, M. and Steel, M. (2010). Model-based clustering of non-Gaussian panel data based on
    skew-t distributions. Journal of Business & Economic Statistics 28(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(likelihood=nqp.StudentT(nu=5.0)).likelihood
    StudentT(nu=5.0)
    """

    robust: ClassVar[bool] = True
    label: ClassVar[Message] = Message("Student-t")
    distribution: ClassVar[str] = "t_{ν}"

    nu: Annotated[float, Gt(2)] | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """``nu``, where it is estimated; above 2, so that there is a variance."""
        if self.nu is not None:
            return ()
        meaning = Message("the number of their degrees of freedom")
        return (Parameter("nu", Gamma(2.0, 0.1, 2.0), in_outcome_units=False, meaning=meaning),)

    def density(
        self, name: str, location: Any, spread: Any, values: Sequence[Any], **rows: Any
    ) -> None:
        """``t_nu(y | location, scale)``, ``scale² = spread² (nu - 2) / nu``: spread is the sd."""
        import pymc as pm
        import pytensor.tensor as pt

        nu: Any = values[0] if values else self.nu
        unit_spread = pt.sqrt((nu - 2.0) / nu)
        pm.StudentT(name, nu=nu, mu=location, sigma=spread * unit_spread, **rows)

    def innovations(
        self, normal: Array, values: Sequence[Array], generator: np.random.Generator
    ) -> Array:
        """``z sqrt((nu - 2) / chi²_nu)``."""
        draws, rows = normal.shape
        nu = values[0] if values else np.full((draws, 1), self.nu)
        chi_square = 2.0 * generator.gamma(0.5 * nu, size=(draws, rows))
        normal *= np.sqrt((nu - 2.0) / chi_square)
        return normal

    def words(self, errors: str) -> Message:
        """Innovations are Student-t."""
        return Message("{} with Student-t innovations", errors)
