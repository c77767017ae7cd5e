"""Move and rename everything that tools/rename.toml says, in a checkout without changes.

    python -m tools.rename              files, imports, paths, names; then stubs and catalogues
    python -m tools.rename --modules    the same without names
    python -m tools.rename --list       only print where each file goes

The table is applied to whatever the checkout holds: a file that the table does not name follows its
folder. What the table cannot say in general stands in it as an edit of one file, whose old text is
there exactly once. Nothing is committed.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import Any

from tools.rename_names import Names

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_name("rename.toml")
NAME = "bayes_nqp"
HOME = f"src/{NAME}"
TEXTS = {
    ".ado", ".cfg", ".cff", ".css", ".html", ".ipynb", ".js", ".json", ".md", ".po", ".py", ".pyi",
    ".rst", ".sh", ".sthlp", ".tex", ".toml", ".txt", ".yaml", ".yml", "",
}  # fmt: skip
_OWN = ("tools/rename", "tools/same", "tests/test_rename")
"""Files of these tools, in which old names stand as old names."""

_PLACES = rf"\bfrom ({NAME}(?:\.\w+)*) import (\([^()]*\)|[\w ,]+\w)|\b{NAME}((?:\.\w+)+)"
_RELATIVE = re.compile(r"^from (\.+[\w.]*) import (\([^()]*\)|[\w ,]+\w)", flags=re.MULTILINE)
_FILE = re.compile(
    rf"(?<![\w/.\-])(?:(src/{NAME}/|{NAME}/|tests/)([a-z_]+(?:\.\w+|(?:/[\w.*\[\]!]+)*/?))"
    r"|([a-z_]+(?:(?:/[\w.*\[\]!]+)+/?|\.py)))(?![\w/*])"
)
_CHAIN = re.compile(
    rf'(\b(?:PACKAGE|SOURCE|HOME)|"{NAME}"|nqp\.__file__\)\.parent|\bfiles\("{NAME}"\))'
    r'((?: / "[\w./\-]+")+)'
)
_PARENTS = re.compile(
    r"(?<!\.)(\b__file__\)(?:\.resolve\(\))?)(\.parents\[(\d+)\]|(?:\.parent\b)+)"
)


@dataclass(frozen=True)
class Layout:
    """Where files of the package and their tests go.

    Parameters
    ----------
    table : mapping
        What rename.toml holds.
    tracked : list of str
        Every tracked file before the move.
    """

    table: Mapping[str, Any]
    tracked: list[str] = field(repr=False)

    @cached_property
    def files(self) -> dict[str, str]:
        """New place of every file of the package, both within the package."""
        names = [x.removeprefix(f"{HOME}/") for x in self.tracked if x.startswith(f"{HOME}/")]
        return {name: self.table["files"].get(name) or self.followed(name) for name in names}

    def followed(self, path: str) -> str:
        """Move a path with the longest of its folders that moves."""
        parts = PurePosixPath(path).parts
        for k in range(len(parts), 0, -1):
            folder = "/".join(parts[:k])
            if folder in self.table["folders"]:
                return "/".join([self.table["folders"][folder], *parts[k:]])
        return path

    @cached_property
    def tests(self) -> dict[str, str]:
        """New place of every test that moves, both from the root."""
        moved = {}
        for name in self.tracked:
            if not name.startswith("tests/") or name.count("/") < 2:
                continue
            path = name.removeprefix("tests/")
            top, _, rest = path.partition("/")
            new = self.table["tests"].get(path)
            if new is None and top in self.table["tests"]:
                new = f"{self.table['tests'][top]}/{rest}"
            moved[name] = f"tests/{new or self.followed(path)}"
        return {old: new for old, new in moved.items() if old != new}

    @cached_property
    def moves(self) -> dict[str, str]:
        """New place of every file that moves, both from the root."""
        inside = {f"{HOME}/{old}": f"{HOME}/{new}" for old, new in self.files.items()}
        return {old: new for old, new in (inside | self.tests).items() if old != new}

    @cached_property
    def origins(self) -> dict[str, str]:
        """Old place of a file by its new one."""
        return {new: old for old, new in self.moves.items()}

    @cached_property
    def folders(self) -> dict[str, str]:
        """New place of every folder of the package that keeps its files together."""
        found = {str(parent) for name in self.files for parent in PurePosixPath(name).parents}
        return {folder: self.followed(folder) for folder in found - {"."}}

    @cached_property
    def modules(self) -> dict[str, str]:
        """New name of every module and package, both within the package."""
        found = {}
        for old, new in self.files.items():
            if old.endswith(".py"):
                found[_dotted(old)] = _dotted(new)
        return found

    @property
    def unplaced(self) -> list[str]:
        """Files at the top of the package that the table does not name."""
        top = (name for name in self.files if name.endswith(".py") and "/" not in name)
        return [name for name in top if name not in self.table["files"] and name[0] != "_"]

    @cached_property
    def homes(self) -> dict[tuple[str, str], str]:
        """New package of names that leave a package which gathers what its files define."""
        found = {}
        for old, new in self.table["files"].items():
            package, stays = _dotted(str(PurePosixPath(old).parent)), self.followed(old)
            path = ROOT / HOME / old
            gathers = ROOT / HOME / PurePosixPath(old).parent / "__init__.py"
            if new == stays or not path.exists() or "/" not in old:
                continue
            if "discovered(__name__)" in gathers.read_text(encoding="utf-8"):
                text = path.read_text(encoding="utf-8")
                for name in re.findall(r"^(?:class|def|type) (\w+)", text, flags=re.MULTILINE):
                    found[package, name] = _dotted(str(PurePosixPath(new).parent))
        return found

    @cached_property
    def bound(self) -> set[tuple[str, str]]:
        """Names of packages that stand for something else than their module of that name."""
        found = set()
        for old in self.files:
            if old.endswith("/__init__.py"):
                package = _dotted(old)
                text = (ROOT / HOME / old).read_text(encoding="utf-8")
                for module, listed in re.findall(
                    rf"from {NAME}\.([\w.]+) import (\([^()]*\)|.+)", text
                ):
                    if module.startswith(package):
                        names = (item.rpartition(" as ")[2] for item in _names(listed))
                        found |= {(package, name) for name in names}
        return found

    @cached_property
    def public(self) -> set[str]:
        """Modules that are attributes of the package: ``nqp.plots``."""
        stub = (ROOT / HOME / "__init__.pyi").read_text(encoding="utf-8")
        found = re.findall(r"^from \. import (\w+) as \1$", stub, flags=re.MULTILINE)
        return {*found, *self.table["public"]}

    @cached_property
    def groups(self) -> set[str]:
        """Groups of entry points, which other packages name and which stay."""
        return {f".{name}" for name in self.table["groups"]}

    def module(self, dotted: str) -> tuple[str, str]:
        """Give the new name of the longest module that a dotted name begins with, and the rest."""
        parts = dotted.split(".")
        for k in range(len(parts), 0, -1):
            old = ".".join(parts[:k])
            if old in self.modules:
                return self.modules[old], ".".join(parts[k:])
        return "", dotted

    def renamed(self, dotted: str) -> str:
        """Give the new name of a dotted one, which may go on behind its module."""
        return ".".join(x for x in self.module(dotted) if x)

    def path(self, path: str, *, sure: bool) -> str:
        """Give the new place of a file, folder or pattern of the package.

        Parameters
        ----------
        path : str
            Within the package.
        sure : bool
            Whether it is known to be of the package; one that may be another's is left alone
            unless a file or folder of that name is there.
        """
        bare = path.rstrip("/")
        slash = path[len(bare) :]
        if bare in self.files:
            return self.files[bare] + slash
        if bare in self.folders and (sure or "/" in bare):
            return self.folders[bare] + slash
        folder, _, last = bare.rpartition("/")
        if folder in self.folders and (sure or last.startswith("_") or "*" in last):
            return f"{self.folders[folder]}/{last}{slash}"
        return path


def _dotted(path: str) -> str:
    name = path.removesuffix(".py").removesuffix("__init__").rstrip("/")
    return name.replace("/", ".")


def _names(listed: str) -> list[str]:
    text = re.sub(r"#[^\n]*", "", listed.strip("()"))
    return [name.strip() for name in text.split(",") if name.strip()]


@dataclass(frozen=True)
class Text:
    """A file's text, brought to the new places.

    Parameters
    ----------
    layout : Layout
        Where everything goes.
    old, new : str
        The file's place before and after, from the root.
    """

    layout: Layout
    old: str
    new: str

    @property
    def prose(self) -> bool:
        """Whether it is a page or notebook, in which public modules keep their public names."""
        return self.old.endswith((".md", ".ipynb", ".rst", ".json", ".sthlp", ".ado"))

    def __call__(self, text: str) -> str:
        """Return the text with new imports, dotted names, paths and ways up from a file."""
        if self.old.endswith(".pyi"):
            text = _RELATIVE.sub(self._relative, text)
        text = re.sub(_PLACES, self._place, text)
        text = _CHAIN.sub(self._chain, text)
        text = _FILE.sub(self._path, text)
        text = re.sub(r'(?<=")(\w+\.py)(?=":)', self._bare, text)
        text = re.sub(r"(?<![\w/])(\w+)/(test_\w+\.py)", self._test, text)
        if self.old.endswith(".md"):
            text = re.sub(r"`(\w+)/`", self._folder, text)
        if self.old.endswith(".py"):
            text = _PARENTS.sub(self._parents, text)
        return text

    def _place(self, found: re.Match[str]) -> str:
        if found[1] is None:
            first = found[3].split(".")[1]
            edges = found.string[found.start() - 1 : found.start()], found.string[found.end() :][:1]
            if edges == ("[", "]") and found[3] in self.layout.groups:
                return found[0]  # a heading of entry points
            open_ = "._" not in found[3] and first in self.layout.public
            kept = self.old.removeprefix(f"{HOME}/") in self.layout.table["keep"]
            if kept or (self.prose and (open_ or found[3] in self.layout.groups)):
                return found[0]
            return f"{NAME}.{self.layout.renamed(found[3].removeprefix('.'))}"
        base = found[1].removeprefix(NAME).removeprefix(".")
        return self._imports(found[0], base, found[2])

    def _imports(self, whole: str, base: str, listed: str) -> str:
        """Rewrite an import by what each of its names is: a module, or something in one."""
        if self.prose and base in self.layout.public:
            return whole
        inside = self.old.startswith(HOME)
        groups: dict[str, list[str]] = {}
        for item in _names(listed):
            name, _, other = item.partition(" as ")
            dotted = f"{base}.{name}".strip(".")
            if not base and name in self.layout.public and not inside:
                home = ""
            elif dotted in self.layout.modules and (base, name) not in self.layout.bound:
                home, _, last = self.layout.modules[dotted].rpartition(".")
                item = f"{last} as {other or name}" if other or last != name else last
            elif (base, name) in self.layout.homes:
                home = self.layout.homes[base, name]
            else:
                home = self.layout.renamed(base) if base else ""
            groups.setdefault(home, []).append(item)
        if len(groups) == 1:
            (home,) = groups
            kept = groups[home] == _names(listed)
            names = listed if kept else self._listed(groups[home], listed)
            return f"from {self._full(home)} import {names}"
        pieces = [f"from {self._full(home)} import {', '.join(x)}" for home, x in groups.items()]
        return "; ".join(pieces) if self._in_line(whole) else "\n".join(pieces)

    @staticmethod
    def _full(home: str) -> str:
        return f"{NAME}.{home}" if home else NAME

    @staticmethod
    def _listed(names: list[str], listed: str) -> str:
        text = ", ".join(names)
        return f"({text})" if listed.startswith("(") else text

    def _in_line(self, whole: str) -> bool:
        return not self.old.endswith((".py", ".pyi"))

    def _relative(self, found: re.Match[str]) -> str:
        """Rewrite a relative import of a stub, which stays relative where it can."""
        folder = PurePosixPath(self.old.removeprefix(f"{HOME}/")).parent
        for _ in range(len(found[1]) - len(found[1].lstrip(".")) - 1):
            folder = folder.parent
        base = ".".join(x for x in (_dotted(str(folder)).strip("."), found[1].lstrip(".")) if x)
        text = self._imports("", base, found[2])
        own = _dotted(str(PurePosixPath(self.new.removeprefix(f"{HOME}/")).parent)).strip(".")
        prefix = f"from {NAME}.{own}".rstrip(".") + "."
        return "\n".join(
            line.replace(prefix, "from .", 1)
            if line.startswith(prefix)
            else line.replace(f"from {prefix[5:-1]} import", "from . import", 1)
            for line in text.splitlines()
        )

    def _path(self, found: re.Match[str]) -> str:
        prefix, path = found[1] or "", found[2] or found[3]
        if prefix == "tests/":
            return self._tests(path) or found[0]
        if self.old == "tests/LEDGER.md" and not prefix:
            return found[0]
        if "/" not in path and self.old.startswith(("tests/", HOME)):
            return found[0]
        return prefix + self.layout.path(path, sure=bool(prefix))

    def _tests(self, path: str) -> str:
        full = f"tests/{path}"
        if full in self.layout.tests:
            return self.layout.tests[full]
        folder = path.rstrip("/")
        inside = {n for o, n in self.layout.tests.items() if o.startswith(f"tests/{folder}/")}
        if folder in self.layout.table["tests"]:
            return f"tests/{self.layout.table['tests'][folder]}{path[len(folder) :]}"
        return f"tests/{self.layout.followed(folder)}{path[len(folder) :]}" if inside else ""

    def _bare(self, found: re.Match[str]) -> str:
        return self.layout.files.get(found[1], found[1])

    def _folder(self, found: re.Match[str]) -> str:
        return f"`{self.layout.folders.get(found[1], found[1])}/`"

    def _test(self, found: re.Match[str]) -> str:
        new = self.layout.tests.get(f"tests/{found[0]}")
        return new.removeprefix("tests/") if new else found[0]

    def _chain(self, found: re.Match[str]) -> str:
        pieces = re.findall(r'"([\w./\-]+)"', found[2])
        if pieces[:2] == ["src", NAME]:
            return found[0]
        for k in range(len(pieces), 0, -1):
            old = "/".join(pieces[:k])
            new = self.layout.files.get(old) or self.layout.folders.get(old)
            if new is not None:
                parts = [*new.split("/"), *pieces[k:]]
                if any("/" in piece for piece in pieces[:k]):
                    parts = [new, *pieces[k:]]
                return found[1] + "".join(f' / "{part}"' for part in parts)
        return found[0]

    def _parents(self, found: re.Match[str]) -> str:
        """Count anew how far up a folder is that did not move with the file."""
        steps = int(found[3]) + 1 if found[3] is not None else found[2].count(".parent")
        here, there = PurePosixPath(self.old), PurePosixPath(self.new)
        meant = here.parents[steps - 1] if steps <= len(here.parents) else None
        if meant is None:
            steps += len(there.parents) - len(here.parents)
        elif meant in there.parents:
            steps = list(there.parents).index(meant) + 1
        if steps == 1:
            return f"{found[1]}.parent"
        return f"{found[1]}.parents[{steps - 1}]" if found[3] or steps > 2 else found[0]


def git(*arguments: str) -> str:
    """Run git in the checkout, and give what it prints."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def tracked() -> list[str]:
    """List the tracked files."""
    return [name for name in git("ls-files", "-z").split("\0") if name]


