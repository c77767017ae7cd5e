"""Where runs keep what they computed."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_VARIABLE = "BAYES_NQP_STORE"


def store_folder() -> Path | None:
    """Where runs keep what they computed: the user's folder of caches, another one, or nowhere."""
    named = os.environ.get(_VARIABLE, "")
    if named.lower() == "none":
        return None
    return Path(named) if named else platformdirs.user_cache_path("bayes_nqp", False) / "runs"
