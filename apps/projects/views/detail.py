"""The page of one project: where it stands, the key figure, what blocks, work and history."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.accounts.policies import Action, may
from apps.approvals.models import Round
from apps.approvals.selectors import open_round_of
from apps.audit.models import Entry
from apps.audit.selectors import history_of
from apps.audit.sentences import icon_of, sentence_of
from apps.common.templatetags.formats import day
from apps.projects.badges import DELIVERABLE, badge_of, track_rows
from apps.projects.choices import (
    ActionState,
    DeliverableState,
    MethodologyShape,
    ProjectState,
    StageState,
)
from apps.projects.conditions import Verdict, evaluate
from apps.projects.figures import figures_of
from apps.projects.forms import MemberForm, SecondaryTargetForm
from apps.projects.models import Deliverable, Project, Stage, Target
from apps.projects.packets import deliverables_of
from apps.projects.selectors import current_stage, next_step, smart_check, stage_track
from apps.projects.views.cycles import cycle_rows
from apps.projects.views.fetching import person, project_for
from apps.projects.views.transitions import MOVES

HISTORY_SHOWN, ACTIONS_SHOWN, HISTORY_PER_PAGE = 6, 5, 50
# States in which a person's reason belongs on top of the page, with its colour.
REASON_SHOWN = {
    ProjectState.DRAFT: "warning",
    ProjectState.DECLINED: "blocked",
    ProjectState.DUPLICATE: "neutral",
    ProjectState.ON_HOLD: "warning",
    ProjectState.CANCELLED: "blocked",
    ProjectState.CLOSED: "done",
}
# Before the start the target can still be made SMART; afterwards the gates ask for it.
BEFORE_THE_START = {ProjectState.DRAFT, ProjectState.SUBMITTED, ProjectState.BACKLOG}


@require_safe
def project(request: HttpRequest, number: int) -> HttpResponse:
    record, user = project_for(request, number), person(request)
    stage = current_stage(record)
    if stage is not None:
        stage.project = record
    target = Target.objects.select_related("chart__characteristic", "chart__result").get(
        project=record
    )
    is_cycle = record.methodology.shape == MethodologyShape.CYCLE and stage is not None
    context = {
        "project": record, "stage": stage, "target": target, "is_cycle": is_cycle,
        "team_url": f"{reverse('projects:list')}?team={record.team_id}",
        "track": track_rows(stage_track(record)), "figures": figures_of(target),
        "method_name": _(record.methodology.name),
        "method_note": _("version %(number)s") % {"number": record.methodology.version},
        "next_step": next_step(record, user),
        "may_edit": may(user, Action.EDIT_PROJECT, record),
        "may_work": may(user, Action.WORK_ON_PROJECT, record),
        "may_waive": may(user, Action.WAIVE_CONDITION, record),
        "members": list(record.members.all()), "member_form": MemberForm(),
        "secondary": _secondary(record),
        "secondary_form": SecondaryTargetForm(user=user),
        "smart_missing": smart_check(record) if record.state in BEFORE_THE_START else [],
        "waiting_words": _waiting_words(record),
        **_gate(record, stage), **_deliverables(record, stage), **_actions(record),
        **_history(record), **_reason(record), "sent_back": _sent_back(stage),
        **(cycle_rows(record) if is_cycle else {}),
    }  # fmt: skip
    context["badge"] = badge_of(record, stage, blocked=bool(context["blocked"]))
    context["menu_items"] = _menu(record, stage, user, context["next_step"])
    if is_cycle:
        context["cycle_since"] = _cycle_since(record)
    return render(request, "projects/detail.html", context)


def _sent_back(stage: Stage | None) -> dict[str, str]:
    """Why the gate came back, until it is asked again."""
    if stage is None or stage.state != StageState.REWORK:
        return {}
    last = Round.objects.of(stage).order_by("-number").first()
    if last is None or not last.closing_reason:
        return {}
    words = {"stage": _(stage.template.name), "reason": last.closing_reason}
    return {
        "words": _("%(stage)s was sent back: “%(reason)s”") % words,
        "url": reverse("reviews:detail", args=[last.pk]),
    }


def _secondary(record: Project) -> list[dict[str, Any]]:
    """The figures moved beside the main one."""
    targets = record.secondary_targets.select_related("chart__characteristic", "chart__result")
    return [{"target": target, "figures": figures_of(target)} for target in targets]


def _gate(record: Project, stage: Stage | None) -> dict[str, Any]:
    if stage is None or record.state != ProjectState.ACTIVE:
        # Nothing is asked of what rests or has ended: it says what happens next instead.
        return {"verdicts": [], "blocked": False, "gate_stage": None}
    words = {"stage": _(stage.template.name)}
    verdicts = [_shown(record, verdict) for verdict in evaluate(stage)]
    unmet = [verdict for verdict in verdicts if verdict["state"] != "met"]
    met = [verdict for verdict in verdicts if verdict["state"] == "met"]
    blocked = any(verdict["holds_up"] for verdict in unmet)
    return {
        "gate_stage": stage, "verdicts": verdicts, "unmet": unmet, "met": met, "blocked": blocked,
        "gate_title": _("What blocks the gate") if blocked else _("The %(stage)s gate") % words,
        "gate_aside": _("%(count)s of %(all)s not met")
        % {"count": sum(v["state"] in {"not_met", "cannot_be_judged"} for v in unmet), "all": len(verdicts)},
        "met_words": ngettext("%(count)s condition holds", "%(count)s conditions hold", len(met))
        % {"count": len(met)},
        "open_round": open_round_of(stage),
        "stage_card_title": words["stage"], "stage_asks": _(stage.template.asks),
    }  # fmt: skip


def _shown(record: Project, verdict: Verdict) -> dict[str, Any]:
    waivable = verdict.holds_up
    return {
        "state": str(verdict.state), "statement": verdict.statement, "reason": verdict.reason,
        "link_url": verdict.link_url, "link_text": verdict.link_text,
        "is_advisory": not verdict.blocking, "holds_up": verdict.holds_up,
        "waive_url": reverse("projects:waive", args=[record.number, verdict.template.pk])
        if waivable else "",
    }  # fmt: skip


def _deliverables(record: Project, stage: Stage | None) -> dict[str, Any]:
    earlier = (
        Deliverable.objects.filter(stage__project=record)
        .exclude(state=DeliverableState.EMPTY)
        .select_related("template", "stage__template")
        .order_by("stage__cycle", "stage__order", "template__order")
    )
    if stage is None:
        rows = [_row(item, note=_(item.stage.template.name)) for item in earlier]
        return {"earlier_stages": rows, "deliverables_title": _("Deliverables")}
    present = deliverables_of(stage)
    done = sum(item.state == DeliverableState.COMPLETE for item in present)
    earlier = earlier.exclude(stage=stage)
    return {
        "deliverables": [_row(item) for item in present],
        "deliverables_title": _("Deliverables of this stage"),
        "deliverables_aside": _("%(done)s of %(all)s") % {"done": done, "all": len(present)},
        "earlier_stages": [_row(item, note=_(item.stage.template.name)) for item in earlier],
    }


def _row(item: Deliverable, note: str = "") -> dict[str, Any]:
    state = DeliverableState(item.state)
    if not note and not item.template.required:
        note = _("optional")
    return {
        "deliverable": item, "name": _(item.template.name), "note": note,
        "state": DELIVERABLE[state], "word": state.label,
    }  # fmt: skip


def _actions(record: Project) -> dict[str, Any]:
    open_ones = list(
        record.actions.exclude(state=ActionState.DONE).select_related("owner").order_by("due", "pk")
    )
    return {"actions": open_ones[:ACTIONS_SHOWN], "actions_count": len(open_ones) or ""}


def history_rows(entries: list[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "at": entry.at, "icon": icon_of(entry), "sentence": sentence_of(entry),
            "hash": entry.hash,
        }
        for entry in entries
    ]  # fmt: skip


def _history(record: Project) -> dict[str, Any]:
    entries = history_of(record)
    return {
        "history": history_rows(list(entries[:HISTORY_SHOWN])), "history_count": entries.count()
    }  # fmt: skip


def _reason(record: Project) -> dict[str, Any]:
    state = REASON_SHOWN.get(ProjectState(record.state))
    return {
        "state_reason_shown": state is not None, "state_reason_state": state,
        "state_reason_words": _("%(state)s: “%(reason)s”")
        % {"state": record.get_state_display(), "reason": record.state_reason},
    }  # fmt: skip


def _waiting_words(record: Project) -> str:
    return {
        ProjectState.DRAFT: _("A draft. Complete it, then submit it for acceptance."),
        ProjectState.SUBMITTED: _("Submitted. Someone who did not write it accepts or returns it."),
        ProjectState.BACKLOG: _("Accepted. Start it when the team has time."),
        ProjectState.ON_HOLD: _("On hold. It resumes in the stage where it stands."),
        ProjectState.COMPLETED: _("All stages have passed."),
        ProjectState.SUSTAINING: _("All stages have passed; the result is watched on its chart."),
    }.get(ProjectState(record.state), _("It has ended and is kept as it was."))


def _cycle_since(record: Project) -> str:
    cycle = record.cycles.filter(number=record.cycle).first()
    if cycle is None:
        return ""
    return _("since %(date)s") % {"date": day(cycle.started_at)}


def _menu(record: Project, stage: Stage | None, user: User, step: Any) -> list[dict[str, str]]:
    """Everything else this person may do now; the next step stands beside the menu."""
    taken = step.url if step else ""
    items = []
    if may(user, Action.EDIT_PROJECT, record):
        items.append((_("Edit the initiative"), reverse("projects:edit", args=[record.number])))
        items.append((_("Set the target"), reverse("projects:target", args=[record.number])))
        if record.methodology.shape == MethodologyShape.CYCLE and stage is not None:
            items.append(
                (_("What this cycle tries"), reverse("projects:cycle_plan", args=[record.number]))
            )
    if may(user, Action.SUBMIT_GATE, record) and stage is not None:
        if stage.state == "in_review":
            items.append(
                (_("Withdraw the request"), reverse("projects:gate_withdraw", args=[record.number]))
            )
        elif stage.template.has_gate and stage.state in {"in_progress", "rework"}:
            items.append(
                (_("Submit for review"), reverse("projects:gate_submit", args=[record.number]))
            )
    for name, move in MOVES.items():
        if move.offered_to(user, record):
            items.append((str(move.heading), reverse(f"projects:{name}", args=[record.number])))
    items.append((_("History"), reverse("projects:history", args=[record.number])))
    return [{"label": label, "url": url} for label, url in items if url != taken]


@require_safe
def history(request: HttpRequest, number: int) -> HttpResponse:
    """Everything that happened, newest first, each entry with its seal."""
    record = project_for(request, number)
    paginator = Paginator(history_of(record), HISTORY_PER_PAGE)
    page = paginator.get_page(request.GET.get("page", "1")[:8])
    context = {
        "project": record, "page_obj": page, "history": history_rows(list(page.object_list))
    }  # fmt: skip
    return render(request, "projects/history.html", context)
