"""The statistical model: designs with terms, errors, priors, pooling and likelihoods.

`inference` and all higher packages may import it.
"""

from bayes_nqp.model import designs as designs  # first: it names terms that are made from it
