"""Reviews: the gates that wait for a person, and the page on which one is decided."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.approvals.choices import Outcome, RoundState, SeatState
from apps.approvals.models import Round, Seat
from apps.approvals.packets import verify_packet
from apps.approvals.plans import ConditionPlan
from apps.approvals.selectors import rounds_of, seat_of
from apps.approvals.services import MEANINGS
from apps.audit.sentences import icon_of, sentence_of
from apps.charts.selectors import packet_of
from apps.common.errors import Conflict, Refused
from apps.common.templatetags.formats import day
from apps.projects import services
from apps.projects.badges import DELIVERABLE, SEAT, condition_badge, round_badge
from apps.projects.choices import Capacity, DeliverableState
from apps.projects.conditions import Verdict, evaluate, wording_of
from apps.projects.figures import figures_of
from apps.projects.forms import ConditionForm, DecisionForm, DelegateForm, ReviewFilterForm
from apps.projects.models import STAGE_SUBJECT, Stage, Target
from apps.projects.packets import deliverables_of
from apps.projects.selectors import (
    changes_since_last_round,
    history_of_round,
    previous_round,
    reviews_waiting_for,
    rounds_around,
    stages_of_rounds,
)
from apps.projects.services.gates import short
from apps.projects.views.fetching import conflict, person, project_for, refused
from apps.projects.views.gates import layer_title

PER_PAGE = 25
MOST_CONDITIONS = 3


def _round_for(request: HttpRequest, pk: int) -> tuple[Round, Stage]:
    """A round that the person may see, because they may see its project."""
    round_ = Round.objects.filter(pk=pk, subject_type=STAGE_SUBJECT).first()
    if round_ is None:
        raise Http404
    stage = Stage.objects.select_related("template__methodology", "project").get(
        pk=round_.subject_id
    )
    stage.project = project_for(request, stage.project.number)
    return rounds_of(stage).get(pk=pk), stage


def gate_title(stage: Stage, round_: Round) -> str:
    words = {"stage": _(stage.template.name), "round": round_.number, "cycle": stage.cycle}
    if stage.cycle > 1:
        return _("%(stage)s, cycle %(cycle)s") % words
    if round_.number > 1:
        return _("%(stage)s gate, round %(round)s") % words
    return _("%(stage)s gate") % words


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    query = ReviewFilterForm(request.GET)
    if not query.is_valid():
        return render(request, "400.html", status=400)
    waiting = list(reviews_waiting_for(user))
    others = rounds_around(user, text=query.cleaned_data["q"], state=query.cleaned_data["state"])
    page = Paginator(others, PER_PAGE).get_page(query.cleaned_data["page"] or 1)
    stages = stages_of_rounds([*waiting, *page.object_list])
    context = {
        "waiting": [review_row(round_, stages[round_.subject_id]) for round_ in waiting],
        "rounds": [review_row(round_, stages[round_.subject_id]) for round_ in page.object_list],
        "page_obj": page,
        "state_options": [(s.value, s.label) for s in RoundState if s != RoundState.DRAFT],
        "summary": _waiting_words(len(waiting)),
    }
    return render(request, "reviews/list.html", context)


def _waiting_words(count: int) -> str:
    if not count:
        return _("Nothing waits for you.")
    return ngettext("One decision waits for you.", "%(count)s decisions wait for you.", count) % {
        "count": count
    }


def review_row(round_: Round, stage: Stage) -> dict[str, Any]:
    conditions = round_.content.get("conditions", [])
    met = sum(item["state"] == "met" for item in conditions)
    waived = sum(item["state"] == "waived" for item in conditions)
    today = timezone.localdate()
    due = round_.due
    due_words = ""
    if due is not None and due <= today:
        late = (today - due).days
        due_words = (
            ngettext("%(days)s day late", "%(days)s days late", late) % {"days": late}
            if late
            else _("Due today")
        )
    return {
        "round": round_, "project": stage.project, "title": gate_title(stage, round_),
        "met_words": _("%(count)s met") % {"count": met},
        "waived_words": _("%(count)s waived") % {"count": waived} if waived else "",
        "late": bool(due_words), "due_words": due_words, "badge": round_badge(round_, mine=False),
    }  # fmt: skip


@require_safe
def review(request: HttpRequest, pk: int) -> HttpResponse:
    round_, stage = _round_for(request, pk)
    return render(request, "reviews/detail.html", _context(request, round_, stage))


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide and sign. The seat is the permission; the service checks it under its lock."""
    round_, stage = _round_for(request, pk)
    user, page = person(request), reverse("reviews:detail", args=[pk])
    if not Seat.objects.filter(layer__round=round_, user=user).exists():
        raise PermissionDenied
    form = DecisionForm(request.POST)
    asked = condition_forms(stage, request.POST)
    if form.is_valid() and _conditions_valid(form, asked):
        try:
            services.decide_gate(
                actor=user, round_=round_, conditions=_plans(form, asked),
                **form.cleaned_data,
            )  # fmt: skip
        except Conflict as error:
            return conflict(request, error, back=page, typed=form.cleaned_data["comment"])
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Signed. It stands in the history."))
            return redirect("reviews:list")
    context = _context(request, round_, stage, form=form, asked=asked)
    return render(request, "reviews/detail.html", context, status=422)


