"""The words of a study that is proposed for a file."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from bayes_nqp._core.i18n import Message, Translator, languages, listed
from bayes_nqp._core.io import in_shell
from bayes_nqp._core.labels import labels_of
from bayes_nqp._core.texts import folded, one_line, size_of
from bayes_nqp.data.column_inference import Guess, Look
from bayes_nqp.data.reading import STEPS, counted, joined_unit

type Drop = Literal["no", "offered", "taken"]

_ORDER: Final = (
    "unit", "time", "cohort", "never", "treated", "outcome", "strata",
)  # fmt: skip
_COLUMN: Final = 28
"""Where reasons begin, beside short lines."""


def study_text(
    overview: Look,
    proposal: Guess,
    file: Path,
    path: Path,
    *,
    drop: Drop = "no",
    problem: str = "",
    doubtful: bool = False,
) -> str:
    """Write a study.

    Parameters
    ----------
    overview : Look
        The file.
    file, path : Path
        Of the data, and of the study.
    drop : {"no", "offered", "taken"}, default "no"
        Whether what the data cannot identify is left out.
    problem : str, default ""
        Why it does not run yet.
    doubtful : bool, default False
        Whether it could, and should not.
    """
    translate = proposal.translate
    # a file of Stata or SPSS carries a label of the column
    outcome = labels_of(overview.aside).name(proposal.roles["outcome"], translate.language)
    lines = [
        *_head(file, path, problem, translate, HEADINGS[doubtful]),
        "",
        f"title = {toml_text(translate('What did the policy do to {}?', outcome))}",
        "",
        *_data(overview, proposal, file, path),
        *_zones(proposal),
        *_design(proposal, drop),
        *_rest(outcome, translate),
    ]
    return "\n".join(lines).rstrip() + "\n"


def with_channels(text: str, proposal: Guess, problem_of: Callable[[str], str]) -> str:
    """Write channels: as comments, unless the file states them and the study runs with them.

    Parameters
    ----------
    problem_of : callable
        What is wrong with a study of a text; "" for nothing.
    """
    translate = proposal.translate
    lines = f"[channels]\nmediators = {toml_text(proposal.mediators)}\n"
    problem = problem_of(text + "\n" + lines)
    stated = proposal.stated("mediator")
    why = proposal.as_stated(stated[0]) if stated else _CHANNELS
    offered = comment(translate.name(why))
    if problem:
        offered.append(f"# {translate('once this is mended: {}', problem.splitlines()[0])}")
    for name, others in proposal.alike.items():
        spare = listed(others, len(others))
        offered += comment(translate("{} stands for its channel; so could {}", name, spare))
    taken = stated and not problem
    offered += [line if taken else f"# {line}" for line in lines.splitlines()]
    return text.replace("[report]\n", "\n".join([*offered, "", "[report]", ""]), 1)


_CHANNELS: Final = Message(
    "Channels: does the policy work through these? Their names suggest it. Take away the #"
)
_COVARIATES: Final = Message(
    "These vary over time. As covariates they must not respond to the policy."
)
_SHARE_OF: Final = Message(
    "Effects of groups and cohorts are pooled in part; units of one {} deviate together, "
    "since the policy comes to all of them."
)
_SHARE: Final = Message(
    "Effects of groups and cohorts share strength; each unit has its own deviation."
)
_FIRST: Final = Message("A study of {}, guessed from its columns. Confirm every line, then")
_SEED: Final = Message("the same seed gives the same draws")
HEADINGS: Final = (Message("It does not run yet:"), Message("It should not run yet:"))
"""What stands above a problem; the second where it could run."""
CAN_RUN: Final = Message("It can run:")
DROPPED: Final = Message("what the data cannot identify is left out")
"""Why a design drops effects."""


def _head(
    file: Path, path: Path, problem: str, translate: Translator, heading: Message
) -> list[str]:
    name = one_line(in_shell(path))
    commands = {
        f"bayes-nqp validate {name}": translate("what the data can answer"),
        f"bayes-nqp run {name}": translate("fits, checks, tables and figures"),
        f"make study STUDY={name}": translate("the same, in a clone of the library"),
    }
    wide = max(size_of(command) for command in commands)
    first = translate(
        "A study of {}, guessed from its columns. Confirm every line, then", file.name
    )
    head = [
        f"# {one_line(first)}",
        "#",
        *(f"#   {line}{' ' * (wide - size_of(line))}     {x}" for line, x in commands.items()),
        "#",
        f"# {translate('docs/studies.md says what else can be written here.')}",
    ]
    if problem:
        head += ["#", f"# {translate.name(heading).upper()}"]
        head += [f"#   {line}" for line in problem.splitlines()]
    return head


def _data(overview: Look, proposal: Guess, file: Path, path: Path) -> list[str]:
    translate, reasons = proposal.translate, proposal.reasons
    source = Path(os.path.relpath(file.resolve(), path.resolve().parent)).as_posix()
    keys = {key: proposal.roles[key] for key in _ORDER if key in proposal.roles}
    if isinstance(proposal.parts, list) and keys["unit"] == joined_unit(proposal.parts):
        keys["unit"] = proposal.parts
    body = ["[data]", _key("file", source, "")]
    body += [_key(key, value, translate.name(reasons.get(key, ""))) for key, value in keys.items()]
    if not ({"cohort", "treated"} & set(proposal.roles) or proposal.merges):
        body += [f"# {key} = {toml_text(name)}" for key, name in proposal.offers]
        body += [f'# cohort = "…"   # {translate(_COHORT)}'] * (not proposal.offers)
    if proposal.covariates:
        line = f"covariates = {toml_text(proposal.covariates)}"
        stated = proposal.stated("covariate")
        if stated:
            body += comment(translate.name(proposal.as_stated(stated[0])))
        body += [f"# {translate(_COVARIATES)}", line if stated else f"# {line}"]
    body += [line for note in proposal.notes for line in comment(translate.name(note))]
    return [*body, *_read(proposal)]


def _read(proposal: Guess) -> list[str]:
    """The steps of reading, each with its reason and how many cells it changes."""
    if not proposal.steps:
        return []
    translate, lines = proposal.translate, ["", "[data.read]", f"# {proposal.translate(_UNDO)}"]
    for key, finding in proposal.steps.items():
        size = counted(finding.count, STEPS[key].of)
        reason = translate("{} ({})", translate.name(finding.reason), size)
        *why, line = _key(key, finding.value, reason).splitlines()
        lines += [*why, f"# {line}" if finding.offered else line]
    return lines


_UNDO: Final = Message("How cells are read; without a line, they are as they stand in the file.")


_COHORT: Final = Message("first treated period of each unit, empty for never")


def _zones(proposal: Guess) -> list[str]:
    """The table of the zones: as comments, but where they were asked for."""
    if not proposal.zones:
        return []
    translate = proposal.translate
    rule = translate("instead of the year of approval")
    reasons = {key: translate.name(proposal.reasons.get(key, "")) for key in proposal.zones}
    keys = [_key(key, value, reasons[key]) for key, value in proposal.zones.items()]
    table = ["[data.zones]", *"\n".join(keys).splitlines()]
    why = comment(translate.name(proposal.reasons["zones"]))
    if not proposal.merges:
        why += comment(translate(TAKE))
        table = [f"# {line}" for line in table]
    return ["", *why, *table, f'# rule = "next_year_after_june"   # {rule}']


TAKE: Final = Message("if so, take away the #, or begin again with --zones")


def _design(proposal: Guess, drop: Drop) -> list[str]:
    strata, translate = proposal.roles.get("strata", []), proposal.translate
    home = next((x["of"] for x in _policies(proposal) if "of" in x), None)
    shared = _SHARE if home is None else _SHARE_OF.fill(home)
    strata_text = f", strata = {toml_text(strata)}" if strata else ""
    dropped = _key("unidentified", "drop", translate(DROPPED)).splitlines()
    if drop == "offered":
        dropped = [f"# {line}" for line in dropped]
    return [
        "",
        "[design]",
        *comment(translate.name(shared)),
        f'effect = {{ type = "PartialPooling"{strata_text}, '
        f"varying = {toml_text(home or 'unit')} }}",
        _key("errors", "AR1", translate("errors of a unit are correlated over time")),
        *([] if drop == "no" else dropped),
    ]


def _policies(proposal: Guess) -> Iterable[dict[str, Any]]:
    """Lists of the policy."""
    step = proposal.steps.get("policy")
    return () if step is None else step.value.values()


def _rest(outcome: str, translate: Translator) -> list[str]:
    others = " or ".join(f'"{other}"' for other in languages() if other != translate.language)
    return [
        "",
        "[sampler]",
        'type = "Importance"',
        "draws = 1000",
        "chains = 4",
        _key("seed", int(f"{date.today():%Y%m%d}"), translate(_SEED)),
        "",
        "[report]",
        _key("outcome", outcome, translate("what figures call it")),
        _key("language", translate.language, translate("or {}", others)),
        _key("formats", ["html", "docx"], translate("a report to read and to edit, in report/")),
        "",
        f"# {translate('All checks run; to choose some:')}",
        "# [checks]",
        '# run = ["convergence", "identification", "pretrends", "trend_sensitivity"]',
    ]


def _key(key: str, value: Any, reason: str) -> str:
    line, reason = f"{key} = {toml_text(value)}", one_line(reason)
    if not reason:
        return line
    if size_of(line) > _COLUMN or size_of(reason) > 90 - _COLUMN:
        return "\n".join([*comment(reason), line])
    return f"{line}{' ' * (_COLUMN - size_of(line))} # {reason}"


def comment(text: str) -> list[str]:
    """Break a reason into lines of comment."""
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
