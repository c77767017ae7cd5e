"""The panel: units, periods, first treatment and outcome, validated and immutable.

`data.datasets`, `data.index` and all higher packages may import it.
"""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

__all__ = ["Panel", "Roles"]
