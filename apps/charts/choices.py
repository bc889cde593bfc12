"""Chart types, estimators, run rules and the states of a chart."""

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


SUBGROUP_KINDS = frozenset({ChartKind.XBAR_R, ChartKind.XBAR_S})
VARIABLE_KINDS = SUBGROUP_KINDS | {ChartKind.I_MR}
DEFECTIVES_KINDS = frozenset({ChartKind.P, ChartKind.NP})
DEFECTS_KINDS = frozenset({ChartKind.C, ChartKind.U})


class Estimator(TextChoices):
    """How sigma is estimated; which ones serve a chart is for the engine to say."""

    MR_MEAN = "mr-mean", _("mean moving range")
    MR_MEDIAN = "mr-median", _("median moving range")
    RBAR_MVLUE = "rbar-mvlue", _("ranges, weighted by size")
    RBAR = "rbar", _("mean range")
    SBAR_MVLUE = "sbar-mvlue", _("standard deviations, weighted by size")
    SBAR = "sbar", _("mean standard deviation")
    POOLED_SD = "pooled-sd", _("pooled standard deviation")


class RuleSet(TextChoices):
    NELSON = "nelson", _("Nelson")
    WESTERN_ELECTRIC = "western-electric", _("Western Electric")
    AIAG = "aiag", _("AIAG")
    MONTGOMERY = "montgomery", _("Montgomery")


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
