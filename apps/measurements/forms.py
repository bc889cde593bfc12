"""What a person may send about characteristics; each form lists its fields."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.accounts.policies import Action, teams_where
from apps.common.errors import Refused
from apps.common.zones import places, spoken
from apps.measurements.choices import COUNTED_TYPES, DataType, Direction, Interval, Subgrouping
from apps.measurements.models import Characteristic, Observation
from apps.measurements.packing import unpacked
from apps.measurements.reader.numbers import BadNumber, NumberRule
from apps.measurements.reader.times import AHEAD, EPOCH, MICROSECOND, BadTime, TimeRule
from apps.measurements.services.characteristics import (
    FEWEST_VARIABLES,
    MOST_FACTORS,
    MOST_VARIABLES,
    check_names,
)
from apps.measurements.services.corrections import Moved
from apps.measurements.wording.findings import row_words
from apps.measurements.wording.sheet import cell_text

NUMBERS = NumberRule()


class NumberField(forms.Field):
    """A finite number by the same strict grammar as a file; not what float() also takes."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> float | None:
        if value in self.empty_values:
            return None
        try:
            return NUMBERS.read(value)
        except BadNumber as error:
            what, _remedy = row_words(error.code, {})
            raise ValidationError(
                _("%(what)s. Write it as 1234.5."), params={"what": what}, code="number"
            ) from error


class DateInput(forms.DateInput):
    """The browser's own date picker; ISO in and out whatever the language."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class LimitsMixin(forms.Form):
    """Lower limit, target and upper limit, in this order if given."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        lsl, target, usl = (cleaned.get(name) for name in ("lsl", "target", "usl"))
        if lsl is not None and usl is not None and lsl >= usl:
            self.add_error(
                "usl", _("The upper limit is not above the lower one. Correct one of them.")
            )
        elif target is not None and (
            (lsl is not None and target < lsl) or (usl is not None and target > usl)
        ):
            self.add_error("target", _("The target lies outside the limits. Move it between them."))
        return cleaned


class NamesField(forms.Field):
    """A short list of names, one on each line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = (" ".join(line.split()) for line in (value or "").splitlines())
        return [line for line in lines if line]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


class ZoneField(forms.Field):
    """A time zone by name, typed with suggestions; the end of a name will do if only one has it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs["list"] = "time-zones"
        self.widget.attrs["autocomplete"] = "off"

    def prepare_value(self, value: Any) -> Any:
        return str(value).replace("_", " ") if value else value

    def to_python(self, value: Any) -> str:
        typed = str(value or "").strip().replace(" ", "_").casefold()
        if not typed:
            return ""
        known = {zone.casefold(): zone for zone in zoneinfo.available_timezones()}
        if typed in known:
            return known[typed]
        ends = [zone for folded, zone in known.items() if folded.endswith(f"/{typed}")]
        if len(ends) == 1:
            return ends[0]
        raise ValidationError(
            _("There is no time zone “%(zone)s”. Type the name of a large city near by."),
            params={"zone": value},
            code="zone",
        )


def zone_suggestions() -> list[str]:
    """The zones named for a place, as a person writes them."""
    return [spoken(zone) for zone in places()]


