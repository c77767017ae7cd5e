"""Count what a capability costs: the older files that it modifies.

    python -m tools.price              what each toy modifies: a check, a design, a table of studies
    python -m tools.price A..B         what the commits from A to B modified

A toy is a file that goes into its room in a copy of the tree; there `make update` is run, and a
program uses the toy from a panel to a report. More than three modified files for a toy, or more
than ten for a capability, are a defect of the house. What `make update` writes is counted apart.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST = 3
"""Older files that a toy may modify."""
MOST_OF_RANGE = 10
"""Older files that a capability may modify."""
GENERATED = re.compile(
    r"\.po$|\.pyi$|\.schema\.json$|^docs/reference/|^docs/(?:zh/)?(?:checks|checks/\w+|referee|verdicts)\.md$|cli/guide\.md$"
)
"""Files that `make update` writes, of which translations alone are written by hand."""


@dataclass(frozen=True, slots=True)
class Toy:
    """A file that goes into a room, and a program that uses it.

    Parameters
    ----------
    source : str
        Text of the file.
    target : str
        Where it goes.
    program : str
        Fails unless the toy works.
    """

    source: str
    target: str
    program: str


def example(text: str) -> Toy:
    """Read the worked example of CONTRIBUTING.md: its file, and the program that uses it.

    Parameters
    ----------
    text : str
        Of CONTRIBUTING.md.
    """
    source, program = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    header, source = source.split("\n", 1)
    return Toy(source, header.removeprefix("# "), program)


def toys() -> dict[str, Toy]:
    """Name the toys of `tools/toys`, and the check of CONTRIBUTING.md."""
    named = {"check": example((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))}
    for program in sorted((ROOT / "tools" / "toys").glob("use_*.py")):
        name = program.stem.removeprefix("use_")
        source = program.with_name(f"{name}.py").read_text(encoding="utf-8")
        target = re.search(r"^Goes to (\S+)$", source, flags=re.MULTILINE)
        assert target, f"{name}.py does not say where it goes"
        named[name] = Toy(source, target[1], program.read_text(encoding="utf-8"))
    return named


def run(command: Iterable[str], where: Path) -> str:
    """Run a program in the copy, whose package comes first; what it prints."""
    return subprocess.run(
        list(command), cwd=where, env={**os.environ, "PYTHONPATH": str(where / "src")},
        check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    ).stdout  # fmt: skip


def place(toy: Toy, copy: Path) -> None:
    """Write a toy's file in a copy of the tree, bring the tree up to date, and use the toy.

    Parameters
    ----------
    copy : Path
        Root of the copy.
    """
    (copy / toy.target).write_text(toy.source, encoding="utf-8")
    makefile = (copy / "Makefile").read_text(encoding="utf-8")
    update = makefile[makefile.index("\nupdate:") :].split("\n\n")[0]
    for module in re.findall(r"-m (tools\.\w+)", update):
        run([sys.executable, "-m", module], copy)
    run([sys.executable, "-W", "error", "-c", toy.program], copy)


def price(toy: Toy) -> list[str]:
    """Name the older files that a toy modifies."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        run(["git", "worktree", "add", "--detach", "--quiet", str(copy)], ROOT)
        try:
            place(toy, copy)
            return run(["git", "diff", "--diff-filter=M", "--name-only"], copy).splitlines()
        finally:
            run(["git", "worktree", "remove", "--force", str(copy)], ROOT)


def show(name: str, files: Iterable[str], most: int) -> bool:
    """Print the older files of a capability; whether they are too many."""
    by_hand = [f for f in files if not GENERATED.search(f)]
    by_update = [f for f in files if GENERATED.search(f)]
    print(f"{name}: {len(by_hand)} older files by hand, {len(by_update)} by make update")
    for file in (*by_hand, *by_update):
        print(f"    {file}")
    return len(by_hand) > most


def main(arguments: Sequence[str]) -> int:
    """Print the price of the toys, or of a range of commits; 1 if one is too high."""
    if arguments:
        command = ["git", "diff", "--diff-filter=M", "--name-only", arguments[0], "--", "src"]
        return int(show(arguments[0], run(command, ROOT).splitlines(), MOST_OF_RANGE))
    dear = [show(name, price(toy), MOST) for name, toy in toys().items()]
    return int(any(dear))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
