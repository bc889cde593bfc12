"""Files bound by their hash; tampering with the trail shows; the reference data changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.audit.sentences import sentence_of
from apps.audit.triggers import create_statements, drop_statements
from apps.audit.verification import verify
from apps.common.errors import Conflict, Refused
from apps.files import storage
from apps.files.models import StoredFile
from apps.notifications.models import Notification
from apps.notifications.sentences import plain_sentence_of
from apps.projects import services
from apps.projects.models import Attachment, Deliverable, Methodology, Project, StageTemplate
from tests.factories import Org, approve_all, make_project, pass_stage, stage_now, submit


@pytest.fixture
def project(org: Org) -> Project:
    return make_project(org)


def charter(project: Project) -> Deliverable:
    return Deliverable.objects.get(stage__project=project, template__key="charter")


def attach(org: Org, project: Project, data: bytes, name: str = "a.txt") -> Attachment:
    return services.attach_file(
        actor=org.member, deliverable=charter(project), file=ContentFile(data, name=name)
    )


def test_a_file_is_stored_with_its_hash_under_a_name_of_ours(org: Org, project: Project) -> None:
    one = attach(org, project, b"night shifts", name="..\\..\\evil\x00/nights\x07.csv")
    assert one.file_name == "nights.csv"
    assert one.sha256 == hashlib.sha256(b"night shifts").hexdigest()
    assert b"".join(storage.read(one.stored_as)) == b"night shifts"
    assert one.stored_as.startswith("attachments/")
    assert charter(project).state == "in_progress"


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "empty"), (b"x" * 2_000_000, "larger than 1 MB")]
)
def test_a_file_that_is_empty_or_too_large_is_not_kept(
    org: Org, project: Project, settings: Any, data: bytes, words: str
) -> None:
    settings.ATTACHMENT_MAX_BYTES = 1024 * 1024
    with pytest.raises(Refused, match=words):
        attach(org, project, data)
    assert not StoredFile.objects.exists()
    assert not Attachment.objects.exists()


def test_the_same_file_is_attached_once_and_leaves_no_second_copy(
    org: Org, project: Project
) -> None:
    attach(org, project, b"once")
    with pytest.raises(Refused, match="attached already"):
        attach(org, project, b"once", name="b.txt")
    assert StoredFile.objects.count() == 1


def test_a_removed_file_stays_for_the_packets_that_name_it(org: Org, project: Project) -> None:
    one = attach(org, project, b"first")
    services.remove_attachment(actor=org.member, attachment=one)
    assert not Attachment.objects.exists()
    assert Attachment.with_removed.get().pk == one.pk
    assert storage.size_of(one.stored_as) == 5
    assert charter(project).state == "empty"
    with pytest.raises(Refused, match="no longer attached"):
        services.remove_attachment(actor=org.member, attachment=one)


def test_only_who_works_on_the_project_attaches(org: Org, project: Project) -> None:
    for user in (org.staff, org.manager, org.neighbour, org.outsider):
        with pytest.raises(PermissionDenied):
            services.attach_file(
                actor=user, deliverable=charter(project), file=ContentFile(b"x", name="x")
            )
    assert not StoredFile.objects.exists()


def test_two_people_edit_a_deliverable_and_the_second_is_told(org: Org, project: Project) -> None:
    seen = charter(project)
    services.edit_deliverable(
        actor=org.member, deliverable=seen, version=seen.version, body="First"
    )
    with pytest.raises(Conflict, match="Someone else changed this first"):
        services.edit_deliverable(
            actor=org.lead, deliverable=seen, version=seen.version, body="Second"
        )
    assert charter(project).body == "First"


# --- the trail ------------------------------------------------------------------------------------


def tamper(entry: Entry, **values: Any) -> None:
    """As somebody with the database's own password could."""
    with connection.cursor() as cursor:
        for statement in drop_statements(connection.vendor):
            cursor.execute(statement)
        Entry.objects.filter(pk=entry.pk).update(**values)
        for statement in create_statements(connection.vendor):
            cursor.execute(statement)


@pytest.mark.parametrize("verb", ["stage.passed", "round.approved", "condition.set_aside"])
def test_tampering_with_a_gate_in_the_trail_shows(org: Org, project: Project, verb: str) -> None:
    approve_all(submit(stage_now(project), org.member))
    assert verify().intact
    entry = Entry.objects.filter(verb=verb).first()
    assert entry is not None
    tamper(entry, actor_name="Somebody Else")
    assert verify().broken_at == entry.sequence


def test_every_sentence_is_known_in_history_and_notices(org: Org, project: Project) -> None:
    for _stage in range(5):
        pass_stage(project, org.member)
    for entry in Entry.objects.filter(subject_type="projects.project"):
        sentence = str(sentence_of(entry))
        assert entry.verb not in sentence, f"{entry.verb} has no sentence"
        assert "{" not in sentence
    for notice in Notification.objects.all():
        assert notice.kind not in plain_sentence_of(notice)
        assert notice.url.startswith("/")


def test_user_text_is_escaped_in_the_history(org: Org, project: Project) -> None:
    services.add_action(
        actor=org.member, project=project, title="<script>alert(1)</script>", owner=org.staff
    )
    entry = Entry.objects.filter(verb="action.added").get()
    assert "<script>" not in str(sentence_of(entry))


# --- reference data -------------------------------------------------------------------------------


def test_a_methodology_is_edited_until_a_project_uses_it(
    org: Org, project: Project, client_as: Callable[[User], Client]
) -> None:
    client = client_as(org.administrator)
    used = Methodology.objects.get(key="dmaic")
    free = Methodology.objects.get(key="pdca")
    stage = StageTemplate.objects.get(methodology=free, key="plan")
    assert "_save" not in client.get(f"/reference/projects/methodology/{used.pk}/change/").text
    assert "_save" in client.get(f"/reference/projects/methodology/{free.pk}/change/").text
    assert "_save" in client.get(f"/reference/projects/stagetemplate/{stage.pk}/change/").text
    answer = client.post(f"/reference/projects/methodology/{used.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403


RECORDS = ["projects/project", "projects/stage", "projects/deliverable", "projects/projectaction",
           "projects/cycle", "projects/waiver", "approvals/round", "approvals/seat",
           "approvals/decision", "approvals/signature", "approvals/condition"]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS)
def test_governed_records_are_looked_up_and_never_changed(
    org: Org, project: Project, client_as: Callable[[User], Client], record: str
) -> None:
    pass_stage(project, org.member)
    client = client_as(org.administrator)
    assert client.get(f"/reference/{record}/").status_code == 200
    assert client.get(f"/reference/{record}/add/").status_code == 403
    assert client.post(f"/reference/{record}/1/delete/", {"post": "yes"}).status_code in {302, 403}
    for user in (org.member, org.manager):
        assert client_as(user).get(f"/reference/{record}/").status_code in {302, 403}