class CharacteristicForm(forms.ModelForm):
    """The questions every characteristic raises; `MORE` are those that seldom need an answer."""

    MORE = (
        "code", "decimals", "direction", "process_step", "factors", "time_zone", "team", "owner",
        "visibility",
    )  # fmt: skip

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    variables = NamesField(
        label=_("Variables"),
        required=False,
        help_text=_("One on each line, 2 to 12: Temperature, Pressure, Flow."),
    )
    factors = NamesField(
        label=_("Factors"),
        required=False,
        help_text=_(
            "What values can be told apart by, one on each line: operator, machine, branch, shift."
        ),
    )
    time_zone = ZoneField(label=_("Time zone"), required=False)

    class Meta:
        model = Characteristic
        fields = [
            "name", "code", "description", "unit", "decimals", "data_type", "variables",
            "direction", "subgrouping", "subgroup_size", "subgroup_window", "time_zone",
            "process_step", "factors", "team", "owner", "visibility",
        ]  # fmt: skip
        widgets = {
            "data_type": forms.RadioSelect,
            "subgrouping": forms.RadioSelect,
            "direction": forms.Select,
        }
        error_messages = {
            NON_FIELD_ERRORS: {
                "unique_together": _(
                    "This team already measures something of this name. Choose another name."
                )
            }
        }
        help_texts = {
            "name": _("As people call it: “First response, business fault desk”."),
            "code": _("Short, for tables and file names."),
            "description": _("From which moment to which, on which units, read by what."),
            "unit": _("min, mm, °C, %"),
            "decimals": _("Shown on charts and in tables."),
            "subgroup_size": _("2 to 100, in the order of the data."),
            "subgroup_window": _("By the calendar of its time zone."),
            "process_step": _("Where in the process it is measured."),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        teams = teams_where(user, Action.CREATE_CHARACTERISTIC)
        if self.instance.pk:
            teams = teams | Team.objects.filter(pk=self.instance.team_id)
        fields["team"].queryset = teams.distinct()
        fields["owner"].queryset = User.objects.filter(is_active=True)
        fields["data_type"].choices = DataType.choices
        fields["data_type"].initial = self.instance.data_type or DataType.VARIABLE
        fields["subgrouping"].choices = Subgrouping.choices
        fields["direction"].choices = Direction.choices
        for name in ("variables", "subgroup_size", "subgroup_window"):
            # Shown when a choice calls for it, and then needed.
            fields[name].called_for = True
        fields["subgroup_window"].choices = [("", _("Choose")), *Interval.choices]
        fields["time_zone"].help_text = _(
            "In which its days begin and end. Empty: as the organisation, %(zone)s."
        ) % {"zone": settings.TIME_ZONE.replace("_", " ")}
        if not self.instance.pk:
            fields["owner"].initial = user.pk
            fields["team"].initial = user.home_team_id
        elif self.instance.next_sequence > 1:
            # Fixed once there are observations.
            del self.fields["data_type"]

    @property
    def kind(self) -> str:
        """The kind of data that is chosen, or was fixed by the observations there are."""
        if "data_type" not in self.fields:
            return str(self.instance.data_type)
        return str(self["data_type"].value() or "")

    @property
    def more_is_open(self) -> bool:
        """Unfolded where something in it has to be mended."""
        return any(name in self.errors for name in self.MORE)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("data_type") or self.instance.data_type
        if kind == DataType.BETWEEN:
            cleaned["subgrouping"] = Subgrouping.INDIVIDUALS
        subgrouping = cleaned.get("subgrouping")
        if subgrouping == Subgrouping.FIXED and not cleaned.get("subgroup_size"):
            self.add_error("subgroup_size", _("Say how many values make a subgroup: 2 to 100."))
        if subgrouping == Subgrouping.WINDOW and not cleaned.get("subgroup_window"):
            self.add_error(
                "subgroup_window",
                _("Say how long a subgroup lasts: an hour, a day, a week or a month."),
            )
        if kind == DataType.SEVERAL:
            self._check_names("variables", FEWEST_VARIABLES, MOST_VARIABLES)
        self._check_names("factors", 0, MOST_FACTORS)
        return cleaned

    def _check_names(self, field: str, fewest: int, most: int) -> None:
        if field not in self.cleaned_data:
            return
        try:
            check_names(self.cleaned_data[field], fewest=fewest, most=most)
        except Refused as refusal:
            self.add_error(field, str(refusal))


class NewCharacteristicForm(LimitsMixin, CharacteristicForm):
    lsl = NumberField(label=_("Lower specification limit"), required=False)
    target = NumberField(label=_("Target"), required=False)
    usl = NumberField(label=_("Upper specification limit"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("data_type") == DataType.SEVERAL:
            for name in ("lsl", "target", "usl"):
                if cleaned.get(name) is not None:
                    self.add_error(
                        name,
                        _(
                            "Limits belong to one variable. Measure it as a characteristic of its "
                            "own to give it limits."
                        ),
                    )
        return cleaned


class LimitsForm(LimitsMixin, forms.Form):
    lsl = NumberField(label=_("Lower specification limit"), required=False)
    target = NumberField(label=_("Target"), required=False)
    usl = NumberField(label=_("Upper specification limit"), required=False)
    valid_from = forms.DateField(
        label=_("Valid from"),
        widget=DateInput(),
        initial=timezone.localdate,
        help_text=_("Charts use the limits that are in force today."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("Who asked for the change, and where it is agreed."),
        error_messages={"required": _("Give the reason why the specification limits change.")},
    )

    def __init__(self, *args: Any, changing: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The first limits explain themselves; from then on a change has a reason.
        self.fields["reason"].required = changing


class ReasonForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class FactorForm(forms.Form):
    """Which factor is given which name."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    factor = forms.ChoiceField(label=_("Factor"))
    name = forms.CharField(label=_("New name"), max_length=40)

    def __init__(self, data: QueryDict | None, *, characteristic: Characteristic) -> None:
        super().__init__(data, initial={"version": characteristic.version})
        fields: Any = self.fields
        fields["factor"].choices = [(name, name) for name in characteristic.factors]


class CorrectionForm(forms.Form):
    """One observation, its numbers and its time; a field for each variable measured together."""

    # Said by the service, and then asked for.
    time_is_taken = False

    before = forms.FloatField(widget=forms.HiddenInput)
    value = NumberField(label=_("Value"))
    size = NumberField(label=_("Size"), required=False)
    time_before = forms.IntegerField(widget=forms.HiddenInput, required=False)
    time = forms.CharField(
        label=_("Time"),
        max_length=40,
        error_messages={"required": _("Give the time of the observation.")},
    )
    both_count = forms.BooleanField(label=_("Both count"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("What was wrong, and how you know the right value."),
    )

    def __init__(
        self, data: QueryDict | None, *, characteristic: Characteristic, stored: Observation
    ) -> None:
        self._times = TimeRule(zone_name=characteristic.zone.key)
        initial = {
            "before": stored.value,
            "value": stored.value,
            "size": stored.size,
            "time_before": stored.observed_us,
            "time": self._times.written(stored.observed_us),
        }
        super().__init__(data, initial=initial)
        # A time may be added where there is none, and is not taken away.
        self.fields["time"].required = stored.observed_us is not None
        self.fields["time"].help_text = _("As 2026-11-23 14:05, in the time zone %(zone)s.") % {
            "zone": spoken(characteristic.zone.key)
        }
        if characteristic.data_type not in COUNTED_TYPES:
            del self.fields["size"]
        self._others = unpacked(stored.others)
        for place, number in enumerate(self._others, start=1):
            label = characteristic.variables[place]
            self.fields[f"other_{place}"] = NumberField(label=label, initial=number)
            self.fields[f"other_{place}_before"] = forms.FloatField(
                widget=forms.HiddenInput, initial=number
            )
        if self._others:
            self.fields["value"].label = characteristic.variables[0]

    def clean_time(self) -> dt.datetime | None:
        text = self.cleaned_data["time"]
        us = self.cleaned_data.get("time_before")
        if text and text != self._times.written(us):
            us = self._read(text)
        return None if us is None else _moment(us)

    def _read(self, text: str) -> int:
        try:
            us, twice = self._times.read(text)
        except BadTime as error:
            raise ValidationError(cell_text(error.code), code=error.code) from error
        if twice:
            raise ValidationError(cell_text("time_twice"), code="time_twice")
        if _moment(us) > timezone.now() + AHEAD:
            raise ValidationError(cell_text("time_ahead"), code="time_ahead")
        return us

    def offer_both(self, why: str) -> None:
        """Another observation has this time: say so, and ask whether both count."""
        self.add_error("time", why)
        self.time_is_taken = True

    def numbers(self) -> list[forms.BoundField]:
        """The fields a person corrects, in order."""
        others = [f"other_{place}" for place in range(1, len(self._others) + 1)]
        return [self[name] for name in ("value", *others, "size") if name in self.fields]

    def as_arguments(self) -> dict[str, Any]:
        """What the service is asked for."""
        given = self.cleaned_data
        places = range(1, len(self._others) + 1)
        named = {name: given[name] for name in ("before", "value", "reason")}
        before = given["time_before"]
        return named | {
            "time": Moved(None if before is None else _moment(before), given["time"]),
            "both_count": given["both_count"],
            "size": given.get("size"),
            "others": [given[f"other_{place}"] for place in places],
            "others_before": [given[f"other_{place}_before"] for place in places],
        }


def _moment(us: int) -> dt.datetime:
    return EPOCH + us * MICROSECOND


class PageForm(forms.Form):
    """The query string of the list of values: what is looked for, and the page."""

    q = forms.CharField(max_length=64, required=False, strip=True)
    shown = forms.ChoiceField(choices=[("", ""), ("corrected", "")], required=False)

    page = forms.IntegerField(min_value=1, max_value=10_000_000, required=False)
