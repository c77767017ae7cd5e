"""Descriptions of a panel as text and in a notebook."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.templates import facts_html, facts_text
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.panel._paths import switches
from bayes_nqp.data.reading import counted

_ROLES = {
    "covariates": Message("covariates", context="role"),
    "mediators": Message("mediators", context="role"),
    "moderators": Message("moderators", context="role"),
    "exposures": Message("exposures", context="role"),
}


def facts(panel: Rectangle) -> dict[str, Message]:
    """Describe a panel in lines; keys are English names, which are messages too."""
    first, last = (str(panel.time_labels[k]) for k in (0, -1))
    share = panel.n_rows / (panel.n_units * panel.periods)
    filled = (
        Message("balanced") if panel.balanced else Message("unbalanced, {:.1%} observed", share)
    )
    roles = panel.roles
    out: dict[str, Message] = {
        Message("outcome", context="role"): Message("{}", roles.outcome),
        Message("rows", context="role"): Message("{:,} ({})", panel.n_rows, filled),
        Message("units", context="role"): _units(panel),
        Message("periods", context="role"): Message(
            "{} ({}), {} to {}", panel.periods, roles.time, first, last
        ),
    }
    if roles.cohort is not None:
        treated = panel.cohort_codes >= 0
        sizes = np.bincount(panel.cohort_codes[treated], panel.counts[treated], panel.periods)
        pairs = zip(panel.time_labels, sizes, strict=True)
        listed = shown((f"{label}: {n:.0f}" for label, n in pairs if n), 12)
        out[Message("cohorts", context="role")] = listed or Message("none")
    if panel.ends:
        out[Message("exits", context="role")] = _exits(panel)
    out |= {Message("{}", factor): _stratum(panel, factor) for factor in roles.strata}
    named = {word: getattr(roles, part) for part, word in _ROLES.items()}
    out |= {word: shown(names, 12) for word, names in named.items() if names}
    if roles.weights:
        out[Message("weights", context="role")] = Message("{}", roles.weights)
    if roles.outcome_se:
        out[Message("standard errors of the outcome")] = Message("{}", roles.outcome_se)
    if roles.exposure:
        name = Message("exposure" if roles.outcome_se is None else "numbers of persons")
        out[name] = Message("{}", roles.exposure)
    if roles.trials:
        out[Message("number of trials")] = Message("{}", roles.trials)
    if panel.dropped:
        gaps = (Message("{} {}", k, counted(n, "row")) for k, n in panel.dropped.items())
        out[Message("missing", context="role")] = shown(gaps, 12)
    return out


def _units(panel: Rectangle) -> Message:
    adopted = round(panel.counts[panel.cohort_codes >= 0].sum())
    units = Message("{:,} ({})", panel.n_units, panel.roles.unit)
    if panel.summed:
        units = Message("{}, aggregated into {:,}", units, panel.unit_labels.size)
    if panel.roles.cohort is None:
        return units
    return Message("{}, {:,} treated, {:,} never treated", units, adopted, panel.n_units - adopted)


def _exits(panel: Rectangle) -> Message:
    spell, _, end = switches(panel.treatment_path)
    last = np.where(panel.treatment_path[:, -1], -1, end[:, -1])
    pairs = zip(
        panel.time_labels, np.bincount(last[last >= 0], minlength=panel.periods), strict=True
    )
    listed = shown((f"{label}: {n}" for label, n in pairs if n), 12)
    again = int((spell[:, -1] > 1).sum())
    return Message("{}; treated again: {:,}", listed, again) if again else listed


def _stratum(panel: Rectangle, factor: str) -> Message:
    codes, treated = panel.strata_codes[factor], panel.cohort_codes >= 0
    levels, n = panel.levels[factor], len(panel.levels[factor])
    sizes = (np.rint(np.bincount(codes, x, n)) for x in (panel.counts, panel.counts * treated))
    lines = []
    for level, units, adopted in zip(levels, *sizes, strict=True):
        line = Message("{} {}", str(level), counted(int(units), "unit"))
        dated = panel.roles.cohort is not None
        lines.append(Message("{} ({} treated)", line, int(adopted)) if dated else line)
    return shown(lines, 8)


def text(panel: Rectangle, translate: Translator) -> str:
    """Write a panel as text."""
    notes = [f"  {translate('note: {}', note)}" for note in panel.notes]
    return "\n".join([facts_text(translate("Panel"), facts(panel), translate), *notes])


def html(panel: Rectangle, translate: Translator) -> str:
    """Write a panel as a small table."""
    notes = [translate.name(note) for note in panel.notes]
    return facts_html(translate("Panel"), facts(panel), notes=notes, translate=translate)
