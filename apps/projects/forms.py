"""What a person may send about an initiative; each form lists its fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Team, User
from apps.accounts.policies import Action, teams_where
from apps.approvals.choices import Outcome, RoundState
from apps.charts.models import ControlChart
from apps.projects.choices import Capacity, CycleDecision, ProjectState
from apps.projects.models import Deliverable, Methodology, Project, ProjectAction, Target


def people() -> Any:
    return User.objects.filter(is_active=True)


class DateInput(forms.DateInput):
    """The browser's own date picker; ISO in and out whatever the language."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class ProjectForm(forms.ModelForm):
    class Meta:
        model = Project
        fields = [
            "title", "problem", "methodology", "team", "owner", "sponsor", "origin",
            "planned_start", "planned_end", "visibility",
        ]  # fmt: skip
        widgets = {
            "problem": forms.Textarea(attrs={"rows": 4}),
            "methodology": forms.RadioSelect,
            "planned_start": DateInput(),
            "planned_end": DateInput(),
        }
        help_texts = {
            "title": _(
                "What gets better, in one line: “Shorten first response on the fault desk”."
            ),
            "problem": _("Who is affected, how much and since when. No cause and no solution yet."),
            "sponsor": _("The manager who approves the gates. Cannot be the owner."),
            "origin": _("A complaint theme, a survey gap, an alarm, an audit finding."),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed: Any = self.fields
        teams = teams_where(user, Action.LOG_INITIATIVE)
        if self.instance.pk:
            teams = teams | Team.objects.filter(pk=self.instance.team_id)
        allowed["team"].queryset = teams.distinct()
        allowed["owner"].queryset = people()
        allowed["sponsor"].queryset = people()
        allowed["sponsor"].empty_label = _("Nobody yet")
        allowed["methodology"].queryset = Methodology.objects.filter(in_use=True)
        allowed["methodology"].empty_label = None
        if self.instance.pk and self.instance.state != ProjectState.DRAFT:
            del self.fields["methodology"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("sponsor") and cleaned.get("sponsor") == cleaned.get("owner"):
            self.add_error(
                "sponsor", _("The owner cannot approve their own gates. Choose another person.")
            )
        start, end = cleaned.get("planned_start"), cleaned.get("planned_end")
        if start and end and end <= start:
            self.add_error("planned_end", _("The end is before the start. Choose a later date."))
        return cleaned


class TargetForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Target
        fields = ["chart", "from_value", "to_value", "due"]
        widgets = {"due": DateInput()}
        help_texts = {
            "chart": _("The control chart on which the change must show."),
            "from_value": _("Where it stands today, in the unit of the chart."),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chart: Any = self.fields["chart"]
        chart.queryset = ControlChart.objects.visible_to(user).select_related("characteristic")
        chart.empty_label = _("Not chosen yet")


class SecondaryTargetForm(forms.Form):
    """One more figure that the project moves, or must not harm."""

    chart = forms.ModelChoiceField(queryset=ControlChart.objects.none(), label=_("Chart"))
    from_value = forms.FloatField(label=_("From"))
    to_value = forms.FloatField(label=_("To"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chart: Any = self.fields["chart"]
        chart.queryset = ControlChart.objects.visible_to(user).select_related("characteristic")


class MemberForm(forms.Form):
    user = forms.ModelChoiceField(
        queryset=User.objects.none(), label=_("Person"), empty_label=_("Choose")
    )
    capacity = forms.ChoiceField(choices=Capacity.choices, label=_("Capacity"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["user"]
        person.queryset = people()


class DeliverableForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Deliverable
        fields = ["body"]
        widgets = {"body": forms.Textarea(attrs={"rows": 14})}


class AttachmentForm(forms.Form):
    file = forms.FileField(label=_("File"), max_length=180)


class ActionForm(forms.ModelForm):
    class Meta:
        model = ProjectAction
        fields = ["title", "owner", "due"]
        widgets = {"due": DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset = people()


class VersionForm(forms.Form):
    """Carries the version a page was opened with, so that nobody overwrites unseen."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(VersionForm):
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000
    )


class NoteForm(VersionForm):
    note = forms.CharField(
        label=_("Note to the approvers"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        required=False,
    )
    due = forms.DateField(label=_("Decision wanted by"), widget=DateInput(), required=False)


class DecisionForm(forms.Form):
    """The decision of one seat, signed with the password."""

    outcome = forms.ChoiceField(
        label=_("Your decision"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    comment = forms.CharField(
        label=_("Comment or reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
        help_text=_("A reason is needed to send back or decline."),
    )
    password = forms.CharField(
        label=_("Your password, to sign"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )
    seen_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        needs_reason = {Outcome.SEND_BACK, Outcome.DECLINE}
        if cleaned.get("outcome") in needs_reason and not cleaned.get("comment", "").strip():
            self.add_error("comment", _("Say why, so that the team knows what to change."))
        return cleaned


class ConditionForm(forms.Form):
    """One condition of an approval with conditions; `gates` are the later ones it may block."""

    whole_or_empty = True

    text = forms.CharField(label=_("Condition"), max_length=300, required=False)
    owner = forms.ModelChoiceField(
        queryset=User.objects.none(), label=_("Owner"), required=False, empty_label=_("Choose")
    )
    due = forms.DateField(label=pgettext_lazy("date", "Due"), widget=DateInput(), required=False)
    blocks = forms.ChoiceField(label=_("Blocks"), required=False)

    def __init__(self, *args: Any, gates: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["owner"].queryset = people()
        fields["blocks"].choices = gates

    @property
    def is_filled(self) -> bool:
        return bool(self.cleaned_data.get("text"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("text"):
            for name in ("owner", "due", "blocks"):
                if not cleaned.get(name):
                    self.add_error(name, _("Needed for a condition."))
        return cleaned


class DelegateForm(forms.Form):
    to = forms.ModelChoiceField(
        queryset=User.objects.none(), label=_("Delegate to"), empty_label=_("Choose")
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to: Any = self.fields["to"]
        to.queryset = people()


class CycleForm(VersionForm):
    """What Act decides, and what the next cycle will try."""

    decision = forms.ChoiceField(
        label=_("Decision"), choices=CycleDecision.choices, widget=forms.RadioSelect
    )
    lesson = forms.CharField(
        label=_("Lesson learned"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
        help_text=_("Needed to adapt or abandon: a lesson is the gain of every cycle."),
    )
    standard = forms.CharField(
        label=_("The new standard"), max_length=300, required=False,
        help_text=_("Needed to adopt: what everybody does from now on, and where it is written."),
    )  # fmt: skip
    tried = forms.CharField(
        label=_("What the next cycle tries"), max_length=200, required=False,
        help_text=_("Needed to adapt."),
    )  # fmt: skip
    predicted = forms.FloatField(
        label=_("What you predict"), required=False,
        help_text=_("The result you expect, in the unit of the chart."),
    )  # fmt: skip

    NEEDED = {
        CycleDecision.ADOPT: {"standard": _("Say what is now the standard.")},
        CycleDecision.ADAPT: {
            "lesson": _("Say what was learned: the next cycle starts from it."),
            "tried": _("Say what the next cycle tries."),
        },
        CycleDecision.ABANDON: {"lesson": _("Say what was learned.")},
    }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        decision = cleaned.get("decision")
        if not decision:
            return cleaned
        for name, problem in self.NEEDED.get(CycleDecision(decision), {}).items():
            if not cleaned.get(name, "").strip():
                self.add_error(name, problem)
        return cleaned


class CyclePlanForm(VersionForm):
    """What a cycle tries and predicts, written down before it is tried."""

    tried = forms.CharField(label=_("What is tried"), max_length=200)
    predicted = forms.FloatField(
        label=_("What you predict"), required=False,
        help_text=_("The result you expect, in the unit of the chart."),
    )  # fmt: skip


class SettleConditionForm(VersionForm):
    evidence = forms.CharField(
        label=_("How it was met"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )


class ProjectFilterForm(forms.Form):
    """The query string of the project list: an allow-list, so that rubbish gives 400."""

    SORTS = ("number", "-number", "title", "-title", "gate", "-gate")

    q = forms.CharField(max_length=100, required=False)
    state = forms.ChoiceField(choices=[("", ""), *ProjectState.choices], required=False)
    team = forms.ModelChoiceField(queryset=Team.objects.all(), required=False)
    methodology = forms.CharField(max_length=20, required=False)
    mine = forms.ChoiceField(choices=[("", ""), ("1", "1")], required=False)
    sort = forms.ChoiceField(choices=[("", ""), *((s, s) for s in SORTS)], required=False)
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False)


class ReviewFilterForm(forms.Form):
    """The query string of the review list."""

    q = forms.CharField(max_length=100, required=False)
    state = forms.ChoiceField(choices=[("", ""), *RoundState.choices], required=False)
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False)