def move(layout: Layout) -> None:
    """Move the files with git, and write what new packages are for."""
    for new in layout.moves.values():
        (ROOT / new).parent.mkdir(parents=True, exist_ok=True)
    # Through places that nothing else has: `effects.py` becomes a file of a folder `effects`.
    for old in layout.moves:
        git("mv", old, f"{old}.moving")
    for old, new in layout.moves.items():
        git("mv", f"{old}.moving", new)
    for folder in {ROOT / parent for old in layout.moves for parent in PurePosixPath(old).parents}:
        if folder.is_dir() and {x.suffix for x in folder.rglob("*") if x.is_file()} <= {".pyc"}:
            shutil.rmtree(folder)  # would be found as a package without files
    described(layout.table["packages"])


def described(packages: Mapping[str, str]) -> None:
    """Give packages their docstrings, and those that lack one their file."""
    for folder, words in packages.items():
        path = ROOT / HOME / folder / "__init__.py"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        text = re.sub(r'\A""".*?"""\n', "", text, flags=re.DOTALL)
        if "from __future__" not in text:
            text = text.lstrip("\n")
        path.write_text(
            f'"""{words.strip()}"""\n' + (f"\n{text}" if text else ""), encoding="utf-8"
        )
        git("add", str(path))


def remember(layout: Layout, rows: list[dict[str, Any]]) -> None:
    """Write what `_core/compat` answers: every old name with the new one."""
    modules = {_dotted(old): _dotted(new) for old, new in layout.table["folders"].items()}
    modules |= {_dotted(old): _dotted(new) for old, new in layout.table["files"].items()}
    kept = {new for new in layout.modules.values() for new in _outer(new)}
    modules = {old: new for old, new in sorted(modules.items()) if old not in kept}
    stay = sorted(layout.public & modules.keys())
    names: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.get("kind") != "internal":
            names.setdefault(row.get("kind", "function"), {})[row["old"]] = row["new"]
    path = ROOT / HOME / "_core" / "renamed.py"
    lines = [
        '"""What earlier versions called otherwise: written by tools/rename.py."""',
        "from collections.abc import Mapping",
        f"MODULES: Mapping[str, str] = {modules!r}",
        f"STAY = frozenset({stay!r})",
        '"""Modules that keep their old names as well, without a warning."""',
        f"NAMES: Mapping[str, Mapping[str, str]] = {names!r}",
        '"""New names by old ones: public names, and what studies and files hold, by kind."""',
    ]
    path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    git("add", str(path))


