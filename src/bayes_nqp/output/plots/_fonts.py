"""Fonts for the labels of figures: one included font, then installed fonts."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

_LATIN = ("Arial", "Helvetica", "Liberation Sans", "Nimbus Sans")
_BASE: Final = "DejaVu Sans"
"""Comes with matplotlib."""
_CHINESE: Final = "Noto Sans SC Subset"
"""Ships, with the characters of GB 2312 (`tools/font.py`): the same figure on every machine."""
_FILE: Final = Path(__file__).parent / "fonts" / "NotoSansSC-Subset.ttf"
_BOXES: Final = "Last Resort High-Efficiency"
"""Comes with matplotlib: a box for every character. Named, it keeps matplotlib from warning of
every glyph in every drawing."""

_PREFERRED = (
    "Noto Sans SC",
    "Noto Sans CJK SC",
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
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "Droid Sans Fallback",
)

_UNREADABLE = (OSError, RuntimeError)
"""What matplotlib raises for files that are gone, broken, or hold pictures instead of outlines."""
_BOLD: Final = 700
_WARNED: list[str] = []
"""What the one warning of this process was about."""


def families(texts: Iterable[str]) -> list[str]:
    """Return font families that have the characters of some texts, as fallbacks of matplotlib.

    Parameters
    ----------
    texts : iterable of str
        All texts of the figure.

    Returns
    -------
    list of str
        The Latin font, the Chinese font, and others if these lack a character. Warns once per
        process if no font has it.
    """
    needed = set("".join(texts)) - {"\n"}
    _forget_gone()
    _add_chinese()
    chosen, lacking = _choose(needed)
    if lacking and _add_installed():
        chosen, lacking = _choose(needed)
    if lacking:
        _warn_once("".join(sorted(lacking)))
        chosen += [_BOXES] if _BOXES in _files() else []
    for name in chosen:
        _name_bold(name)
    return chosen


def _choose(needed: set[str]) -> tuple[list[str], set[str]]:
    """Choose font families and report characters that they lack."""
    files = _files()
    present = [name for name in (*_LATIN, _CHINESE, _BASE) if _opened(files.get(name)) is not None]
    latin = next(name for name in present if name != _CHINESE)
    chosen = list(dict.fromkeys([latin, *(name for name in present if name not in _LATIN)]))
    for name in chosen:
        needed = _lacking(needed, files[name])
    for name in (*_PREFERRED, *_others(files)) if needed else ():
        lacking = _lacking(needed, files.get(name))
        if lacking != needed:
            chosen.append(name)
            needed = lacking
    return chosen, needed


def _files() -> dict[str, str]:
    """Name the file of every family that matplotlib finds, in its plainest weight."""
    hidden = bool(os.environ.get("MPL_IGNORE_SYSTEM_FONTS"))
    entries = [e for e in _manager().ttflist if not hidden or _shipped(e.fname)]
    entries.sort(key=lambda e: (e.style != "normal", abs(_weight(e) - 400)))
    return {entry.name: entry.fname for entry in reversed(entries)}


def _others(files: dict[str, str]) -> list[str]:
    """Families beyond the preferred ones; not matplotlib's, some of which are only for formulas."""
    further = files.keys() - {*_PREFERRED, *_LATIN, _CHINESE}
    return sorted(name for name in further if not _shipped(files[name]))


def _shipped(file: str) -> bool:
    """Return True if a font is included in matplotlib."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) in Path(file).parents


def _opened(file: str | None) -> Any:
    """Open a font; None where it cannot be read."""
    from matplotlib import font_manager

    if file is None:
        return None
    try:
        return font_manager.get_font(file)
    except _UNREADABLE:
        return None


def _lacking(characters: set[str], file: str | None) -> set[str]:
    font = _opened(file)
    if font is None:
        return characters
    return {c for c in characters if not font.get_char_index(ord(c))}


def _forget_gone() -> None:
    """Drop fonts that are gone since matplotlib listed them, or it would make its list anew."""
    manager = _manager()
    manager.ttflist = [entry for entry in manager.ttflist if Path(entry.fname).is_file()]


def _add_chinese() -> None:
    if all(entry.fname != str(_FILE) for entry in _manager().ttflist):
        with suppress(*_UNREADABLE):
            _manager().addfont(_FILE)


def _add_installed() -> bool:
    """Register fonts installed after matplotlib built its list; return True if there were any."""
    from matplotlib import font_manager

    manager = _manager()
    before = len(manager.ttflist)
    listed = {entry.fname for entry in manager.ttflist}
    for file in font_manager.findSystemFonts():
        if file not in listed:
            with suppress(*_UNREADABLE):
                manager.addfont(file)
    return len(manager.ttflist) > before


def _name_bold(name: str) -> None:
    """List a family that has no bold as its own bold, or matplotlib complains of each size."""
    entries = [entry for entry in _manager().ttflist if entry.name == name]
    if entries and all(_weight(entry) != _BOLD for entry in entries):
        heaviest = max(entries, key=_weight)
        _manager().ttflist.append(replace(heaviest, weight=_BOLD))


def _weight(entry: Any) -> int:
    from matplotlib.font_manager import weight_dict

    return entry.weight if isinstance(entry.weight, int) else weight_dict[entry.weight]


def _manager() -> Any:
    from matplotlib import font_manager

    return font_manager.fontManager


def _warn_once(lacking: str) -> None:
    if _WARNED:
        return
    _WARNED.append(lacking)
    some = ", ".join(lacking[:8]) + (f" and {len(lacking) - 8} more" if len(lacking) > 8 else "")
    hidden = os.environ.get("MPL_IGNORE_SYSTEM_FONTS")
    first = "take MPL_IGNORE_SYSTEM_FONTS out of the environment; or " if hidden else ""
    warnings.warn(
        f"no font here can write {some}: labels show boxes instead. Try: {first}install a font "
        "that has these characters, such as Noto Sans CJK for Chinese, Japanese and Korean "
        "(package fonts-noto-cjk on Debian and Ubuntu, google-noto-sans-cjk-fonts on Fedora, "
        "font-noto-sans-cjk in Homebrew). The next figure finds it, without a new start.",
        UserWarning,
        skip_file_prefixes=(str(Path(__file__).parents[2]),),
    )
