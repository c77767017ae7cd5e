"""Bayesian causal inference for policies that reach units at different times.

Public names are imported at their first use; the stub `__init__.pyi` lists them. Accessors, the
studio and the command line use these names; other modules import from where a name is defined.
"""

from bayes_nqp._core.compat import RENAMED, install, module_of, public
from bayes_nqp._core.lazy import attached
from bayes_nqp._core.plugins import without_extension
from bayes_nqp._core.threads import place_for_pytensor
from bayes_nqp._core.validation import ATTRIBUTES, absent

install()
place_for_pytensor()
ATTRIBUTES.live_in(f"{__name__}.output.accessors")
_found, __dir__, __all__ = attached(__name__, __file__)


def __getattr__(name: str) -> object:
    """Import a public name at first use; for an unknown name, suggest the equivalent."""
    if name == "__version__":
        from importlib.metadata import version

        return version("bayes-nqp")
    if module_of(f"{__name__}.{name}") and name not in __all__:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    if name not in __all__ and public(name) in __all__:
        return _found(public(name))
    if name in RENAMED:
        from bayes_nqp._core.exceptions import UnknownNameError

        raise UnknownNameError(f"nqp.{name} is gone since version 0.2", hint=RENAMED[name].code)
    if name not in __all__ and not name.startswith("_"):
        raise absent("nqp", name, __all__)
    try:
        return _found(name)
    except ModuleNotFoundError as error:
        raise without_extension(error, f"nqp.{name}") from error
