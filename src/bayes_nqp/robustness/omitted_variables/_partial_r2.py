"""Sensitivity of a coefficient by partial R² (Cinelli and Hazlett 2020).

Let D be the treatment and Y the outcome, both net of the other regressors. The coefficient has the
statistic t with classical errors and n degrees of freedom; ``f = |t| / √n`` and
``R²_{Y~D|X} = f² / (1 + f²)``. An omitted variable U has the partial R² ``R_d`` with D, and ``R_y``
with Y given D. It changes the coefficient and its standard error s (section 4.1):

    ``|bias| = s √n √(R_y R_d / (1 - R_d))``,
    ``s' = s √((1 - R_y) / (1 - R_d)) √(n / (n - 1))``.                                       (1)

The robustness value is the ``R_d = R_y`` that removes a share q of the coefficient, or of its
distance from significance at level α (section 4.2), with ``g = q f - t* / √(n - 1)``:

    ``RV = ½ (√(g⁴ + 4 g²) - g²)``.                                                           (2)

If the standard error is clustered, it is ``κ s``, and κ is taken as the same with U: t* is then
multiplied by κ. If U is at most k times as strong as a covariate X_j, with partial R² ``r_d`` and
``r_y``, then (section 4.4)

    ``R_d = k r_d / (1 - r_d)``,   ``R_y ≤ (√k + √ρ)² / (1 - ρ) · r_y / (1 - r_y)``,
    ``ρ = k r_d² / ((1 - k r_d) (1 - r_d))``.                                                (3)

References
----------
Cinelli, C. and Hazlett, C. (2020). Making sense of sensitivity: extending omitted variable bias.
Journal of the Royal Statistical Society B 82(1), 39-67.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

type Values = float | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient with the standard errors of its test.

    Parameters
    ----------
    value, se : float, outcome units
        Coefficient and classical standard error.
    freedom : int
        Residual degrees of freedom n.
    inflation : float, default 1.0
        κ, the clustered standard error over the classical one.
    clusters : int, optional
        Number of clusters, which determines the degrees of freedom of t.
    """

    value: float
    se: float
    freedom: int
    inflation: float = 1.0
    clusters: int | None = None

    @property
    def strength(self) -> float:
        """Return f, the root of the partial Cohen's f² of treatment and outcome."""
        return abs(self.value) / self.se / float(np.sqrt(self.freedom))

    @property
    def partial_r2(self) -> float:
        """Return R² of the outcome with the treatment, net of the other regressors."""
        return self.strength**2 / (1.0 + self.strength**2)

    def critical(self, alpha: float) -> float:
        """Return the two-sided critical value t*."""
        freedom = self.freedom - 1 if self.clusters is None else self.clusters - 1
        return float(stdtrit(freedom, 1.0 - alpha / 2.0))

    def robustness_value(self, q: float = 1.0, alpha: float = 1.0) -> float:
        """Return RV_q, or RV_{q,α} for ``alpha`` below one."""
        f, reach = q * self.strength, 0.0
        if alpha < 1.0:
            reach = self.inflation * self.critical(alpha) / float(np.sqrt(self.freedom - 1))
        g = f - reach
        if g <= 0.0:
            return 0.0
        if reach and f > 1.0 / reach:
            # The adversary prefers R_y < R_d: the minimum is where the constraint does not bind.
            return (f**2 - reach**2) / (1.0 + f**2)
        return 0.5 * float(np.sqrt(g**4 + 4.0 * g**2) - g**2)

    def adjusted(self, treatment: Values, outcome: Values) -> tuple[Values, Values]:
        """Return estimate and standard error with a confounder that works towards zero.

        Parameters
        ----------
        treatment, outcome : float or ndarray
            Partial R² of the confounder with the treatment, and with the outcome.
        """
        n, towards = self.freedom, np.sign(self.value) or 1.0
        bias = self.se * np.sqrt(n * outcome * treatment / (1.0 - treatment))
        spread = np.sqrt((1.0 - outcome) / (1.0 - treatment) * n / (n - 1.0))
        return self.value - towards * bias, self.inflation * self.se * spread


def benchmark(treatment: float, outcome: float, times: float) -> tuple[float, float] | None:
    """Return partial R² of a confounder ``times`` as strong as a covariate, None if impossible.

    Parameters
    ----------
    treatment, outcome : float
        Partial R² of the covariate with the treatment, and with the outcome given the treatment.
    """
    if times * treatment >= 1.0 - treatment or outcome >= 1.0:
        return None
    rho = times * treatment**2 / ((1.0 - times * treatment) * (1.0 - treatment))
    if rho >= 1.0:
        return None
    eta = (np.sqrt(times) + np.sqrt(rho)) ** 2 / (1.0 - rho)
    bound = float(eta * outcome / (1.0 - outcome))
    return times * treatment / (1.0 - treatment), min(bound, 1.0)
