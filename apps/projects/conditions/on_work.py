"""Conditions on the work: deliverables, target, people, actions, what was promised."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.common.templatetags.formats import day
from apps.projects.choices import DeliverableState
from apps.projects.conditions.registry import MET, NOT_MET, Finding, Params, kind
from apps.projects.evidence import Evidence
from apps.projects.links import Link
from apps.projects.targets import problem_is_short, smart_gaps


@kind("deliverables")
def deliverables_complete(evidence: Evidence, params: Params) -> Finding:
    """All required deliverables of the stage, or the one named by `key`."""
    key = params.get("key")
    asked = [
        one
        for one in evidence.deliverables
        if (one.template.key == key if key else one.template.required)
    ]
    open_ones = [one for one in asked if one.state != DeliverableState.COMPLETE]
    statement = (
        _("%(deliverable)s is complete") % {"deliverable": asked[0].template.label}
        if key and asked
        else _("The required deliverables are complete")
    )
    count = _("%(done)s of %(asked)s complete.") % {
        "done": len(asked) - len(open_ones), "asked": len(asked),
    }  # fmt: skip
    if not open_ones:
        return Finding(statement, MET, count)
    names = ", ".join(one.template.label for one in open_ones)
    reason = _("%(count)s Still open: %(names)s.") % {"count": count, "names": names}
    link = Link("projects:deliverable", (evidence.project.number, open_ones[0].pk))
    text = _("Work on %(deliverable)s") % {"deliverable": open_ones[0].template.label}
    return Finding(statement, NOT_MET, reason, link, text)


@kind("target_smart")
def target_is_smart(evidence: Evidence, params: Params) -> Finding:
    statement = _("The target is SMART")
    missing = smart_gaps(evidence.project, evidence.target)
    if not missing:
        target = evidence.target
        reason = _("%(before)s to %(after)s by %(due)s.") % {
            "before": evidence.figure(target.from_value),
            "after": evidence.figure(target.to_value),
            "due": day(target.due),
        }
        return Finding(statement, MET, reason)
    reason = _("Missing: %(missing)s.") % {"missing": "; ".join(missing)}
    if problem_is_short(evidence.project):
        edit = Link("projects:edit", (evidence.project.number,))
        return Finding(statement, NOT_MET, reason, edit, _("Write the problem statement"))
    return Finding(
        statement, NOT_MET, reason, Link("projects:target", (evidence.project.number,)),
        _("Set the target"),
    )  # fmt: skip


@kind("approvers_named")
def approvers_named(evidence: Evidence, params: Params) -> Finding:
    statement = _("Everyone who has to sign is named")
    if not evidence.seating.missing:
        people = [one.user.name for layer in evidence.seating.layers for one in layer.seats]
        return Finding(statement, MET, ", ".join(dict.fromkeys(people)))
    return Finding(
        statement, NOT_MET, " ".join(evidence.seating.missing),
        Link("projects:detail", (evidence.project.number,), anchor="people"), _("Name the people"),
    )  # fmt: skip


@kind("conditions_met")
def conditions_of_approvals_met(evidence: Evidence, params: Params) -> Finding:
    """Conditions that earlier approvals made for this gate."""
    statement = _("The conditions of earlier approvals are met")
    if not evidence.owed:
        return Finding(statement, MET, _("None is open."))
    first = evidence.owed[0]
    reason = ngettext(
        "%(count)s is open: %(text)s (%(name)s, due %(due)s).",
        "%(count)s are open, first: %(text)s (%(name)s, due %(due)s).",
        len(evidence.owed),
    ) % {
        "count": len(evidence.owed),
        "text": first.text,
        "name": first.owner,
        "due": day(first.due),
    }
    return Finding(
        statement, NOT_MET, reason,
        Link("projects:condition_settle", (evidence.project.number, first.pk)),
        _("Say how it was met"),
    )  # fmt: skip


@kind("actions_done")
def actions_done(evidence: Evidence, params: Params) -> Finding:
    """No action is late, or (`all`) every action is done."""
    every = bool(params.get("all"))
    statement = _("Every action is done") if every else _("No action is late")
    found = evidence.open_actions if every else evidence.late_actions
    if not found:
        return Finding(statement, MET, _("%(count)s open.") % {"count": len(evidence.open_actions)})
    first = found[0]
    reason = ngettext(
        "%(count)s is left: %(title)s (%(name)s).",
        "%(count)s are left, first: %(title)s (%(name)s).",
        len(found),
    ) % {"count": len(found), "title": first.title, "name": first.owner}
    return Finding(
        statement, NOT_MET, reason, Link("projects:actions", (evidence.project.number,)),
        _("Open the actions"),
    )  # fmt: skip


@kind("cycle_planned")
def cycle_is_planned(evidence: Evidence, params: Params) -> Finding:
    statement = _("What is tried, and what it will bring, is written down")
    cycle = evidence.cycle
    missing = []
    if cycle is None or not cycle.tried:
        missing.append(_("what is tried"))
    if cycle is None or cycle.predicted is None:
        missing.append(_("the value predicted"))
    if cycle is not None and not missing:
        reason = _("%(tried)s: %(predicted)s predicted.") % {
            "tried": cycle.tried, "predicted": evidence.figure(cycle.predicted),
        }  # fmt: skip
        return Finding(statement, MET, reason)
    return Finding(
        statement, NOT_MET, _("Missing: %(missing)s.") % {"missing": "; ".join(missing)},
        Link("projects:cycle_plan", (evidence.project.number,)), _("Write the prediction"),
    )  # fmt: skip
