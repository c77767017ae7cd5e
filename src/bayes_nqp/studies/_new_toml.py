"""Lines of a proposed study: keys with values and reasons, and comments."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from bayes_nqp._core.texts import folded, one_line, size_of

_COLUMN: Final = 28
"""Column at which reasons start, after short lines."""


def key_line(key: str, value: Any, reason: str) -> str:
    """Write a key and its value, with the reason as a comment."""
    line, reason = f"{key} = {toml_text(value)}", one_line(reason)
    if not reason:
        return line
    if size_of(line) > _COLUMN or size_of(reason) > 90 - _COLUMN:
        return "\n".join([*comment(reason), line])
    return f"{line}{' ' * (_COLUMN - size_of(line))} # {reason}"


def comment(text: str) -> list[str]:
    """Break a reason into comment lines."""
    return [f"# {line}" for line in folded(one_line(text), 94)]


def toml_text(value: Any) -> str:
    """Write a value as TOML."""
    if isinstance(value, dict):
        pairs = (f"{toml_text(key)} = {toml_text(x)}" for key, x in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_text, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
