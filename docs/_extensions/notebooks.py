"""Copy the notebooks of the repository to docs/notebooks/ before a build."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config


def copied(app: Sphinx, config: Config) -> None:
    """Copy every notebook and adapt its links to the new folder."""
    source = Path(app.confdir).parent / "notebooks"
    target = Path(app.srcdir) / "notebooks"
    target.mkdir(exist_ok=True)
    found = {path.name: path for path in source.glob("*.ipynb")}
    for old in target.glob("*.ipynb"):
        if old.name not in found:
            old.unlink()
    for name, path in found.items():
        text = path.read_text(encoding="utf-8").replace("](../docs/", "](../")
        text = text.replace("](../benchmarks/", "](path:../../benchmarks/")
        copy = target / name
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            copy.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", copied)
    return {"parallel_read_safe": True}
