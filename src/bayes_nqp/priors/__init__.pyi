from bayes_nqp.priors._deviations import Deviations as Deviations
from bayes_nqp.priors._deviations import NormalDeviations as NormalDeviations
from bayes_nqp.priors._deviations import plain_scale as plain_scale
from bayes_nqp.priors._deviations import scale_prior as scale_prior
from bayes_nqp.priors._half_t import HalfT as HalfT
from bayes_nqp.priors._horseshoe import Horseshoe as Horseshoe
from bayes_nqp.priors._priors import Priors as Priors
from bayes_nqp.priors._student_deviations import StudentDeviations as StudentDeviations
