"""Label places in Chinese and English for a panel."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, nearest
from bayes_nqp._core.i18n import ENGLISH, Message, language_of
from bayes_nqp._core.validation import door
from bayes_nqp.data.column_inference._places import match, stem
from bayes_nqp.data.datasets import prefectures, province_names, read_toml

type Words = dict[str, dict[str, Any]]


@door
def place_labels(frame: pd.DataFrame, prefecture: str) -> Words:
    """Label prefectures in Chinese and English, for any spelling or code in the data.

    Parameters
    ----------
    frame : DataFrame
        Data with a column of prefectures.
    prefecture : str
        Column of names or codes, as in `merge_zones`.

    Returns
    -------
    dict
        Labels for the argument ``labels`` of `Panel.from_frame`: names for codes in both languages,
        and English names for Chinese names. Values that are not prefectures have no label.

    Raises
    ------
    PanelError
        If the column does not exist.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_nqp as nqp
    >>> frame = pd.DataFrame({"city": [330100, 321200, 331000]})
    >>> nqp.place_labels(frame, "city")["en"]["city"]["levels"]
    {'330100': 'Hangzhou', '321200': 'Taizhou (Jiangsu)', '331000': 'Taizhou (Zhejiang)'}
    """
    if prefecture not in frame.columns:
        raise PanelError(
            Message("prefecture={!r} is not a column of frame", prefecture),
            hint=nearest(prefecture, frame.columns),
        )
    names = prefectures(dissolved=True).set_index("code")
    province = names["province"].map(province_names())
    shared = names["english"].duplicated(keep=False)
    english = names["english"].where(~shared, names["english"] + " (" + province + ")")
    words: Words = {}
    for value in frame[prefecture].dropna().unique():
        code = match(value).code
        if code is None:
            continue
        integral = isinstance(value, float) and value.is_integer()
        text = f"{value:.0f}" if integral else str(value).strip()
        called = {language_of(x): x for x in (english[code], stem(names["prefecture"][code]))}
        for language in {*called} - {language_of(text)} if not text.isdigit() else called:
            table = words.setdefault(language, {prefecture: {"levels": {}}})
            table[prefecture]["levels"][text] = called[language]
    return words


def zone_labels(frame: pd.DataFrame, prefecture: str, added: list[str]) -> Words:
    """Label prefectures and the columns that merging the zones adds.

    Parameters
    ----------
    added : list of str
        Columns added by the merge.
    """
    words = place_labels(frame, prefecture)
    for language, columns in read_toml("zone_words.toml").items():
        labels_added = {name: label for name, label in columns.items() if name in added}
        words[language] = labels_added | words.get(language, {})
    if "prefecture_name" in added:
        levels = place_labels(frame, "prefecture_name").get(ENGLISH, {})
        words[ENGLISH] |= levels
    if "province" in added:
        words[ENGLISH]["province"] = {"levels": province_names()}
    return words
