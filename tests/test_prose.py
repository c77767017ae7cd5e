"""The prose is plain: counts of clipped idioms, of openings and of long sentences never rise."""

from __future__ import annotations

import re
from pathlib import Path

from tools import check_pages, prose, referee_page

DOCS = prose.ROOT / "docs"
ZH = DOCS / "zh"
WIDTH = 120
"""Characters of a line of a page, outside tables and code."""
LARGEST, WHOLE = 30_000, 435_000
"""Bytes of a page, and of all user pages of a language."""
MOST_PAGES = {"en": 27, "zh": 15}
"""User pages written by hand, by language."""
DEVELOPERS = {"ARCHITECTURE", "gaussian", "decisions", "changelog"}
GENERATED = {path.relative_to(DOCS) for path in (*check_pages.pages(), *referee_page.pages())}
"""Pages that ``make update`` writes from the library."""


def chinese() -> list[Path]:
    """Return the Chinese pages: README_zh.md and docs/zh."""
    return [prose.ROOT / "README_zh.md", *sorted(ZH.rglob("*.md"))]


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
    for path in [*user_pages(), *chinese()[1:]]:
        text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8"), flags=re.S)
        text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
        title, _, rest = text.strip().partition("\n")
        first = rest.strip().partition("\n")[0]
        if not title.startswith("# ") or re.match(r"[-#|:!{>]|[*] |```|\d+\.|$", first):
            missing.append(path.relative_to(prose.ROOT).as_posix())
    assert missing == []


def test_no_page_is_longer_than_a_reader_can_use() -> None:
    """Generated pages count too; the page "Changes" includes CHANGELOG.md."""
    pages = [x for x in (*prose.pages(), *chinese()) if x.stem != "changelog"]
    sizes = {x.relative_to(prose.ROOT).as_posix(): x.stat().st_size for x in pages}
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
    for language in (user_pages(), chinese()):
        assert sum(x.stat().st_size for x in language) <= WHOLE


def test_pages_by_hand_are_few() -> None:
    for language, pages in (("en", user_pages()), ("zh", chinese()[1:])):
        by_hand = [x for x in pages if x.relative_to(DOCS) not in GENERATED]
        assert len(by_hand) <= MOST_PAGES[language]


def test_lines_of_pages_are_short() -> None:
    wide = [
        f"{path.name}: {line[:60]}"
        for path in prose.pages()
        for line in lines_of_prose(path.read_text(encoding="utf-8"))
        if len(line) > WIDTH
    ]
    assert wide == []


def test_readme_is_short_and_begins_with_its_chinese_version() -> None:
    lines = (prose.ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert "](README_zh.md)" in lines[4]


def test_chinese_pages_link_to_chinese_pages() -> None:
    """A link to an English page is right only where there is no Chinese one."""
    english = []
    for path in chinese():
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+\.md)", path.read_text("utf-8")):
            target = (path.parent / link.removeprefix("path:")).resolve()
            page = target.relative_to(DOCS) if target.is_relative_to(DOCS) else target
            if not target.is_relative_to(ZH) and (ZH / page).is_file() and page != target:
                english.append(f"{path.name}: {link}")
            if target == prose.ROOT / "README.md" and path != prose.ROOT / "README_zh.md":
                english.append(f"{path.name}: {link}")
    assert english == []
