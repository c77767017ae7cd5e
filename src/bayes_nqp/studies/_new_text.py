"""Text of a proposed study."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from bayes_nqp._core.i18n import Message, Translator, languages, listed
from bayes_nqp._core.io import in_shell
from bayes_nqp._core.labels import labels_of
from bayes_nqp._core.texts import one_line, size_of
from bayes_nqp.data.column_inference import TREATMENT_KEYS, Guess, Look
from bayes_nqp.data.reading import STEPS, counted, joined_unit
from bayes_nqp.studies._new_likelihood import likelihood_keys, likelihood_lines
from bayes_nqp.studies._new_toml import comment, key_line, toml_text

type Drop = Literal["no", "offered", "taken"]

_ORDER: Final = (
    "unit", "time", "cohort", "never", "treated", "treatment", "outcome", "strata",
)  # fmt: skip


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
    """Write the text of a study.

    Parameters
    ----------
    overview : Look
        Contents of the file.
    file, path : Path
        Files of the data and of the study.
    drop : {"no", "offered", "taken"}, default "no"
        Exclusion of effects that the data cannot identify: none, as a comment, or in force.
    problem : str, default ""
        Reason why the study does not run yet.
    doubtful : bool, default False
        True if the study could run, but should be checked first.
    """
    translate = proposal.translate
    # files of Stata and SPSS contain column labels
    outcome = labels_of(overview.aside).name(proposal.roles["outcome"], translate.language)
    lines = [
        *_head(file, path, problem, translate, HEADINGS[doubtful]),
        "",
        f"title = {toml_text(translate('Effect of the policy on {}', outcome))}",
        "",
        *_data(overview, proposal, file, path),
        *_zones(proposal),
        *_design(proposal, drop),
        *_rest(outcome, translate),
    ]
    return "\n".join(lines).rstrip() + "\n"


def with_channels(text: str, proposal: Guess, problem_of: Callable[[str], str]) -> str:
    """Add mediators: as comments, unless the file states them and the study runs with them.

    Parameters
    ----------
    problem_of : callable
        Returns the problem of a study text; "" if none.
    """
    translate = proposal.translate
    lines = f"[channels]\nmediators = {toml_text(proposal.mediators)}\n"
    problem = problem_of(text + "\n" + lines)
    stated = proposal.stated("mediator")
    why = proposal.as_stated(stated[0]) if stated else _CHANNELS
    offered = comment(translate.name(why))
    if problem:
        offered.append(f"# {translate('first correct this: {}', problem.splitlines()[0])}")
    for name, others in proposal.alike.items():
        spare = listed(others, len(others))
        offered += comment(
            translate("{} represents its group of similar mediators; alternatives: {}", name, spare)
        )
    taken = stated and not problem
    offered += [line if taken else f"# {line}" for line in lines.splitlines()]
    return text.replace("[report]\n", "\n".join([*offered, "", "[report]", ""]), 1)


_CHANNELS: Final = Message(
    "Mediators: does the policy work through these columns? Guessed from their names. "
    "Delete the # to include them"
)
_COVARIATES: Final = Message(
    "These columns vary over time. Include them as covariates only if the policy does not"
    " affect them."
)
_SHARE_OF: Final = Message(
    "Effects of groups and cohorts are partially pooled. Units of one {} share a random "
    "effect of the treatment, because the policy is adopted by all of them."
)
_SHARE: Final = Message(
    "Effects of groups and cohorts are partially pooled; each unit has a random effect of"
    " the treatment."
)
_FIRST: Final = Message("Study of {}, guessed from its columns. Confirm every line, then run")
_SEED: Final = Message("the same seed gives the same draws")
HEADINGS: Final = (Message("Not ready to run:"), Message("Please check before running:"))
"""Headings of a problem; the second applies if the study could run."""
CAN_RUN: Final = Message("Ready to run:")
DROPPED: Final = Message("effects that the data cannot identify are excluded")
"""Reason why a design drops effects."""


def _head(
    file: Path, path: Path, problem: str, translate: Translator, heading: Message
) -> list[str]:
    name = one_line(in_shell(path))
    commands = {
        f"bayes-nqp validate {name}": translate("which effects the data can identify"),
        f"bayes-nqp run {name}": translate("model fits, checks, tables and figures"),
        f"make study STUDY={name}": translate("the same, in a clone of the repository"),
    }
    wide = max(size_of(command) for command in commands)
    first = translate(
        "Study of {}, guessed from its columns. Confirm every line, then run", file.name
    )
    head = [
        f"# {one_line(first)}",
        "#",
        *(f"#   {line}{' ' * (wide - size_of(line))}     {x}" for line, x in commands.items()),
        "#",
        f"# {translate('For all other keys see docs/studies.md.')}",
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
    body = ["[data]", key_line("file", source, "")]
    body += [
        key_line(key, value, translate.name(reasons.get(key, ""))) for key, value in keys.items()
    ]
    body += [f"# {key} = {toml_text(name)}" for key, name in proposal.offers]
    if not ({*TREATMENT_KEYS} & {*proposal.roles} or proposal.merges or proposal.offers):
        body += [f'# cohort = "…"   # {translate(_COHORT)}']
    if proposal.covariates:
        line = f"covariates = {toml_text(proposal.covariates)}"
        stated = proposal.stated("covariate")
        if stated:
            body += comment(translate.name(proposal.as_stated(stated[0])))
        body += [f"# {translate(_COVARIATES)}", line if stated else f"# {line}"]
    body += likelihood_keys(proposal)
    body += [line for note in proposal.notes for line in comment(translate.name(note))]
    return [*body, *_read(proposal)]


def _read(proposal: Guess) -> list[str]:
    """Return the steps of reading, each with its reason and the number of cells it changes."""
    if not proposal.steps:
        return []
    translate, lines = proposal.translate, ["", "[data.read]", f"# {proposal.translate(_UNDO)}"]
    for key, finding in proposal.steps.items():
        size = counted(finding.count, STEPS[key].of)
        reason = translate("{} ({})", translate.name(finding.reason), size)
        *why, line = key_line(key, finding.value, reason).splitlines()
        lines += [*why, f"# {line}" if finding.offered else line]
    return lines


_UNDO: Final = Message(
    "Steps of reading the file; delete a line to read the cells without this step."
)


_COHORT: Final = Message("first treated period of each unit, empty if never treated")


def _zones(proposal: Guess) -> list[str]:
    """Return the table of the zones: as comments, unless the user requested them."""
    if not proposal.zones:
        return []
    translate = proposal.translate
    rule = translate("instead of the year of approval")
    reasons = {key: translate.name(proposal.reasons.get(key, "")) for key in proposal.zones}
    keys = [key_line(key, value, reasons[key]) for key, value in proposal.zones.items()]
    table = ["[data.zones]", *"\n".join(keys).splitlines()]
    why = comment(translate.name(proposal.reasons["zones"]))
    if not proposal.merges:
        why += comment(translate(TAKE))
        table = [f"# {line}" for line in table]
    return ["", *why, *table, f'# rule = "next_year_after_june"   # {rule}']


TAKE: Final = Message("if so, delete the #, or start again with --zones")


def _design(proposal: Guess, drop: Drop) -> list[str]:
    strata, translate = proposal.roles.get("strata", []), proposal.translate
    home = next((x["of"] for x in _policies(proposal) if "of" in x), None)
    shared = _SHARE if home is None else _SHARE_OF.fill(home)
    strata_text = f", strata = {toml_text(strata)}" if strata else ""
    dropped = key_line("unidentified", "drop", translate(DROPPED)).splitlines()
    if drop == "offered":
        dropped = [f"# {line}" for line in dropped]
    return [
        "",
        "[design]",
        *comment(translate.name(shared)),
        f'effect = {{ type = "PartialPooling"{strata_text}, '
        f"varying = {toml_text(home or 'unit')} }}",
        *likelihood_lines(proposal),
        *([] if drop == "no" else dropped),
    ]


def _policies(proposal: Guess) -> Iterable[dict[str, Any]]:
    """Return the lists of the policy."""
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
        key_line("seed", int(f"{date.today():%Y%m%d}"), translate(_SEED)),
        "",
        "[report]",
        key_line("outcome", outcome, translate("name of the outcome in figures")),
        key_line("language", translate.language, translate("or {}", others)),
        key_line(
            "formats", ["html", "docx"], translate("formats of the report, in the folder report/")
        ),
        "",
        f"# {translate('All checks run by default; to select some of them:')}",
        "# [checks]",
        '# run = ["convergence", "identification", "pretrends", "trend_sensitivity"]',
    ]
