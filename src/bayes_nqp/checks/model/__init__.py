"""Checks of the model: its errors, its priors and its draws.

The other folders with checks may import it; other packages use `bayes_nqp.checks`.
"""

from bayes_nqp.checks.model._alternative_errors import error_alternatives
from bayes_nqp.checks.model._alternative_errors import error_means as error_means
from bayes_nqp.checks.model._alternative_errors import rests_on as rests_on
from bayes_nqp.checks.model._clusters import Clusters as Clusters
from bayes_nqp.checks.model._clusters import clusters_above as clusters_above
from bayes_nqp.checks.model._clusters import clusters_by as clusters_by
from bayes_nqp.checks.model._influences import PAIRED_UNITS as PAIRED_UNITS
from bayes_nqp.checks.model._influences import Influences as Influences
from bayes_nqp.checks.model._influences import KernelVariance as KernelVariance
from bayes_nqp.checks.model._influences import average_influences as average_influences
from bayes_nqp.checks.model._influences import influences as influences
from bayes_nqp.checks.model._influences import robust_ratio as robust_ratio
from bayes_nqp.checks.model._influences import saturated_model_frame as saturated_model_frame
from bayes_nqp.checks.model._influences import within as within
from bayes_nqp.checks.model._saturated import Saturated as Saturated
from bayes_nqp.checks.model._spread import Evenly as Evenly
from bayes_nqp.checks.model._spread import evenly as evenly

__all__ = ["error_alternatives"]
