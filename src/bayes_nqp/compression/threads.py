"""One thread inside linear algebra: matrices here are small, and threads would only wait."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

__all__ = ["one_thread"]


def one_thread() -> AbstractContextManager[Any]:
    """Keep linear algebra to one thread inside a ``with`` block.

    Returns
    -------
    context manager
        Entering it again inside costs next to nothing.
    """
    return _controller().limit(limits=1)  # type: ignore[no-any-return]


@cache
def _controller() -> Any:
    # It finds the libraries that are loaded by now, and looking for them takes milliseconds.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
