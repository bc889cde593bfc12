"""What a person may send about the sampling plan."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.measurements.choices import Interval

UNITS = [
    (Interval.HOUR.value, _("hours")),
    (Interval.DAY.value, _("days")),
    (Interval.WEEK.value, _("weeks")),
    (Interval.MONTH.value, _("months")),
]


class SamplingForm(forms.Form):
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    size = forms.IntegerField(
        label=_("Values each time"),
        min_value=1,
        max_value=1_000_000,
        initial=1,
        help_text=_("Single values: a subgroup of 5 counts 5."),
    )
    every = forms.IntegerField(label=_("Every"), min_value=1, max_value=1_000, initial=1)
    unit = forms.ChoiceField(label=_("Unit of time"), choices=UNITS, initial=Interval.DAY.value)


class EndPlanForm(forms.Form):
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
