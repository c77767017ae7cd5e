"""Write the files that follow from the sources: stubs, schema, lists, pages on checks, guide.

python -m tools.update              (or: make update, with the catalogues of languages)
python -m tools.update --check      says what it would change, and fails if that is anything
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "bayes_nqp"
PARTS = ("model/errors", "model/likelihoods", "model/pooling", "model/priors", "model/terms",
         "space/terms")  # fmt: skip
"""Rooms whose files are found where they stand."""
PLOTS = ("output/plots", "space/plots")
BEGIN, END = ".. written by make update: {}", ".. end of what make update writes"


def decorated(
    room: str, decorator: str, kind: type = ast.FunctionDef
) -> Iterator[tuple[Path, ast.Module, Any]]:
    """Find the functions of a room, or its classes, that a decorator registers."""
    for path in sorted((PACKAGE / room).glob("_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, kind):
                calls = [c.func for c in node.decorator_list if isinstance(c, ast.Call)]
                if any(isinstance(call, ast.Name) and call.id == decorator for call in calls):
                    yield path, tree, node


def door_stub(room: str, entries: Iterable[str]) -> str:
    """List what a room's door names, and what its plug-ins add to it."""
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    lines = list(entries)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bayes_nqp."):
            lines += [f"from {node.module} import {a.name} as {a.name}" for a in node.names]
    return "\n".join(sorted(lines, key=str.lower)) + "\n"


def plots_stub() -> str:
    """List the plots for type checkers, and what the room names for other rooms."""
    lines = [
        f"from bayes_nqp.{room.replace('/', '.')}.{p.stem} import {n.name} as {n.name}"
        for room in PLOTS
        for p, _, n in decorated(room, "plot")
    ]
    return door_stub("output/plots", lines)


def tables_stub() -> str:
    """List what the room's door names, and what writes several tables into a file."""
    lines = set()
    for path, tree, _ in decorated("output/tables", "table_format"):
        names = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        lines |= {f"from .{path.stem} import {n} as {n}" for n in names if n.startswith("write_")}
    return door_stub("output/tables", lines)


def renderings_stub() -> str:
    """Give the signatures of ``Table.to_…``."""
    imports, methods = set(), []
    for _, tree, node in decorated("output/tables", "table_format"):
        node.args.args[0] = ast.arg("self")
        imports |= imported(tree, node)
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        methods.append(f"    def {node.name}({ast.unparse(node.args)}){result}: ...")
    return "\n".join([*sorted(imports), "", "class Renderings:", *sorted(methods), ""])


def attributes_stub() -> str:
    """Give the signatures of ``fit.…``, ``panel.…`` and their like, by what they hang on."""
    imports, methods = set(), {}
    for _, tree, node in decorated("output/accessors", "attribute"):
        call = next(c for c in node.decorator_list if isinstance(c, ast.Call))
        head = "    @property\n" if call.keywords else ""
        holder = ast.literal_eval(call.args[0])
        node.args.args[0] = ast.arg("self")
        imports |= imported(tree, node)
        line = f"    def {node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}: ..."
        methods.setdefault(holder, []).append(head + line)
    classes = [
        "\n".join([f"class {holder}Attributes(Attributed):", *sorted(lines)])
        for holder, lines in sorted(methods.items())
    ]
    imports.add("from bayes_nqp._core.validation._attributes import Attributed")
    return "\n".join([*sorted(imports), "", *classes, ""])


def imported(tree: ast.Module, node: ast.FunctionDef) -> set[str]:
    """Find the imports that a function's signature needs."""
    types = [a.annotation for a in [*node.args.args, *node.args.kwonlyargs, node.args.kwarg] if a]
    names = {n.id for t in [*types, node.returns] if t for n in ast.walk(t)
             if isinstance(n, ast.Name)}  # fmt: skip
    return {
        ast.unparse(type(found)(**{**dict(ast.iter_fields(found)), "names": [alias]}))
        for found in ast.walk(tree)
        if isinstance(found, ast.Import | ast.ImportFrom)
        for alias in found.names
        if (alias.asname or alias.name) in names
    }


