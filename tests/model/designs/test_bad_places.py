"""Bad places and weights, as a design meets them: each is named, in both languages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from spatial_places import panel_of, scattered

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, NQPError, PanelError, StudyError
from bayes_nqp._core.i18n import Translator
from bayes_nqp.inference.model_frame import model_frame_of

PLACES = scattered(12)
NAMES = [f"city{k:02d}" for k in range(12)]


def planned(spillovers: object, places: np.ndarray = PLACES, **more: object) -> None:
    panel = panel_of(places, names=NAMES)
    model_frame_of(
        nqp.StaggeredDiD(
            nqp.CompletePooling(varying=None), spillovers=spillovers, time=nqp.TimeEffects(), **more
        ),
        panel,
    )


def ring(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(np.roll(np.eye(len(names)), 1, axis=1), names, names)


def weights(frame: pd.DataFrame, **more: object) -> object:
    return nqp.spatial_weights.matrix(frame, **more)  # type: ignore[arg-type]


def projected() -> np.ndarray:
    return PLACES * 1e5


CASES: dict[str, tuple[Callable[[], object], type[NQPError], str]] = {
    "an unmatched id": (
        lambda: planned(nqp.SpatialLag(weights(ring([*NAMES[:-1], "city1l"])))),
        PanelError, r"1 of 12 units are not in(?s:.)*city11(?s:.)*did you mean 'city1l'",
    ),
    "no id matched": (
        lambda: planned(nqp.ShareTreated(weights(ring([f"x{k}" for k in range(12)])))),
        PanelError, r"12 of 12 units are not in the weights(?s:.)*city='city'",
    ),
    "a place that is missing": (
        lambda: planned(nqp.Rings([300]), np.vstack([PLACES[:-1], [np.nan, 30.0]])),
        PanelError, r"1 of 12 units have no coordinates(?s:.)*city11",
    ),
    "places that are swapped": (
        lambda: planned(nqp.Rings([300]), PLACES[:, ::-1]), PanelError, "are interchanged",
    ),
    "places of a projected map": (
        lambda: planned(nqp.Donut(300), projected()), PanelError, "not in degrees",
    ),
    "W that is not square": (
        lambda: nqp.spatial_weights.SpatialWeights(("a", "b", "c"), np.zeros((3, 2)), "own"),
        StudyError, "weights are 3 by 2, but there are 3 units",
    ),
    "W that is negative": (lambda: weights(-ring(NAMES)), StudyError, "weights are negative"),
    "W that is missing": (
        lambda: weights(ring(NAMES).replace(1.0, np.nan)), StudyError, "missing or infinite",
    ),
    "islands under a lag": (
        lambda: planned(nqp.SpatialLag(weights(ring(NAMES).replace({"city03": 1.0}, 0.0)))),
        PanelError, r"of 12 units have none(?s:.)*by hand",
    ),
    "weights after the policy": (
        lambda: nqp.spatial_weights.economic(panel_of(PLACES), "y", periods=[2010, 2013]),
        StudyError, r"must all be before the first adoption(?s:.)*2013",
    ),
    "rings that fall": (lambda: nqp.Rings([300, 100]), StudyError, r"'km' is(?s:.)*rise"),
    "a ring without rows": (
        lambda: planned(nqp.Rings([0.001, 300])), StudyError,
        r"no observation of the panel is exposed",
    ),
    "everybody exposed": (
        lambda: planned(nqp.Rings([19_000])), IdentificationError, "no untreated unit",
    ),
    "a column that is not there": (
        lambda: nqp.spatial_weights.lag(
            nqp.spatial_weights.nearest(panel_of(PLACES), k=2), panel_of(PLACES), "yy"
        ),
        PanelError, "column='yy' is not a column of the panel",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_bad_is_named_with_what_to_try(name: str) -> None:
    make, kind, message = CASES[name]
    with pytest.raises(kind, match=message) as caught:
        make()
    assert caught.value.hint
    chinese = Translator("zh")
    assert chinese.name(caught.value.what) != str(caught.value.what), "no Chinese for it"


def test_gaps_under_a_lag_are_named_and_rings_take_them() -> None:
    panel = panel_of(PLACES, names=NAMES)
    gappy = panel.where(~((panel.frame["unit"] == "city05") & (panel.frame["time"] == 2011)))
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), spillovers=nqp.SpatialLag(weights(ring(NAMES)))
    )
    with pytest.raises(PanelError, match=r"1 of 12 have gaps(?s:.)*city05(?s:.)*complete='units'"):
        model_frame_of(design, gappy)
