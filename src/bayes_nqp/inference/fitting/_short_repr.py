"""Short representations of values such as designs."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass


def brief(value: object) -> str:
    """Write a value with only those arguments that differ from their defaults.

    Parameters
    ----------
    value : object
        A frozen value such as a design; its arguments may be such values, too.

    Examples
    --------
    >>> from bayes_nqp.inference.fitting._short_repr import brief
    >>> from bayes_nqp.model.designs import StaggeredDiD
    >>> brief(StaggeredDiD(controls="never"))
    "StaggeredDiD(controls='never')"
    """
    if not is_dataclass(value) or isinstance(value, type):
        return repr(value)
    if not type(value).__dataclass_params__.repr:  # type: ignore[attr-defined]
        return repr(value)
    arguments = []
    for item in fields(value):
        default = getattr(value, item.name)
        usual = item.default
        if usual is MISSING and item.default_factory is not MISSING:
            usual = item.default_factory()
        if usual is MISSING or default != usual:
            arguments.append(f"{item.name}={brief(default)}")
    return f"{type(value).__name__}({', '.join(arguments)})"
