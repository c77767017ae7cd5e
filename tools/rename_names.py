"""Rename what is defined in one place wherever it is meant: part of tools/rename.py.

Python files are read as syntax: a name is renamed where it is bound to the definition by an import,
or looked up on a module that has it, and nowhere else. In texts, names are renamed where a text
means them: behind ``nqp.``, before a bracket, in code spans, or as a whole literal.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

NAME = "bayes_nqp"
type Symbol = tuple[str, str]
"""A module and a name in it."""


@dataclass(frozen=True)
class Names:
    """What names become, and where each is meant.

    Parameters
    ----------
    rows : list of dict
        Tables of rename.toml: "old" and "new"; "module", where it is defined, after the move;
        "literal", whether a whole literal or code span of this text always means it; "except",
        files in which it does not.
    package : Path
        The package's folder, after the move.
    """

    rows: list[dict[str, object]]
    package: Path
    trees: dict[str, ast.Module] = field(default_factory=dict)

    @cached_property
    def new(self) -> dict[str, str]:
        """New name of every old one that is defined somewhere."""
        return {str(row["old"]): str(row["new"]) for row in self.rows if "module" in row}

    @cached_property
    def symbols(self) -> dict[Symbol, str]:
        """New name of every module's name that stands for a definition."""
        found: dict[Symbol, str] = {}
        for row in self.rows:
            if "module" in row:
                listed = row["module"] if isinstance(row["module"], list) else [row["module"]]
                found |= {(f"{NAME}.{x}", str(row["old"])): str(row["new"]) for x in listed}
        imports = [*self._imports()]
        gathering = {
            module
            for module, tree in self._trees.items()
            if "discovered(__name__)" in ast.unparse(tree)
        }
        size = 0
        while size < len(found):
            size = len(found)
            for module, home, name, bound in imports:
                if (home, name) in found and bound == name:
                    found[module, name] = found[home, name]
            for module, name in list(found):
                package = module.rpartition(".")[0]
                if package in gathering:
                    found[package, name] = found[module, name]
        plots = f"{NAME}.output.plots"
        for (module, name), new in list(found.items()):
            if module.startswith((f"{plots}._", f"{NAME}.space.plots._")):
                found[plots, name] = new
        return found

    @cached_property
    def _trees(self) -> dict[str, ast.Module]:
        found = {}
        for path in sorted(self.package.rglob("*.py*")):
            if path.suffix in (".py", ".pyi"):
                parts = path.relative_to(self.package.parent).with_suffix("").parts
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                tree = ast.parse(path.read_text(encoding="utf-8"))
                if name in found:
                    found[name].body += tree.body
                else:
                    found[name] = tree
        return found

    def _imports(self) -> Iterator[tuple[str, str, str, str]]:
        for module, tree in self._trees.items():
            for node in tree.body:
                if isinstance(node, ast.ImportFrom):
                    home = absolute(node, module)
                    for alias in node.names:
                        yield module, home, alias.name, alias.asname or alias.name

    def python(self, text: str, module: str, *, package: bool = False) -> str:
        """Rename in a Python file.

        Parameters
        ----------
        text : str
            The file.
        module : str
            Its dotted name; any text where it is of no package.
        package : bool, default False
            Whether it is the ``__init__`` of a package.
        """
        if not any(old in text for old in self.new):
            return text
        tree = ast.parse(text)
        visitor = _Uses(self.symbols, module, set(self._trees))
        visitor.module(tree)
        starts = [0]
        for line in text.encode().splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        raw = text.encode()
        for row, column, old, new in sorted(visitor.edits, reverse=True):
            at = starts[row - 1] + column
            if raw[at : at + len(old)] == old.encode():
                raw = raw[:at] + new.encode() + raw[at + len(old) :]
        return raw.decode()

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Mapping[str, str], frozenset[str]]]:
        public = {name: new for (m, name), new in self.symbols.items() if m == NAME}
        plots = {n: new for (m, n), new in self.symbols.items() if m == f"{NAME}.output.plots"}
        values = {old: new for old, new in public.items() if old[0].isupper()}
        functions = {old: new for old, new in public.items() if old[0].islower()}
        found = []

        def add(pattern: str, names: Mapping[str, str], skip: object = ()) -> None:
            if names:
                joined = "|".join(sorted(names, key=len, reverse=True))
                meant = re.compile(pattern.replace("{}", f"(?:{joined})"))
                found.append((meant, names, frozenset(skip)))

        add(r"(?<=\bnqp\.)({})\b(?![-/])", public)
        add(r"(?<=\bplots\.)({})\b", plots)
        add(r"(?<![\w.'/-])({})(?=\()", values)
        add(r"(?<=[`\"'])({})(?=[`\"'.])", values)
        add(r"(?<=`)({})(?=\()", functions)
        add(r"\b({})\b", {old: new for old, new in values.items() if re.search("[a-z][A-Z]", old)})
        for row in self.rows:
            if row.get("literal"):
                names = {str(row["old"]): str(row["new"])}
                add(r"(?<=\")(?:{})(?=\")|(?<=`)(?:{})(?=`)", names, row.get("except", ()))
                if row.get("kind") == "verdict":
                    add(r"(?<=')({})(?=')", names, row.get("except", ()))
                if row.get("kind") == "check":
                    add(r"\b({})(?==\"(?:passed|caution|failed|inconclusive|reported))", names)
                    add(r"\b({})(?==\"(?:holds|in doubt|fails|could not tell))", names)
                    add(r"(?<=checks\.)({})\b|(?<=#)({})(?=[)\"])", names)
                    add(r"(?m)(?<=^### )({})$|(?<=^### `)({})(?=`$)", names)
                if row.get("kind") == "plot":
                    add(r"(?<=[/_])({})(?=\.(?:csv|png))", names)
            if row.get("kind") == "estimand":
                add(r"(?<=ESTIMANDS\[\")({})(?=\")", {str(row["old"]): str(row["new"])})
            if row.get("bare"):
                add(r"\b({})\b", {str(row["old"]): str(row["new"])})
        return found

    def text(self, text: str, path: str) -> str:
        """Rename in any text, where it means a name."""
        if path.endswith(".csv"):
            rows = {str(row["old"]): str(row["new"]) for row in self.rows if row.get("literal")}
            cell = re.compile(rf"(?<![^,\n])({'|'.join(rows)})(?![^,\n])")
            return cell.sub(lambda found: rows[found[0]], text)
        text = re.sub(rf"\bfrom ({NAME}[\w.]*) import ([\w ,]+\w)", self._imported, text)
        text = re.sub(r"(?m)^ +\w+ : .*$", self._typed, text)
        for pattern, names, skip in self._patterns:
            if path not in skip:
                text = pattern.sub(lambda found, names=names: names[found[0]], text)
        if path.endswith("api.rst"):
            public = {name: new for (m, name), new in self.symbols.items() if m == NAME}
            text = re.sub(
                r"^(   )(\w+)$", lambda m: m[1] + public.get(m[2], m[2]), text, flags=re.MULTILINE
            )
        return text

    def _imported(self, found: re.Match[str]) -> str:
        names = (
            re.sub(r"^\w+", lambda m: self.symbols.get((found[1], m[0]), m[0]), item)
            for item in found[2].split(", ")
        )
        return f"from {found[1]} import {', '.join(names)}"

    def _typed(self, found: re.Match[str]) -> str:
        """Rename values in a docstring's line of an argument and its types."""
        values = {str(x["old"]): str(x["new"]) for x in self.rows if x.get("kind") == "value"}
        return re.sub(r"(?<![\w.])[A-Z]\w+", lambda m: values.get(m[0], m[0]), found[0])


