"""Write the page "Referee's checklist", in every language, from the registry of exhibits.

The page lists every exhibit with its names and the call that makes it, or the reason why the
library does not make it with a recipe of another library. `python -m tools.update` writes it.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from tools.check_pages import PLACES, _written, in_code

from bayes_nqp._core.i18n import Translator
from bayes_nqp.output.exhibits import EXHIBITS, THEMES, Exhibit

SETUP = """
import numpy as np

import bayes_nqp as nqp

panel = nqp.simulation.staggered(units=60, periods=8, cohorts=(4, 6), never=0.5, seed=1).panel
design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]))
fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
checks = nqp.check(fit, ["pretrends", "anticipation"], progress=False)
checklist = nqp.referee(fit, checks)
"""
ROWS = """
rows = panel.frame
rows["treated"] = (rows["time"] >= rows["cohort"]).astype(int)
draws = np.random.default_rng(1)
rows["size"], rows["dose"] = draws.normal(size=len(rows)), draws.uniform(0, 2, len(rows))
rows["instrument"] = rows["treated"] + draws.normal(size=len(rows))
rows["patents"], rows["observed"] = draws.poisson(3, len(rows)), draws.binomial(1, 0.9, len(rows))
"""
WORDS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)


def of_library() -> dict[str, list[Exhibit]]:
    """Return the exhibits of the library by theme."""
    themes: dict[str, list[Exhibit]] = {theme: [] for theme in THEMES}
    for each in EXHIBITS.values():
        if each.home.startswith("bayes_nqp."):
            themes[each.theme].append(each)
    return themes


def page(language: str) -> str:
    """Return the page in a language."""
    words, translate = WORDS[language], Translator(language)
    themes = of_library()
    elsewhere = [x for several in themes.values() for x in several if x.because]
    first = words["first"].format(count=sum(map(len, themes.values())))
    lines = [f"# {words['title']}", "", first, "", "```python", SETUP.strip(), "```", ""]
    lines += [words["calls"], ""]
    for theme, several in themes.items():
        lines += [f"## {translate(THEMES[theme])}", "", f"| {' | '.join(words['heads'])} |"]
        lines += ["| --- | --- | --- |", *(_row(x, language) for x in several), ""]
    lines += [f"## {words['recipes']}", "", words["recipes_first"], ""]
    lines += ["```python", ROWS.strip(), "```", ""]
    for each in elsewhere:
        lines += [f"### {translate.name(each.title)}", "", in_code(translate.name(each.because))]
        lines += ["", "```python", each.code, "```", ""]
    return _written(lines, language)


def _row(each: Exhibit, language: str) -> str:
    """Return the row of an exhibit in the table of its theme."""
    words, title = WORDS[language], Translator(language).name(each.title)
    other = Translator(words["other"]).name(each.title)
    answer = "<br>".join(f"`{line}`" for line in each.code.splitlines() if line)
    if each.because:
        answer = words["recipe"].format(_anchor(title))
    return "| " + " | ".join(x.replace("|", "\\|") for x in (title, other, answer)) + " |"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def pages() -> dict[Path, str]:
    """Return the page of every language by path."""
    return {folder / "referee.md": page(language) for language, folder in PLACES.items()}
