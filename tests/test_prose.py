"""The prose is plain: counts of clipped idioms, of openings and of long sentences never rise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import prose

DOCS = prose.ROOT / "docs"
ZH = DOCS / "zh"
WIDTH = 120
"""Characters of a line of a page, outside tables and code."""
LARGEST, WHOLE = 30_720, 409_600
"""Bytes of a user page, and of all user pages."""
DEVELOPERS = {"ARCHITECTURE", "gaussian", "decisions", "changelog"}
GENERATED = {"checks", "referee", "verdicts"}
"""Pages that ``make update`` writes; they have one section for each check."""


def chinese() -> list[Path]:
    """Return the Chinese pages: README_zh.md and docs/zh."""
    return [x for x in (prose.ROOT / "README_zh.md", *sorted(ZH.glob("*.md"))) if x.is_file()]


def user_pages() -> list[Path]:
    """Return the English pages for users."""
    return [x for x in prose.pages() if x.stem not in DEVELOPERS]


def lines_of_prose(text: str) -> list[str]:
    """Return the lines of a page outside code, tables and figures."""
    text = re.sub(r"^```.*?^```|^\$\$.*?\$\$", "", text, flags=re.M | re.S)
    return [x for x in text.splitlines() if x and x[0] not in "|:{<!" and "](" not in x]


def test_numbers_stay_below_their_limits() -> None:
    """Rewrite the text, or lower the limits with ``python -m tools.prose --write``."""
    assert prose.exceeded(prose.limits(), prose.measured()) == {}


def test_every_kind_of_text_has_limits() -> None:
    assert set(prose.measured()) == set(prose.limits())
    assert all(set(row) == set(prose.NUMBERS) for row in prose.limits().values())


def test_limits_fall_and_never_rise() -> None:
    old = {"docs": {"idioms": 5.0, "opens": 1.0, "long": 2.0, "private": 0.5}}
    new = {"docs": {"idioms": 3.21, "opens": 4.0, "long": 2.0, "private": 0.0}}
    assert prose.lowered(old, new)["docs"] == {
        "idioms": 3.3, "opens": 1.0, "long": 2.0, "private": 0.0,
    }  # fmt: skip
    assert prose.exceeded(old, new) == {"docs: opens": (4.0, 1.0)}
    assert prose.exceeded(prose.lowered({}, new), new) == {}


def test_words_are_counted() -> None:
    count = prose.Counts()
    text = (
        "What the check tells is `what` it holds. The estimate is precise.\n\n| what | whether |\n"
    )
    count.add(text, [text, "Return the estimate."])
    assert (count.idioms, count.sentences, count.units, count.opens) == (3, 2, 2, 1)
    count.add("word " * 31 + "ends.", [])
    assert count.long == 1
    count.add("The worlds of the battery.", [])
    assert count.private == 2


def test_every_page_begins_with_a_paragraph() -> None:
    """A reader learns in the first paragraph what the page is for."""
    missing = []
    for path in [*user_pages(), *(x for x in chinese() if x.parent == ZH)]:
        text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8"), flags=re.S)
        text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
        title, _, rest = text.strip().partition("\n")
        first = rest.strip().partition("\n")[0]
        if not title.startswith("# ") or re.match(r"[-#|:!{>]|[*] |```|\d+\.|$", first):
            missing.append(path.relative_to(prose.ROOT).as_posix())
    assert missing == []


def test_pages_have_lines_and_sizes_that_can_be_read() -> None:
    by_hand = [x for x in prose.pages() if x.stem not in GENERATED]
    sizes = {x.stem: len(x.read_bytes()) for x in by_hand if x.stem not in DEVELOPERS}
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
    assert sum(sizes.values()) <= WHOLE
    wide = [
        f"{path.name}: {line[:60]}"
        for path in by_hand
        for line in lines_of_prose(path.read_text(encoding="utf-8"))
        if len(line) > WIDTH
    ]
    assert wide == []


def test_readme_is_short_and_begins_with_its_chinese_version() -> None:
    lines = (prose.ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert "](README_zh.md)" in lines[4]


@pytest.mark.skipif(not ZH.is_dir(), reason="no Chinese pages")
def test_chinese_pages_link_to_chinese_pages() -> None:
    """A link to an English page is right only where there is no Chinese one."""
    english = []
    for path in chinese():
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+\.md)", path.read_text("utf-8")):
            target = (path.parent / link.removeprefix("path:")).resolve()
            if target.parent == DOCS and (ZH / target.name).is_file():
                english.append(f"{path.name}: {link}")
            if target == prose.ROOT / "README.md" and path != prose.ROOT / "README_zh.md":
                english.append(f"{path.name}: {link}")
    assert english == []
