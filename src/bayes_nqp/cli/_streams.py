"""Standard output and standard error, whatever they are: full, closed, or not in Unicode."""

from __future__ import annotations

import codecs
import errno
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bayes_nqp._core.texts import UNPRINTABLE

_ERRORS = "bayes_nqp.plain"
_PLAIN = {
    "…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "·": ".", "’": "'", "‘": "'", "“": '"',
    "”": '"', "≥": ">=", "≤": "<=", "→": "->", "±": "+-", "\xa0": " ", "\u3000": " ",
}  # fmt: skip
"""Signs that have a likeness in every encoding."""
_GLYPH = "Glyph "
"""What matplotlib says of each character that a font lacks, in the name of whoever draws."""
_BYTE = 0xDC00
"""Where Python puts a byte of a file's name that is no text."""


class OutputError(Exception):
    """Standard output does not take what is to be shown.

    Parameters
    ----------
    reason : OSError
        What the system says.
    """

    def __init__(self, reason: OSError) -> None:
        super().__init__(reason.strerror or str(reason))
        self.reason = reason

    @property
    def unread(self) -> bool:
        """Whether nobody reads it any more, as where ``head`` has seen enough."""
        return self.reason.errno in (errno.EPIPE, errno.ESHUTDOWN)


class _Raw(io.RawIOBase):
    """Bytes to where they were to go; after a failure, to nowhere.

    Parameters
    ----------
    raw : RawIOBase or None
        None where the stream was closed before the program began.
    needed : bool
        Whether a failure is told; what goes to standard error never stops the work.
    """

    def __init__(self, raw: io.RawIOBase | None, *, needed: bool) -> None:
        self._raw, self._needed, self._lost = raw, needed, False

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._raw is not None and self._raw.isatty()

    def fileno(self) -> int:
        return self._raw.fileno() if self._raw is not None else super().fileno()

    def write(self, data: Any) -> int | None:
        if self._lost:
            return len(data)
        try:
            if self._raw is None:
                raise OSError(errno.EBADF, "it is closed")
            return self._raw.write(data)
        except OSError as error:
            self._lost = True
            if self._needed:
                raise OutputError(error) from error
            return len(data)


def plain_text(text: str) -> str:
    """Take out what a terminal would obey: escape sequences in names and titles.

    Returns
    -------
    str
        Line ends and tabs stay; other control characters are spelled out.
    """
    return UNPRINTABLE.sub(lambda found: _spelled(found[0]), text)


def _spelled(character: str) -> str:
    """Spell a character; bytes of names are spelled where they are written."""
    return character if "\ud800" <= character <= "\udfff" else ascii(character)[1:-1]


def tracebacks() -> bool:
    """Tell whether tracebacks and the warnings of other packages are asked for.

    Returns
    -------
    bool
        By the environment variable ``BAYES_NQP_TRACEBACK``.
    """
    return os.environ.get("BAYES_NQP_TRACEBACK", "0") not in ("", "0")


@contextmanager
def streams() -> Iterator[Callable[[], None]]:
    """Make both streams take any text, and keep other packages' remarks off them.

    Yields
    ------
    callable
        Writes what is still held back; raises `OutputError` where that cannot be.
    """
    lacking: list[str] = []
    codecs.register_error(_ERRORS, lambda error: _replaced(error, lacking))
    before = sys.stdout, sys.stderr
    closed = [number for number, stream in ((1, before[0]), (2, before[1])) if stream is None]
    _occupied(closed)
    sys.stdout = _wrapped(before[0], needed=True)
    sys.stderr = _wrapped(before[1], needed=False)
    held = logging.root.manager.disable
    try:
        with warnings.catch_warnings():
            if not tracebacks():
                logging.disable(logging.CRITICAL)
                sys.unraisablehook = _unseen
                _quieten()
            yield lambda: _flush(lacking)
    finally:
        logging.disable(held)
        sys.unraisablehook = sys.__unraisablehook__
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


def _replaced(error: UnicodeError, lacking: list[str]) -> tuple[str, int]:
    """Spell what an encoding lacks: a likeness, the byte of a name, or the number of the sign."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    pieces = []
    for sign in error.object[error.start : error.end]:
        code = ord(sign)
        if _BYTE + 0x80 <= code <= _BYTE + 0xFF:
            pieces.append(f"\\x{code - _BYTE:02x}")
        elif sign in _PLAIN:
            pieces.append(_PLAIN[sign])
        else:
            lacking.append(sign)
            pieces.append(sign.encode("ascii", "backslashreplace").decode())
    return "".join(pieces), error.end


def _occupied(closed: list[int]) -> None:
    """Put the null device where a stream was closed: a file opened later must not get its place."""
    for number in closed:
        null = os.open(os.devnull, os.O_RDWR)
        if null != number:
            os.dup2(null, number)
            os.close(null)


def _wrapped(stream: Any, *, needed: bool) -> Any:
    """A stream that takes any text; one that is no file, as in a test, is left alone."""
    if stream is None:
        raw, encoding, lines = None, "utf-8", False
    else:
        buffer = getattr(stream, "buffer", None)
        raw = getattr(buffer, "raw", buffer)  # it has no buffer of its own under python -u
        if not isinstance(raw, io.RawIOBase):
            return stream
        stream.flush()
        encoding, lines = stream.encoding, stream.line_buffering or raw is buffer
    writer = io.BufferedWriter(_Raw(raw, needed=needed))
    return io.TextIOWrapper(writer, encoding, _ERRORS, line_buffering=lines)


def _quieten() -> None:
    """Show warnings of this library as notes; those of other packages are for developers."""
    shown: set[str] = set()
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120

    def show(
        message: Warning | str, category: type[Warning], filename: str, *_: object, **__: object
    ) -> None:
        text = plain_text(str(message))
        ours = filename.startswith(home) and issubclass(category, UserWarning)
        if ours and text not in shown and not text.startswith(_GLYPH):
            shown.add(text)
            print(f"note: {text}", file=sys.stderr)

    # Processes that the work starts take their filters from there.
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    warnings.showwarning = show


def _unseen(_: object) -> None:
    """What went wrong while something was cleared away is no news."""


def _flush(lacking: list[str]) -> None:
    """Write what is held back; say once what the encoding lacked."""
    sys.stdout.flush()
    if lacking:
        print(
            f"note: the encoding of this terminal ({sys.stdout.encoding}) lacks characters, which "
            "are spelled \\u… here; files hold them. LC_ALL=C.UTF-8 or PYTHONUTF8=1 shows them",
            file=sys.stderr,
        )
    sys.stderr.flush()
