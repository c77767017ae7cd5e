"""Write pages from the sources: methods by paper, file and test; llms.txt, a list of pages."""

import ast
import re
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "bayes_nqp"
_SECTION = re.compile(
    r"^References\n-+\n(.*?)(?=\n\n\w[\w ]*\n-+\n|\Z)", flags=re.DOTALL | re.MULTILINE
)
HEAD = """# Methods

This page lists the papers that docstrings cite, the code in `src/bayes_nqp` that implements each
method, and a test of this code in `tests`. It is made from the docstrings.

| paper | code | test |
| --- | --- | --- |
"""


def cited():
    """Yield file, name and references of every docstring that has any."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)):
                found = _SECTION.search(ast.get_docstring(node) or "")
                if found:
                    yield path, getattr(node, "name", ""), " ".join(found[1].split())


def methods():
    """Yield the rows of the table: paper, name, file, test (empty if there is none)."""
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    names = {x: {*re.findall(r"\w+", x.read_text(encoding="utf-8"))} for x in tests}
    for path, name, papers in cited():
        if path.is_relative_to(PACKAGE / "data" / "datasets"):
            continue
        words = [name] if name and not name.startswith("_") else [path.stem.strip("_")]
        held = [x for x in tests if words[0] in names[x]]
        own = [x for x in held if words[0].lower() in x.stem.replace("_", "") + x.stem]
        parts = path.relative_to(PACKAGE).parts
        room = parts[parts[0] == "space"]  # tests of an extension stand with those of the core
        asking = path.stem.strip("_").partition("_")[0]
        beside = sorted((x for x in tests if room in x.parts), key=lambda x: asking not in x.stem)
        test = next((x.relative_to(ROOT).as_posix() for x in [*own, *held, *beside]), "")
        yield papers, name or path.stem, path.relative_to(PACKAGE).as_posix(), test


def code(name, place):
    """Return the file of a method, or its name and folder."""
    named = Path(place).stem.strip("_") == name.strip("_")
    return f"`{place}`" if named else f"`{Path(place).parent.name}: {name}`"


def methods_page():
    """Return the page "Methods", with one row for the methods of the same papers."""
    lines = []
    for papers, group in groupby(sorted(methods()), key=lambda row: row[0]):
        found = [(code(name, place), f"`{Path(test).stem}`") for _, name, place, test in group]
        merged = (", ".join(dict.fromkeys(column)) for column in zip(*found, strict=True))
        cells = [papers.replace("|", "\\|"), *merged]
        lines.append(f"| {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


def write_methods(app):
    """Write the page before pages are read."""
    page = Path(app.srcdir) / "reference" / "generated" / "methods.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    text = methods_page()
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def write_list(app, error):
    """Write llms.txt: every page of prose with its title and first sentence, as it was written."""
    if error or app.builder.format != "html":
        return
    lines = [
        "# bayes_nqp",
        "",
        "> Bayesian causal inference for policies that reach units at different times.",
        "",
    ]
    for name in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(name))
        if source.suffix == ".md":
            title = app.env.titles[name].astext()
            prose = re.sub(
                r"^(#.*|:.*|```.*|\|.*)$",
                "",
                source.read_text(encoding="utf-8"),
                flags=re.MULTILINE,
            )
            first = re.split(r"(?<=[.!?。！？])\s|\n\n", prose.strip(), maxsplit=1)[0]
            lines.append(f"- [{title}](_sources/{name}.md.txt): {' '.join(first.split())}")
    (Path(app.outdir) / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def link_results(app, name, source):
    """Turn links to files of benchmarks/results, which are no pages, into downloads."""
    source[0] = re.sub(
        r"\]\(((?:\.\./)+benchmarks/results/\w+\.md)(#[\w-]*)?\)", r"](path:\1)", source[0]
    )


def setup(app):
    app.connect("builder-inited", write_methods)
    app.connect("source-read", link_results)
    app.connect("build-finished", write_list)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