def condition_forms(
    stage: Stage, data: QueryDict | None = None, owner: int | None = None
) -> list[ConditionForm]:
    """Room for a few conditions; those left empty are not asked for."""
    gates = services.later_gates(stage)
    return [
        ConditionForm(data, gates=gates, prefix=f"condition-{place}", initial={"owner": owner})
        for place in range(1, MOST_CONDITIONS + 1)
    ]


def _conditions_valid(form: DecisionForm, asked: list[ConditionForm]) -> bool:
    if form.cleaned_data["outcome"] != Outcome.APPROVE_WITH_CONDITIONS:
        return True
    checked = [one.is_valid() for one in asked]
    if not all(checked):
        return False
    if not any(one.is_filled for one in asked):
        asked[0].add_error("text", _("Write the condition, or choose “Approve”."))
        return False
    return True


def _plans(form: DecisionForm, asked: list[ConditionForm]) -> list[ConditionPlan]:
    if form.cleaned_data["outcome"] != Outcome.APPROVE_WITH_CONDITIONS:
        return []
    names = ("text", "owner", "due", "blocks")
    return [
        ConditionPlan(**{name: one.cleaned_data[name] for name in names})
        for one in asked
        if one.is_filled
    ]


def _context(
    request: HttpRequest,
    round_: Round,
    stage: Stage,
    *,
    form: DecisionForm | None = None,
    asked: list[ConditionForm] | None = None,
) -> dict[str, Any]:
    user, project = person(request), stage.project
    seat = seat_of(round_, user)
    if seat is not None and form is None:
        form = DecisionForm(initial={"seen_hash": round_.content_hash})
        asked = condition_forms(stage, owner=project.owner_id)
    target = Target.objects.select_related("chart__characteristic", "chart__result").get(
        project=project
    )
    is_open = round_.state == RoundState.OPEN
    live = {verdict.template.key: verdict for verdict in evaluate(stage)} if is_open else {}
    verdicts = _frozen_verdicts(round_, live)
    title = gate_title(stage, round_)
    return {
        "round": round_, "stage": stage, "project": project, "round_title": title,
        "heading": _("%(gate)s: %(title)s") % {"gate": title, "title": project.title},
        "badge": round_badge(round_, mine=seat is not None),
        "is_open": is_open, "my_seat": seat, "form": form if seat else None,
        "condition_forms": asked,
        "chart": target.chart, "figures": figures_of(target),
        "changed_since": _changed_since(round_, target),
        "verdicts": verdicts, "conditions_words": conditions_words(verdicts),
        "originals": [item["original"] for item in verdicts if item["original"]],
        "moved": _moved(round_, live),
        "deliverables": [_deliverable(item) for item in deliverables_of(stage)],
        "asked_words": _("Round %(round)s, asked by %(name)s on %(date)s") % {
            "round": round_.number, "name": round_.opened_by.name,
            "date": day(round_.opened_at),
        },
        "waiting_words": _waiting_since(round_),
        "layers": _layers(round_, user), "seats_words": _seats_words(round_),
        "hints": {
            Outcome.APPROVE.value: _("The next stage opens."),
            Outcome.APPROVE_WITH_CONDITIONS.value: _("Each condition blocks a later gate until it is met."),
            Outcome.SEND_BACK.value: _("Reason needed. The stage reopens for the owner."),
            Outcome.DECLINE.value: _("Reason needed. Ends the round."),
        },
        "signings": _signings(),
        "sign_consequence": _("Freezes figures, charts and data as packet %(hash)s. Anyone can verify it later.")
        % {"hash": short(round_.content_hash)},
        "changes": changes_since_last_round(round_),
        "last_round_words": _last_round_words(previous_round(round_)),
        "changes_title": _("What changed since round %(number)s") % {"number": round_.number - 1},
        "history": [
            {"at": entry.at, "icon": icon_of(entry), "sentence": sentence_of(entry)}
            for entry in history_of_round(round_, project)
        ],
        "approval_conditions": [
            {"text": item.text, "owner": item.owner, "due": item.due, "badge": condition_badge(item)}
            for item in round_.conditions.select_related("owner")
        ],
        "may_withdraw": is_open and round_.opened_by_id == user.pk,
        "decided_words": "" if is_open else _ended_words(round_),
    }  # fmt: skip


