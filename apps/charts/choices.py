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
    LANEY_P = "laney-p", _("p′ (Laney)")
    LANEY_U = "laney-u", _("u′ (Laney)")
    T = "t", _("t")
    G = "g", _("g")
    T2 = "t2", _("T²")


# Where each value may be one of a subgroup whose mean is the point.
SUBGROUP_KINDS = frozenset({ChartKind.XBAR_R, ChartKind.XBAR_S})
VARIABLE_KINDS = SUBGROUP_KINDS | {ChartKind.I_MR}
DEFECTIVES_KINDS = frozenset({ChartKind.P, ChartKind.NP, ChartKind.LANEY_P})
DEFECTS_KINDS = frozenset({ChartKind.C, ChartKind.U, ChartKind.LANEY_U})
# Points are shares of a sample; counts for each unit of an area.
SHARE_KINDS = frozenset({ChartKind.P, ChartKind.LANEY_P})
RATE_KINDS = frozenset({ChartKind.U, ChartKind.LANEY_U})
COUNT_KINDS = DEFECTIVES_KINDS | DEFECTS_KINDS
# Time or units from one event to the next.
BETWEEN_KINDS = frozenset({ChartKind.T, ChartKind.G})
# A lower limit at 0 says nothing on these.
FROM_ZERO_KINDS = BETWEEN_KINDS | {ChartKind.T2}
# Counts of one window of time are added up, each with the size it was counted on.
SUMMED_KINDS = SHARE_KINDS | RATE_KINDS


class Estimator(TextChoices):
    """How sigma is estimated; which ones serve a chart is for the engine to say."""

    MR_MEAN = "mr-mean", _("mean moving range")
    MR_MEDIAN = "mr-median", _("median moving range")
    RBAR_MVLUE = "rbar-mvlue", _("ranges, weighted by size")
    RBAR = "rbar", _("mean range")
    SBAR_MVLUE = "sbar-mvlue", _("standard deviations, weighted by size")
    SBAR = "sbar", _("mean standard deviation")
    POOLED_SD = "pooled-sd", _("pooled standard deviation")
    COVARIANCE = "covariance", _("covariance of all rows")
    SUCCESSIVE = "successive-differences", _("differences from one row to the next")
    POOLED_COVARIANCE = "pooled-covariance", _("covariance within subgroups")


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
