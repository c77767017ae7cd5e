"""Quick looks at the texts of a column say what a look at each of them says."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from doors import texts_of
from hypothesis import given
from hypothesis import strategies as st

_EDGES = " \t\r\n\u3000\xa0"
_NAMES = st.text("ab1 \t\n\u3000\xa0《〃é丠", max_size=3)


@pytest.mark.slow
@given(names=st.lists(_NAMES, min_size=1, max_size=12), times=st.integers(1, 4))
def test_quick_looks_are_those_at_each_text(names: list[str], times: int) -> None:
    rows = [x for x in names for _ in range(times)]
    texts = texts_of(pd.Series(pd.array(rows, dtype="str")))
    assert sorted(texts.values) == sorted(set(rows))
    assert set(texts.padded) == {x for x in rows if x and x != x.strip(_EDGES)}
    assert set(texts.blank) == {x for x in rows if not x.strip(" \t\u3000\xa0")} - {""} | (
        {""} & set(rows)
    )
    assert texts.has(rows[-1])
    assert not texts.has("c")
    assert all(x in texts.run_on for x in rows)
    assert texts.run_on.isascii() == all(x.isascii() for x in rows)


@pytest.mark.slow
@given(names=st.lists(_NAMES, min_size=2, max_size=8))
def test_runs_are_known_only_where_no_name_comes_again(names: list[str]) -> None:
    names = [x for k, x in enumerate(names) if k == 0 or x != names[k - 1]]
    rows = [x for x in names for _ in range(3)]
    begins = texts_of(pd.Series(pd.array(rows, dtype="str"))).begins
    if len(set(names)) < len(names):
        assert begins is None
    else:
        assert begins is not None
        assert begins.tolist() == [True, False, False] * len(names)


@pytest.mark.parametrize("places", [slice(3, 9), slice(1, 12)])
def test_texts_of_a_slice_are_its_own(places: slice) -> None:
    names = [x for x in (" far", "b", "c", "丠", "d ") for _ in range(3)]
    cells = pa.chunked_array([pa.array(names, pa.large_string())])
    column = pd.Series(pd.arrays.ArrowStringArray(cells)).iloc[places]
    texts = texts_of(column)
    assert texts.values == list(dict.fromkeys(names[places]))
    assert texts.padded == [x for x in texts.values if x != x.strip()]
    assert set(texts.run_on) == set("".join(names[places]))


def test_a_column_of_empty_cells_has_no_texts() -> None:
    texts = texts_of(pd.Series(pd.array([None, None], dtype="str")))
    assert texts.values == texts.spread(3) == texts.padded == []
    assert not texts.has("a")
