"""What a person may ask of measurement data."""

from apps.measurements.services.characteristics import (
    archive_characteristic,
    create_characteristic,
    update_characteristic,
)
from apps.measurements.services.corrections import correct_observation
from apps.measurements.services.imports import (
    cancel_import,
    confirm_import,
    forget_profile,
    receive_import,
    remap_import,
    reverse_import,
)
from apps.measurements.services.observations import append_observations
from apps.measurements.services.specification import set_specification_limits

__all__ = [
    "append_observations",
    "archive_characteristic",
    "cancel_import",
    "confirm_import",
    "correct_observation",
    "create_characteristic",
    "forget_profile",
    "receive_import",
    "remap_import",
    "reverse_import",
    "set_specification_limits",
    "update_characteristic",
]
