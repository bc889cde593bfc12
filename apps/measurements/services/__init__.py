"""What a person may ask of measurement data."""

from apps.measurements.services.batches import earlier_answer, receive_batch
from apps.measurements.services.characteristics import (
    archive_characteristic,
    create_characteristic,
    restore_characteristic,
    update_characteristic,
)
from apps.measurements.services.corrections import Moved, TimeTaken, correct_observation
from apps.measurements.services.factors import rename_factor
from apps.measurements.services.imports import (
    cancel_import,
    confirm_import,
    forget_profile,
    receive_import,
    remap_import,
    reverse_import,
)
from apps.measurements.services.observations import append_observations
from apps.measurements.services.sampling import end_sampling_plan, set_sampling_plan
from apps.measurements.services.sheets import CellsRefused, save_sheet
from apps.measurements.services.specification import set_specification_limits
from apps.measurements.services.tokens import create_token

__all__ = [
    "CellsRefused",
    "Moved",
    "TimeTaken",
    "append_observations",
    "archive_characteristic",
    "cancel_import",
    "confirm_import",
    "correct_observation",
    "create_characteristic",
    "create_token",
    "earlier_answer",
    "end_sampling_plan",
    "forget_profile",
    "receive_batch",
    "receive_import",
    "remap_import",
    "rename_factor",
    "restore_characteristic",
    "reverse_import",
    "save_sheet",
    "set_sampling_plan",
    "set_specification_limits",
    "update_characteristic",
]
