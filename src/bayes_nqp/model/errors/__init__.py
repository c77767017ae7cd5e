"""Error structures of a unit's rows, one per file: each is found where it stands."""

from bayes_nqp._core.lazy import discovered

globals().update(discovered(__name__))
