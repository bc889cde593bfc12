"""What is measured, its specification limits, the imports and the observations."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField

from apps.accounts.choices import Relation
from apps.accounts.models import TeamOwned, TeamOwnedQuerySet, User
from apps.common.models import Timestamped, Versioned
from apps.measurements.choices import DataType, Direction, ImportState, Subgrouping


class CharacteristicQuerySet(TeamOwnedQuerySet):
    def related_to(self, user: User) -> Q:
        return Q(owner=user)

    def in_use(self) -> CharacteristicQuerySet:
        return self.filter(archived_at__isnull=True)


class Characteristic(TeamOwned, Timestamped, Versioned):
    """What is measured. `data_version` rises with any change of what a chart is made from."""

    name = models.CharField(_("name"), max_length=120)
    code = models.CharField(_("code"), max_length=30, blank=True)
    description = models.CharField(_("what exactly is measured"), max_length=300, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    decimals = models.PositiveSmallIntegerField(
        _("decimal places"), default=2, validators=[MaxValueValidator(9)]
    )
    data_type = models.CharField(_("kind of data"), max_length=12, choices=DataType)
    direction = models.CharField(
        _("what is better"), max_length=8, choices=Direction, default=Direction.TARGET
    )
    subgrouping = models.CharField(
        _("subgroups"), max_length=12, choices=Subgrouping, default=Subgrouping.INDIVIDUALS
    )
    subgroup_size = models.PositiveSmallIntegerField(
        _("values in a subgroup"), null=True, blank=True, validators=[MinValueValidator(2), MaxValueValidator(100)]
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="characteristics",
        verbose_name=_("owner"),
    )
    simulated = models.BooleanField(_("simulated data"), default=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    data_version = models.PositiveBigIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)

    objects = CharacteristicQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("characteristic")
        verbose_name_plural = _("characteristics")
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="characteristic_name_per_team"),
            models.CheckConstraint(
                condition=~Q(subgrouping=Subgrouping.FIXED) | Q(subgroup_size__gte=2),
                name="fixed_subgroups_have_a_size",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def relations_of(self, user: User) -> set[str]:
        return {Relation.OWNER} if self.owner_id == user.pk else set()


class SpecificationLimits(models.Model):
    """What the customer tolerates, from a date on; the newest valid row is in force."""

    characteristic = models.ForeignKey(
        Characteristic, on_delete=models.CASCADE, related_name="specification_limits"
    )
    valid_from = models.DateField(_("valid from"))
    lsl = models.FloatField(_("lower specification limit"), null=True, blank=True)
    target = models.FloatField(_("target"), null=True, blank=True)
    usl = models.FloatField(_("upper specification limit"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    set_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-valid_from", "-pk"]
        verbose_name = _("specification limits")
        verbose_name_plural = _("specification limits")
        constraints = [
            models.CheckConstraint(
                condition=Q(lsl__isnull=True) | Q(usl__isnull=True) | Q(lsl__lt=F("usl")),
                name="lsl_below_usl",
            )
        ]

    def __str__(self) -> str:
        return f"{self.characteristic}: {self.lsl} … {self.usl}"


class Import(ConcurrentTransitionMixin, Timestamped, Versioned):
    """One file on its way into one characteristic: read, previewed, confirmed, committed."""

    characteristic = models.ForeignKey(
        Characteristic, on_delete=models.PROTECT, related_name="imports"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports"
    )
    file_name = models.CharField(_("file"), max_length=200)
    stored_as = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()
    state = FSMField(
        _("state"), max_length=10, choices=ImportState.choices, default=ImportState.RECEIVED,
        protected=True,
    )
    # How the file is read (encoding, delimiter, decimal mark, sheet, header line) and what each
    # column is taken for; guesses, until a person confirms them.
    reading = models.JSONField(default=dict, blank=True)
    mapping = models.JSONField(default=dict, blank=True)
    # What the reader found: columns, first rows, counts, findings (the row report).
    report = models.JSONField(default=dict, blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    rows_imported = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["state", "created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_state_known"
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class Observation(models.Model):
    """One value. `value` is a measurement or a count; `size` the units or area it was counted on."""

    characteristic = models.ForeignKey(
        Characteristic, on_delete=models.CASCADE, related_name="observations"
    )
    sequence = models.PositiveBigIntegerField()
    value = models.FloatField()
    size = models.FloatField(null=True)
    subgroup = models.CharField(max_length=64, blank=True, default="")
    observed_at = models.DateTimeField(null=True)
    source = models.ForeignKey(Import, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["characteristic", "sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["characteristic", "sequence"], name="observation_once_per_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.value}"


def raise_data_version(characteristic: Characteristic, *, at: Any) -> None:
    """Mark everything computed from a characteristic as out of date, in the same transaction."""
    Characteristic.objects.filter(pk=characteristic.pk).update(
        data_version=F("data_version") + 1, changed_at=at
    )
    characteristic.refresh_from_db(fields=["data_version", "changed_at"])
