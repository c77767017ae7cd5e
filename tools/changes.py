"""Move the fragments of changes/ into the topmost version of CHANGELOG.md.

python -m tools.changes
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER, LOG = ROOT / "changes", ROOT / "CHANGELOG.md"


def kinds() -> dict[str, str]:
    """Headings of the changelog by the kinds of fragments, as changes/README.md has them."""
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, flags=re.MULTILINE))


def fragments() -> dict[Path, str]:
    """Every fragment with its heading.

    Raises
    ------
    SystemExit
        If a file has another name than NAME.KIND.md, or nothing in it.
    """
    known, found = kinds(), {}
    for path in sorted(FOLDER.glob("*")):
        name, _, kind = path.name.removesuffix(".md").rpartition(".")
        if path.name == "README.md":
            continue
        if not name or kind not in known or not path.read_text(encoding="utf-8").strip():
            raise SystemExit(f"{path.name}: NAME.KIND.md with a line in it; {', '.join(known)}")
        found[path] = known[kind]
    return found


def merged(log: str, lines: dict[str, list[str]]) -> str:
    """Put lines under their headings in the first version, above what is there."""
    parts = re.split(r"(?m)^(?=## )", log)
    for heading, texts in lines.items():
        title = f"### {heading}\n\n"
        if title not in parts[1]:
            parts[1] = f"{parts[1].rstrip()}\n\n{title}\n"
        parts[1] = parts[1].replace(title, title + "".join(texts), 1)
    return "".join(parts)


def main() -> None:
    """Write the changelog, and take the fragments away."""
    found = fragments()
    lines: dict[str, list[str]] = {}
    for path, heading in found.items():
        text = " ".join(path.read_text(encoding="utf-8").split())
        lines.setdefault(heading, []).append(f"- {text}\n")
    LOG.write_text(merged(LOG.read_text(encoding="utf-8"), lines), encoding="utf-8")
    for path in found:
        path.unlink()
    print(f"{len(found)} changes")


if __name__ == "__main__":
    main()
