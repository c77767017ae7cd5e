"""How a file was read and what was guessed of it, as values and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bayes_nqp._core.exceptions import Spoken
from bayes_nqp._core.fields import COLUMNS, PILOT_ZONES
from bayes_nqp._core.i18n import NOTHING, Message, Translator, listed, typography
from bayes_nqp._core.io import in_shell
from bayes_nqp._core.templates import html
from bayes_nqp._core.validation import door
from bayes_nqp.data.column_inference import Guess, Look
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.reading import STEPS, Found, counted
from bayes_nqp.studies._new_text import CAN_RUN, HEADINGS, TAKE, toml_text

_WORDS: Final = {
    "unit": Message("unit", context="part"),
    "time": Message("period", context="part"),
    "cohort": Message("first treated", context="part"),
    "never": Message("never treated", context="part"),
    "treated": Message("treated or not", context="part"),
    "outcome": Message("outcome", context="part"),
    "strata": Message("groups", context="part"),
}
READ: Final = Message("How the file was read stands in {}")
_REFUSED: Final = Message("No study was written:")


@door
@dataclass(frozen=True, slots=True)
class IntakeStep:
    """One step of reading.

    Parameters
    ----------
    key : str
        Of [data.read].
    label, reason : str
        What it does, and why.
    before, after : str
        An example; "" for none.
    size : str
        To how many cells, rows, columns or sheets.
    line : str
        Of the study; who deletes it has undone the step. A comment where it is only offered.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> page = nqp.studies.look(f"{folder}/cities.csv")
    >>> [step.key for step in page.steps]
    []
    """

    key: str
    label: str
    reason: str
    before: str
    after: str
    size: str
    line: str


@door
@dataclass(frozen=True, slots=True)
class IntakeRole:
    """Who plays a part: a key of [data], its word, the columns or codes, and why.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> page = nqp.studies.look(f"{folder}/cities.csv")
    >>> [role.key for role in page.roles][:2]
    ['unit', 'time']
    """

    key: str
    label: str
    value: str
    reason: str


@door
@dataclass(frozen=True, slots=True)
class IntakePage:
    """How a file was read, what was guessed, and what is left to decide.

    All texts are in the page's language.

    Parameters
    ----------
    language : str
        Of the page.
    title, subtitle : str
        The file, and how large it is.
    heading : str
        Whether it runs.
    problems : tuple of str
        All that stands in the way; lines are problem, place and what to try.
    doubtful : bool
        Whether it could run, and should not.
    steps : tuple of IntakeStep
        In the order in which they are taken.
    undo : str
        How a step is undone.
    roles : tuple of IntakeRole
        Parts of columns.
    facts : tuple of tuple of two str
        Of the panel, where there is one: names and what they are.
    notes : tuple of str
        What was left out, not proposed, or should be known.
    command : str
        That runs the study; "" where it cannot run.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> page = nqp.studies.look(f"{folder}/cities.csv")
    >>> [role.key for role in page.roles][:2]
    ['unit', 'time']
    """

    language: str
    title: str
    subtitle: str
    heading: str
    problems: tuple[str, ...]
    doubtful: bool
    steps: tuple[IntakeStep, ...]
    undo: str
    roles: tuple[IntakeRole, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    command: str

    def body(self) -> str:
        """Write what stands between the page's own head and foot, as HTML for `style`."""
        tone = "doubt" if self.doubtful else "bad" if self.problems else "note"
        return html(
            "studies/templates/intake_body.html", page=self, tone=tone,
            words=dict(zip(_HEADS, map(Translator(self.language), _HEADS.values()), strict=True)),
        )  # fmt: skip

    def html(self) -> str:
        """Write a page that needs nothing from elsewhere."""
        return html(
            "studies/templates/intake.html", page=self, tongue=typography(self.language).tag,
            body=self.body(),
        )  # fmt: skip

    def _repr_html_(self) -> str:
        return self.body()


