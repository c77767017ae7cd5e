"""Export a fit to Stata and R as estimates and as draws.

`studies` and all higher packages may import it.
"""

from bayes_nqp.output.export._r import export_r
from bayes_nqp.output.export._stata import export_stata

__all__ = ["export_r", "export_stata"]
