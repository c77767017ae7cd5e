"""How rooms are entered: on first use, the outer one before the inner, from any thread."""

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
    """Let one thread at a time in: packages of others may not be entered from two sides at once.

    A thread that imports a module of its own, in which it waits here, may be waited for in turn by
    the one that is in; after ``_PATIENCE`` seconds it goes on beside it.
    """
    alone = _DOOR.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        if alone:
            _DOOR.release()


class Search:
    """Imports that come before something is looked up for the first time.

    Every thread that comes before their end makes them too, and waits where Python locks a module
    that another one imports: a lock of ours, held meanwhile, could wait for that thread in turn.
    What looks something up while it is imported finds what was there before it.
    """

    def __init__(self) -> None:
        self._done = False
        self._threads: set[int] = set()

    def __call__(self, *imports: Callable[[], object]) -> None:
        """Make the imports, unless they were made to the end, or this thread is at them."""
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
    """Import a module, after every package that it is in.

    Python locks the inner module first. Where another thread is importing the package, which
    imports that module in turn, each would wait for the other, and one of the two imports fails.
    """
    for outer in accumulate(name.split("."), "{}.{}".format):
        import_module(outer)
    return sys.modules[name]


def attached(
    package: str, file: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Give a package the names of the stub beside it, each imported when it is first used.

    The package stays a plain module, which pickles of other packages take by its name.

    Parameters
    ----------
    package, file : str
        Its ``__name__`` and ``__file__``.

    Returns
    -------
    tuple
        Its ``__getattr__``, ``__dir__`` and ``__all__``.
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
    """Import modules of a room, sub-rooms too, by how they begin; their public classes by name.

    Functions and types that are defined there, without an underscore before their names, too.
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
    """Let the error of a sub-room out, whose plug-ins would be missing without a word."""
    raise  # noqa: PLE0704 - called while it is handled
