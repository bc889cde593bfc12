"""What a person may send about characteristics; each form lists its fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.accounts.policies import Action, teams_where
from apps.measurements.choices import DataType, Direction, Subgrouping
from apps.measurements.models import Characteristic
from apps.measurements.reader.numbers import BadNumber, NumberRule
from apps.measurements.wording.findings import row_words

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


class CharacteristicForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Characteristic
        fields = [
            "name", "code", "description", "unit", "decimals", "data_type", "direction",
            "subgrouping", "subgroup_size", "team", "owner", "visibility",
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
        if not self.instance.pk:
            fields["owner"].initial = user.pk
            fields["team"].initial = user.home_team_id
        elif self.instance.next_sequence > 1:
            # Fixed once there are observations.
            del self.fields["data_type"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("subgrouping") == Subgrouping.FIXED and not cleaned.get("subgroup_size"):
            self.add_error("subgroup_size", _("Say how many values make a subgroup: 2 to 100."))
        return cleaned


class NewCharacteristicForm(LimitsMixin, CharacteristicForm):
    lsl = NumberField(label=_("Lower specification limit"), required=False)
    target = NumberField(label=_("Target"), required=False)
    usl = NumberField(label=_("Upper specification limit"), required=False)


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
    )


class ReasonForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class CorrectionForm(forms.Form):
    before = forms.FloatField(widget=forms.HiddenInput)
    value = NumberField(label=_("Value"))
    size = NumberField(label=_("Size"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("What was wrong, and how you know the right value."),
    )


class PageForm(forms.Form):
    """The query string of a list in pages."""

    page = forms.IntegerField(min_value=1, max_value=10_000_000, required=False)
