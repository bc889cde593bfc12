"""What is measured, how it is grouped, and where an import stands."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DataType(TextChoices):
    VARIABLE = "variable", _("Measured value")
    DEFECTIVES = "defectives", _("Defective units out of a sample")
    DEFECTS = "defects", _("Defects per unit or area")
    BETWEEN = "between", _("Time or units between events")
    SEVERAL = "several", _("Several variables together")


# Counts, found on a sample or an area of a known size.
COUNTED_TYPES = frozenset({DataType.DEFECTIVES, DataType.DEFECTS})


class Subgrouping(TextChoices):
    INDIVIDUALS = "individuals", _("Single values")
    FIXED = "fixed", _("A fixed number of values in a row")
    COLUMN = "column", _("By a column of the data")
    WINDOW = "window", _("By time: all values of an hour, a day, a week or a month")


class Interval(TextChoices):
    """A stretch of the calendar, in the time zone of the characteristic."""

    HOUR = "hour", _("Hour")
    DAY = "day", _("Day")
    WEEK = "week", _("Week")
    MONTH = "month", _("Month")


class Direction(TextChoices):
    LOWER = "lower", _("Lower is better")
    HIGHER = "higher", _("Higher is better")
    TARGET = "target", _("Near the target is better")


class ImportState(TextChoices):
    RECEIVED = "received", _("Received")
    READING = "reading", _("Reading")
    PREVIEW = "preview", _("Preview, nothing saved yet")
    IMPORTING = "importing", _("Importing")
    IMPORTED = "imported", _("Imported")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Cancelled")
    REVERSED = "reversed", _("Reversed")


class Doubles(TextChoices):
    """What becomes of rows that say again what stands there already."""

    ADD = "add", _("Both count")
    SKIP = "skip", _("The earlier one counts, the later one is left out")
    REPLACE = "replace", _("The later one replaces the earlier one")
