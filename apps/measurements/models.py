"""What is measured, its specification limits, the imports and the observations."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from apps.accounts.choices import Relation
from apps.accounts.models import ApiToken, TeamOwned, TeamOwnedQuerySet, User
from apps.common.models import Timestamped, Versioned
from apps.measurements.choices import (
    COUNTED_TYPES,
    DataType,
    Direction,
    Doubles,
    ImportState,
    Interval,
    Subgrouping,
)
from apps.measurements.packing import unpacked


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
        _("values in a subgroup"),
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(100)],
    )
    subgroup_window = models.CharField(
        _("stretch of time of a subgroup"), max_length=5, choices=Interval, blank=True, default=""
    )
    # In which the days of the data begin and end; the installation's when empty.
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True, default="")
    process_step = models.CharField(_("process step"), max_length=80, blank=True)
    # Names of the variables that are measured together, in order (kind of data: several).
    variables = models.JSONField(_("variables"), default=list, blank=True)
    # Names of the columns by which the values can be told apart: operator, machine, branch.
    factors = models.JSONField(_("factors"), default=list, blank=True)
    # The sampling plan: `sampling_size` values every `sampling_every` hours, days, weeks, months.
    sampling_every = models.PositiveSmallIntegerField(
        _("values are expected every"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    sampling_unit = models.CharField(
        _("unit of the interval"), max_length=5, choices=Interval, blank=True, default=""
    )
    sampling_size = models.PositiveIntegerField(
        _("values each time"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    sampling_since = models.DateTimeField(null=True, editable=False)
    # What `newest` keeps in step with the counted observations, in the transaction of each change:
    # the newest time that has come, how many values its hour, day, week or month holds (where
    # there is a plan), the next time that lies ahead still, when data last came in, and from when
    # on data are overdue unless some come before.
    newest_us = models.BigIntegerField(null=True, editable=False)
    newest_count = models.PositiveIntegerField(default=0, editable=False)
    ahead_us = models.BigIntegerField(null=True, editable=False, db_index=True)
    arrived_at = models.DateTimeField(null=True, editable=False)
    overdue_from = models.DateTimeField(null=True, editable=False, db_index=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="characteristics",
        verbose_name=_("owner"),
    )
    simulated = models.BooleanField(_("simulated data"), default=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    data_version = models.PositiveBigIntegerField(_("data version"), default=0, editable=False)
    # The last of these versions that did more than add observations behind all that counted.
    reshaped_version = models.PositiveBigIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)
    # The place of the next observation. Places are handed out once and never again, so a chart
    # may name an observation by its place for ever.
    next_sequence = models.PositiveBigIntegerField(default=1, editable=False)

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
            models.CheckConstraint(
                condition=~Q(subgrouping=Subgrouping.WINDOW) | Q(subgroup_window__in=Interval),
                name="subgroups_by_time_have_a_window",
            ),
            models.CheckConstraint(
                condition=Q(sampling_every__isnull=True) | Q(sampling_unit__in=Interval),
                name="sampling_interval_has_a_unit",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Where its days begin and end."""
        return ZoneInfo(self.time_zone or settings.TIME_ZONE)

    @property
    def value_decimals(self) -> int:
        """Of a stored value: what is counted is whole, its `decimals` are those of the rate."""
        return 0 if self.data_type in COUNTED_TYPES else self.decimals

    @property
    def subgroups_in_words(self) -> str:
        """How values are grouped, short enough for a fact."""
        if self.subgrouping == Subgrouping.FIXED:
            return f"n\u00a0=\u00a0{self.subgroup_size}"
        if self.subgrouping == Subgrouping.WINDOW:
            return {
                Interval.HOUR: gettext("One for each hour"),
                Interval.DAY: gettext("One for each day"),
                Interval.WEEK: gettext("One for each week"),
                Interval.MONTH: gettext("One for each month"),
            }[Interval(self.subgroup_window)]
        return self.get_subgrouping_display()

    def relations_of(self, user: User) -> set[str]:
        return {Relation.OWNER} if self.owner_id == user.pk else set()


