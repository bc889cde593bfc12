"""What the conditions of one stage are judged on; each piece is read once, when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.utils import timezone

from apps.approvals.models import Condition
from apps.charts import selectors as charts
from apps.charts.display import display_of
from apps.charts.models import ControlChart, Signal
from apps.charts.states import unexplained
from apps.common.templatetags.formats import number
from apps.projects.choices import ActionState
from apps.projects.guards import barred_from_deciding
from apps.projects.models import (
    STAGE_SUBJECT,
    Cycle,
    Deliverable,
    Project,
    ProjectAction,
    Stage,
    Target,
    Waiver,
)
from apps.projects.seats import Seating, seat


class Evidence:
    """A stage and, lazily, everything a condition may look at."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.project: Project = stage.project

    @cached_property
    def deliverables(self) -> list[Deliverable]:
        return list(self.stage.deliverables.select_related("template").order_by("template__order"))

    @cached_property
    def target(self) -> Target:
        return Target.objects.select_related("chart__characteristic", "chart__result").get(
            project=self.project
        )

    @property
    def chart(self) -> ControlChart | None:
        return self.target.chart

    @cached_property
    def recomputing(self) -> bool:
        """Whether the stored result is not of the present data: then nothing can be judged."""
        return self.chart is not None and not charts.freshness(self.chart).is_current

    @cached_property
    def observations(self) -> int:
        result = getattr(self.chart, "result", None)
        return 0 if result is None else int(result.n_observations)

    @cached_property
    def points(self) -> int:
        result = getattr(self.chart, "result", None)
        return 0 if result is None else int(result.n_points)

    @cached_property
    def key_figure(self) -> charts.KeyFigure | None:
        return None if self.chart is None else charts.key_figure(self.chart)

    @cached_property
    def comparison(self) -> charts.Comparison | None:
        return None if self.chart is None else charts.comparison_of(self.chart)

    @cached_property
    def capability(self) -> dict[str, Any] | None:
        return None if self.chart is None else charts.capability_of(self.chart)

    def stability(self, last: int) -> charts.Stability | None:
        return None if self.chart is None else charts.stability(self.chart, last=last)

    def signals_without_cause(self, last: int) -> list[Signal]:
        """The signals among the last points whose cause nobody has told yet."""
        if self.chart is None:
            return []
        found = unexplained(self.chart, n_points=self.points, last=last)
        return list(found.order_by("point", "pk"))

    @cached_property
    def owed(self) -> list[Condition]:
        """Open conditions of earlier approvals that block this stage."""
        return list(
            Condition.objects.open()
            .on(STAGE_SUBJECT, Stage.objects.filter(project=self.project).values("pk"))
            .filter(blocks=self.stage.template.key)
            .select_related("owner")
        )

    @cached_property
    def open_actions(self) -> list[ProjectAction]:
        return list(self.project.actions.exclude(state=ActionState.DONE).select_related("owner"))

    @cached_property
    def late_actions(self) -> list[ProjectAction]:
        today = timezone.localdate()
        return [one for one in self.open_actions if one.due is not None and one.due < today]

    @cached_property
    def seating(self) -> Seating:
        return seat(self.stage, barred_from_deciding(self.project))

    @cached_property
    def cycle(self) -> Cycle | None:
        return Cycle.objects.filter(project=self.project, number=self.stage.cycle).first()

    @cached_property
    def waivers(self) -> dict[int, Waiver]:
        rows = Waiver.objects.filter(stage=self.stage).select_related("waived_by")
        return {row.condition_id: row for row in rows}

    def figure(self, value: float | None) -> str:
        """A value of the chart with its unit, as every page writes it."""
        chart = self.chart
        if chart is None:
            return number(value, 2)
        display = display_of(chart)
        text = number(value, display.decimals)
        return f"{text}\u00a0{display.unit}" if display.unit and value is not None else text
