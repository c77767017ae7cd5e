"""``table.save(path)``: write a table in the format of the file extension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError, shown
from bayes_nqp._core.io import write_csv
from bayes_nqp._core.validation import attribute

_CALLED = {"excel": "xlsx", "latex": "tex", "markdown": "md"}
"""Suffixes of formats whose methods are called otherwise."""


@attribute("Table")
def save(table: nqp.Table, path: str | Path, **options: Any) -> Path:
    """Write a table to a file, in the format of the file extension.

    Parameters
    ----------
    path : str or Path
        ``.docx``, ``.xlsx``, ``.tex``, ``.html``, ``.md`` or ``.csv`` (text as printed); an
        existing file is replaced.
    **options
        Options of the format, such as ``label`` of ``to_latex``.

    Returns
    -------
    Path
        Path of the file.

    Raises
    ------
    StudyError
        If the extension is not supported.
    """
    from bayes_nqp.output.tables import TABLE_FORMATS

    path = Path(path)
    if path.suffix.lower() == ".csv":
        rows = table.to_frame(text=True)
        named = any(name is not None for name in rows.index.names)
        return write_csv(rows.reset_index() if named else rows, path, **options)
    names = (form.method.removeprefix("to_") for form in TABLE_FORMATS.values())
    methods = {f".{_CALLED.get(name, name)}": f"to_{name}" for name in names}
    for other in (".frame", ".maketables"):
        methods.pop(other, None)
    if path.suffix.lower() not in methods:
        raise StudyError(
            f"'path' {path.name!r} has no suffix of a format of tables",
            hint=f"table.docx, or another of {shown([*methods, '.csv'])}",
        )
    getattr(table, methods[path.suffix.lower()])(path, **options)
    return path
