"""Control charts: settings and phases, the stored result, signals with their causes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.charts.choices import CauseState, ChartKind, ChartState
from apps.common.models import Timestamped, Versioned
from apps.measurements.models import Characteristic


def default_rules() -> list[str]:
    """Beyond the limits and one run rule: more rules, more false alarms."""
    return ["nelson:1", "nelson:2"]


class ControlChartQuerySet(models.QuerySet["ControlChart"]):
    def visible_to(self, user: User) -> ControlChartQuerySet:
        return self.filter(characteristic__in=Characteristic.objects.visible_to(user))

    def dirty(self) -> ControlChartQuerySet:
        """Charts whose stored result is not of the present data and settings."""
        return self.filter(
            Q(result__isnull=True)
            | ~Q(result__data_version=F("characteristic__data_version"))
            | ~Q(result__settings_version=F("settings_version"))
        ).filter(characteristic__archived_at__isnull=True)


class ControlChart(Timestamped, Versioned):
    """How a characteristic is charted. `settings_version` rises with any change of it."""

    characteristic = models.ForeignKey(
        Characteristic,
        on_delete=models.PROTECT,
        related_name="charts",
        verbose_name=_("characteristic"),
    )
    kind = models.CharField(_("chart"), max_length=10, choices=ChartKind)
    rules = models.JSONField(_("run rules"), default=default_rules)
    estimator = models.CharField(_("estimator"), max_length=20, blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("added by")
    )
    settings_version = models.PositiveBigIntegerField(
        _("settings version"), default=1, editable=False
    )
    settings_changed_at = models.DateTimeField(auto_now_add=True)
    # Recomputing: attempts for the present versions, and why the last one failed.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    attempted_for = models.CharField(max_length=50, blank=True, editable=False)
    attempted_at = models.DateTimeField(null=True, editable=False)
    failure = models.TextField(_("failure"), blank=True, editable=False)

    objects = ControlChartQuerySet.as_manager()

    class Meta:
        ordering = ["characteristic__name", "pk"]
        verbose_name = _("control chart")
        verbose_name_plural = _("control charts")

    def __str__(self) -> str:
        return str(self.characteristic)

    @property
    def team(self) -> Team:
        return self.characteristic.team


class Phase(models.Model):
    """A stretch of the chart with limits of its own, from a point on."""

    chart = models.ForeignKey(ControlChart, on_delete=models.CASCADE, related_name="phases")
    start_sequence = models.PositiveBigIntegerField(_("first observation"))
    name = models.CharField(_("name"), max_length=80)
    # Points (0-based, within the phase, half-open) the limits are computed from; all when empty.
    baseline_from = models.PositiveIntegerField(null=True, blank=True)
    baseline_to = models.PositiveIntegerField(null=True, blank=True)
    # Numeric limits in force whatever comes: {"center": …, "sigma": …, …}.
    frozen_limits = models.JSONField(null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["chart", "start_sequence"]
        constraints = [
            models.UniqueConstraint(fields=["chart", "start_sequence"], name="one_phase_per_start")
        ]

    def __str__(self) -> str:
        return self.name


class Exclusion(models.Model):
    """A point left out of the limits, kept on the chart; named by its first observation."""

    chart = models.ForeignKey(ControlChart, on_delete=models.CASCADE, related_name="exclusions")
    sequence = models.PositiveBigIntegerField()
    reason = models.CharField(_("reason"), max_length=300)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chart", "sequence"], name="point_excluded_once")
        ]

    def __str__(self) -> str:
        return f"{self.chart_id}: {self.sequence}"


class Annotation(models.Model):
    """A note on a point: what happened there."""

    chart = models.ForeignKey(ControlChart, on_delete=models.CASCADE, related_name="annotations")
    sequence = models.PositiveBigIntegerField()
    text = models.CharField(_("note"), max_length=300)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["sequence"]

    def __str__(self) -> str:
        return self.text


class ChartResult(models.Model):
    """What was last computed, and from which pair of versions."""

    chart = models.OneToOneField(ControlChart, on_delete=models.CASCADE, related_name="result")
    data_version = models.PositiveBigIntegerField()
    settings_version = models.PositiveBigIntegerField()
    computed_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=ChartState)
    n_points = models.PositiveIntegerField(default=0)
    n_observations = models.PositiveIntegerField(default=0)
    # Small enough to be read for a wall of charts: last value, limits, the newest points.
    summary = models.JSONField(default=dict)
    # Phases with limits, capability, sigma level, warnings: what the chart page says.
    content = models.JSONField(default=dict)
    # Of a chart with very many points: the extremes of each stretch, so that a page need not
    # read them all to show them all.
    overview = models.JSONField(null=True)
    # SHA-256 over the plotted points: what a gate decision freezes.
    points_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ChartState.values), name="chart_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.chart_id} v{self.data_version}.{self.settings_version}"


class Continuation(models.Model):
    """What appended points need to know of the points before them: see `continuing`.

    It belongs to exactly the stored result; where there is none, the whole chart is computed.
    """

    result = models.OneToOneField(
        ChartResult, on_delete=models.CASCADE, primary_key=True, related_name="continuation"
    )
    format = models.PositiveSmallIntegerField()
    content = models.JSONField()

    def __str__(self) -> str:
        return str(self.result_id)


class PointBlock(models.Model):
    """A stretch of plotted points of one result, so that a page reads what it shows."""

    result = models.ForeignKey(ChartResult, on_delete=models.CASCADE, related_name="blocks")
    number = models.PositiveIntegerField()
    first = models.PositiveIntegerField()
    # Columns: sequence, time, label, size, excluded, and the panels with points and lines.
    content = models.JSONField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["result", "number"], name="block_once_per_result")
        ]

    def __str__(self) -> str:
        return f"{self.result_id}/{self.number}"


class SignalQuerySet(models.QuerySet["Signal"]):
    def visible_to(self, user: User) -> SignalQuerySet:
        return self.filter(chart__in=ControlChart.objects.visible_to(user))


class Signal(Versioned):
    """A rule broken at a point. It stays a row while its pattern grows, so its cause stays too.

    `details` holds the figures of its sentence: the value and the line it crossed, the mean of
    the pattern, and (once explained) up to which point the explanation was given.
    """

    chart = models.ForeignKey(
        ControlChart, on_delete=models.CASCADE, related_name="signals", verbose_name=_("chart")
    )
    panel = models.CharField(_("panel"), max_length=20)
    rule = models.CharField(_("rule"), max_length=30)
    side = models.CharField(_("side"), max_length=5, blank=True)
    # Points, 0-based: where the pattern begins, is completed, and last still holds.
    first = models.PositiveIntegerField(_("first point"))
    point = models.PositiveIntegerField(_("point"))
    last = models.PositiveIntegerField(_("last point"))
    # The first observation of the pattern: identifies the signal across recomputations.
    # The last observation tells, after limits were moved, that it is still the same pattern.
    sequence = models.PositiveBigIntegerField(_("observation"))
    last_sequence = models.PositiveBigIntegerField(_("last observation"))
    started_at = models.DateTimeField(_("began"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    details = models.JSONField(_("details"), default=dict)
    present = models.BooleanField(_("still there"), default=True)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))
    # What is done about it.
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="signals_to_explain",
        verbose_name=_("assigned to"),
    )
    due = models.DateField(_("due"), null=True, blank=True)
    cause_state = models.CharField(
        _("state of the cause"), max_length=10, choices=CauseState, default=CauseState.WANTED
    )
    cause = models.TextField(_("cause"), blank=True)
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("explained by"),
    )
    explained_at = models.DateTimeField(_("explained"), null=True, blank=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        ordering = ["-point", "rule"]
        constraints = [
            models.UniqueConstraint(
                fields=["chart", "panel", "rule", "side", "sequence"],
                name="signal_once_per_pattern",
            )
        ]
        indexes = [models.Index(fields=["chart", "present", "cause_state"])]

    def __str__(self) -> str:
        return f"{self.rule} @ {self.point}"
