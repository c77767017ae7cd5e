"""A panel as text and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp.columns import counted
from bayes_nqp.errors import shown
from bayes_nqp.markup import facts_html, facts_text

if TYPE_CHECKING:
    from bayes_nqp.panel._panel import Panel


def facts(panel: Panel) -> dict[str, str]:
    """Describe a panel, one line each."""
    first, last = panel.time_labels[0], panel.time_labels[-1]
    full = panel.n_units * panel.periods
    filled = "balanced" if panel.balanced else f"unbalanced, {panel.n_rows / full:.1%} filled"
    adopted = panel.cohort_codes[panel.cohort_codes >= 0]
    codes, sizes = np.unique(adopted, return_counts=True)
    out = {
        "outcome": panel.roles.outcome,
        "rows": f"{panel.n_rows:,} ({filled})",
        "units": f"{panel.n_units:,} ({panel.roles.unit}){_treated(panel, len(adopted))}",
        "periods": f"{panel.periods} ({panel.roles.time}), {first} to {last}",
        "cohorts": shown(
            (f"{panel.time_labels[c]}: {n}" for c, n in zip(codes, sizes, strict=True)), 12
        )
        or "none",
    }
    if panel.roles.cohort is None:
        del out["cohorts"]
    for factor in panel.roles.strata:
        out[factor] = _stratum(panel, factor)
    for part in ("covariates", "mediators", "moderators", "exposures"):
        names = getattr(panel.roles, part)
        if names:
            out[part] = shown(names, 12)
    if panel.roles.weights:
        out["weights"] = panel.roles.weights
    if panel.dropped:
        out["missing"] = shown((f"{k} {counted(n, 'row')}" for k, n in panel.dropped.items()), 12)
    return out


def _treated(panel: Panel, adopted: int) -> str:
    if panel.roles.cohort is None:
        return ""
    return f", {adopted:,} treated, {panel.n_units - adopted:,} never"


def _stratum(panel: Panel, factor: str) -> str:
    codes, treated = panel.strata_codes[factor], panel.cohort_codes >= 0
    total = np.bincount(codes, minlength=len(panel.levels[factor]))
    adopted, dated = np.bincount(codes[treated], minlength=len(total)), bool(panel.roles.cohort)
    return shown(
        (
            f"{level} {counted(n, 'unit')}" + (f" ({k} treated)" if dated else "")
            for level, n, k in zip(panel.levels[factor], total, adopted, strict=True)
        ),
        8,
    )


def text(panel: Panel) -> str:
    """Write a panel as text."""
    notes = [f"  note: {note}" for note in panel.notes]
    return "\n".join([facts_text("Panel", facts(panel)), *notes])


def html(panel: Panel) -> str:
    """Write a panel as a small table."""
    return facts_html("Panel", facts(panel), notes=panel.notes)