class SpecificationLimits(models.Model):
    """What the customer tolerates, from a date on; the newest valid row is in force."""

    characteristic = models.ForeignKey(
        Characteristic,
        on_delete=models.CASCADE,
        related_name="specification_limits",
        verbose_name=_("characteristic"),
    )
    valid_from = models.DateField(_("valid from"))
    lsl = models.FloatField(_("lower specification limit"), null=True, blank=True)
    target = models.FloatField(_("target"), null=True, blank=True)
    usl = models.FloatField(_("upper specification limit"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("set by")
    )
    set_at = models.DateTimeField(auto_now_add=True)
    # False while `valid_from` lies ahead; the sweep marks the day on which it takes effect.
    took_effect = models.BooleanField(default=True, editable=False)

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


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, user: User | AnonymousUser) -> ImportQuerySet:
        """An import is seen by whoever sees its characteristic."""
        return self.filter(characteristic__in=Characteristic.objects.visible_to(user))

    def hidden(self) -> ImportQuerySet:
        """Imports whose rows lie in the table but do not count: not committed, or reversed."""
        return self.filter(first_sequence__isnull=False).exclude(state=ImportState.IMPORTED)


class Import(FSMModelMixin, Timestamped, Versioned):
    """One file on its way into one characteristic: read, previewed, confirmed, committed.

    Its observations take one unbroken run of places, `first_sequence` to `last_sequence`. They
    are written in short transactions and count only once the state is `imported`: that single
    change of state is what makes an import (and its reversal) all or nothing.
    """

    characteristic = models.ForeignKey(
        Characteristic,
        on_delete=models.PROTECT,
        related_name="imports",
        verbose_name=_("characteristic"),
    )
    # One file may fill several characteristics: one import each, and all follow the first.
    part_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="imports",
        verbose_name=_("uploaded by"),
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    file_name = models.CharField(_("file"), max_length=200)
    stored_as = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()
    state = FSMField(
        _("state"),
        max_length=10,
        choices=ImportState.choices,
        default=ImportState.RECEIVED,
        protected=True,
    )
    # How the file is to be read (encoding, delimiter, decimal mark, sheet, header line) and what
    # each column is taken for, as far as a person has chosen; what is left out is guessed.
    reading = models.JSONField(_("reading"), default=dict, blank=True)
    mapping = models.JSONField(_("assignment of columns"), default=dict, blank=True)
    # What the reader found: how it read, columns, first rows, counts, findings (the row report).
    report = models.JSONField(default=dict, blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    rows_ready = models.PositiveIntegerField(default=0)
    rows_warned = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    rows_known = models.PositiveIntegerField(default=0)
    rows_imported = models.PositiveIntegerField(default=0)
    # Of the known rows, those whose value is another than the stored one.
    rows_differing = models.PositiveIntegerField(default=0)
    # Stored values that were replaced by those of the file; each is a correction.
    rows_replaced = models.PositiveIntegerField(default=0)
    # What becomes of rows with the subgroup and time of an earlier row, or of a stored one.
    doubles_in_file = models.CharField(max_length=7, choices=Doubles, default=Doubles.ADD)
    doubles_stored = models.CharField(max_length=7, choices=Doubles, default=Doubles.ADD)
    first_sequence = models.PositiveBigIntegerField(null=True, editable=False)
    last_sequence = models.PositiveBigIntegerField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    failure = models.TextField(_("failure"), blank=True)
    # Who works on it: a worker goes on only while the lease bears its own mark.
    lease = models.CharField(max_length=32, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True)
    committed_at = models.DateTimeField(_("stored"), null=True, blank=True)

    objects = ImportQuerySet.as_manager()

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

    @property
    def in_work(self) -> bool:
        """The machine has it; the page shows progress."""
        return self.state in {ImportState.RECEIVED, ImportState.READING, ImportState.IMPORTING}

    @transition(
        state, source=[ImportState.RECEIVED, ImportState.READING], target=ImportState.READING
    )
    def start_reading(self) -> None:
        """A worker opens the file (again, when the one before it died)."""

    @transition(state, source=ImportState.READING, target=ImportState.PREVIEW)
    def show_preview(self) -> None:
        """What was read is shown; nothing is saved yet."""

    @transition(state, source=ImportState.PREVIEW, target=ImportState.RECEIVED)
    def read_again(self) -> None:
        """A person changed how the file is to be read."""

    @transition(state, source=ImportState.PREVIEW, target=ImportState.IMPORTING)
    def start_importing(self) -> None:
        """A person confirmed what was read."""

    @transition(state, source=ImportState.IMPORTING, target=ImportState.IMPORTED)
    def finish(self) -> None:
        """The rows count from now on."""

    @transition(
        state,
        source=[ImportState.RECEIVED, ImportState.READING, ImportState.IMPORTING],
        target=ImportState.REFUSED,
    )
    def refuse(self) -> None:
        """The file cannot be read, or three attempts failed."""

    @transition(
        state,
        source=[
            ImportState.RECEIVED,
            ImportState.READING,
            ImportState.PREVIEW,
            ImportState.IMPORTING,
        ],
        target=ImportState.CANCELLED,
    )
    def cancel(self) -> None:
        """A person wants none of it."""

    @transition(state, source=ImportState.IMPORTED, target=ImportState.REVERSED)
    def reverse(self) -> None:
        """A person takes the whole import back; its rows no longer count."""


class Stratum(models.Model):
    """One combination of factor values: {"operator": "Lin", "shift": "night"}."""

    characteristic = models.ForeignKey(
        Characteristic, on_delete=models.CASCADE, related_name="strata"
    )
    # SHA-256 of the canonical JSON of `values`: finds a combination in one look.
    key = models.CharField(max_length=64)
    values = models.JSONField()

    class Meta:
        verbose_name = _("stratum")
        verbose_name_plural = _("strata")
        constraints = [
            models.UniqueConstraint(fields=["characteristic", "key"], name="stratum_once")
        ]

    def __str__(self) -> str:
        return ", ".join(f"{name}: {value}" for name, value in self.values.items())


class Observation(models.Model):
    """One value. `value` is a measurement or a count; `size` the units or area it was counted on.

    Narrow on purpose, and stored in the order in which a chart reads it: the key is the place
    within the characteristic. Read through `selectors`: rows of an import that is not committed,
    or was reversed, lie in the same table and do not count.
    """

    pk = models.CompositePrimaryKey("characteristic_id", "sequence")
    characteristic = models.ForeignKey(
        Characteristic, on_delete=models.PROTECT, related_name="observations", db_index=False
    )
    sequence = models.PositiveBigIntegerField()
    value = models.FloatField()
    size = models.FloatField(null=True)
    subgroup = models.CharField(max_length=64, blank=True, default="")
    # Microseconds since 1970, UTC: half the bytes of a timestamp's text, and an array as it is.
    observed_us = models.BigIntegerField(null=True)
    # The second and later variables, little-endian float64, where several are measured together.
    others = models.BinaryField(null=True)
    stratum = models.ForeignKey(
        Stratum,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    # The run of places of an import leads here; no index and no check for each row.
    source = models.ForeignKey(
        Import,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        ordering = ["characteristic", "sequence"]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.value}"

    @property
    def further(self) -> list[float]:
        """The second and later variables."""
        return unpacked(self.others)

    @property
    def observed_at(self) -> dt.datetime | None:
        if self.observed_us is None:
            return None
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=self.observed_us)


class Correction(models.Model):
    """One stored value that was put right: what stood there before, who did it, when and why."""

    characteristic = models.ForeignKey(
        Characteristic,
        on_delete=models.PROTECT,
        related_name="corrections",
        verbose_name=_("characteristic"),
    )
    sequence = models.PositiveBigIntegerField(_("observation"))
    value_before = models.FloatField(_("value before"))
    value_after = models.FloatField(_("value after"))
    size_before = models.FloatField(_("size before"), null=True)
    size_after = models.FloatField(_("size after"), null=True)
    # The second and later variables, where several are measured together.
    others_before = models.BinaryField(null=True)
    others_after = models.BinaryField(null=True)
    # When it was observed; alike, or both empty, where the time was left as it is.
    observed_us_before = models.BigIntegerField(null=True)
    observed_us_after = models.BigIntegerField(null=True)
    # The import whose row replaced the stored value.
    source = models.ForeignKey(
        Import,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replacements",
        verbose_name=_("source"),
    )
    reason = models.CharField(_("reason"), max_length=300)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("corrected by")
    )
    corrected_at = models.DateTimeField(_("corrected"), auto_now_add=True)

    class Meta:
        ordering = ["-corrected_at", "-pk"]
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        indexes = [models.Index(fields=["characteristic", "sequence"])]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.value_before} → {self.value_after}"

    @property
    def time_changed(self) -> bool:
        return self.observed_us_before != self.observed_us_after