_HEADS: Final = {
    "steps": Message("How cells are read"), "step": Message("Step"), "before": Message("From"),
    "after": Message("To"), "size": Message("How many"), "line": Message("In the study"),
    "roles": Message("Who, when, what"), "facts": Message("Panel"), "notes": Message("Notes"),
}  # fmt: skip


@door
def style() -> str:
    """Give the rules of style that the page has, for another one that shows its body.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> "color" in nqp.studies.style()
    True
    """
    return html("studies/templates/style.css")


def intake_page(
    file: Path,
    path: Path,
    overview: Look | None,
    proposal: Guess | None = None,
    *,
    language: str,
    problems: Sequence[str] = (),
    doubtful: bool = False,
    panel: Panel | None = None,
) -> IntakePage:
    """Say how a file was read, what was guessed, and what stands in the way.

    Parameters
    ----------
    file, path : Path
        Of the data, and of the study.
    overview : Look or None
        The file; None where it could not be read.
    proposal : Guess, optional
        What was guessed of it.
    problems : sequence of str
        In the page's language.
    doubtful : bool, default False
        Whether it could run, and should not.
    panel : Panel, optional
        Of the study.
    """
    translate = Translator(language)
    heading = HEADINGS[doubtful] if problems else CAN_RUN
    steps = {} if overview is None else overview.steps
    notes = [] if overview is None else overview.notes if proposal is None else _notes(proposal)
    return IntakePage(
        language=language,
        title=translate("{}: what was read, and how", file.name),
        subtitle="" if overview is None else translate.name(_size(overview)),
        heading=translate(heading if proposal is not None else _REFUSED),
        problems=tuple(problems),
        doubtful=doubtful,
        steps=tuple(_step(key, step, translate) for key, step in steps.items()),
        undo=translate(_UNDO, path.name)
        if steps
        else translate(_AS_IS)
        if overview is not None
        else "",
        roles=() if proposal is None else tuple(_roles(proposal, translate)),
        facts=()
        if panel is None
        else tuple((translate.name(k), translate.name(x)) for k, x in panel.facts().items()),
        notes=tuple(map(translate.name, notes)),
        command="" if problems else f"bayes-nqp run {in_shell(path)}",
    )


_TAKE: Final = Spoken(TAKE, Message("if so, tick “{}” on the page “{}”", PILOT_ZONES, COLUMNS))
_UNDO: Final = Message(
    "Each step is a line of [data.read] in {}: without it, cells are as they stand in the file."
)
_AS_IS: Final = Message("Every cell is read as it stands in the file.")


def _size(overview: Look) -> Message:
    """How many rows and columns."""
    first: Any = next((x.raw for x in overview.columns.values()), ())
    return Message("{}, {}", counted(len(first), "row"), counted(len(overview.columns), "column"))


def _step(key: str, step: Found, translate: Translator) -> IntakeStep:
    line = f"{'# ' if step.offered else ''}{key} = {toml_text(step.value)}"
    return IntakeStep(
        key, translate(STEPS[key].label), translate.name(step.reason), step.before, step.after,
        translate(STEPS[key].size(step.count)), line,
    )  # fmt: skip


def _roles(proposal: Guess, translate: Translator) -> list[IntakeRole]:
    """Parts that are taken."""
    roles = []
    for key, value in proposal.roles.items():
        if key in _WORDS:
            values = value if isinstance(value, list) else [value]
            reason = translate.name(proposal.reasons.get(key, NOTHING))
            text = translate.name(listed(values, 12))
            roles.append(IntakeRole(key, translate(_WORDS[key]), text, reason))
    return roles


def _notes(proposal: Guess) -> list[str]:
    """What somebody should know, and what was not taken."""
    if not proposal.zones:
        return proposal.notes
    why = proposal.reasons["zones"]
    return [*proposal.notes, why if proposal.merges else Message("{}; {}", why, _TAKE)]
