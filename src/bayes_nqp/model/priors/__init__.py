"""Priors of a design, and what scales and deviations may have, one family a file."""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
