"""Run the Python examples of the documentation and compare what they print with the page.

    python -m tools.examples                    pages whose printed output differs from the code
    python -m tools.examples --write [PAGE …]   write what the code prints into these pages

The blocks of a page form one program, from the first to the last. A block of ``text`` that follows
a block of ``python`` is the output of that block: all that it prints, and the value of its last
expression.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = (
    "README", "index", "counts", "data", "datasets", "exposure", "from_other_packages",
    "from_python_packages", "groups", "how_do_i", "paper", "triple_differences", "troubleshooting",
    "which_design",
)  # fmt: skip
"""Pages with printed output that a test compares with the code."""
OTHERS = ("mediators", "pretrends", "referee", "reports", "spillovers")
"""Pages whose code a test runs without comparing its output."""
EXCERPT = "<!-- excerpt -->"
"""Above a block that is part of a file and is not run."""
_BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def path_of(page: str) -> Path:
    """Return the file of a page; README is a page too."""
    return ROOT / "README.md" if page == "README" else DOCS / f"{page}.md"


def runnable() -> list[str]:
    """Return the pages whose code runs, of those that exist."""
    return [page for page in (*PAGES, *OTHERS) if path_of(page).exists()]


def blocks(text: str) -> list[tuple[str, str, int, int]]:
    """Return the blocks of a page: kind, content, and where the content begins and ends."""
    found = []
    for block in _BLOCK.finditer(text):
        if not text[: block.start()].rstrip().endswith(EXCERPT):
            found.append((block[1], block[2], block.start(2), block.end(2)))
    return found


def code_of(page: str) -> str:
    """Return the program of a page."""
    return "\n".join(
        code for kind, code, _, _ in blocks(path_of(page).read_text("utf-8")) if kind == "python"
    )


def printed(code: str, names: dict[str, Any], page: str) -> str:
    """Run a block; return what it prints, with the value of its last expression."""
    tree, out = ast.parse(code), io.StringIO()
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(out):
        exec(compile(tree, page, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), page, "eval"), names)
            if value is not None:
                print(value)
    return "\n".join(line.rstrip() for line in out.getvalue().strip("\n").splitlines()) + "\n"


def own_file() -> None:
    """Write the file that README reads as the reader's own: a simulated panel in Chinese."""
    import bayes_nqp as nqp

    frame = nqp.simulation.channels(units=40, periods=9, cohorts=(4, 6), seed=7).panel.frame
    frame["region"] = frame["region"].map({"inland": "内陆", "coastal": "沿海"})
    names = {
        "unit": "城市", "time": "年份", "cohort": "试点年份", "outcome": "新质生产力",
        "region": "地区", "digital": "数字化", "finance": "融资",
    }  # fmt: skip
    frame.assign(time=frame["time"] + 2010, cohort=frame["cohort"] + 2010).rename(
        columns=names
    ).to_excel("cities.xlsx", index=False)


FILES = {"README": own_file}
"""Functions that write the files which a page takes for granted."""


def run(page: str, text: str) -> tuple[str, dict[str, Any]]:
    """Run a page in an empty folder; return it with the output of its code, and the names."""
    import matplotlib as mpl
    import pandas as pd

    mpl.use("Agg")
    names: dict[str, Any] = {"__name__": page}
    output, edits, before = "", [], Path.cwd()
    with tempfile.TemporaryDirectory() as folder, pd.option_context("display.width", 110):
        os.chdir(folder)
        try:
            if page in FILES:
                FILES[page]()
            for kind, content, begin, end in blocks(text):
                if kind == "python":
                    output = printed(content, names, page)
                else:
                    edits.append((begin, end, output))
        finally:
            os.chdir(before)
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")
    for begin, end, output in reversed(edits):
        text = text[:begin] + output + text[end:]
    return text, names


def main(arguments: list[str]) -> int:
    """Compare pages with their code, or write the output into them."""
    write = "--write" in arguments
    differ = 0
    for page in [x for x in arguments if not x.startswith("-")] or PAGES:
        path = path_of(page)
        old = path.read_text("utf-8")
        new, _ = run(page, old)
        if new != old:
            differ += 1
            print(path.relative_to(ROOT))
            if write:
                path.write_text(new, encoding="utf-8")
    return int(bool(differ) and not write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
