"""Selection on unobserved relative to observed variables (Oster 2019).

The outcome is ``y = β d + W1 + W2 + e``, with W1 the index of the covariates, W2 that of the
omitted variables, both uncorrelated, and selection is proportional:

    ``δ Cov(d, W1) / Var(W1) = Cov(d, W2) / Var(W2)``.                                        (1)

β° and R° are coefficient and R² without covariates, β̃ and R̃ with them. R_max is the R² with the
omitted variables as well. σ_y and σ_d are variances of y and d, and τ that of d net of the
covariates. The bias ``ν = β̃ - β`` is a root of the cubic (Oster 2019, section 3)

    ``(δ - 1) τ (σ_d - τ) ν³ + (δ - 2) τ σ_d b ν²
    + [δ m (σ_d - τ) - r τ - σ_d τ b²] ν + δ m σ_d b = 0``,                                   (2)

with ``b = β° - β̃``, ``r = (R̃ - R°) σ_y`` and ``m = (R_max - R̃) σ_y``. For δ = 1 it is a
quadratic. It is linear in δ, so that the δ of a given β follows without roots:

    ``δ = ν [r τ + σ_d τ b² + 2 τ σ_d b ν + τ (σ_d - τ) ν²]
    / [m σ_d b + m (σ_d - τ) ν + τ σ_d b ν² + τ (σ_d - τ) ν³]``.                              (3)

References
----------
Oster, E. (2019). Unobservable selection and coefficient stability: theory and evidence. Journal of
Business & Economic Statistics 37(2), 187-204.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

_REAL: Final = 1e-7
"""Largest imaginary part of a real root, relative to its modulus."""
_USUAL: Final = 1.3
"""R_max in multiples of R̃ (Oster 2019, section 4)."""


@dataclass(frozen=True, slots=True)
class Stability:
    """Coefficient and R² of a regression without and with covariates.

    Parameters
    ----------
    short, long : float, outcome units
        β° and β̃.
    r2_short, r2_long : float
        R° and R̃.
    outcome, treatment, net : float
        Variances σ_y and σ_d, and τ, of which the denominator is the same.
    """

    short: float
    long: float
    r2_short: float
    r2_long: float
    outcome: float
    treatment: float
    net: float

    @property
    def usual_r_max(self) -> float:
        """Return ``min(1.3 R̃, 1)``."""
        return min(_USUAL * self.r2_long, 1.0)

    def delta(self, r_max: float, target: float = 0.0) -> float:
        """Return δ of (3), for which β would be the target; infinite if there is none."""
        b, r, m = self._terms(r_max)
        nu, tau, spread = self.long - target, self.net, self.treatment
        explained = spread - tau
        above = nu * (r * tau + spread * tau * b**2 + 2 * tau * spread * b * nu)
        above += tau * explained * nu**3
        below = m * spread * b + m * explained * nu + tau * spread * b * nu**2
        below += tau * explained * nu**3
        return above / below if below else float(np.copysign(np.inf, above))

    def adjusted(self, r_max: float, delta: float = 1.0) -> float:
        """Return the coefficient β* without the bias of omitted variables, by (2).

        Of several real roots, the nearest to β̃ is taken. Roots in the direction in which covariates
        move the coefficient have precedence (assumption 3 of Oster 2019).
        """
        b, r, m = self._terms(r_max)
        tau, spread = self.net, self.treatment
        if b == 0.0 or m == 0.0:
            # Without a movement of the coefficient, or of R², the root of ν = 0 remains.
            return self.long
        cubic = [
            (delta - 1.0) * tau * (spread - tau),
            (delta - 2.0) * tau * spread * b,
            delta * m * (spread - tau) - r * tau - spread * tau * b**2,
            delta * m * spread * b,
        ]
        # In multiples of b: roots near the size of the movement are then well conditioned.
        scaled = np.array(cubic) * b ** np.arange(3, -1, -1.0)
        roots = np.roots(scaled / np.abs(scaled).max())
        real = b * roots[np.abs(roots.imag) <= _REAL * np.maximum(np.abs(roots), 1.0)].real
        onward = real[np.sign(-real) == np.sign(-b)]
        near = onward if onward.size else real
        return self.long - float(near[np.abs(near).argmin()])

    def _terms(self, r_max: float) -> tuple[float, float, float]:
        """Return b, r and m."""
        r = (self.r2_long - self.r2_short) * self.outcome
        return self.short - self.long, r, (r_max - self.r2_long) * self.outcome
