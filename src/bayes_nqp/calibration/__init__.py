"""Coverage of intervals and simulation-based calibration on the user's panel.

`output` and all higher packages may import it.
"""

from bayes_nqp.calibration._calibrate import calibrate
from bayes_nqp.calibration._calibration import Calibration
from bayes_nqp.calibration._uniformity import differences as differences
from bayes_nqp.calibration._uniformity import ecdf_band as ecdf_band

__all__ = ["Calibration", "calibrate"]
