"""Our conditional posterior means beside other packages' estimates, as Markdown on stdout.

python -m benchmarks.parity [FOLDER]        (FOLDER of shared data; castle alone without it)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from against import cases  # noqa: E402
from against.cases import Comparison  # noqa: E402


def rows_of(comparisons: Iterable[Comparison]) -> list[str]:
    """One line of the table for each comparison."""
    lines = [
        "| data | numbers compared | with | ours | theirs | largest difference |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    ]
    for c in comparisons:
        count = f" ({len(c.ours)})" if len(c.ours) > 1 else ""
        lines.append(
            f"| {c.data} | {c.quantity}{count} | {c.peer} | {c.average(c.ours):+.6f} | "
            f"{c.average(c.theirs):+.6f} | {shown(c.largest)} |"
        )
    return lines


def shown(difference: float) -> str:
    """A difference, or a bound below which rounding alone decides."""
    if difference < 1e-10:
        return "< 1e-10"
    return f"{difference:.1e}" if difference < 1e-5 else f"**{difference:.4f}**"


def side_by_side(folder: Path) -> list[str]:
    """mpdta in full: cohort × time and R's aggregations."""
    chosen = [
        c
        for c in cases.comparisons(folder)
        if c.equality == 4 and c.data == "mpdta" and c.peer.startswith("R ")
    ]
    lines = ["| | ours | R `did` | difference |", "| --- | ---: | ---: | ---: |"]
    for c in chosen:
        for label in sorted(c.ours.index, key=str):
            ours, theirs = c.ours[label], c.theirs[label]
            what = (
                f"ATT({label[0]}, {label[1]})"
                if isinstance(label, tuple)
                else f"{c.quantity}, {label}"
            )
            lines.append(f"| {what} | {ours:+.10f} | {theirs:+.10f} | {abs(ours - theirs):.0e} |")
    return lines


def main(folder: Path | None) -> None:
    """Print everything."""
    found = cases.comparisons(folder)
    packages = ", ".join(f"{name} {version(name)}" for name in ("pyfixest", "diff-diff", "numpy"))
    print(f"Made with {packages}.\n")
    for k, name in enumerate(cases.EQUALITIES, 1):
        for equal, title in ((True, "equal"), (False, "different, as they must be")):
            part = [c for c in found if c.equality == k and c.equal is equal]
            if part:
                print(f"### {k}. {name}: {title}\n")
                print("\n".join(rows_of(part)), end="\n\n")
    if folder is not None:
        print("### mpdta beside R\n")
        print("\n".join(side_by_side(folder)))


if __name__ == "__main__":
    default = ROOT.parent / "shared" / "data"
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    main(given if given.is_dir() else None)
