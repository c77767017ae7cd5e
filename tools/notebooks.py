"""Run notebooks from top to bottom in place: `make notebooks`, or one by one by name.

Outputs are kept; what differs from run to run (times, process ids, addresses in memory) is not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
LIMIT = 1_000_000
"""Bytes of a notebook, so that the repository stays small."""
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Here(AsyncKernelManager):
    """Starts this very interpreter, whatever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel to start."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=[*command, "--log-level=40"], display_name="Python 3")


def execute(
    path: Path, timeout: int = 600, shorter: Mapping[str, str] | None = None
) -> nbformat.NotebookNode:
    """Run a notebook in a fresh kernel that works in the notebook's folder.

    Text of its cells is first replaced as ``shorter`` says, which a cell must hold.
    Raises nbclient.exceptions.CellExecutionError where a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    for old, new in (shorter or {}).items():
        if not any(old in cell.source for cell in notebook.cells):
            raise ValueError(f"no cell of {path.name} holds {old!r}")
        for cell in notebook.cells:
            cell.source = cell.source.replace(old, new)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        kernel_manager_class=Here,
        timeout=timeout,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
    )
    client.execute(env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    return settled(notebook)


def settled(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Strip what differs from run to run, and outputs that show nothing."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
        if cell.cell_type == "code":
            cell.outputs = [_still(one) for one in cell.outputs if not _empty(one)]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def _empty(output: nbformat.NotebookNode) -> bool:
    """Whether an output shows nothing, as a progress bar that has gone."""
    data = output.get("data", {})
    return output.output_type in ("display_data", "update_display_data") and not any(
        text.strip() for text in data.values() if isinstance(text, str)
    )


def _still(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    if "metadata" in output:
        output.metadata = {}
    output.get("transient", {}).clear()
    data = output.get("data", {})
    if "image/png" in data:
        data["text/plain"] = "<Figure>"
    for kind, text in data.items():
        if kind.startswith("text/"):
            data[kind] = _ADDRESS.sub("", text)
    return output


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    """List what the outputs of a notebook say."""
    said = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            said += [text for kind, text in output.get("data", {}).items() if "image" not in kind]
            said += [output.text] if "text" in output else []
    return said


def stderr(notebook: nbformat.NotebookNode) -> list[str]:
    """List what a notebook wrote to stderr: warnings, mostly."""
    return [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr"
    ]


def main(names: list[str]) -> int:
    """Run notebooks in place; 0 if all ran, were silent on stderr and are small enough."""
    paths = sorted(FOLDER.glob("*.ipynb"))
    if names:
        paths = [path for path in paths if any(name in path.name for name in names)]
    status = 0 if paths else 1
    for path in paths:
        began = time.perf_counter()
        notebook = execute(path)
        text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        beside = path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
        size = path.stat().st_size
        print(f"{path.name:<40} {time.perf_counter() - began:6.1f} s {size / 1000:7.0f} kB")
        for problem in stderr(notebook):
            print(f"  stderr: {problem.strip()}")
            status = 1
        if size > LIMIT:
            print(f"  larger than {LIMIT / 1e6:.0f} MB")
            status = 1
    return status


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of file names; all notebooks by default")
    raise SystemExit(main(parser.parse_args().names))
