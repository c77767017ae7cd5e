"""A font for Chinese, Japanese and Korean labels, where labels need one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import cache

__all__ = ["families"]

_PREFERRED = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Sarasa Gothic SC",
    "LXGW WenKai",
    "Arial Unicode MS",
    "Noto Sans CJK TC",
    "Noto Sans CJK HK",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Source Han Sans",
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "SimSun",
    "Songti SC",
    "Microsoft JhengHei",
    "Droid Sans Fallback",
)

_LATIN = ("Arial", "Helvetica", "Liberation Sans", "Nimbus Sans", "DejaVu Sans")

# First and last code points: radicals and kana to ideographs, Hangul, compatibility and full-width
# forms, and the planes of rarer ideographs.
_RANGES = (
    (0x2E80, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)


def families(texts: Iterable[str]) -> list[str]:
    """List the font families that can write some texts, for matplotlib to fall back along.

    Parameters
    ----------
    texts : iterable of str
        Everything that the figure will say.

    Returns
    -------
    list of str
        Installed families; warns, once, if the texts need a CJK font and none is installed.
    """
    installed = _installed()
    chosen = [next(name for name in _LATIN if name in installed or name == "DejaVu Sans")]
    if any(map(_is_cjk, "".join(texts))):
        found = next((name for name in _PREFERRED if name in installed), None)
        if found is None:
            _warn_once()
        else:
            chosen.append(found)
    return list(dict.fromkeys([*chosen, "DejaVu Sans"]))


def _is_cjk(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _RANGES)


def _installed() -> set[str]:
    from matplotlib import font_manager

    return {font.name for font in font_manager.fontManager.ttflist}


@cache
def _warn_once() -> None:
    warnings.warn(
        "labels need a Chinese, Japanese or Korean font and none is installed, so they will show "
        "as boxes. Try: install 'Noto Sans CJK SC' (package fonts-noto-cjk on Debian and Ubuntu, "
        "google-noto-sans-cjk-fonts on Fedora, font-noto-sans-cjk-sc in Homebrew), or Source Han "
        "Sans, SimHei or WenQuanYi Micro Hei, and start Python again.",
        UserWarning,
        stacklevel=4,
    )