def _last_round_words(last: Round | None) -> str:
    """How the round before ended, in the words of whoever ended it."""
    return "" if last is None else _ended_words(last)


def _signings() -> list[dict[str, str]]:
    buttons = {
        Outcome.APPROVE: _("Sign: approve"),
        Outcome.APPROVE_WITH_CONDITIONS: _("Sign: approve with conditions"),
        Outcome.SEND_BACK: _("Sign: send back"),
        Outcome.DECLINE: _("Sign: decline"),
    }
    return [
        {"outcome": outcome.value, "meaning": str(MEANINGS[outcome]), "button": button}
        for outcome, button in buttons.items()
    ]


def _frozen_verdicts(round_: Round, live: dict[str, Verdict]) -> list[dict[str, Any]]:
    """The conditions as they stand in the packet that is decided on; the links are of now."""
    rows = []
    for item in round_.content.get("conditions", []):
        said, now = wording_of(item), live.get(item["key"])
        rows.append(
            {
                "state": item["state"], "statement": said.statement, "reason": said.reason,
                "original": said.original, "is_advisory": not item["blocking"],
                "link_url": now.link_url if now else "", "link_text": now.link_text if now else "",
            }
        )  # fmt: skip
    return rows


def _moved(round_: Round, live: dict[str, Verdict]) -> list[Verdict]:
    """What stands otherwise by now than in the packet."""
    frozen = {item["key"]: item["state"] for item in round_.content.get("conditions", [])}
    return [one for key, one in live.items() if key in frozen and frozen[key] != one.state]


def conditions_words(verdicts: list[Any]) -> str:
    states = [v["state"] if isinstance(v, dict) else str(v.state) for v in verdicts]
    parts = [_("%(count)s met") % {"count": states.count("met")}]
    if waived := states.count("waived"):
        parts.append(_("%(count)s waived") % {"count": waived})
    if unmet := len(states) - states.count("met") - waived:
        parts.append(_("%(count)s open") % {"count": unmet})
    return ", ".join(parts)


def _changed_since(round_: Round, target: Target) -> str:
    """Said when the data moved on after the packet was frozen: that is what is, or was, signed."""
    frozen = round_.content.get("chart") or {}
    if target.chart is None or not frozen:
        return ""
    present = packet_of(target.chart)
    if present.get("data_version") == frozen.get("data_version"):
        return ""
    if round_.state == RoundState.OPEN:
        return _("Data was added after the gate was asked. You sign the packet as it was frozen.")
    return _("The data changed since then: the chart is of now, the decision rests on the packet.")


def _waiting_since(round_: Round) -> str:
    days = (timezone.now() - round_.opened_at).days if round_.opened_at else 0
    if not days:
        return _("Waiting since today")
    return ngettext("Waiting %(days)s day", "Waiting %(days)s days", days) % {"days": days}