def registered_in(part: str) -> list[str]:
    """Name the values of a room, one of which or several stand in a file of their room."""
    named = (decorated(part, word, ast.ClassDef) for word in ("value", "register"))
    return sorted(node.name for several in named for _, _, node in several)


def part_stub(part: str) -> str:
    """List the public classes, functions and types of a room's files, which the room exports."""
    lines = []
    for path in sorted((PACKAGE / part).glob("_[!_]*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            name = getattr(node, "name", "_")
            name = name.id if isinstance(name, ast.Name) else name
            if not name.startswith("_"):
                module = f"bayes_nqp.{part.replace('/', '.')}.{path.stem}"
                lines.append(f"from {module} import {name} as {name}")
    return "\n".join(lines) + "\n"


def package_stub(text: str) -> str:
    """Give the package's stub with the error structures and the terms that there are."""
    lines = text.splitlines()
    for part in PARTS:
        place = f"from .{part.replace('/', '.')} import "
        lines = [line for line in lines if not line.startswith(place)]
        lines += [f"{place}{name} as {name}" for name in registered_in(part)]
    return "\n".join(lines) + "\n"


def formatted(text: str) -> str:
    """Put a stub into the house's form."""
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
        text = subprocess.run(
            [*ruff, *command, "--stdin-filename", "stub.pyi", "-"],
            input=text, capture_output=True, text=True, check=True, cwd=ROOT,
        ).stdout  # fmt: skip
    return text


def reference(text: str) -> str:
    """Fill the lists of the reference that follow from registries."""
    found = (each for room in PLOTS for each in decorated(room, "plot"))
    names = sorted(f"plots.{node.name}" for _, _, node in found)
    terms = sorted(registered_in("model/terms") + registered_in("space/terms"))
    parts = (("errors", registered_in("model/errors")), ("terms", terms))
    for title, entries in (("plots", names), *parts):
        begin = BEGIN.format(title)
        before, _, rest = text.partition(begin + "\n")
        after = rest.partition(END)[2]
        items = "".join(f"   {name}\n" for name in entries)
        head = ".. autosummary::\n   :toctree: generated\n   :nosignatures:\n"
        text = f"{before}{begin}\n\n{head}\n{items}\n{END}{after}"
    return text


def texts() -> dict[Path, str]:
    """Give every file that follows from the sources, as it ought to be."""
    from tools.check_pages import pages
    from tools.guide_page import PLACE, guide
    from tools.referee_page import pages as referee_pages

    from bayes_nqp.studies import json_text

    api = ROOT / "docs" / "reference" / "api.rst"
    public = PACKAGE / "__init__.pyi"
    return {
        public: formatted(package_stub(public.read_text(encoding="utf-8"))),
        **{PACKAGE / part / "__init__.pyi": formatted(part_stub(part)) for part in PARTS},
        PACKAGE / "output" / "plots" / "__init__.pyi": formatted(plots_stub()),
        PACKAGE / "output" / "tables" / "__init__.pyi": formatted(tables_stub()),
        PACKAGE / "_core" / "validation" / "_attributed.pyi": formatted(attributes_stub()),
        PACKAGE / "output" / "tables" / "_renderings.pyi": formatted(renderings_stub()),
        ROOT / "docs" / "study.schema.json": json_text(),
        api: reference(api.read_text(encoding="utf-8")),
        **pages(),
        **referee_pages(),
        PLACE: guide(),
    }


def main(arguments: list[str]) -> int:
    """Write the files that differ, or only name them."""
    differ = {
        path: text
        for path, text in texts().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in differ.items():
        print(path.relative_to(ROOT))
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int("--check" in arguments and bool(differ))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
