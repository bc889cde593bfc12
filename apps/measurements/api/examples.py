"""A batch that fits a characteristic: to start from, and to try the API with."""

from __future__ import annotations

from typing import Any

from apps.measurements.choices import DataType, Subgrouping
from apps.measurements.models import Characteristic

ROWS = 2


def example_for(characteristic: Characteristic) -> dict[str, Any]:
    return {"observations": [_item(characteristic, place) for place in range(ROWS)]}


def _item(characteristic: Characteristic, place: int) -> dict[str, Any]:
    numbers: dict[str, dict[str, Any]] = {
        DataType.VARIABLE: {"value": 4.2 + place / 10},
        DataType.DEFECTIVES: {"count": 3 + place, "size": 200},
        DataType.DEFECTS: {"count": 5 + place, "size": 1.0},
        DataType.BETWEEN: {"between": 12.5 + place},
        DataType.SEVERAL: {
            "values": dict.fromkeys(characteristic.variables, 1.5 + place),
        },
    }
    item = dict(numbers[characteristic.data_type])
    item["time"] = f"2026-11-23T08:{5 + 5 * place:02d}:00+08:00"
    if characteristic.subgrouping == Subgrouping.COLUMN:
        item["subgroup"] = "1"
    if characteristic.factors:
        item["factors"] = dict.fromkeys(characteristic.factors, "A")
    return item
