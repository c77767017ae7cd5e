"""Bayesian causal inference for policies that reach units at different times."""

from bayes_nqp.doors import ATTRIBUTES
from bayes_nqp.machine import place_for_pytensor
from bayes_nqp.rooms import attached

place_for_pytensor()
ATTRIBUTES.live_in(f"{__name__}.attributes")
_found, __dir__, __all__ = attached(__name__, __file__)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used; of one that was renamed, say its new name."""
    from bayes_nqp.renames import RENAMED

    if name in RENAMED:
        from bayes_nqp.errors import RenamedError

        raise RenamedError(f"nqp.{name} is gone since version 0.2", hint=RENAMED[name].code)
    return _found(name)
