"""The example projects, told by the same services that people use, day by day."""

from __future__ import annotations

from apps.accounts.examples import PASSWORD
from apps.accounts.models import User
from apps.approvals.choices import Outcome
from apps.approvals.models import Round
from apps.charts import services as charts
from apps.charts.models import ControlChart, Signal
from apps.charts.recompute import recompute
from apps.measurements import services as measurements
from apps.measurements.models import Characteristic, Observation
from apps.portfolio.demo.clock import Clock
from apps.portfolio.demo.measured import Measured
from apps.portfolio.demo.organisation import Organisation
from apps.portfolio.demo.series import Series
from apps.projects import services as projects
from apps.projects.choices import Capacity, CycleDecision, DeliverableState
from apps.projects.models import Cycle, Deliverable, Methodology, Project, Stage, Target
from apps.projects.selectors import current_stage


class Storyteller:
    """Runs services on a day of the past, as one of the people."""

    def __init__(self, organisation: Organisation, clock: Clock) -> None:
        self.people = organisation
        self.clock = clock

    # --- Data ---------------------------------------------------------------------------------

    def measure(self, measured: Measured, *, ago: int) -> tuple[Characteristic, ControlChart]:
        """Create the characteristic and open its chart."""
        owner = self.people[measured.owner]
        with self.clock.at(ago, 9):
            characteristic = measurements.create_characteristic(
                actor=self.people["lead"], team=self.people.teams[measured.team],
                name=measured.name, data_type=measured.data_type, owner=owner,
                simulated=measured.simulated, **measured.fields,
            )  # fmt: skip
            chart = charts.open_chart(
                actor=self.people["lead"], characteristic=characteristic, kind=measured.kind,
                rules=measured.rules,
            )  # fmt: skip
            if measured.plan is not None:
                size, every, unit = measured.plan
                characteristic = measurements.set_sampling_plan(
                    actor=self.people["lead"], characteristic=characteristic,
                    version=characteristic.version, every=every, unit=unit, size=size,
                )  # fmt: skip
        return characteristic, chart

    def attach(self, characteristic: Characteristic, series: Series, *, ago: int, by: str) -> None:
        """Append observations as an import would, and compute what depends on them."""
        with self.clock.at(ago, 8):
            measurements.append_observations(
                actor=self.people[by], characteristic=characteristic, values=series.values,
                sizes=series.sizes, subgroups=series.subgroups, observed_at=series.observed_at,
                others=series.others, factors=series.factors,
            )  # fmt: skip
            for chart in characteristic.charts.all():
                recompute(chart.pk)

    def phase(
        self, chart: ControlChart, *, at: int, name: str, reason: str, ago: int, by: str
    ) -> None:
        """Start a phase at an observation (0-based place in the series)."""
        sequence = (
            Observation.objects.filter(characteristic=chart.characteristic_id)
            .order_by("sequence")
            .values_list("sequence", flat=True)[at]
        )
        with self.clock.at(ago, 9):
            charts.start_phase(
                actor=self.people[by],
                chart=chart,
                start_sequence=sequence,
                name=name,
                reason=reason,
            )
            recompute(chart.pk)

    def explain_all(self, chart: ControlChart, *, cause: str, ago: int, by: str) -> None:
        """Give every open signal of a chart its cause."""
        with self.clock.at(ago, 15):
            for signal in Signal.objects.filter(chart=chart, present=True, cause=""):
                charts.explain_signal(actor=self.people[by], signal=signal, cause=cause)

    # --- Projects -----------------------------------------------------------------------------

    def log(
        self, *, ago: int, by: str, sponsor: str, team: str, title: str, problem: str,
        methodology: str, origin: str, ends_in: int,
    ) -> Project:  # fmt: skip
        with self.clock.at(ago, 9, 30):
            return projects.log_initiative(
                actor=self.people[by], team=self.people.teams[team], title=title, problem=problem,
                methodology=Methodology.objects.filter(key=methodology, in_use=True).latest("version"),
                owner=self.people[by], sponsor=self.people[sponsor], origin=origin,
                planned_start=self.clock.day(ago - 7), planned_end=self.clock.day(-ends_in),
            )  # fmt: skip

    def aim(
        self, project: Project, chart: ControlChart, *, start: float, goal: float, due_in: int, ago: int,
    ) -> None:  # fmt: skip
        target = Target.objects.get(project=project)
        with self.clock.at(ago, 10):
            projects.set_target(
                actor=project.owner, project=project, version=target.version, chart=chart,
                from_value=start, to_value=goal, due=self.clock.day(-due_in),
            )  # fmt: skip

    def aim_too(
        self, project: Project, chart: ControlChart, *, start: float, goal: float, ago: int
    ) -> None:
        """Name a figure that must move as well."""
        with self.clock.at(ago, 10):
            projects.add_secondary_target(
                actor=project.owner, project=project, chart=chart,
                from_value=round(start, 2), to_value=round(goal, 2),
            )  # fmt: skip

    def staff(self, project: Project, *, ago: int, **capacities: str) -> None:
        """Name the people of a project: capacity=key, or several keys separated by commas."""
        with self.clock.at(ago, 10, 30):
            for capacity, keys in capacities.items():
                for key in keys.split(","):
                    projects.add_member(
                        actor=project.owner, project=project, user=self.people[key],
                        capacity=Capacity(capacity),
                    )  # fmt: skip

    def submit(self, project: Project, *, ago: int) -> None:
        with self.clock.at(ago, 11):
            projects.submit_initiative(
                actor=project.owner, project=project, version=_version(project)
            )

    def begin(self, project: Project, *, ago: int, accepted_by: str) -> None:
        """Submit, accept, start."""
        self.submit(project, ago=ago)
        with self.clock.at(ago - 1, 14):
            project = projects.accept(
                actor=self.people[accepted_by], project=project, version=_version(project)
            )
        with self.clock.at(ago - 2, 9):
            projects.start_project(actor=project.owner, project=project, version=_version(project))

    def write(
        self, project: Project, texts: dict[str, str], *, ago: int, by: str, complete: bool = True
    ) -> None:
        """Fill the deliverables of the present stage that have a text."""
        stage = self.stage(project)
        with self.clock.at(ago, 13):
            for item in Deliverable.objects.filter(stage=stage).select_related("template"):
                body = texts.get(item.template.key)
                if body is None:
                    continue
                edited = projects.edit_deliverable(
                    actor=self.people[by], deliverable=item, version=item.version, body=body
                )
                if complete and edited.state != DeliverableState.COMPLETE:
                    projects.complete_deliverable(
                        actor=self.people[by], deliverable=edited, version=edited.version
                    )

    def stage(self, project: Project) -> Stage:
        stage = current_stage(Project.objects.select_related("methodology").get(pk=project.pk))
        if stage is None:
            raise LookupError(f"{project} has no stage in turn")
        return stage

    def ask(self, project: Project, *, ago: int, note: str = "", due_in: int = 5) -> Round:
        """Submit the gate of the present stage."""
        stage = self.stage(project)
        with self.clock.at(ago, 16):
            return projects.submit_gate(
                actor=project.owner, stage=stage, version=stage.version, note=note,
                due=self.clock.day(ago - due_in),
            )  # fmt: skip

    def sign(
        self, round_: Round, *, by: str, ago: int, outcome: Outcome = Outcome.APPROVE, comment: str = "",
        hour: int = 10,
    ) -> None:  # fmt: skip
        with self.clock.at(ago, hour, 20):
            projects.decide_gate(
                actor=self.people[by], round_=round_, outcome=outcome, comment=comment,
                password=PASSWORD, seen_hash=round_.content_hash,
            )  # fmt: skip

    def pass_stage(
        self, project: Project, texts: dict[str, str], *, by: str, written: int, asked: int,
        signers: list[str], comment: str = "",
    ) -> None:  # fmt: skip
        """Write, ask, and let every signer approve, a day apart."""
        self.write(project, texts, ago=written, by=by)
        round_ = self.ask(project, ago=asked)
        for place, signer in enumerate(signers, 1):
            self.sign(round_, by=signer, ago=asked - place, comment=comment if place == 1 else "")

    def act(self, project: Project, title: str, *, owner: str, due_in: int, ago: int) -> None:
        with self.clock.at(ago, 17):
            projects.add_action(
                actor=project.owner, project=project, title=title, owner=self.people[owner],
                due=self.clock.day(-due_in),
            )  # fmt: skip

    def finish(self, project: Project, *, ago: int) -> None:
        stage = self.stage(project)
        with self.clock.at(ago, 12):
            projects.finish_stage(actor=project.owner, stage=stage, version=stage.version)

    def plan_cycle(self, project: Project, *, tried: str, predicted: float, ago: int) -> None:
        cycle = Cycle.objects.filter(project=project).latest("number")
        with self.clock.at(ago, 12):
            projects.plan_cycle(
                actor=project.owner, cycle=cycle, version=cycle.version, tried=tried,
                predicted=predicted,
            )  # fmt: skip

    def adapt(
        self, project: Project, *, lesson: str, tried: str, predicted: float, ago: int
    ) -> None:
        with self.clock.at(ago, 15):
            projects.decide_cycle(
                actor=project.owner, project=project, version=_version(project),
                decision=CycleDecision.ADAPT, lesson=lesson, tried=tried, predicted=predicted,
            )  # fmt: skip


def _version(project: Project) -> int:
    version: int = Project.objects.values_list("version", flat=True).get(pk=project.pk)
    return version


def assign_open(
    chart: ControlChart, *, actor: User, person: User, clock: Clock, due_in: int
) -> None:
    """Ask a person for the causes of the open signals."""
    for signal in Signal.objects.filter(chart=chart, present=True, cause=""):
        with clock.at(1, 11):
            charts.assign_signal(actor=actor, signal=signal, person=person, due=clock.day(-due_in))
