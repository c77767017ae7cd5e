"""Show that functions are the same before and after a move, apart from names and texts.

    python -m tools.same OLD NEW        two revisions; NEW is the checkout by default

Each function of OLD is looked for in NEW at the place that tools/rename.toml gives its file. Two
are equal if their syntax trees are, once names are mapped by the table and texts left out. A name
that became several, by what it meant, is taken for the same as each of them. Prints the share that
is equal and lists the others.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from tools.rename import HOME, ROOT, TABLE, Layout


class Bare(ast.NodeTransformer):
    """Leave out what a move may change: texts, places of imports, and former names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def _named(self, name: str | None) -> str | None:
        return None if name is None else self._names.get(name, name)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        held = [x.value for x in node.values if isinstance(x, ast.FormattedValue)]
        return ast.Tuple([self.visit(value) for value in held], ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._named(node.id), node.ctx)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        names = [ast.alias(str(self._named(x.asname or x.name))) for x in node.names]
        return ast.ImportFrom("", sorted(names, key=lambda x: x.name), 0)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("name", "attr", "arg"):
            if isinstance(getattr(node, field, None), str):
                setattr(node, field, self._named(getattr(node, field)))
        return super().generic_visit(node)


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Find the functions of a module and the methods of its classes, by qualified name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from functions(node, prefix)


def dumped(texts: Mapping[str, str], names: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    """Give the bare syntax of every function, by file and mapped name; overloads are several."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, text in texts.items():
        for name, node in functions(ast.parse(text)):
            key = ".".join(names.get(part, part) for part in name.split("."))
            bare = Bare(names).visit(node)
            first = bare.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                bare.body = bare.body[1:]
            found.setdefault((path, key), []).append(ast.dump(bare))
    return found


def of_revision(revision: str) -> dict[str, str]:
    """Read the package's Python files of a revision."""
    listed = _git("ls-tree", "-r", "--name-only", revision, "--", HOME).splitlines()
    paths = [path for path in listed if path.endswith(".py")]
    asked = "\n".join(f"{revision}:{path}" for path in paths).encode()
    held = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=ROOT, input=asked, capture_output=True, check=True
    ).stdout
    texts = {}
    for path in paths:
        head, _, rest = held.partition(b"\n")
        size = int(head.split()[-1])
        texts[path], held = rest[:size].decode("utf-8"), rest[size + 1 :]
    return texts


def of_checkout() -> dict[str, str]:
    """Read the package's Python files as they are."""
    files = sorted((ROOT / HOME).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def compared(
    old: Mapping[str, str],
    new: Mapping[str, str],
    moves: Mapping[str, str],
    names: Mapping[str, str],
) -> tuple[int, list[str], list[str], list[str]]:
    """Compare two packages.

    Returns
    -------
    tuple
        How many functions are equal; those that changed, are gone, and are new.
    """
    before = dumped({moves.get(path, path): text for path, text in old.items()}, names)
    after = dumped(new, names)
    same = [key for key in before if before[key] == after.get(key)]
    changed = [key for key in before if key in after and before[key] != after[key]]
    gone, added = before.keys() - after.keys(), after.keys() - before.keys()
    listed = ([f"{path}: {name}" for path, name in sorted(x)] for x in (changed, gone, added))
    return len(same), *listed


def mapped(table: Mapping[str, Any]) -> dict[str, str]:
    """Map all names that the table takes for the same to one of them.

    Parameters
    ----------
    table : mapping
        Of `tools/rename.toml`: public names in ``name``, others in ``internal``.
    """
    names: dict[str, str] = {}

    def root(name: str) -> str:
        while name in names:
            name = names[name]
        return name

    pairs = [(row["old"], [row["new"]]) for row in table.get("name", [])]
    internal = table.get("internal", {}).items()
    pairs += [(old, [new] if isinstance(new, str) else new) for old, new in internal]
    for old, every in pairs:
        for new in every:
            if root(old) != root(new):
                names[root(old)] = root(new)
    return {name: root(name) for name in names}


def main(arguments: list[str]) -> int:
    """Print the share of functions that are equal, and the others."""
    old = of_revision(arguments[0])
    new = of_revision(arguments[1]) if len(arguments) > 1 else of_checkout()
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    moves = Layout(table, sorted(old)).moves
    same, changed, gone, added = compared(old, new, moves, mapped(table))
    total = same + len(changed) + len(gone)
    print(f"{same} of {total} functions are equal: {same / max(total, 1):.2%}")
    for title, rows in (("changed", changed), ("gone", gone), ("new", added)):
        for row in rows:
            print(f"{title}: {row}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
