"""The project keeps its own rules: what is tracked, stated twice, or in which layer."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tools import changes

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGE = ROOT / "src" / "bayes_nqp"

# Bracketed letters keep these patterns from finding themselves.
HOSTS = re.compile(
    r"py[p]i\.(?:org|python)|python[h]osted|files\.python|an[a]conda\.(?:org|com)|npm[j]s\.|"
    r"[-\s=\"'](?:extra-)?index-ur[l]\s*=\s*[\"']?\w+:/",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w./])/(?:w[o]rk|[r]oot|h[o]me|U[s]ers)/\w")
LOCKS = re.compile(r"(?:^|/)(?:uv\.lock|poetry\.lock|Pipfile\.lock|pylock[^/]*\.toml)$")


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Every tracked file, as git names it."""
    try:
        listing = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True
        ).stdout.decode("utf-8")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str], tracked: list[str]) -> list[str]:
    """Find the lines of tracked text files that a pattern matches."""
    hits = []
    for name in tracked:
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
        if "\0" not in text:
            found = enumerate(text.splitlines(), start=1)
            hits += [f"{name}:{n}: {line[:120]}" for n, line in found if pattern.search(line)]
    return hits


def test_no_file_names_a_registry(tracked: list[str]) -> None:
    assert lines_with(HOSTS, tracked) == []


def test_no_file_names_a_place_on_one_machine(tracked: list[str]) -> None:
    assert lines_with(MACHINE, tracked) == []


def test_no_lock_file_is_tracked(tracked: list[str]) -> None:
    assert [name for name in tracked if LOCKS.search(name)] == []


@pytest.mark.parametrize(
    "line", ["https://py" + "pi.org/simple", "on python" + "hosted.org", "x = '/h" + "ome/a'"]
)
def test_the_patterns_find_what_they_look_for(line: str) -> None:
    assert HOSTS.search(line) or MACHINE.search(line)