class SheetEntry(models.Model):
    """One data sheet that was saved. Its token is unique, so a sheet sent twice is stored once."""

    characteristic = models.ForeignKey(
        Characteristic, on_delete=models.PROTECT, related_name="sheet_entries"
    )
    token = models.CharField(max_length=32, unique=True)
    # SHA-256 of what was typed: the same token with other content is told, not taken for saved.
    digest = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    saved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-saved_at", "-pk"]
        verbose_name = _("data sheet")
        verbose_name_plural = _("data sheets")

    def __str__(self) -> str:
        return self.token


class ImportProfile(models.Model):
    """How files of one kind are read into a characteristic: offered for the next such file."""

    characteristic = models.ForeignKey(
        Characteristic,
        on_delete=models.CASCADE,
        related_name="import_profiles",
        verbose_name=_("characteristic"),
    )
    name = models.CharField(_("name"), max_length=80)
    # The header cells, by which the next file of this kind is recognised.
    header = models.JSONField(_("header of the file"), default=list)
    reading = models.JSONField(_("reading"), default=dict)
    mapping = models.JSONField(_("assignment of columns"), default=dict)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("saved by")
    )
    saved_at = models.DateTimeField(_("saved"), auto_now=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("import profile")
        verbose_name_plural = _("import profiles")
        constraints = [
            models.UniqueConstraint(
                fields=["characteristic", "name"], name="import_profile_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TokenCharacteristic(models.Model):
    """One of the characteristics that a token for chosen characteristics reaches."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="characteristics")
    characteristic = models.ForeignKey(Characteristic, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token", "characteristic"], name="token_reaches_characteristic_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.token}: {self.characteristic}"


class ReceivedBatch(models.Model):
    """A batch of observations that a program sent, by the key it may be sent again under.

    Written in the transaction of its observations: a key that stands here was stored, one that
    does not was not. Kept for as long as a program may still try again.
    """

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="batches")
    key = models.CharField(max_length=255)
    characteristic = models.ForeignKey(Characteristic, on_delete=models.PROTECT, related_name="+")
    # SHA-256 of what was sent, apart from spaces and the order of fields.
    fingerprint = models.CharField(max_length=64)
    count = models.PositiveIntegerField()
    # What was answered: the answer to the same key, should it come again.
    answer = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="batch_once_per_key")]

    def __str__(self) -> str:
        return self.key


def raise_data_version(characteristic: Characteristic, *, at: Any, reshaped: bool = True) -> None:
    """Mark everything computed from a characteristic as out of date, in the same transaction.

    `reshaped` is False only where observations were added behind all that counted, no more.
    """
    raised: dict[str, Any] = {"data_version": F("data_version") + 1, "changed_at": at}
    if reshaped:
        raised["reshaped_version"] = F("data_version") + 1
    Characteristic.objects.filter(pk=characteristic.pk).update(**raised)
    characteristic.refresh_from_db(fields=["data_version", "reshaped_version", "changed_at"])


def reserve_places(characteristic: Characteristic, count: int) -> int:
    """Hand out `count` places in a row; the first of them. Holds the row until the commit."""
    Characteristic.objects.filter(pk=characteristic.pk).update(
        next_sequence=F("next_sequence") + count
    )
    characteristic.refresh_from_db(fields=["next_sequence"])
    return characteristic.next_sequence - count
