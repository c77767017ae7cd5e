"""Fonts of figures: one that ships, others as they come and go, and one warning."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from doors import _fonts
from effects_dataset import random_effects
from fontTools import subset
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from tools.font import wanted

from bayes_nqp import plots

FIGURES = (plots.event_study, plots.forest, plots.caterpillar)
LATIN = "DejaVu Sans"
CHINESE = "Noto Sans SC Subset"
FONT = _fonts._FILE
BOXES = "Last Resort High-Efficiency"


def _effects(name, *levels):
    return random_effects(strata={name: levels}, attrs={"outcome": name})


def _drawn(figure):
    figure.savefig(io.BytesIO(), format="png", dpi=60)
    return figure


def _pixels(text, families, weight="normal"):
    figure = Figure(figsize=(1.5, 0.5), dpi=100)
    figure.text(0.1, 0.3, text, family=families, weight=weight, size=14)
    FigureCanvasAgg(figure).draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., 0] < 128


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine whose only fonts are matplotlib's own."""
    monkeypatch.setattr(_fonts, "_FILE", tmp_path / "none.ttf")
    shipped, manager = Path(mpl.get_data_path()), font_manager.fontManager
    entries = [entry for entry in manager.ttflist if shipped in Path(entry.fname).parents]
    monkeypatch.setattr(manager, "ttflist", entries)
    monkeypatch.setattr(_fonts, "_WARNED", [])


@pytest.fixture
def system(monkeypatch, tmp_path):
    """An empty folder where matplotlib looks for the fonts of the system."""
    find = partial(font_manager.findSystemFonts, fontpaths=[str(tmp_path)])
    monkeypatch.setattr(font_manager, "findSystemFonts", find)
    return tmp_path


def _install(folder, family, characters):
    """Install a font that has a few characters of the one that ships."""
    options = subset.Options(name_IDs=[], notdef_outline=True, layout_features=[])
    font = subset.load_font(str(FONT), options)
    cutter = subset.Subsetter(options)
    cutter.populate(text=characters)
    cutter.subset(font)
    font["name"].setName(family, 1, 3, 1, 0x409)
    font["name"].setName("Regular", 2, 3, 1, 0x409)
    font.save(folder / f"{family}.ttf")
    font.close()
    return folder / f"{family}.ttf"


def test_tests_see_no_font_of_the_system():
    places = {Path(mpl.get_data_path()), FONT.parent}
    listed = {Path(entry.fname) for entry in font_manager.fontManager.ttflist}
    assert [file for file in listed if not places & set(file.parents)] == []
    assert font_manager.findSystemFonts() == []


def test_so_do_those_of_processes_that_tests_start():
    code = "from matplotlib.font_manager import *; print(*{e.fname for e in fontManager.ttflist})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    shipped = Path(mpl.get_data_path())
    assert done.stdout.count(".ttf") > 10
    assert [f for f in done.stdout.split() if shipped not in Path(f).parents] == []


def test_chinese_is_written_in_the_font_that_ships():
    assert _fonts.families(["内陆 − coastal"]) == [LATIN, CHINESE]
    assert mpl.rcParams["font.family"] == ["sans-serif"]


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_every_character_has_a_shape_of_its_own(weight, caplog):
    """Boxes would be alike, and matplotlib would warn, or log that it has no bold."""
    shapes = [_pixels(c, _fonts.families(["内陆地区"]), weight) for c in "内陆地区"]
    boxes = [_pixels(c, [LATIN, BOXES], weight) for c in "内陆地区"]
    assert len({shape.tobytes() for shape in shapes}) == 4
    assert len({box.tobytes() for box in boxes}) == 1
    assert [r for r in caplog.records if "Noto" in r.getMessage()] == []


@pytest.mark.parametrize("draw", FIGURES)
def test_bold_chinese_neither_warns_nor_falls_to_boxes(draw, caplog):
    figure = _drawn(draw(_effects("地区", "东部", "中部", "西部"), title="标题", language="zh"))
    texts = [text for text in figure.findobj(Text) if set(text.get_text()) & set("标题东部")]
    assert "bold" in {text.get_fontweight() for text in texts}
    for text in texts:
        assert CHINESE in text.get_fontfamily()
        assert BOXES not in text.get_fontfamily()
    assert caplog.records == []


def test_without_a_font_one_warning_says_what_to_do(bare):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for draw in FIGURES:
            for levels in (("东部", "西部"), ("한국", "日本"), ("內陸", "沿海")):
                _drawn(draw(_effects("地区", *levels), title="标题", language="zh"))
    (warning,) = caught
    assert warning.category is UserWarning
    assert warning.filename == __file__
    for words in ("boxes", "fonts-noto-cjk", "The next figure finds it"):
        assert words in str(warning.message)


def test_what_no_font_has_is_named_once_and_shown_as_boxes(monkeypatch):
    monkeypatch.setattr(_fonts, "_WARNED", [])
    with pytest.warns(UserWarning, match=r"can write 국, 한: .* Try: install a font"):
        _drawn(plots.forest(_effects("country", "한국", "国"), title="한국"))
    for draw in FIGURES:
        _drawn(draw(_effects("country", "한국", "国"), title="中国한국"))
    assert _fonts.families(["한국"]) == [LATIN, CHINESE, BOXES]
    assert _fonts.families(["inland − coastal × 5 ≥ α"]) == [LATIN, CHINESE]


def test_fonts_that_the_environment_hides_are_not_counted_on(monkeypatch):
    monkeypatch.setattr(_fonts, "_WARNED", [])
    monkeypatch.setenv("MPL_IGNORE_SYSTEM_FONTS", "1")
    with pytest.warns(UserWarning, match="Try: take MPL_IGNORE_SYSTEM_FONTS out"):
        _drawn(plots.forest(_effects("region", "东部")))
    assert _fonts.families(["东部"]) == [LATIN, BOXES]


@pytest.mark.parametrize("family", ["Noto Sans CJK SC", "A font of this house"])
def test_a_font_installed_after_the_first_figure_is_found(bare, system, family):
    with pytest.warns(UserWarning, match="no font here can write 东, 部"):
        _drawn(plots.forest(_effects("region", "东部")))
    (system / "broken.ttf").write_bytes(b"no font")
    file = _install(system, family, "东部")
    figure = _drawn(plots.forest(_effects("region", "东部")))
    assert _fonts.families(["东部"]) == [LATIN, family]
    texts = [text for text in figure.findobj(Text) if "东" in text.get_text()]
    assert texts
    assert all(family in text.get_fontfamily() for text in texts)
    shapes = [_pixels(c, [LATIN, family], "bold") for c in "东部"]
    assert not np.array_equal(*shapes)
    file.unlink()
    assert _fonts.families(["东部"]) == [LATIN, BOXES]
    _drawn(plots.forest(_effects("region", "东部")))


def test_a_font_that_lacks_a_character_is_helped_by_another(bare, system):
    _install(system, "SimHei", "东")
    _install(system, "Another font", "部")
    assert _fonts.families(["东部"]) == [LATIN, "SimHei", "Another font"]
    _drawn(plots.forest(_effects("region", "东部"), title="东部"))


def test_the_font_that_ships_has_what_the_library_says_and_gb_2312():
    characters = {c for c in wanted() if "\u3000" <= c <= "\u9fff"}
    assert len(characters) > 6763
    assert _fonts._lacking(characters, str(FONT)) == set()
