from bayes_nqp.priors._half_t import HalfT as HalfT
from bayes_nqp.priors._priors import Priors as Priors
