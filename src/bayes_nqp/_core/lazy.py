"""Lazy imports of packages: at first use, outer packages first, from any thread."""

from __future__ import annotations

import ast
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from threading import RLock, get_ident
from types import ModuleType
from typing import Any

__all__ = ["Search", "attached", "discovered", "entered"]


_DOOR = RLock()
_PATIENCE = 30.0


@contextmanager
def _door() -> Iterator[None]:
    """Import in one thread at a time: other packages may not support parallel imports.

    To avoid a deadlock with a thread that imports another module, a waiting thread continues after
    ``_PATIENCE`` seconds.
    """
    alone = _DOOR.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        if alone:
            _DOOR.release()


class Search:
    """Imports that are made before the first lookup.

    Threads that start before their end make the imports too, and wait at Python's module locks; an
    additional lock could cause a deadlock. Lookups during an import find the entries registered
    before.
    """

    def __init__(self) -> None:
        self._done = False
        self._threads: set[int] = set()

    def __call__(self, *imports: Callable[[], object]) -> None:
        """Make the imports, unless they are complete or this thread is making them."""
        thread = get_ident()
        if self._done or thread in self._threads:
            return
        self._threads.add(thread)
        try:
            for make in imports:
                make()
        finally:
            self._threads.discard(thread)
        self._done = True


def entered(name: str) -> ModuleType:
    """Import a module after its parent packages.

    Python locks the inner module first. If another thread imports the package, which imports that
    module in turn, each thread would wait for the other, and one of the imports would fail.
    """
    for outer in accumulate(name.split("."), "{}.{}".format):
        import_module(outer)
    return sys.modules[name]


def attached(
    package: str, file: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Define the names of a package from its stub file, imported at first use.

    The package remains a plain module, so that pickles can refer to it by name.

    Parameters
    ----------
    package, file : str
        ``__name__`` and ``__file__`` of the package.

    Returns
    -------
    tuple
        ``__getattr__``, ``__dir__`` and ``__all__`` of the package.
    """
    stub = ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8"))
    homes = {
        alias.asname or alias.name: (
            ".".join(filter(None, (package if node.level else "", node.module))),
            alias.name,
        )
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    def found(name: str) -> Any:
        module = sys.modules[package]
        if name not in homes:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=module)
        home, attribute = homes[name]
        with _door():
            item = getattr(entered(home), attribute, None) if home != package else None
            if item is None:  # a module of a package
                item = entered(f"{home}.{attribute}")
        setattr(module, name, item)
        return item

    return found, lambda: sorted(homes), sorted(homes)


def discovered(room: str, prefix: str = "_") -> dict[str, Any]:
    """Import modules of a package by prefix, and return their public classes by name.

    Subpackages, and public functions and types defined in the modules, are included.
    """
    public: dict[str, Any] = {}
    for plugin in pkgutil.walk_packages(entered(room).__path__, f"{room}.", onerror=_failed):
        if plugin.name.rpartition(".")[2].startswith(prefix):
            module = import_module(plugin.name)
            public |= {
                name: item
                for name, item in vars(module).items()
                if not name.startswith("_") and getattr(item, "__module__", "") == plugin.name
            }
    return public


def _failed(name: str) -> None:
    """Raise the import error of a subpackage, because its plug-ins would be missing silently."""
    raise  # noqa: PLE0704 - called while it is handled
