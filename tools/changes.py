"""Move the fragments of changes/ to the first version of CHANGELOG.md.

python -m tools.changes
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER, LOG = ROOT / "changes", ROOT / "CHANGELOG.md"


def kinds() -> dict[str, str]:
    """Return the headings of the changelog by kind of fragment, from changes/README.md."""
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, flags=re.MULTILINE))


def fragments() -> dict[Path, str]:
    """Return every fragment with its heading.

    Raises
    ------
    SystemExit
        If a file is not named NAME.KIND.md, or is empty.
    """
    known, found = kinds(), {}
    for path in sorted(FOLDER.glob("*")):
        name, _, kind = path.name.removesuffix(".md").rpartition(".")
        if path.name == "README.md":
            continue
        if not name or kind not in known or not path.read_text(encoding="utf-8").strip():
            raise SystemExit(
                f"{path.name}: rename it to NAME.KIND.md and write a line; "
                f"kinds: {', '.join(known)}"
            )
        found[path] = known[kind]
    return found


def merged(log: str, lines: dict[str, list[str]]) -> str:
    """Insert lines under their headings in the first version, above existing lines."""
    parts = re.split(r"(?m)^(?=## )", log)
    for heading, texts in lines.items():
        title = f"### {heading}\n\n"
        if title not in parts[1]:
            parts[1] = f"{parts[1].rstrip()}\n\n{title}\n"
        parts[1] = parts[1].replace(title, title + "".join(texts), 1)
    return "".join(parts)


def main() -> None:
    """Write the changelog, and delete the fragments."""
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
