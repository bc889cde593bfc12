"""The whole way of a DMAIC project, from the idea to the watch over its result."""

from __future__ import annotations

from apps.approvals.choices import RoundState
from apps.approvals.models import Round
from apps.approvals.packets import verify_packet
from apps.audit.selectors import history_of
from apps.audit.sentences import sentence_of
from apps.audit.verification import verify
from apps.projects.choices import ProjectState
from apps.projects.models import Stage
from tests.factories import Org, make_project, pass_stage, present


def test_a_dmaic_project_passes_its_five_gates(org: Org) -> None:
    project = make_project(org)
    for key in ("define", "measure", "analyze", "improve", "control"):
        stage = pass_stage(project, org.member)
        assert (stage.template.key, stage.state) == (key, "passed")
    assert present(project).state == ProjectState.SUSTAINING
    rounds = Round.objects.of(stage) | Round.objects.filter(subject_type="projects.stage")
    assert rounds.count() == 5
    for round_ in rounds:
        assert round_.state == RoundState.APPROVED
        assert verify_packet(round_).intact
    assert verify().intact
    assert Stage.objects.filter(project=project).count() == 5
    told = [str(sentence_of(entry)) for entry in history_of(project)]
    assert all("%(" not in sentence for sentence in told)
    assert any("The project is completed" in sentence for sentence in told)
