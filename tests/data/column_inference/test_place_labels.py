"""Names of places in both languages."""

from __future__ import annotations

import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.datasets import prefectures


def test_codes_are_named_in_both_languages_and_names_in_the_other() -> None:
    frame = pd.DataFrame({"city": [330100, 230100], "where": ["杭州市", "Paris"]})
    words = nqp.place_labels(frame, "city")
    assert words["zh"]["city"]["levels"] == {"330100": "杭州", "230100": "哈尔滨"}
    assert words["en"]["city"]["levels"] == {"330100": "Hangzhou", "230100": "Harbin"}
    assert nqp.place_labels(frame, "where") == {"en": {"where": {"levels": {"杭州市": "Hangzhou"}}}}


def test_english_names_are_told_apart_by_their_province() -> None:
    places = prefectures(dissolved=True)
    words = nqp.place_labels(places, "code")["en"]["code"]["levels"]
    assert len(set(words.values())) == len(places) == 339
    assert words["350100"] == "Fuzhou (Fujian)"
    assert all(name.isascii() or set(name) - set(map(chr, range(128))) <= set("üê") for name in
               places["english"])  # fmt: skip


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(PanelError, match="prefecture='citi'"):
        nqp.place_labels(pd.DataFrame({"city": [330100]}), "citi")


def test_a_panel_of_merged_zones_names_its_places() -> None:
    cities, years = ["杭州", "宁波", "阜阳", "亳州"], range(2012, 2019)
    frame = pd.DataFrame([(c, t, t + k) for k, c in enumerate(cities) for t in years],
                         columns=["城市", "年份", "y"])  # fmt: skip
    frame["y"] += frame.index % 3
    merged = nqp.merge_zones(frame, "城市")
    assert merged.labels["zh"]["region"]["levels"] == {"coastal": "沿海", "inland": "内陆"}
    panel = nqp.Panel.from_frame(
        merged.frame, unit="城市", time="年份", cohort="cohort", outcome="y", strata=["region"]
    )
    assert panel.labels.name("杭州", "en") == "Hangzhou"
    assert panel.labels.name("coastal", "zh") == "沿海"
    assert panel.labels.name("杭州", "zh") == "杭州"


@pytest.mark.slow
def test_a_simulated_panel_speaks_the_other_language_too() -> None:
    english = nqp.simulation.cities(seed=1).panel.labels
    assert english.name("330100", "zh") == "杭州市"[:2]
    assert english.name("region", "zh") == "地区"
    chinese = nqp.simulation.cities(seed=1, names="zh").panel.labels
    assert chinese.name("杭州市", "en") == "Hangzhou"
    assert chinese.name("沿海", "en") == "coastal"