def _deliverable(item: Any) -> dict[str, Any]:
    state = DeliverableState(item.state)
    return {
        "pk": item.pk, "name": _(item.template.name), "excerpt": item.body,
        "state": DELIVERABLE[state], "word": state.label,
    }  # fmt: skip


def _layers(round_: Round, user: User) -> list[dict[str, Any]]:
    return [
        {
            "title": layer_title(place, layer.rule),
            "seats": [_seat(seat, layer, round_, user) for seat in layer.seats.all()],
        }
        for place, layer in enumerate(round_.layers.all(), 1)
    ]


def _seat(seat: Seat, layer: Any, round_: Round, user: User) -> dict[str, Any]:
    state, text = SEAT[SeatState(seat.state)], seat.get_state_display()
    decision = getattr(seat, "decision", None)
    if decision is not None:
        when = day(decision.decided_at)
        text = _("%(state)s %(date)s") % {"state": text, "date": when}
    turn = (
        seat.state == SeatState.PENDING and round_.state == RoundState.OPEN
        and layer.opened_at is not None and layer.closed_at is None
    )  # fmt: skip
    mine = turn and seat.user_id == user.pk
    if mine:
        state, text = "waiting", _("Your turn")
    elif turn:
        state, text = "waiting", _("Asked")
    capacity = Capacity(seat.capacity).label if seat.capacity in Capacity.values else seat.capacity
    mandatory = _("mandatory") if seat.mandatory else _("optional")
    return {
        "name": seat.user.name, "capacity": f"{capacity}, {mandatory}", "state": state,
        "text": text, "mine": mine, "indent": seat.delegated_from_id is not None,
    }  # fmt: skip


def _seats_words(round_: Round) -> str:
    mandatory = [
        seat for layer in round_.layers.all() for seat in layer.seats.all()
        if seat.mandatory and seat.state not in {SeatState.DELEGATED}
    ]  # fmt: skip
    signed = sum(seat.state != SeatState.PENDING for seat in mandatory)
    return _("%(signed)s of %(all)s mandatory signed") % {"signed": signed, "all": len(mandatory)}


def _ended_words(round_: Round) -> str:
    words = {"state": round_.get_state_display(), "reason": round_.closing_reason}
    if round_.closing_reason:
        return _("%(state)s: “%(reason)s”") % words
    return str(words["state"])


@require_http_methods(["GET", "HEAD", "POST"])
def delegate(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand one's seat to somebody who did not work on the stage."""
    round_, stage = _round_for(request, pk)
    user = person(request)
    if seat_of(round_, user) is None:
        raise PermissionDenied
    form = DelegateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.delegate_seat(actor=user, round_=round_, **form.cleaned_data)
        except Conflict as error:
            return refused(request, error, reverse("reviews:detail", args=[pk]))
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Delegated. Both names stay on the record."))
            return redirect("reviews:list")
    context = {
        "form": form, "round": round_, "project": stage.project,
        "round_title": gate_title(stage, round_),
    }  # fmt: skip
    return render(request, "reviews/delegate.html", context)


@require_safe
def packet(request: HttpRequest, pk: int) -> HttpResponse:
    """The frozen packet with its signatures as one JSON file, to be verified offline."""
    round_, stage = _round_for(request, pk)
    verdict = verify_packet(round_)
    signatures = [
        {
            "name": decision.signature.signer_name, "capacity": decision.signature.capacity,
            "meaning": decision.signature.meaning, "outcome": decision.outcome,
            "signed_at": decision.signature.signed_at.isoformat(),
            "content_hash": decision.signature.content_hash,
        }
        for decision in round_.decisions.select_related("signature").order_by("pk")
    ]  # fmt: skip
    content = {
        "content": round_.content, "content_hash": round_.content_hash,
        "intact": verdict.intact, "round": round_.number, "state": str(round_.state),
        "signatures": signatures,
        "how_to_verify": (
            "content_hash is the SHA-256 of `content` as canonical JSON: keys sorted, "
            "separators ',' and ':', UTF-8, no escapes of non-ASCII characters."
        ),
    }  # fmt: skip
    body = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    response = HttpResponse(body, content_type="application/json; charset=utf-8")
    name = f"{stage.project.code}-{stage.template.key}-round-{round_.number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
