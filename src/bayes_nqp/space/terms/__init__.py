"""Spatial terms of designs, one a file: each is found where it stands."""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
