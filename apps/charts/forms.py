"""What a person may send about a chart; each form lists its fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Team, User
from apps.charts.choices import ChartKind, ChartState, Estimator, RuleSet
from apps.charts.models import ControlChart
from apps.charts.recommending import estimators_for, kinds_for
from apps.charts.wording.rules import rule_in_words
from apps.common.query import QueryForm
from apps.measurements.models import Characteristic
from apps.stats import rule_set

LARGEST_SEQUENCE = 2**53


class WallQuery(QueryForm):
    """The filters of the wall; state is in the URL only."""

    q = forms.CharField(max_length=100, required=False)
    team = forms.ModelChoiceField(Team.objects.none(), required=False)
    state = forms.ChoiceField(choices=[("", ""), *ChartState.choices], required=False)
    kind = forms.ChoiceField(choices=[("", ""), *ChartKind.choices], required=False)
    view = forms.ChoiceField(choices=[("", ""), ("wall", ""), ("list", "")], required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["team"].queryset = Team.objects.all()


class WindowQuery(QueryForm):
    """The part of a chart the page asks for: x values and pixels."""

    width = forms.IntegerField(min_value=1, max_value=10_000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # `from` is a word of Python, so it cannot be declared above.
        for name in ("from", "to"):
            self.fields[name] = forms.FloatField(min_value=-1e15, max_value=1e15, required=False)


class StatusQuery(QueryForm):
    """Which versions the page shows, and whether it was opened while they were out of date."""

    seen = forms.RegexField(r"^[0-9]{1,18}\.[0-9]{1,18}$", required=False)
    waiting = forms.BooleanField(required=False)


class FactorQuery(QueryForm):
    """By which factor points are told apart."""

    by = forms.CharField(max_length=200, required=False, strip=False)


class PointQuery(QueryForm):
    """Which point a form is opened for."""

    point = forms.IntegerField(min_value=1, max_value=LARGEST_SEQUENCE, required=False)


class DateInput(forms.DateInput):
    """The browser's own date picker; ISO in and out whatever the language."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class VersionedForm(forms.Form):
    """Carries the version the person saw, so that a second change is told, not lost."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class ReasonForm(VersionedForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("It stands in the history.")
    )


class SettingsForm(VersionedForm):
    kind = forms.ChoiceField(label=_("Chart"), widget=forms.RadioSelect)
    estimator = forms.ChoiceField(
        label=_("How sigma is estimated"),
        required=False,
        help_text=_(
            "Within-subgroup variation sets the limits. Keep the standard unless you know why."
        ),
    )
    rules = forms.MultipleChoiceField(
        label=_("Run rules"), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, chart: ControlChart, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        kinds = kinds_for(chart.characteristic)
        fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]
        fields["estimator"].choices = _estimators(chart.characteristic, kinds)
        fields["rules"].choices = rule_choices(chart.rules)


def rule_choices(present: list[str]) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Every rule by set; a rule of another set stays in the list while the chart uses it."""
    groups = [
        (label, [(rule.name, rule_in_words(rule)) for rule in rule_set(name)])
        for name, label in RuleSet.choices
    ]
    known = {name for _label, rules in groups for name, _words in rules}
    others = [(name, name) for name in present if name not in known]
    return [*groups, (_("Others"), others)] if others else groups


def _estimators(
    characteristic: Characteristic, kinds: Sequence[ChartKind]
) -> list[tuple[str, Any]]:
    names = dict.fromkeys(
        name for kind in kinds for name in estimators_for(characteristic, kind.value)
    )
    labels = dict(Estimator.choices)
    return [("", _("Standard")), *((name, labels.get(name, name)) for name in names)]


class PhaseForm(ReasonForm):
    field_order = ["point", "name", "reason", "baseline", "version"]

    point = forms.IntegerField(
        label=_("First point of the phase"),
        min_value=1,
        max_value=LARGEST_SEQUENCE,
        help_text=_("Its number on the chart, counted from 1."),
    )
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What is different from here on.")
    )
    baseline = forms.IntegerField(
        label=_("Limits from the first … points"),
        min_value=2,
        max_value=1_000_000,
        required=False,
        help_text=_("Leave it empty to use all points of the phase."),
    )


class FreezeForm(ReasonForm):
    number = forms.IntegerField(min_value=0, max_value=10_000, widget=forms.HiddenInput)


class PointForm(ReasonForm):
    field_order = ["point", "reason", "version"]

    point = forms.IntegerField(label=_("Point"), min_value=1, max_value=LARGEST_SEQUENCE)


class NoteForm(forms.Form):
    point = forms.IntegerField(label=_("Point"), min_value=1, max_value=LARGEST_SEQUENCE)
    text = forms.CharField(
        label=_("Note"), max_length=300, help_text=_("What happened at this point.")
    )


class AssignForm(VersionedForm):
    field_order = ["person", "due", "version"]

    person = forms.ModelChoiceField(User.objects.none(), label=_("Person"), empty_label=_("Choose"))
    due = forms.DateField(label=_("Cause due"), widget=DateInput(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["person"].queryset = User.objects.filter(is_active=True).order_by("name")


class ExplainForm(VersionedForm):
    field_order = ["found", "cause", "version"]

    found = forms.TypedChoiceField(
        label=_("What came out"),
        choices=[("1", _("A cause was found")), ("0", _("No cause was found"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        initial="1",
    )
    cause = forms.CharField(
        label=_("Cause"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "What was different, and how you know. If nothing was found: what you looked at."
        ),
    )
