"""Write the pages on checks, in every language, from the reference entries of the library.

`docs/checks.md` lists the checks. The pages in `docs/checks/`, one for each topic, describe them:
question, requirements, statistic, thresholds, limits and literature. `docs/verdicts.md` explains
verdicts and what to do when a check fails. The Chinese pages are in `docs/zh`.
`python -m tools.update` writes all of them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

from bayes_nqp._core.i18n import Translator
from bayes_nqp.checks import CHECKS, VERDICTS
from bayes_nqp.checks.shared import Check, on_request
from bayes_nqp.inference import fitting as need

DOCS = Path(__file__).resolve().parents[1] / "docs"
PLACES = {"en": DOCS, "zh": DOCS / "zh"}
GROUPS = ("trends", "model", "sample", "audit", "mediation", "space")
"""Topics: folders of checks, in the order of the pages."""

WORDS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
_CODE = re.compile(
    r"""(?:\b[a-z_]+=)?(?:\b(?:nqp|panel|result)(?:\.\w+)+|\bMediation\b)  # name, with its keyword
        (?:\((?:[^()]|\([^()]*\))*\)(?:\.\w+)*)?                          # arguments and attributes
      | \b[a-z_]+=(?:"\w+"|'\w+'|\w+)?                                    # other keywords
      | '[a-z_]+' | \b[a-z]+(?:_[a-z]+)+\b                                # names of checks
    """,
    re.ASCII | re.VERBOSE,
)
"""Calls, arguments and names of the library within a sentence."""
NEEDS = {getattr(need, name): name for name in WORDS["en"]["needs"]}


def folder_of(check: Check) -> str:
    """Return the group of a check: the folder of its file."""
    folders = check.find.__module__.split(".")
    return next((x for x in GROUPS if x in folders), "sample")


def of_library() -> dict[str, list[Check]]:
    """Return the checks of the library by group, in the order of reports."""
    groups: dict[str, list[Check]] = {name: [] for name in GROUPS}
    for check in CHECKS.values():
        if check.find.__module__.startswith("bayes_nqp."):
            groups[folder_of(check)].append(check)
    return groups


def checks_page(language: str) -> str:
    """Return the list of checks in a language: check, question and page of its topic."""
    words, translate = WORDS[language], Translator(language)
    lines = [f"# {words['checks']}", "", words["checks_first"], ""]
    head = " | ".join(words[x] for x in ("check", "question", "page"))
    lines += [f"| {head} |", "| --- | --- | --- |"]
    for group, checks in of_library().items():
        page = f"[{words['topics'][group][0]}](checks/{group}.md)"
        for check in checks:
            question = translate.name(check.question)
            lines.append(f"| {link_to(check)} | {in_code(question)} | {page} |")
    tree = [f"checks/{group}" for group in GROUPS]
    return _written([*lines, "", "```{toctree}", ":hidden:", "", *tree, "```"], language)


def link_to(check: Check) -> str:
    """Return the link from a page of the folder above to the section of a check."""
    return f"[`{check.name}`](checks/{folder_of(check)}.md#{check.name})"


def topic_page(language: str, group: str) -> str:
    """Return the reference page of the checks of one topic in a language."""
    words, translate = WORDS[language], Translator(language)
    title, first = words["topics"][group]
    lines = [f"# {title}", "", first, "", words["topic_first"], ""]
    for check in of_library()[group]:
        lines += [f"## {check.name}", ""]
        lines += [f"**{words['question']}**{words['colon']}{translate.name(check.question)}", ""]
        lines += [*(f"- {item}" for item in _entry(check, language)), ""]
    return _written(lines, language)


def _entry(check: Check, language: str) -> Iterator[str]:
    words, translate, guide = WORDS[language], Translator(language), check.guide
    colon = words["colon"]
    if guide is not None:
        for part in ("statistic", "thresholds", "limits"):
            if text := getattr(guide, part):
                yield f"**{words[part]}**{colon}{in_code(translate.name(text))}"
    if check.needs:
        needs = words["list"].join(words["needs"][NEEDS[x]] for x in check.needs)
        yield f"**{words['requires']}**{colon}{needs}{words['stop']}"
    if check.options:
        options = words["list"].join(f"`{x}`" for x in check.options)
        yield f"**{words['options']}**{colon}{options}{words['stop']}"
    if check.suits is on_request:
        yield words["named"]
    if guide is not None and guide.literature:
        yield f"**{words['literature']}**{colon}{guide.literature}{words['stop']}"


def verdicts_page(language: str) -> str:
    """Return the page of verdicts and remedies in a language."""
    words, translate = WORDS[language], Translator(language)
    lines = [f"# {words['verdicts']}", "", words["verdicts_first"], ""]
    lines += [f"## {words['verdict_table']}", ""]
    lines += [
        f"| {words['verdict']} | {words['meaning']} | {words['paper']} |",
        "| --- | --- | --- |",
    ]
    for verdict, (meaning, paper) in words["verdict_rows"].items():
        lines.append(f"| {translate.name(VERDICTS[verdict])} | {meaning} | {paper} |")
    lines += ["", f"## {words['remedy_table']}", ""]
    codes = []
    for group, checks in of_library().items():
        rows = [(check, check.guide) for check in checks if check.guide is not None]
        if not rows:
            continue
        lines += [f"### {words['topics'][group][0]}", ""]
        lines += [
            f"| {words['check']} | {words['failure']} | {words['remedy']} |",
            "| --- | --- | --- |",
        ]
        for check, guide in rows:
            title = translate.name(check.title)
            remedy = translate.name(guide.remedy) + words["stop"]
            cells = (translate.name(guide.failure), remedy[:1].upper() + remedy[1:])
            cells = tuple(in_code(x).replace("|", "\\|") for x in cells)
            lines.append(f"| {link_to(check)} {title} | {cells[0]} | {cells[1]} |")
            if guide.code:
                codes += [f"### {check.name}", "", "```python", guide.code, "```", ""]
        lines.append("")
    lines += [f"## {words['code_title']}", "", words["code_first"], "", *codes]
    return _written(lines, language)


def in_code(text: str) -> str:
    """Set calls, arguments and names of the library as code."""
    return re.sub(r"`'(\w+)'`", r"`\1`", _CODE.sub(r"`\g<0>`", text))


def _written(lines: list[str], language: str) -> str:
    """Join lines: one blank line between blocks, English prose broken at 110 characters."""
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
    if language != "en":  # a line break inside Chinese text would print as a space
        return text
    return "\n".join(
        fill(line, 110, subsequent_indent="  " * line.startswith("- "), break_long_words=False,
             break_on_hyphens=False)
        if len(line) > 110 and not line.startswith("|")
        else line
        for line in text.split("\n")
    )  # fmt: skip


def pages() -> dict[Path, str]:
    """Return the pages of every language by path."""
    texts = {}
    for language, folder in PLACES.items():
        texts[folder / "checks.md"] = checks_page(language)
        texts[folder / "verdicts.md"] = verdicts_page(language)
        for group in GROUPS:
            texts[folder / "checks" / f"{group}.md"] = topic_page(language, group)
    return texts
