"""What is installed."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from bayes_nqp.doors import door

__all__ = ["versions"]

_PACKAGES = (
    "bayes-nqp", "pymc", "pytensor", "arviz", "nutpie", "numba", "numpy", "scipy", "pandas",
    "xarray", "matplotlib", "h5netcdf",
)  # fmt: skip


@door
def versions() -> dict[str, str]:
    """Name the versions of Python, the library and what it rests on.

    Returns
    -------
    dict of str to str
        "missing" where a package is not installed.
    """
    numbers = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            numbers[name] = version(name)
        except PackageNotFoundError:
            numbers[name] = "missing"
    return numbers
