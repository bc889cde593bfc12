"""What changed between the packets of two rounds on the same gate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.approvals.models import Round
from apps.common.templatetags.formats import number
from apps.projects.choices import DeliverableState
from apps.projects.conditions import VerdictState, wording_of


@dataclass(frozen=True)
class Change:
    what: str
    words: str


def previous_round(round_: Round) -> Round | None:
    return (
        Round.objects.filter(
            subject_type=round_.subject_type,
            subject_id=round_.subject_id,
            number__lt=round_.number,
        )
        .order_by("-number")
        .first()
    )


def changes_since_last_round(round_: Round) -> list[Change]:
    """What is new for whoever saw the gate before; empty in a first round."""
    before = previous_round(round_)
    return [] if before is None else compare_packets(before.content, round_.content)


def compare_packets(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    return [
        *_charter(before.get("project") or {}, after.get("project") or {}),
        *_target(before.get("target") or {}, after.get("target") or {}),
        *_data(before.get("chart") or {}, after.get("chart") or {}),
        *_deliverables(before.get("deliverables") or [], after.get("deliverables") or []),
        *_conditions(before.get("conditions") or [], after.get("conditions") or []),
        *_actions(before.get("actions") or [], after.get("actions") or []),
    ]


def _charter(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    if before.get("title") != after.get("title"):
        yield Change(_("Title"), f"{before.get('title')} → {after.get('title')}")
    if before.get("problem") != after.get("problem"):
        yield Change(_("Problem statement"), _("Rewritten."))
    if before.get("owner") != after.get("owner"):
        yield Change(_("Owner"), f"{before.get('owner')} → {after.get('owner')}")


def _target(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    if before.get("name") != after.get("name"):
        yield Change(_("Chart"), f"{before.get('name') or '–'} → {after.get('name') or '–'}")
    for key, what in (("from", _("Start")), ("to", _("Target"))):
        if before.get(key) != after.get(key):
            yield Change(what, f"{_value(before.get(key))} → {_value(after.get(key))}")
    if before.get("due") != after.get("due"):
        yield Change(_("Date"), f"{before.get('due') or '–'} → {after.get('due') or '–'}")


def _value(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _data(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    if before.get("chart") != after.get("chart") or not after:
        return
    points = (after.get("n_points") or 0) - (before.get("n_points") or 0)
    if points > 0:
        total = number(after.get("n_points"))
        yield Change(
            ngettext("%(count)s new point", "%(count)s new points", points) % {"count": points},
            _("%(total)s now.") % {"total": total},
        )
    elif before.get("data_version") != after.get("data_version"):
        yield Change(_("Data"), _("Changed since the last round."))
    if before.get("settings_version") != after.get("settings_version"):
        yield Change(_("Chart settings"), _("Limits, phases or exclusions were changed."))
    told = _unexplained(before) - _unexplained(after)
    if told > 0:
        yield Change(
            ngettext("%(count)s cause recorded", "%(count)s causes recorded", told)
            % {"count": told},
            _("%(count)s signals wait for a cause now.") % {"count": _unexplained(after)},
        )


def _unexplained(chart: dict[str, Any]) -> int:
    return int((chart.get("stability") or {}).get("unexplained") or 0)


def _deliverables(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[Change]:
    earlier = {item["key"]: item for item in before}
    for item in after:
        name, old = _(item["name"]), earlier.get(item["key"])
        if old is None:
            yield Change(name, _("New."))
            continue
        if old["body_sha256"] != item["body_sha256"]:
            yield Change(name, _("Rewritten by %(name)s.") % {"name": item["edited_by"] or "–"})
        if old["state"] != item["state"]:
            yield Change(name, str(DeliverableState(item["state"]).label))
        yield from _files(name, old, item)


def _files(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    old = {file["sha256"]: file["file"] for file in before["attachments"]}
    new = {file["sha256"]: file["file"] for file in after["attachments"]}
    for digest, file in new.items():
        if digest not in old:
            yield Change(name, _("File added: %(file)s") % {"file": file})
    for digest, file in old.items():
        if digest not in new:
            yield Change(name, _("File removed: %(file)s") % {"file": file})


def _conditions(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[Change]:
    earlier = {item["key"]: item for item in before}
    for item in after:
        old = earlier.get(item["key"])
        if old is not None and old["state"] != item["state"]:
            yield Change(wording_of(item).statement, str(VerdictState(item["state"]).label))


def _actions(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[Change]:
    done = sum(item["state"] == "done" for item in after) - sum(
        item["state"] == "done" for item in before
    )
    if done > 0:
        yield Change(
            _("Actions"), ngettext("%(count)s done.", "%(count)s done.", done) % {"count": done}
        )