def _outer(dotted: str) -> list[str]:
    return [*accumulate(dotted.split("."), "{}.{}".format)]


def texts() -> Iterator[Path]:
    """List the tracked files that are texts and not of these tools."""
    for name in tracked():
        path = ROOT / name
        known = path.suffix in TEXTS or name.startswith((".ci/", "benchmarks/measured/"))
        if known and path.is_file() and not path.is_symlink() and not name.startswith(_OWN):
            yield path


def rename(names: Names) -> None:
    """Bring every text to the new names."""
    package = ROOT / HOME
    for path in texts():
        place = path.relative_to(ROOT).as_posix()
        text = read(path)
        if text is None:
            continue
        if place == "CHANGELOG.md" or place.startswith(("changes/", "tools/changes")):
            continue  # history, and its kinds
        changed = text
        if path.suffix in (".py", ".pyi"):
            inside = path.is_relative_to(package)
            parts = path.relative_to(package.parent).with_suffix("").parts if inside else ()
            module = ".".join(parts[:-1] if parts[-1:] == ("__init__",) else parts)
            changed = names.python(changed, module)
        changed = names.text(changed, place)
        if changed != text:
            written(path, changed)


def written(path: Path, text: str) -> None:
    """Write a text with the ends of lines that it came with."""
    path.write_text(text, encoding="utf-8", newline="")


