"""Convergence diagnostics for importance weights, tempered particles and Markov chains.

The samplers and all packages above `numerics` may import it.
"""

from bayes_nqp.numerics.diagnostics._chains import effective_size as effective_size
from bayes_nqp.numerics.diagnostics._chains import split_rhat as split_rhat
from bayes_nqp.numerics.diagnostics._convergence import ENERGY as ENERGY
from bayes_nqp.numerics.diagnostics._convergence import ESS as ESS
from bayes_nqp.numerics.diagnostics._convergence import RHAT as RHAT
from bayes_nqp.numerics.diagnostics._convergence import (
    ConvergenceDiagnostics as ConvergenceDiagnostics,
)
from bayes_nqp.numerics.diagnostics._convergence import allowed_size as allowed_size
from bayes_nqp.numerics.diagnostics._convergence import convergence as convergence
from bayes_nqp.numerics.diagnostics._convergence import energy_fraction as energy_fraction
from bayes_nqp.numerics.diagnostics._convergence import (
    importance_diagnostics as importance_diagnostics,
)
from bayes_nqp.numerics.diagnostics._convergence import (
    population_diagnostics as population_diagnostics,
)
from bayes_nqp.numerics.diagnostics._convergence import worst_diagnostics as worst_diagnostics
