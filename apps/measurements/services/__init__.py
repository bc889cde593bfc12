"""What a person may ask of measurement data."""

from apps.measurements.services.characteristics import (
    archive_characteristic,
    create_characteristic,
    update_characteristic,
)
from apps.measurements.services.observations import append_observations
from apps.measurements.services.specification import set_specification_limits

__all__ = [
    "append_observations",
    "archive_characteristic",
    "create_characteristic",
    "set_specification_limits",
    "update_characteristic",
]
