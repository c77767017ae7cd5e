"""Coverage of intervals, and simulation-based calibration, on a panel of the user's own."""

from bayes_nqp.calibration._calibrate import calibrate
from bayes_nqp.calibration._calibration import Calibration

__all__ = ["Calibration", "calibrate"]
