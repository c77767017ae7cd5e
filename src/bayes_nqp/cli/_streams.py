"""Standard output and standard error, including full, closed and non-Unicode streams."""

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
    """Error for output that standard output does not accept.

    Parameters
    ----------
    reason : OSError
        Error of the system.
    """

    def __init__(self, reason: OSError) -> None:
        super().__init__(reason.strerror or str(reason))
        self.reason = reason

    @property
    def unread(self) -> bool:
        """Return True if the reader has closed the stream, as ``head`` does."""
        return self.reason.errno in (errno.EPIPE, errno.ESHUTDOWN)


class _Raw(io.RawIOBase):
    """Byte stream that discards output after a failure.

    Parameters
    ----------
    raw : RawIOBase or None
        Stream; None if it was closed before the program began.
    needed : bool
        If True, report a failure; failures of standard error never stop the program.
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
    """Remove escape sequences of terminals from names and titles.

    Returns
    -------
    str
        Text with line ends and tabs; other control characters are spelled out.
    """
    return UNPRINTABLE.sub(lambda found: _spelled(found[0]), text)


def _spelled(character: str) -> str:
    """Spell out a character; undecodable bytes of names are spelled when written."""
    return character if "\ud800" <= character <= "\udfff" else ascii(character)[1:-1]


def tracebacks() -> bool:
    """Return True if tracebacks and warnings of other packages are requested.

    Returns
    -------
    bool
        Value of the environment variable ``BAYES_NQP_TRACEBACK``.
    """
    return os.environ.get("BAYES_NQP_TRACEBACK", "0") not in ("", "0")


@contextmanager
def streams() -> Iterator[Callable[[], None]]:
    """Make both streams accept any text, and suppress messages of other packages.

    Yields
    ------
    callable
        Function that writes buffered output; raises `OutputError` on failure.
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
    """Replace characters that an encoding lacks by a similar one, a byte or a code point."""
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
    """Open the null device in place of a closed stream, so that files do not get its number."""
    for number in closed:
        null = os.open(os.devnull, os.O_RDWR)
        if null != number:
            os.dup2(null, number)
            os.close(null)


def _wrapped(stream: Any, *, needed: bool) -> Any:
    """Return a stream that accepts any text; streams that are not files are not changed."""
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
    """Show warnings of this library as notes; hide those of other packages."""
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
    """Ignore errors during cleanup."""


def _flush(lacking: list[str]) -> None:
    """Write buffered output; report once the characters that the encoding lacks."""
    sys.stdout.flush()
    if lacking:
        print(
            f"note: the encoding of this terminal ({sys.stdout.encoding}) lacks characters; they "
            "are printed as \\u… here but are correct in files. Set LC_ALL=C.UTF-8 or PYTHONUTF8=1",
            file=sys.stderr,
        )
    sys.stderr.flush()