def read(path: Path) -> str | None:
    """Read a text; None where it is not one."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def rewrite(layout: Layout) -> None:
    """Bring every text to the new places."""
    for path in texts():
        new = path.relative_to(ROOT).as_posix()
        old = layout.origins.get(new, new)
        text = read(path)
        if text is None:
            continue
        changed = Text(layout, old, new)(text)
        if changed != text:
            written(path, changed)


def edit(edits: list[dict[str, str]]) -> list[str]:
    """Make the edits of single files; give those whose old text is not there exactly once."""
    missed = []
    for item in edits:
        path = ROOT / item["file"]
        text = (read(path) or "") if path.exists() else ""  # an edit may begin a file
        new = item["new"].lstrip("\n")
        old = item["pattern"] if "pattern" in item else re.escape(item["old"])
        found = re.findall(old, text, flags=re.DOTALL | re.MULTILINE)
        changed = re.sub(old, lambda _, new=new: new, text, flags=re.DOTALL | re.MULTILINE)
        if len(found) != 1:
            missed.append(f"{item['file']}: {len(found)} times: {item.get('old', old)}")
            continue
        written(path, changed)
    return missed


def wrap() -> None:
    """Break lines that became too long where no formatter does: in prose, and what it skips."""
    command = [sys.executable, "-m", "ruff", "check", "--select", "E501", "--output-format=json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    long: dict[str, set[int]] = {}
    for item in json.loads(done.stdout):
        long.setdefault(item["filename"], set()).add(item["location"]["row"])
    for name, rows in long.items():
        path = Path(name)
        text = path.read_text(encoding="utf-8")
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        prose = {
            row
            for token in tokens
            for row in range(token.start[0], token.end[0] + 1)
            if token.start[0] < token.end[0] or token.line.lstrip().startswith("#")
        }
        commas = [token.end for token in tokens if token.string == "," and token.end[1] <= 100]
        lines = []
        for row, line in enumerate(text.splitlines(), start=1):
            ends = [column for end, column in commas if end == row]
            at = line.rfind(" ", 0, 100) if row in prose else max(ends, default=0)
            indent = line[: len(line) - len(line.lstrip())]
            if row in rows and at > len(indent):
                mark = "# " if line.lstrip().startswith("# ") else ""
                lines += [line[:at].rstrip(), f"{indent}{mark}{line[at:].lstrip()}"]
            else:
                lines.append(line)
        written(path, "\n".join(lines) + "\n")


def run(*command: str) -> None:
    """Run a program of the environment; what it prints is shown."""
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False)


def main(arguments: list[str]) -> int:
    """Move, rewrite, edit and bring up to date what follows from the sources."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    layout = Layout(table, tracked())
    if "--list" in arguments:
        print("\n".join(f"{old} -> {new}" for old, new in layout.moves.items()))
        return 0
    if git("status", "--porcelain").strip():
        print("the checkout has changes: commit or stash them first")
        return 1
    for name in layout.unplaced:
        print(f"no new place in rename.toml: {name}")
    if not layout.moves:
        print("nothing to move")
        return 0
    for cached in ("modules", "homes", "bound", "public", "folders", "origins"):
        getattr(layout, cached)  # what they read is moved next
    move(layout)
    rewrite(layout)
    rows = [] if "--modules" in arguments else table["name"]
    if rows:
        rename(Names(rows, ROOT / HOME))
    remember(layout, rows)
    missed = edit(table["edit"])
    folders = ("src", "tests", "tools", "benchmarks", "docs")
    run("ruff", "check", "--select", "I,RUF022", "--fix", "-q", *folders)
    run("ruff", "format", "-q", *folders)
    wrap()
    run("ruff", "format", "-q", *folders)
    run("tools.catalogue")
    run("tools.update")
    run("ruff", "format", "-q", *folders)
    for line in missed:
        print(f"by hand: {line}")
    git("add", "-A")
    return int(bool(missed or layout.unplaced))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
