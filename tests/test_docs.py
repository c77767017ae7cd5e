"""The documentation names everything that is public, and every page is in a contents list."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools import check_pages

import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS

DOCS = Path(__file__).parent.parent / "docs"
ROOMS = ("datasets", "index", "plots", "simulation", "spatial_weights", "studies")


def public() -> set[str]:
    names = {name for name in nqp.__all__ if name not in ROOMS}
    for room in ROOMS:
        place = getattr(nqp, room)
        for name in place.__all__:
            above = getattr(nqp, name) if name in nqp.__all__ else None
            if not name.isupper() and getattr(place, name) is not above:
                names.add(f"{room}.{name}")
    return names


def test_reference_lists_every_public_name() -> None:
    text = (DOCS / "reference" / "api.rst").read_text(encoding="utf-8")
    listed = set(re.findall(r"^   (\w[\w.]*)$", text, flags=re.M))
    assert public() - listed == set()
    extra = {n for n in listed - public() if n.split(".")[0] not in ("errors", "testing", "index")}
    assert extra == set()


def test_every_page_is_in_a_contents_list() -> None:
    pages = {p.relative_to(DOCS).with_suffix("").as_posix() for p in DOCS.rglob("*.md")}
    pages = {p for p in pages if not p.startswith(("_build", "reference/generated"))}
    listed = {"index"}
    for page in DOCS.rglob("*.md"):
        folder = page.parent.relative_to(DOCS)
        for block in re.findall(r"```\{toctree\}(.*?)```", page.read_text("utf-8"), flags=re.S):
            lines = (line.strip() for line in block.splitlines() if not line.startswith(":"))
            listed |= {(folder / line).as_posix() for line in lines if line}
    assert pages - listed == set()


def test_every_method_that_names_a_paper_is_held_by_a_test() -> None:
    """As the page "Methods" lists them."""
    spec = importlib.util.spec_from_file_location("pages", DOCS / "_extensions" / "pages.py")
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    rows = list(pages.methods())
    assert len(rows) > 80
    assert [(name, place) for _, name, place, test in rows if not test] == []
    assert len(pages.methods_page().encode()) <= 30_000


def test_search_cuts_chinese_into_pairs() -> None:
    spec = importlib.util.spec_from_file_location("b", DOCS / "_extensions" / "bilingual.py")
    bilingual = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bilingual)
    words = bilingual.Bilingual({}).split("事件研究图 of an_effect, 2015年DID")
    assert words == ["事件", "件研", "研究", "究图", "of", "an_effect", "2015", "年", "DID"]


@pytest.mark.skipif(shutil.which("node") is None, reason="without Node")
def test_search_ranks_pages_by_most_of_the_words(tmp_path: Path) -> None:
    """No page has every pair of 溢出效应: most of them come first, and tasks before records."""
    pages = {
        "index": "# A\n\n```{toctree}\nhow_do_i\nchangelog\nother\n```\n",
        "how_do_i": "# B\n\n空间溢出有多大，政策的效应又如何\n",
        "changelog": "# C\n\n溢出的检验，效应的区间\n",
        "other": "# D\n\n效应的区间\n",
    }
    for name, text in pages.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(DOCS / '_extensions')!r})\n"
        "extensions = ['bilingual', 'myst_parser']\nhtml_search_language = 'bilingual'\n"
        f"html_static_path = [{str(DOCS / '_extensions' / 'search.js')!r}]\n",
        encoding="utf-8",
    )
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", str(tmp_path), str(site)],
        check=True,
    )  # fmt: skip
    assert "search.js" in (site / "search.html").read_text(encoding="utf-8")
    tool = [sys.executable, "-c", "import json, sys; from tools.search import answers; "
            "print(json.dumps(answers(sys.argv[1], sys.argv[2:])))"]  # fmt: skip
    done = subprocess.run(
        [*tool, str(site), "溢出效应", "区间"],
        cwd=DOCS.parent, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["溢出效应"] == ["how_do_i", "changelog", "other"]
    assert found["区间"] == ["other", "changelog"]


def test_what_follows_from_the_sources_is_up_to_date() -> None:
    """Stubs, the schema of studies and lists of the reference are as make update writes them."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.update", "--check"],
        cwd=DOCS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"make update\n{done.stdout}{done.stderr}"


def test_every_check_has_a_section_on_the_page_of_its_topic() -> None:
    names = {x for x, check in CHECKS.items() if check.find.__module__.startswith("bayes_nqp.")}
    for folder in (DOCS, DOCS / "zh"):
        text = (folder / "checks.md").read_text("utf-8")
        listed = re.findall(r"^\| \[`(\w+)`\]\((\S+)#\1\)", text, flags=re.M)
        assert {name for name, _ in listed} == names
        assert [name for name, page in listed if f"#{name}" not in anchors(folder / page)] == []


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("use shocks=nqp.X(1, errors=nqp.AR1()).", "use `shocks=nqp.X(1, errors=nqp.AR1())`."),
        ("设定nqp.Priors，或报告 nqp.check(fit, \"a_b\").evidence。",
         "设定`nqp.Priors`，或报告 `nqp.check(fit, \"a_b\").evidence`。"),
        ("controls='all' and spillovers=, by 'mechanical'.",
         "`controls='all'` and `spillovers=`, by `mechanical`."),
        ("the panel's units: p = 0.2, see spatial_form.",
         "the panel's units: p = 0.2, see `spatial_form`."),
    ],
)  # fmt: skip
def test_code_within_sentences_is_set_as_code(text: str, printed: str) -> None:
    assert check_pages.in_code(text) == printed


LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")


def documents() -> list[Path]:
    """Return the documents whose links a reader follows: pages, results, files of the project."""
    places = ["*.md", "docs/*.md", "docs/checks/*.md", "docs/zh/**/*.md", "benchmarks/results/*.md",
              "notebooks/*.ipynb"]  # fmt: skip
    return [path for place in places for path in sorted(DOCS.parent.glob(place))]


def anchors(path: Path) -> set[str]:
    """Return the anchors of the headings of a page, as the site and GitHub make them."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    heads = re.findall(r"^#+ (.+)$", text, flags=re.M)
    plain = (re.sub(r"[^\w\- ]", "", head.lower()) for head in heads)
    return {f"#{head.strip().replace(' ', '-')}" for head in plain}


def test_links_lead_to_files_and_headings() -> None:
    broken = []
    for path in documents():
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
        for file, anchor in LINK.findall(text):
            target = path.parent / file.removeprefix("path:")
            here = f"{path.relative_to(DOCS.parent)}: {file}{anchor}"
            if not target.exists() or (
                anchor and target.suffix == ".md" and anchor not in anchors(target)
            ):
                broken.append(here)
    assert broken == []
