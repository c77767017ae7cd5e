"""Draw the figure of paper.md by the program of docs/groups.md.

python paper/figures.py
"""

import re
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run the page, and keep its figure."""
    names: dict = {}
    text = (HERE.parent / "docs" / "pooling_castle.md").read_text(encoding="utf-8")
    exec("\n".join(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)), names)
    names["figure"].savefig(HERE / "pooling.png", dpi=200)


if __name__ == "__main__":
    main()
