"""A commented study from a user's own file."""

from __future__ import annotations

import json
import os
import tempfile
import textwrap
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bayes_nqp.errors import NQPError, StudyError
from bayes_nqp.studies._add import write_beside
from bayes_nqp.studies._guess import Guess, guess
from bayes_nqp.studies._look import Look, look
from bayes_nqp.studies._study import Study, validate

__all__ = ["Proposal", "new"]

_ORDER = (
    "unit", "time", "cohort", "never", "treated", "outcome", "strata", "fill_down", "thousands",
    "missing",
)  # fmt: skip
_COLUMN = 28
"""Where reasons begin, beside short lines."""
_DROP = '\nunidentified = "drop"        # cells that the data cannot identify are left out'


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A study that was written for a file.

    Parameters
    ----------
    path : Path
        The study.
    guess : Guess
        What was guessed, and why.
    study : Study or None
        As it was validated; None if it does not run yet.
    problem : str
        What stands in the way; "" for nothing.
    """

    path: Path
    guess: Guess
    study: Study | None
    problem: str = ""


def new(
    file: str | Path, out: str | Path | None = None, *, roles: Mapping[str, Any] | None = None
) -> Proposal:
    """Write a commented study for a file, by looking at its columns.

    Parameters
    ----------
    file : str or Path
        A .csv, .xlsx, .dta or .parquet file.
    out : str or Path, optional
        The study; beside the file, with the ending .toml, by default. It must not be there.
    roles : mapping, optional
        Columns that are known: unit, time, outcome, cohort, treated, strata.

    Returns
    -------
    Proposal

    Raises
    ------
    PanelError
        If the file cannot be read, or no columns can be the unit, the time or the outcome.
    StudyError
        If the study is there already, or cannot be written.
    """
    file = Path(file)
    path = Path(out) if out is not None else file.with_suffix(".toml")
    if os.path.lexists(path):
        raise StudyError(
            f"{str(path)!r} is there already, and nothing is overwritten",
            hint="--out another.toml",
        )
    found = look(file)
    made = guess(found, {k: x for k, x in (roles or {}).items() if x})
    if not path.parent.is_dir():
        raise StudyError(f"there is no folder {str(path.parent)!r}", hint="make it first")
    problem, study, text = "", None, ""
    for extra in ("", _DROP):
        text = _text(found, made, file, path, extra, "")
        study, problem = _tried(text, path)
        if study is not None:
            break
    if study is None:
        text = _text(found, made, file, path, "", problem)
    elif made.mediators:
        text = _with_channels(text, made, path)
    write_beside(path, text)
    return Proposal(path, made, validate(path) if study is not None else None, problem)


def _tried(text: str, path: Path) -> tuple[Study | None, str]:
    """Validate a study beside where it will be."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".toml")
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return validate(beside), ""
    except NQPError as error:
        return None, str(error).replace(beside.name, path.name)
    finally:
        beside.unlink(missing_ok=True)


def _with_channels(text: str, made: Guess, path: Path) -> str:
    """Offer channels as comments, if the study runs with them."""
    lines = f"[channels]\nmediators = {_said(made.mediators)}\n"
    study, problem = _tried(text + "\n" + lines, path)
    head = (
        "# Channels: does the policy work through these? Their names suggest it. Take away the #\n"
    )
    if study is None:
        head += "# once this is mended: " + problem.splitlines()[0] + "\n"
    offered = head + "".join(f"# {line}\n" for line in lines.splitlines())
    return text.replace("[report]\n", f"{offered}\n[report]\n", 1)


def _text(found: Look, made: Guess, file: Path, path: Path, extra: str, problem: str) -> str:
    """Write the study."""
    source = Path(os.path.relpath(file.resolve(), path.resolve().parent)).as_posix()
    head = [
        f"# A study of {file.name}, guessed from its columns. Confirm every line, then",
        "#",
        f"#   bayes-nqp validate {path.name}     what the data can answer",
        f"#   bayes-nqp run {path.name}          fits, checks, tables and figures",
        "#",
        "# docs/studies.md says what else can be written here.",
    ]
    if problem:
        head += ["#", "# IT DOES NOT RUN YET:", *(f"#   {line}" for line in problem.splitlines())]
    outcome = made.roles["outcome"]
    body = ["", f"title = {_said(f'What did the policy do to {outcome}?')}", "", "[data]"]
    body.append(_key("file", source, ""))
    body += [_key(k, x, found.reasons.get(k, "")) for k, x in found.keys.items()]
    body += [_key(k, made.roles[k], made.reasons.get(k, "")) for k in _ORDER if k in made.roles]
    if not ({"cohort", "treated"} & set(made.roles) or made.zones):
        body.append('# cohort = "…"   # first treated period of each unit, empty for never')
    if made.covariates:
        body.append("# These vary over time. As covariates they must not respond to the policy.")
        body.append(f"# covariates = {_said(made.covariates)}")
    if made.zones:
        body += ["", "[data.zones]", *_comment(made.reasons["zones"])]
        body += [_key(k, x, made.reasons.get(k, "")) for k, x in made.zones.items()]
        body.append('# rule = "next_year_after_june"   # instead of the year of approval')
    strata = made.roles.get("strata", [])
    body += [
        "",
        "[design]",
        "# Effects of groups and cohorts share strength; each unit has its own deviation.",
        f'effect = {{ type = "Partial"{f", strata = {_said(strata)}" if strata else ""}, '
        'varying = "unit" }',
        _key("errors", "AR1", "errors of a unit are correlated over time") + extra,
    ]
    body += [
        "",
        "[sampler]",
        'type = "IMH"',
        "draws = 1000",
        "chains = 4",
        _key("seed", int(f"{date.today():%Y%m%d}"), "the same seed gives the same draws"),
        "",
        "[report]",
        _key("outcome", outcome, "what figures call it"),
        _key(
            "language",
            *(("zh", 'or "en"') if _width(outcome) > len(outcome) else ("en", 'or "zh"')),
        ),
        _key("formats", ["html", "docx"], "a report to read and to edit, in report/"),
        "",
        "# All checks run; to choose some:",
        "# [checks]",
        '# run = ["convergence", "support", "pretrends", "sensitivity"]',
    ]
    return "\n".join([*head, *body]).rstrip() + "\n"


def _key(key: str, value: Any, reason: str) -> str:
    line = f"{key} = {_said(value)}"
    if not reason:
        return line
    if _width(line) > _COLUMN or _width(reason) > 90 - _COLUMN:
        return "\n".join([*_comment(reason), line])
    return f"{line}{' ' * (_COLUMN - _width(line))} # {reason}"


def _width(text: str) -> int:
    """Columns that a text takes in an editor; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _comment(text: str) -> list[str]:
    """Break a reason into lines of comment."""
    return [f"# {line}" for line in textwrap.wrap(text, 94)]


def _said(value: Any) -> str:
    """Write a value as TOML."""
    return json.dumps(value, ensure_ascii=False)
