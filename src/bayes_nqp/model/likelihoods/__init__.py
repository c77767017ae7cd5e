"""Distributions of rows around a linear predictor, one a file: each is found where it stands."""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
