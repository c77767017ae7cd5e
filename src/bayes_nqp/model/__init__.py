"""What a user states: designs with their terms, errors, priors, pooling and likelihoods."""

from bayes_nqp.model import designs as designs  # first: it names terms that are made from it
