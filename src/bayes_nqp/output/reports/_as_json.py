"""The answer of a report as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from bayes_nqp._core.io import write_text
from bayes_nqp.output.reports._content import Document
from bayes_nqp.output.reports._registry import report_format


@report_format("json", place=30)
def _write(document: Document, folder: Path) -> Path:
    """Write the content of the first page as ``answer.json``."""
    text = json.dumps(document.facts, ensure_ascii=False, indent=2, allow_nan=False)
    return write_text(folder / "answer.json", text + "\n")
