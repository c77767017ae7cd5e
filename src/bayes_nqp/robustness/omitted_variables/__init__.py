"""Sensitivity of the average effect to omitted variables.

Only `robustness` imports it; other packages use `bayes_nqp.robustness`.
"""

from bayes_nqp.robustness.omitted_variables._coefficient_stability import Stability
from bayes_nqp.robustness.omitted_variables._partial_r2 import Coefficient, benchmark
from bayes_nqp.robustness.omitted_variables._regression import (
    AverageRegression,
    average_regression,
)

__all__ = ["AverageRegression", "Coefficient", "Stability", "average_regression", "benchmark"]
