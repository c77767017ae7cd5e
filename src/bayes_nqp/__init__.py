"""Bayesian causal inference for policies that reach units at different times."""

from bayes_nqp.doors import ATTRIBUTES, absent
from bayes_nqp.machine import place_for_pytensor
from bayes_nqp.rooms import attached

place_for_pytensor()
ATTRIBUTES.live_in(f"{__name__}.attributes")
_found, __dir__, __all__ = attached(__name__, __file__)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used; of one that is not ours, say what is."""
    if name == "__version__":
        from importlib.metadata import version

        return version("bayes-nqp")
    from bayes_nqp.renames import RENAMED

    if name in RENAMED:
        from bayes_nqp.errors import UnknownNameError

        raise UnknownNameError(f"nqp.{name} is gone since version 0.2", hint=RENAMED[name].code)
    if name not in __all__ and not name.startswith("_"):
        raise absent("nqp", name, __all__)
    return _found(name)
