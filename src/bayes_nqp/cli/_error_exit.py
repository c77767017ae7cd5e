"""Error handling of the command line: every error becomes a message and an exit code."""

from __future__ import annotations

import codecs
import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from bayes_nqp.cli._streams import OutputError, plain_text, tracebacks

_WANTED = "PYTHONUTF8"
_STREAMS = "PYTHONIOENCODING"


def in_utf8() -> None:
    """Restart in Python's UTF-8 mode if file names could only be ASCII.

    Python uses this mode in the locales C and POSIX unless it is disabled; without it, figures with
    Chinese file names could not be written. Printed output keeps the encoding of the terminal.
    """
    ascii_only = codecs.lookup(sys.getfilesystemencoding()).name == "ascii"
    if not ascii_only or os.environ.get(_WANTED) == "1" or not sys.executable:
        return
    encoding = sys.stdout.encoding if sys.stdout is not None else "ascii"
    environment = {_STREAMS: encoding, **os.environ, _WANTED: "1"}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


FAILED, REFUSED, FAULT, SYSTEM, OMITTED, UNWRITABLE = 1, 2, 70, 71, 73, 74
INTERRUPTED, UNREAD = 130, 141
CODES = (
    "Exit codes: 0 done; 1 the sampler failed, with --strict also convergence diagnostics or a "
    "check, or a new study does not run yet; 2 refused, with what to try; 70 a fault of bayes_nqp; "
    "71 the system gave out (memory, disk, permissions); 73 a part of the results could not be "
    "made, and all others are there; 74 the output could not be written; 130 interrupted; 141 "
    "nobody reads the output; 129 and 143 ended by SIGHUP and SIGTERM."
)
"""For the help."""
_GOES_ON = (
    "Interrupted; no results were written. What was computed is kept, and the same command goes on "
    "from there."
)
_NEEDED = 1 << 30
"""Bytes of address space without which the libraries beneath cannot even be loaded: they end the
process themselves, in their own words."""
_NO_MEMORY = ("failed to map segment", "cannot allocate memory", "can't start new thread")


def error(message: str) -> None:
    """Print an error; requires only standard error."""
    text = plain_text(message)
    coloured = sys.stderr.isatty() and os.name != "nt" and "NO_COLOR" not in os.environ
    print(f"\x1b[31m{text}\x1b[0m" if coloured else text, file=sys.stderr)


@contextmanager
def door(*, loads: bool = True, study: Path | None = None, resumes: bool = False) -> Iterator[None]:
    """Convert all errors inside a ``with`` block to messages and exit codes.

    Parameters
    ----------
    loads : bool, default True
        If True, the block imports the numerical libraries and needs memory for them.
    study : Path, optional
        Study that determines the language of errors.
    resumes : bool, default False
        If True, the same command can continue after an interruption.

    Raises
    ------
    SystemExit
        With the exit code.
    """
    try:
        if loads:
            _check_memory()
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt as stop:
        code = getattr(stop, "code", INTERRUPTED)
        _leave(stop, code, _GOES_ON if resumes else "Interrupted; nothing was written.")
    except Exception as problem:
        _leave(problem, *_worded(problem, study))


def _leave(problem: BaseException, code: int, words: str) -> None:
    if tracebacks():
        traceback.print_exception(problem)
    if words:
        error(words)
    raise SystemExit(code) from None


def _worded(problem: Exception, study: Path | None) -> tuple[int, str]:
    """Return the exit code, the problem and a suggestion."""
    from bayes_nqp._core.exceptions import ConvergenceError, NQPError, speaking
    from bayes_nqp.studies import language_of

    if isinstance(problem, NQPError):
        code = FAILED if isinstance(problem, ConvergenceError) else REFUSED
        language = problem.language or (language_of(study) if study is not None else "")
        notes = getattr(problem, "__notes__", ())
        if not language:
            return code, "\n".join([str(problem), *notes])
        with speaking("toml"):
            return code, "\n".join([problem.in_(language), *notes])
    if isinstance(problem, OutputError):
        if problem.unread:
            return UNREAD, ""
        return UNWRITABLE, (
            f"The output could not be written: {problem}.\n"
            "Try: redirect standard output elsewhere, or free disk space; files that were "
            "reported as written are complete."
        )
    if _is_memory(problem):
        return SYSTEM, _memory(str(problem))
    if isinstance(problem, OSError) and problem.errno is not None:
        return SYSTEM, _system(problem)
    return FAULT, _fault(problem)


def _is_memory(problem: Exception) -> bool:
    if isinstance(problem, MemoryError) or getattr(problem, "errno", None) == errno.ENOMEM:
        return True
    text = str(problem).lower()
    return isinstance(problem, ImportError | OSError | RuntimeError) and any(
        words in text for words in _NO_MEMORY
    )


def _memory(words: str) -> str:
    detail = f" ({words.rstrip('.')})" if words else ""
    return (
        f"There is not enough memory{detail}.\n"
        "Try: fewer draws or chains in [sampler], fewer strata, or a smaller file; close other "
        "programs; or lift a limit (ulimit -v unlimited)."
    )


def _system(problem: OSError) -> str:
    if isinstance(problem, FileNotFoundError) and not _here():
        return (
            "The current folder does not exist any more.\n"
            "Try: cd to an existing folder and repeat the command."
        )
    place = f": {str(problem.filename)!r}" if problem.filename else ""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free disk space, or use --out on another disk"
    elif problem.errno in (errno.EMFILE, errno.ENFILE):
        hint = "close other programs, or allow more open files (ulimit -n 1024)"
    else:
        hint = "check that the file or folder exists and is readable or writable"
    return f"The system reported an error{place} ({problem.strerror or problem}).\nTry: {hint}."


def _here() -> bool:
    """Return True if the working directory exists."""
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _fault(problem: Exception) -> str:
    steps = traceback.extract_tb(problem.__traceback__)
    frames = [step for step in steps if "bayes_nqp" in Path(step.filename).parts] or list(steps)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    words = " ".join(str(problem).split())
    words = f": {words[:300]}" if words else ""
    return (
        f"This is a bug in bayes_nqp, not in your study: {type(problem).__name__}{words}{place}."
        "\n"
        "Try: report it with the study and the traceback that the same command prints with "
        "BAYES_NQP_TRACEBACK=1."
    )


def _check_memory() -> None:
    """Test if the process may use the memory that imports require."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _NEEDED:
        raise MemoryError(
            f"a limit of {limit >> 20} MB is set, but imports alone need {_NEEDED >> 20} MB"
        )
