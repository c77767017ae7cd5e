from bayes_nqp.model.likelihoods._binomial import Binomial as Binomial
from bayes_nqp.model.likelihoods._gaussian import Gaussian as Gaussian
from bayes_nqp.model.likelihoods._likelihood import Likelihood as Likelihood
from bayes_nqp.model.likelihoods._likelihood import exact_likelihood as exact_likelihood
from bayes_nqp.model.likelihoods._likelihood import robust_likelihood as robust_likelihood
from bayes_nqp.model.likelihoods._negative_binomial import NegativeBinomial as NegativeBinomial
from bayes_nqp.model.likelihoods._poisson import Poisson as Poisson
from bayes_nqp.model.likelihoods._student_t import StudentT as StudentT
