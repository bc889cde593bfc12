"""Chart types, run rules and the states of a chart."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ChartKind(TextChoices):
    I_MR = "i-mr", _("I-MR")
    XBAR_R = "xbar-r", _("X̄-R")
    XBAR_S = "xbar-s", _("X̄-S")
    P = "p", _("p")
    NP = "np", _("np")
    C = "c", _("c")
    U = "u", _("u")


class ChartState(TextChoices):
    """What a chart says of its process, in the order in which it needs a person."""

    SIGNAL = "signal", _("Signal")
    LATE = "late", _("Late data")
    UNKNOWN = "unknown", _("Too few points")
    STABLE = "stable", _("Stable")


class CauseState(TextChoices):
    WANTED = "wanted", _("Cause wanted")
    FOUND = "found", _("Cause found")
    NONE_FOUND = "none_found", _("No cause found")