def test_constraints_are_names_and_versions() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    odd = [pin for pin in pins if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[0-9][\w.+!]*", pin)]
    names = [pin.partition("==")[0] for pin in pins]
    assert odd == []
    assert len(names) == len(set(names))


def test_every_requirement_is_pinned() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([^#=\s]+)==", text, flags=re.MULTILINE))
    project = PROJECT["project"]
    wanted = [*PROJECT["build-system"]["requires"], *project["dependencies"]]
    wanted += [r for extra in project["optional-dependencies"].values() for r in extra]
    names = {re.match(r"[\w.-]+", requirement)[0] for requirement in wanted}  # type: ignore[index]
    assert names - {project["name"]} - pinned == set()


def test_the_version_is_stated_alike() -> None:
    version = PROJECT["project"]["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", citation, flags=re.MULTILINE) == [version]
    assert re.findall(r"^## (\d\S*)", changelog, flags=re.MULTILINE)[0] == version


def test_the_source_distribution_has_all_that_is_tracked(tracked: list[str]) -> None:
    """Tests run from it: what they read, import or copy is there; hidden files serve a checkout."""
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    tops = {name.partition("/")[0] for name in tracked if not name.startswith(".")}
    assert {f"/{name}" for name in tops} == set(included)
    hidden = {name.partition("/")[0] for name in tracked if name.startswith(".")}
    read = re.compile("|".join(f"/ [\"']{re.escape(name)}[\"'/]" for name in sorted(hidden)))
    assert lines_with(read, [name for name in tracked if name.startswith("tests/")]) == []


LICENCES = {
    "Apache License": "Apache-2.0",
    "The MIT License": "MIT",
    "SIL Open Font License": "OFL-1.1",
}
"""By the words in the head of a file."""


def test_every_licence_that_ships_is_in_the_metadata() -> None:
    project = PROJECT["project"]
    named = re.compile(r"(?i)^(licen[cs]e|copying|notice)")
    files = [ROOT / "LICENSE", *(path for path in sorted(PACKAGE.rglob("*")) if path.is_file())]
    found = [path for path in files if named.match(path.name)]
    assert [path.relative_to(ROOT).as_posix() for path in found] == project["license-files"]
    heads = [path.read_text(encoding="utf-8")[:200] for path in found]
    known = [name for head in heads for words, name in LICENCES.items() if words in head]
    assert len(known) == len(found)
    assert " AND ".join(dict.fromkeys(known)) == project["license"]


def test_the_conda_recipe_asks_for_what_the_package_asks_for() -> None:
    recipe = (ROOT / "tools" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    run = re.findall(r"^    - (\S+) >=(\S+)$", recipe.partition("  run:")[2], flags=re.MULTILINE)
    asked = {f"{name.replace('matplotlib-base', 'matplotlib')}>={least}" for name, least in run}
    project = PROJECT["project"]
    assert asked == {*project["dependencies"], f"python{project['requires-python']}"}
    assert f'version: "{project["version"]}"' in recipe
    assert [x for x in project["license-files"] if f"    - {x}\n" not in recipe] == []


def test_fragments_of_the_changelog_have_a_kind_and_find_its_heading() -> None:
    log = "# Changelog\n\n## 2\n\n### New\n\n- Old.\n\n## 1\n\n### New\n\n- Older.\n"
    new = changes.merged(log, {"New": ["- New.\n"], "What you have to do": ["- Act.\n"]})
    assert new.index("## 2") < new.index("- New.") < new.index("- Old.") < new.index("- Act.")
    assert new.index("- Act.") < new.index("## 1") < new.index("- Older.")
    headings = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert {f"### {name}" for name in changes.kinds().values()} <= set(headings)
    assert set(changes.fragments().values()) <= set(changes.kinds().values())


def rooms() -> set[str]:
    """Name the rooms that the layers contract knows."""
    contract = PROJECT["tool"]["importlinter"]["contracts"][0]
    return {room.strip(" ()") for layer in contract["layers"] for room in re.split(r"[|:]", layer)}


def test_every_room_has_a_layer() -> None:
    found = {p.name.removesuffix(".py") for p in PACKAGE.iterdir() if p.suffix in ("", ".py")}
    public = {name for name in found if not name.startswith("_")}
    assert public - rooms() - {"testing"} == set()


def test_the_architecture_page_names_every_room() -> None:
    page = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert {room for room in rooms() if f"`{room}`" not in page} == set()


@pytest.mark.parametrize(
    "fault",
    tomllib.loads((ROOT / "tools" / "faults.toml").read_text(encoding="utf-8"))["fault"],
    ids=lambda fault: fault["name"],
)
def test_every_fault_can_be_planted(fault: dict[str, Any]) -> None:
    """Lines that `make faults` breaks stand once in the library, and its tests are there."""
    text = (PACKAGE / fault["file"]).read_text(encoding="utf-8")
    assert text.count(fault["old"]) == 1
    assert fault["new"] != fault["old"]
    for test in fault["tests"]:
        file, _, function = test.partition("::")
        path = ROOT / "tests" / file
        assert path.exists()
        name = function.partition("[")[0]
        assert not name or f"def {name}(" in path.read_text(encoding="utf-8")


def test_faults_are_told_apart_by_name() -> None:
    table = tomllib.loads((ROOT / "tools" / "faults.toml").read_text(encoding="utf-8"))["fault"]
    assert len({fault["name"] for fault in table}) == len(table) >= 38


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("folder", ["benchmarks", "tools"])
def test_programs_beside_the_library_import_what_there_is(folder: str) -> None:
    missing = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("bayes"):
                continue
            if importlib.util.find_spec(str(node.module)) is None:
                missing.append(f"{path.name}: {node.module}")
                continue
            module = importlib.import_module(str(node.module))
            missing += [
                f"{path.name}: {node.module}.{alias.name}"
                for alias in node.names
                if not hasattr(module, alias.name)
                and importlib.util.find_spec(f"{node.module}.{alias.name}") is None
            ]
    assert not missing


def test_no_room_asks_what_is_stated_there_for_its_class() -> None:
    """Poolings and likelihoods say what others need to know, so that one of outside can."""
    from bayes_nqp._core.plugins import registered

    rooms = {"pooling": "pooling", "likelihood": "likelihoods"}
    named = {kind: room for family, room in rooms.items() for kind in registered(family)}
    named |= {"Pooling": "pooling", "Likelihood": "likelihoods"}
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
                asked = {x.id for x in ast.walk(node.args[1]) if isinstance(x, ast.Name)}
                room = path.relative_to(PACKAGE).parts[0]
                found += [f"{path.name}: {x}" for x in asked & set(named) if named[x] != room]
    assert not found


def test_the_quick_target_asks_every_room() -> None:
    """What `make quick` runs is there, and every room with tests of its own is among it."""
    listed = [x.partition("::")[0] for x in (ROOT / "tests" / "quick.txt").read_text().splitlines()]
    assert [x for x in listed if not (ROOT / x).exists()] == []
    rooms = (x.name for x in (ROOT / "tests").iterdir() if x.is_dir() and x.name[0].isalpha())
    own = {x for x in rooms if (PACKAGE / x).is_dir()}
    assert own - {Path(x).parts[1] for x in listed} == set()


def test_private_files_name_no_exports() -> None:
    """``__all__`` is a room's; rooms that find their files export what is public in them."""
    private = (x for x in PACKAGE.rglob("_*.py") if not x.name.startswith("__"))
    assert [x for x in private if "\n__all__ = " in x.read_text(encoding="utf-8")] == []
