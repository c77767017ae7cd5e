"""Finished replications, one line of JSON each, so that an interrupted run goes on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from benchmarks.calibration.replicate import NOMINAL, design_of
from benchmarks.calibration.scenarios import TRUTHS

FORMAT = 1


class Cache:
    """Lines of one setting: another prior, design, truth or sampler starts another file."""

    def __init__(self, folder: Path, draws: int) -> None:
        designs = [repr(design_of(method)) for method in ("partial", "separate")]
        setting = repr((FORMAT, NOMINAL, designs, TRUTHS, draws))
        seal = hashlib.sha256(setting.encode("utf-8")).hexdigest()[:12]
        self.path = folder / f"{seal}.jsonl"

    def records(self) -> list[dict[str, Any]]:
        if not self.path.is_file():
            return []
        found: dict[tuple[str, int, str], dict[str, Any]] = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue  # the last line of a run that was killed
            found[record["scenario"], record["replication"], record["method"]] = record
        return list(found.values())

    def add(self, record: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        broken = self.path.is_file() and not self.path.read_bytes().endswith(b"\n")
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" * broken + json.dumps(record) + "\n")

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)
