"""The words of a study that is proposed for a file."""

from __future__ import annotations

import json
import os
import textwrap
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

from bayes_nqp.files import in_shell
from bayes_nqp.intake import Guess, Look
from bayes_nqp.language import Message, language_of, languages

__all__ = ["study_text", "with_channels"]

_ORDER: Final = (
    "unit", "time", "cohort", "never", "treated", "outcome", "strata", "fill_down", "thousands",
    "missing",
)  # fmt: skip
_COLUMN: Final = 28
"""Where reasons begin, beside short lines."""


def study_text(
    found: Look, made: Guess, file: Path, path: Path, *, drop: bool = False, problem: str = ""
) -> str:
    """Write a study.

    Parameters
    ----------
    found : Look
        The file.
    file, path : Path
        Of the data, and of the study.
    drop : bool, default False
        Whether what the data cannot identify is left out.
    problem : str, default ""
        Why it does not run yet.
    """
    outcome = made.roles["outcome"]
    language = language_of(outcome)
    title = Message("What did the policy do to {}?", outcome).in_(language)
    lines = [
        *_head(file, path, problem),
        "",
        f"title = {_said(title)}",
        "",
        *_data(found, made, file, path),
        *_zones(made),
        *_design(made, drop),
        *_rest(outcome, language),
    ]
    return "\n".join(lines).rstrip() + "\n"


def with_channels(text: str, made: Guess, problem_of: Callable[[str], str]) -> str:
    """Offer channels as comments, if the study runs with them.

    Parameters
    ----------
    problem_of : callable
        What is wrong with a study of a text; "" for nothing.
    """
    lines = f"[channels]\nmediators = {_said(made.mediators)}\n"
    problem = problem_of(text + "\n" + lines)
    offered = [
        "# Channels: does the policy work through these? Their names suggest it. Take away the #"
    ]
    if problem:
        offered.append(f"# once this is mended: {problem.splitlines()[0]}")
    for name, others in made.alike.items():
        offered += _comment(f"{name} stands for its channel; so could {', '.join(others)}")
    offered += [f"# {line}" for line in lines.splitlines()]
    return text.replace("[report]\n", "\n".join([*offered, "", "[report]", ""]), 1)


def _head(file: Path, path: Path, problem: str) -> list[str]:
    name = in_shell(path)
    commands = {
        f"bayes-nqp validate {name}": "what the data can answer",
        f"bayes-nqp run {name}": "fits, checks, tables and figures",
        f"make study STUDY={name}": "the same, in a clone of the library",
    }
    wide = max(_width(command) for command in commands)
    head = [
        f"# A study of {file.name}, guessed from its columns. Confirm every line, then",
        "#",
        *(f"#   {one}{' ' * (wide - _width(one))}     {x}" for one, x in commands.items()),
        "#",
        "# docs/studies.md says what else can be written here.",
    ]
    if problem:
        head += ["#", "# IT DOES NOT RUN YET:", *(f"#   {line}" for line in problem.splitlines())]
    return head


def _data(found: Look, made: Guess, file: Path, path: Path) -> list[str]:
    source = Path(os.path.relpath(file.resolve(), path.resolve().parent)).as_posix()
    body = ["[data]", _key("file", source, "")]
    body += [_key(k, x, found.reasons.get(k, "")) for k, x in found.keys.items()]
    body += [_key(k, made.roles[k], made.reasons.get(k, "")) for k in _ORDER if k in made.roles]
    if not ({"cohort", "treated"} & set(made.roles) or made.zones):
        body.append('# cohort = "…"   # first treated period of each unit, empty for never')
    if made.covariates:
        body.append("# These vary over time. As covariates they must not respond to the policy.")
        body.append(f"# covariates = {_said(made.covariates)}")
    for note in made.notes:
        body += _comment(note)
    return body


def _zones(made: Guess) -> list[str]:
    if not made.zones:
        return []
    return [
        "",
        "[data.zones]",
        *_comment(made.reasons["zones"]),
        *(_key(k, x, made.reasons.get(k, "")) for k, x in made.zones.items()),
        '# rule = "next_year_after_june"   # instead of the year of approval',
    ]


def _design(made: Guess, drop: bool) -> list[str]:
    strata = made.roles.get("strata", [])
    said = f", strata = {_said(strata)}" if strata else ""
    return [
        "",
        "[design]",
        "# Effects of groups and cohorts share strength; each unit has its own deviation.",
        f'effect = {{ type = "Partial"{said}, varying = "unit" }}',
        _key("errors", "AR1", "errors of a unit are correlated over time"),
        *([_key("unidentified", "drop", "what the data cannot identify is left out")] * drop),
    ]


def _rest(outcome: str, language: str) -> list[str]:
    others = " or ".join(f'"{other}"' for other in languages() if other != language)
    return [
        "",
        "[sampler]",
        'type = "Importance"',
        "draws = 1000",
        "chains = 4",
        _key("seed", int(f"{date.today():%Y%m%d}"), "the same seed gives the same draws"),
        "",
        "[report]",
        _key("outcome", outcome, "what figures call it"),
        _key("language", language, f"or {others}"),
        _key("formats", ["html", "docx"], "a report to read and to edit, in report/"),
        "",
        "# All checks run; to choose some:",
        "# [checks]",
        '# run = ["convergence", "support", "pretrends", "sensitivity"]',
    ]


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
