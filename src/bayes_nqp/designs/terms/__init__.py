"""Terms of designs, one a file: each is found where it stands."""

from bayes_nqp.rooms import discovered

globals().update(discovered(__name__))
