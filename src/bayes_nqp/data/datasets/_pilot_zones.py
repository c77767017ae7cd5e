"""The cross-border e-commerce comprehensive pilot zones."""

from __future__ import annotations

import pandas as pd

from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets._files import read_toml
from bayes_nqp.data.datasets._prefectures import prefectures


@door
def pilot_zones() -> pd.DataFrame:
    """List the 165 cross-border e-commerce comprehensive pilot zones (跨境电子商务综合试验区).

    Seven batches from March 2015 to November 2022, of 1, 12, 22, 24, 46, 27 and 33 zones. Eight
    zones are below prefecture level (a county-level city, or 雄安新区). They are flagged, because
    the user must decide if they treat the whole prefecture. An eighth batch, approved in April 2025
    (all of Hainan, 秦皇岛 and others), is not included: a panel should end in 2024 at the latest.

    Returns
    -------
    DataFrame
        One row for each zone, in the order of the documents:

        - `batch`: 1 to 7
        - `approved`: date of the State Council's reply
        - `document`: number of the reply, such as 国函〔2015〕44号
        - `prefecture`, `code`, `province`: as in `prefectures`
        - `below_prefecture`: True if the zone covers only a part of the prefecture
        - `name`: the place named in the document; the prefecture, unless the zone is below it

    See Also
    --------
    bayes_nqp.merge_zones : merge zones to a panel, as cohorts.
    bayes_nqp.cohorts_from_dates : convert approval dates to cohorts.

    References
    ----------
    State Council of China, replies 国函〔2015〕44号, 〔2016〕17号, 〔2018〕93号, 〔2019〕137号,
    〔2020〕47号, 〔2022〕8号 and 〔2022〕126号.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> zones = nqp.datasets.pilot_zones()
    >>> zones.groupby("batch").size().tolist()
    [1, 12, 22, 24, 46, 27, 33]
    """
    file = read_toml("pilot_zones.toml")
    within = file["within"]
    zones = pd.DataFrame(
        [
            (batch["number"], batch["approved"], batch["document"], within.get(place, place), place)
            for batch in file["batch"]
            for place in batch["places"]
        ],
        columns=["batch", "approved", "document", "prefecture", "name"],
    )
    zones["approved"] = pd.to_datetime(zones["approved"])
    zones["below_prefecture"] = zones["name"].isin(within)
    places = prefectures().set_index("prefecture")
    zones["code"] = zones["prefecture"].map(places["code"])
    zones["province"] = zones["prefecture"].map(places["province"])
    return zones[
        [
            "batch",
            "approved",
            "document",
            "prefecture",
            "code",
            "province",
            "below_prefecture",
            "name",
        ]
    ]
