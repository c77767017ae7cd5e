from bayes_nqp.designs.noise._ar1 import AR1 as AR1
from bayes_nqp.designs.noise._ar1_noise import AR1Noise as AR1Noise
from bayes_nqp.designs.noise._iid import IID as IID
from bayes_nqp.designs.noise._noise import Noise as Noise
from bayes_nqp.designs.noise._noise import Steps as Steps
from bayes_nqp.designs.noise._noise import parameters_of as parameters_of
from bayes_nqp.designs.noise._noise import structures as structures
from bayes_nqp.designs.noise._unequal import Unequal as Unequal