def absolute(node: ast.ImportFrom, module: str) -> str:
    """Give the module that an import names, from a package's own file where it is relative."""
    if not node.level:
        return node.module or ""
    return ".".join(x for x in (module, node.module) if x)


class _Uses:
    """The places of a file at which names stand for definitions."""

    def __init__(self, symbols: Mapping[Symbol, str], module: str, modules: set[str]) -> None:
        self._symbols, self._module, self._modules = symbols, module, modules
        self.edits: set[tuple[int, int, str, str]] = set()

    def module(self, tree: ast.Module) -> None:
        """Walk a file from its top."""
        env = {name: new for (module, name), new in self._symbols.items() if module == self._module}
        own = self._bound(tree.body)
        kept = {name: new for name, new in env.items() if name in own}
        self._block(tree.body, {**own, **kept})

    def _bound(self, body: list[ast.stmt]) -> dict[str, str | None]:
        """Give the names that a scope binds: to a definition, a module (with a dot), or else."""
        found: dict[str, str | None] = {}
        stack: list[ast.AST] = list(body)
        while stack:
            node = stack.pop()
            if isinstance(node, ast.ImportFrom):
                home = absolute(node, self._module)
                for alias in node.names:
                    bound = alias.asname or alias.name
                    if (home, alias.name) in self._symbols and bound == alias.name:
                        found[bound] = self._symbols[home, alias.name]
                    elif f"{home}.{alias.name}" in self._modules:
                        found[bound] = f".{home}.{alias.name}"
                    elif home == NAME and f"{NAME}.output.{alias.name}" in self._modules:
                        found[bound] = f".{NAME}.output.{alias.name}"
                    else:
                        found[bound] = None
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    found[alias.asname or first] = f".{alias.name if alias.asname else first}"
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[node.name] = None
                continue
            elif isinstance(node, ast.comprehension):
                stack += [node.iter, *node.ifs]  # its targets are its own
                continue
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, None)
            elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
                found[node.name] = None
            stack.extend(ast.iter_child_nodes(node))
        return found

    def _block(self, nodes: list[ast.stmt], env: Mapping[str, str | None]) -> None:
        for node in nodes:
            self._visit(node, env, env)

    def _visit(
        self, node: ast.AST, env: Mapping[str, str | None], outer: Mapping[str, str | None]
    ) -> None:
        """Visit a node; functions inside see ``outer``, which leaves out names of a class."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self._function(node, env, outer)
            return
        if isinstance(node, ast.ClassDef):
            self._defined(node, env)
            for part in (*node.decorator_list, *node.bases, *node.keywords):
                self._visit(part, env, outer)
            inner = {**env, **dict.fromkeys(self._bound(node.body))}
            for each in node.body:
                self._visit(each, inner, env)
            return
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            targets = {
                n.id: None
                for generator in node.generators
                for n in ast.walk(generator.target)
                if isinstance(n, ast.Name)
            }
            env, outer = {**env, **targets}, {**outer, **targets}
        if isinstance(node, ast.ImportFrom):
            home = absolute(node, self._module)
            for alias in node.names:
                new = self._symbols.get((home, alias.name))
                if new:
                    self._edit(alias.lineno, alias.col_offset, alias.name, new)
                    if alias.asname == alias.name:
                        column = alias.end_col_offset - len(alias.name)
                        self._edit(alias.lineno, column, alias.name, new)
        elif isinstance(node, ast.Name):
            new = env.get(node.id)
            if new and not new.startswith("."):
                self._edit(node.lineno, node.col_offset, node.id, new)
        elif isinstance(node, ast.Attribute):
            home = self._home(node.value, env)
            new = self._symbols.get((home, node.attr)) if home else None
            if new and node.end_lineno and node.end_col_offset:
                column = node.end_col_offset - len(node.attr.encode())
                self._edit(node.end_lineno, column, node.attr, new)
        elif isinstance(node, ast.Assign) and "__all__" in map(ast.unparse, node.targets):
            for each in ast.walk(node.value):
                new = self._all(each)
                if new and isinstance(each, ast.Constant):
                    self._edit(each.lineno, each.col_offset + 1, each.value, new)
        for child in ast.iter_child_nodes(node):
            self._visit(child, env, outer)

    def _all(self, node: ast.AST) -> str | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._symbols.get((self._module, node.value))
        return None

    def _home(self, node: ast.AST, env: Mapping[str, str | None]) -> str:
        """Name the module that an expression stands for; "" for none."""
        if isinstance(node, ast.Name):
            bound = env.get(node.id) or ""
            return bound.removeprefix(".") if bound.startswith(".") else ""
        if isinstance(node, ast.Attribute):
            home = self._home(node.value, env)
            if home == NAME and f"{NAME}.output.{node.attr}" in self._modules:
                return f"{NAME}.output.{node.attr}"
            return f"{home}.{node.attr}" if home else ""
        return ""

    def _defined(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
        env: Mapping[str, str | None],
    ) -> None:  # fmt: skip
        new = env.get(node.name)
        if new and not new.startswith("."):
            words = "class " if isinstance(node, ast.ClassDef) else "def "
            words = f"async {words}" if isinstance(node, ast.AsyncFunctionDef) else words
            self._edit(node.lineno, node.col_offset + len(words), node.name, new)

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        env: Mapping[str, str | None], outer: Mapping[str, str | None],
    ) -> None:  # fmt: skip
        taken = node.args
        arguments = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]
        arguments += [x for x in (taken.vararg, taken.kwarg) if x]
        if not isinstance(node, ast.Lambda):
            self._defined(node, env)
            parts = [*node.decorator_list, *([node.returns] if node.returns else [])]
            parts += [x.annotation for x in arguments if x.annotation]
            for part in parts:
                self._visit(part, env, outer)
        for part in (*taken.defaults, *(x for x in taken.kw_defaults if x)):
            self._visit(part, env, outer)
        body = [ast.Expr(node.body)] if isinstance(node, ast.Lambda) else node.body
        inner = {**outer, **dict.fromkeys(x.arg for x in arguments)}
        bound = self._bound(body)
        for each in ast.walk(ast.Module(body, [])):
            if isinstance(each, ast.Global | ast.Nonlocal):
                bound = {name: x for name, x in bound.items() if name not in each.names}
        inner |= bound
        for each in body:
            self._visit(each, inner, inner)

    def _edit(self, row: int, column: int, old: str, new: str) -> None:
        self.edits.add((row, column, old, new))
