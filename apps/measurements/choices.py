"""What is measured, how it is grouped, and where an import stands."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class DataType(TextChoices):
    VARIABLE = "variable", _("Measured value")
    DEFECTIVES = "defectives", _("Defective units out of a sample")
    DEFECTS = "defects", _("Defects per unit or area")


class Subgrouping(TextChoices):
    INDIVIDUALS = "individuals", _("Single values")
    FIXED = "fixed", _("A fixed number of values in a row")
    COLUMN = "column", _("By a column of the data")


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
