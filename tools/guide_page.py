"""Write the guide for assistants, `bayes_nqp/cli/guide.md`, which `bayes-nqp guide` prints.

The fixed part is `tools/guide_page.md`; names, checks and verdicts are listed from the library.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from tools.check_pages import WORDS

import bayes_nqp
from bayes_nqp.checks import CHECKS

PLACE = Path(bayes_nqp.__file__).parent / "cli" / "guide.md"
LIMIT = 30_000
"""Bytes that the guide may have."""


def guide() -> str:
    """Return the guide."""
    parts = [Path(__file__).with_suffix(".md").read_text(encoding="utf-8").rstrip(), ""]
    parts += ["## Verdicts", ""]
    parts += [f"- **{name}**: {row[0]}" for name, row in WORDS["en"]["verdict_rows"].items()]
    parts += ["", "## Checks", ""]
    for check in CHECKS.values():
        if check.find.__module__.startswith("bayes_nqp."):
            remedy = f" If it fails: {check.guide.remedy}." if check.guide else ""
            parts.append(f"- `{check.name}`: {check.question}{remedy}")
    parts += ["", "## Public names", ""]
    parts += [f"- `{name}`: {_first_line(name)}" for name in sorted(bayes_nqp.__all__)]
    return "\n".join(parts) + "\n"


def _first_line(name: str) -> str:
    """Return the first sentence of the docstring of a public name."""
    text = inspect.getdoc(getattr(bayes_nqp, name)) or ""
    return re.split(r"\n\s*\n", text)[0].replace("\n", " ")
