"""What a person may ask of control charts."""

from apps.charts.services.phases import (
    freeze_limits,
    release_limits,
    remove_phase,
    start_phase,
)
from apps.charts.services.points import annotate_point, exclude_point, include_point
from apps.charts.services.settings import change_settings, open_chart
from apps.charts.services.signals import assign_signal, explain_signal

__all__ = [
    "annotate_point",
    "assign_signal",
    "change_settings",
    "exclude_point",
    "explain_signal",
    "freeze_limits",
    "include_point",
    "open_chart",
    "release_limits",
    "remove_phase",
    "start_phase",
]
