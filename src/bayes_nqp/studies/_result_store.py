"""Folder in which runs store computed results."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_VARIABLE = "BAYES_NQP_STORE"


def store_folder() -> Path | None:
    """Return the folder of stored results: the user's cache, another folder, or None."""
    named = os.environ.get(_VARIABLE, "")
    if named.lower() == "none":
        return None
    return Path(named) if named else platformdirs.user_cache_path("bayes_nqp", False) / "runs"
