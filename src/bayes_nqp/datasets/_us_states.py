"""States of the United States by FIPS code, with their census region."""

from __future__ import annotations

from typing import Final

# fmt: off
_BY_REGION: Final = {
    "Northeast": {
        9: "Connecticut", 23: "Maine", 25: "Massachusetts", 33: "New Hampshire", 34: "New Jersey",
        36: "New York", 42: "Pennsylvania", 44: "Rhode Island", 50: "Vermont",
    },
    "Midwest": {
        17: "Illinois", 18: "Indiana", 19: "Iowa", 20: "Kansas", 26: "Michigan", 27: "Minnesota",
        29: "Missouri", 31: "Nebraska", 38: "North Dakota", 39: "Ohio", 46: "South Dakota",
        55: "Wisconsin",
    },
    "South": {
        1: "Alabama", 5: "Arkansas", 10: "Delaware", 11: "District of Columbia", 12: "Florida",
        13: "Georgia", 21: "Kentucky", 22: "Louisiana", 24: "Maryland", 28: "Mississippi",
        37: "North Carolina", 40: "Oklahoma", 45: "South Carolina", 47: "Tennessee", 48: "Texas",
        51: "Virginia", 54: "West Virginia",
    },
    "West": {
        2: "Alaska", 4: "Arizona", 6: "California", 8: "Colorado", 15: "Hawaii", 16: "Idaho",
        30: "Montana", 32: "Nevada", 35: "New Mexico", 41: "Oregon", 49: "Utah",
        53: "Washington", 56: "Wyoming",
    },
}
# fmt: on

STATES: Final = {fips: name for names in _BY_REGION.values() for fips, name in names.items()}
REGIONS: Final = {fips: region for region, names in _BY_REGION.items() for fips in names}
