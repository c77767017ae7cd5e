"""Say how heavy an environment is, and which packages make it so.

python tools/weight.py ENVIRONMENT [--top 10]
"""

from __future__ import annotations

import argparse
from importlib.metadata import Distribution, distributions
from pathlib import Path

MB = 1e6


def sizes(package: Distribution) -> tuple[float, float]:
    """Megabytes of what a package installed: its files, and the bytecode beside its sources."""
    files = {Path(str(file.locate())) for file in package.files or ()}
    sources = {file for file in files if file.suffix == ".py"}
    compiled = {
        code for file in sources for code in (file.parent / "__pycache__").glob(f"{file.stem}.*")
    }
    plain = [file for file in files - compiled if file.is_file() and file.suffix != ".pyc"]
    return sum(x.stat().st_size for x in plain) / MB, sum(x.stat().st_size for x in compiled) / MB


def main() -> None:
    """Print a table, heaviest first, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("environment", type=Path)
    parser.add_argument("--top", type=int, default=10)
    given = parser.parse_args()
    places = [str(x) for x in given.environment.glob("lib*/**/site-packages")]
    found = {p.metadata["Name"]: sizes(p) for p in distributions(path=places)}
    print(f"{'package':24} {'MB':>8} {'with bytecode':>14}")
    for name in sorted(found, key=lambda x: -sum(found[x]))[: given.top]:
        plain, compiled = found[name]
        print(f"{name:24} {plain:8.1f} {plain + compiled:14.1f}")
    plain, compiled = map(sum, zip(*found.values(), strict=True))
    print(f"{f'all {len(found)} packages':24} {plain:8.1f} {plain + compiled:14.1f}")


if __name__ == "__main__":
    main()
