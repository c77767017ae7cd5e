from bayes_nqp.model.errors._ar1 import AR1 as AR1
from bayes_nqp.model.errors._ar1_plus_noise import AR1PlusNoise as AR1PlusNoise
from bayes_nqp.model.errors._heteroskedastic import Heteroskedastic as Heteroskedastic
from bayes_nqp.model.errors._iid import IID as IID
from bayes_nqp.model.errors._noise import Noise as Noise
from bayes_nqp.model.errors._noise import Steps as Steps
from bayes_nqp.model.errors._noise import parameters_of as parameters_of
from bayes_nqp.model.errors._noise import structures as structures
