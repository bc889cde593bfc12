"""Methodologies as data: written once, versioned, pinned; every name can be translated."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.core.management import call_command

from apps.projects.conditions import KINDS, params_problem
from apps.projects.methodologies import DMAIC, METHODOLOGIES, PDCA
from apps.projects.models import ConditionTemplate, Methodology, StageTemplate
from apps.projects.services import sync_methodologies
from tests.factories import Org, make_project

pytestmark = pytest.mark.django_db


def test_syncing_again_changes_nothing() -> None:
    assert [one.key for one in sync_methodologies()] == ["dmaic", "pdca"]
    counts = [model.objects.count() for model in (Methodology, StageTemplate, ConditionTemplate)]
    assert sync_methodologies() == []
    assert counts == [
        model.objects.count() for model in (Methodology, StageTemplate, ConditionTemplate)
    ]


def test_a_changed_definition_is_a_new_version_and_projects_keep_theirs(org: Org) -> None:
    project = make_project(org)
    changed = dataclasses.replace(DMAIC, purpose="For something else")
    (added,) = sync_methodologies([changed, PDCA])
    assert (added.key, added.version, added.in_use) == ("dmaic", 2, True)
    project.methodology.refresh_from_db()
    assert (project.methodology.version, project.methodology.in_use) == (1, False)
    assert project.stages.count() == 5
    assert sync_methodologies([changed, PDCA]) == []


def test_a_version_made_by_an_administrator_is_left_alone(org: Org) -> None:
    sync_methodologies()
    Methodology.objects.create(key="dmaic", version=2, name="Our DMAIC", shape="line")
    assert sync_methodologies() == []
    assert Methodology.objects.get(key="dmaic", version=2).in_use


def test_dmaic_has_five_stages_and_pdca_four() -> None:
    assert [stage.key for stage in DMAIC.stages] == [
        "define", "measure", "analyze", "improve", "control",
    ]  # fmt: skip
    assert [(stage.key, stage.has_gate) for stage in PDCA.stages] == [
        ("plan", True), ("do", False), ("check", True), ("act", False),
    ]  # fmt: skip


STAGES = [(one, stage) for one in METHODOLOGIES for stage in one.stages]


@pytest.mark.parametrize(("methodology", "stage"), STAGES, ids=lambda one: one.key)
def test_each_stage_can_be_stored_and_judged(methodology: Any, stage: Any) -> None:
    assert len(stage.asks) <= 300
    assert stage.deliverables
    for one in stage.deliverables:
        assert len(one.name) <= 80
        assert 20 < len(one.guidance) <= 400
    for condition in stage.conditions:
        assert condition.kind in KINDS
        assert params_problem(condition.kind, condition.params) == ""
    assert len({condition.key for condition in stage.conditions}) == len(stage.conditions)
    if stage.has_gate:
        assert any(seat.mandatory for seat in stage.seats)


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("observations", {}), ("observations", {"at_least": "30"}), ("capability", {}),
        ("chart_stable", {"last": True}), ("chart_exists", {"x": 1}), ("differs", []),
    ],
)  # fmt: skip
def test_params_that_a_kind_does_not_know_are_named(kind: str, params: Any) -> None:
    assert params_problem(kind, params)


def test_names_are_shown_in_the_readers_language(settings: Any) -> None:
    sync_methodologies()
    stage = StageTemplate.objects.get(key="define")
    assert stage.label == "Define"
    assert stage.deliverables.get(key="charter").label == "Project charter"


def test_the_command_says_what_it_added_and_may_run_again(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sync_methodologies")
    assert "Added DMAIC, version 1" in capsys.readouterr().out
    call_command("sync_methodologies")
    assert "up to date" in capsys.readouterr().out
