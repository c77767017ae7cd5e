"""Installed software."""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from bayes_nqp._core.validation import door

__all__ = ["lacking", "versions"]

_PACKAGES = (
    "bayes-nqp", "pymc", "pytensor", "arviz", "nutpie", "numba", "numpy", "scipy", "pandas",
    "xarray", "matplotlib", "h5netcdf",
)  # fmt: skip


@door
def versions() -> dict[str, str]:
    """Return the versions of Python, of the library and of its dependencies.

    Returns
    -------
    dict of str to str
        Versions by package; "missing" if not installed.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> "pymc" in nqp.versions()
    True
    """
    return {"python": platform.python_version(), **{name: _number(name) for name in _PACKAGES}}


@cache
def _number(package: str) -> str:
    """Return the installed version; metadata of each package are read once per process."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def lacking() -> dict[str, list[str]]:
    """Return the packages of the library's extras that are not installed.

    Returns
    -------
    dict of str to list of str
        Packages by extra, empty if complete; without the developers' extras ``docs`` and ``dev``.
    """
    packages: dict[str, list[str]] = {}
    for extra in sorted(
        set(metadata("bayes-nqp").get_all("Provides-Extra") or ()) - {"docs", "dev"}
    ):
        marked = re.compile(rf"""extra\s*==\s*["']{extra}["']""")
        texts = [text for text in requires("bayes-nqp") or () if marked.search(text)]
        names = [re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in texts]
        packages[extra] = [name for name in names if not _is_there(name)]
    return packages


def _is_there(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
