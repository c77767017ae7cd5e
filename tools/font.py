"""Cut the Chinese font of figures out of the whole one: GB 2312, and what the library says.

python tools/font.py NotoSansSC-Regular.ttf        (static, of the Noto fonts; SIL OFL 1.1)
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "bayes_nqp"
MADE = PACKAGE / "output" / "plots" / "fonts" / "NotoSansSC-Subset.ttf"
FAMILY = "Noto Sans SC Subset"
_SAID = (*PACKAGE.rglob("*.po"), *PACKAGE.glob("data/datasets/data/*.*"))


def wanted() -> str:
    """Every character: Latin letters, GB 2312 with its signs, catalogues and data that ship."""
    pairs = (bytes([a, b]) for a in range(0xA1, 0xF8) for b in range(0xA1, 0xFF))
    latin = map(chr, range(0x20, 0x180))
    texts = (path.read_text(encoding="utf-8") for path in _SAID)
    return "".join([*latin, *(pair.decode("gb2312", "ignore") for pair in pairs), *texts])


def main(whole: str) -> None:
    """Write the subset, whose bytes follow from the whole font and the characters alone."""
    options = subset.Options(
        hinting=False, layout_features=[], notdef_outline=True, recalc_timestamp=False,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 7, 13, 14],
        drop_tables=["BASE", "DSIG", "GDEF", "GPOS", "GSUB", "STAT", "VORG", "vhea", "vmtx"],
    )  # fmt: skip
    font = subset.load_font(whole, options)
    cutter = subset.Subsetter(options)
    cutter.populate(text=wanted())
    cutter.subset(font)
    for place, text in {1: FAMILY, 3: FAMILY, 4: FAMILY, 6: FAMILY.replace(" ", "")}.items():
        font["name"].setName(text, place, 3, 1, 0x409)
    MADE.parent.mkdir(exist_ok=True)
    font.save(MADE)
    print(f"{MADE.name}: {len(font.getGlyphOrder())} glyphs, {MADE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
