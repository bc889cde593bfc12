"""The methodologies that come with Improve, as data: DMAIC and PDCA.

`services.sync_methodologies` writes them to the tables. A changed definition becomes a new
version; projects that have started keep theirs. Names and texts are marked for translation here
and translated where they are shown.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop as _

from apps.approvals.choices import LayerRule
from apps.audit.chain import digest
from apps.projects.choices import Capacity, MethodologyShape


@dataclass(frozen=True)
class DeliverableDefinition:
    key: str
    name: str
    guidance: str
    required: bool = True


@dataclass(frozen=True)
class ConditionDefinition:
    key: str
    kind: str
    params: dict[str, Any] = field(default_factory=dict)
    blocking: bool = True


@dataclass(frozen=True)
class SeatDefinition:
    capacity: Capacity
    layer: int = 1
    rule: LayerRule = LayerRule.ALL
    mandatory: bool = True
    quorum: int = 1


@dataclass(frozen=True)
class StageDefinition:
    key: str
    name: str
    asks: str
    days: int
    deliverables: tuple[DeliverableDefinition, ...]
    conditions: tuple[ConditionDefinition, ...]
    seats: tuple[SeatDefinition, ...] = ()

    @property
    def has_gate(self) -> bool:
        return bool(self.seats)


@dataclass(frozen=True)
class MethodologyDefinition:
    key: str
    name: str
    purpose: str
    shape: MethodologyShape
    stages: tuple[StageDefinition, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the definition: what tells a changed one from the same."""
        return digest(dataclasses.asdict(self))


D, C, Seat = DeliverableDefinition, ConditionDefinition, SeatDefinition

WORK_DONE = C("deliverables", "deliverables")
OWED = C("conditions_met", "conditions_met")
NAMED = C("approvers_named", "approvers_named")
CHART = C("chart_exists", "chart_exists")
SMART = C("target_smart", "target_smart")
LATE_ACTIONS = C("actions_in_time", "actions_done", blocking=False)

DEFINE = StageDefinition(
    key="define",
    name=_("Define"),
    asks=_("What is the problem, for whom, how large, and who works on it?"),
    days=21,
    deliverables=(
        D(
            "charter",
            _("Project charter"),
            _(
                "State the problem with a figure, its unit and its period; the goal; what is in "
                "scope and what is not; the team. No cause and no solution yet."
            ),
        ),
        D(
            "sipoc",
            _("SIPOC"),
            _(
                "Name suppliers, inputs, the process in five to seven steps, outputs "
                "and customers. "
                "Begin with the process, then go outward. It fixes where the project "
                "starts and ends."
            ),
        ),
        D(
            "voice_of_customer",
            _("Voice of the customer"),
            _(
                "Write down what customers said, and turn each need into a critical-to-quality "
                "characteristic with an operational definition: what is measured, how, and when it "
                "counts as a defect."
            ),
        ),
        D(
            "stakeholders",
            _("Stakeholders"),
            _(
                "List who is affected, where they stand, and what each needs in order "
                "to support it."
            ),
        ),
        D(
            "benefit_range",
            _("Expected benefit"),
            _(
                "Give a range, not a point, and say how it follows from the figure "
                "that will change."
            ),
            required=False,
        ),
    ),
    conditions=(WORK_DONE, SMART, NAMED, LATE_ACTIONS, OWED),
    seats=(
        Seat(Capacity.SPONSOR),
        Seat(Capacity.PROCESS_OWNER),
        Seat(Capacity.FINANCE, mandatory=False),
    ),
)

MEASURE = StageDefinition(
    key="measure",
    name=_("Measure"),
    asks=_("How is it measured, can the measurement be trusted, and where does it stand now?"),
    days=30,
    deliverables=(
        D(
            "data_plan",
            _("Data collection plan"),
            _(
                "Say what is measured, where, by whom, how often and how many. Decide "
                "the subgroups "
                "so that causes you want to see fall between them."
            ),
        ),
        D(
            "measurement_system",
            _("Measurement system analysis"),
            _(
                "Show that the measurement repeats and agrees between people. Share of the variation: "
                "good up to 10 %, not usable from 30 %. For judgements use kappa."
            ),
        ),
        D(
            "baseline",
            _("Baseline"),
            _(
                "Describe the process as it runs: chart, capability or DPMO with its interval, and "
                "what the signals on the chart were."
            ),
        ),
    ),
    conditions=(
        WORK_DONE,
        CHART,
        C("enough_data", "observations", {"at_least": 30}),
        C("baseline_stable", "chart_stable", {"last": 25, "at_least": 20}),
        NAMED,
        LATE_ACTIONS,
        OWED,
    ),
    seats=(Seat(Capacity.COACH), Seat(Capacity.SPONSOR, layer=2)),
)

ANALYZE = StageDefinition(
    key="analyze",
    name=_("Analyze"),
    asks=_("Which causes make the difference, and what proves it?"),
    days=30,
    deliverables=(
        D(
            "causes",
            _("Possible causes"),
            _(
                "Collect causes with the people who do the work (fishbone, five whys, process map) "
                "and rank them. Write each so that data could prove it wrong."
            ),
        ),
        D(
            "tests",
            _("Tests of the causes"),
            _(
                "Test each leading cause or say why it is deferred. Give the test, the effect with "
                "its interval, and whether its assumptions hold."
            ),
        ),
        D(
            "confirmed_causes",
            _("Confirmed causes"),
            _("List the causes that were confirmed, each with its share of the problem."),
        ),
    ),
    conditions=(
        WORK_DONE,
        CHART,
        C("signals_explained", "signals_explained", {"last": 25}),
        NAMED,
        LATE_ACTIONS,
        OWED,
    ),
    seats=(Seat(Capacity.COACH), Seat(Capacity.SPONSOR, layer=2)),
)

IMPROVE = StageDefinition(
    key="improve",
    name=_("Improve"),
    asks=_("Which change removes the causes, and does a pilot prove it?"),
    days=45,
    deliverables=(
        D(
            "solutions",
            _("Solution selection"),
            _(
                "Compare solutions by effect on the confirmed causes, cost, time and risk. Say why "
                "the others were left."
            ),
        ),
        D(
            "risk",
            _("Risk (FMEA)"),
            _("Score what can go wrong before and after the change, and what will notice it."),
        ),
        D(
            "pilot",
            _("Pilot plan and result"),
            _(
                "Try it small, on the same definition as the baseline. Start a phase on the chart "
                "where the pilot began, and compare."
            ),
        ),
        D(
            "benefit_estimate",
            _("Benefit estimate"),
            _("Turn the measured change into money or time a year, agreed with finance."),
            required=False,
        ),
    ),
    conditions=(
        WORK_DONE,
        C("pilot_differs", "differs", {"p_below": 0.05}),
        C("signals_explained", "signals_explained", {"last": 25}),
        C("target_reached", "target_reached", blocking=False),
        NAMED,
        LATE_ACTIONS,
        OWED,
    ),
    seats=(
        Seat(Capacity.PROCESS_OWNER),
        Seat(Capacity.FINANCE, mandatory=False),
        Seat(Capacity.SPONSOR, layer=2),
        Seat(Capacity.COACH, layer=2, mandatory=False),
    ),
)

CONTROL = StageDefinition(
    key="control",
    name=_("Control"),
    asks=_("How is the gain kept, who watches it, and what happens when it slips?"),
    days=45,
    deliverables=(
        D(
            "control_plan",
            _("Control plan"),
            _(
                "For each characteristic: the chart that watches it, who looks how often, and what "
                "is done at a signal. Bind each row to a running chart."
            ),
        ),
        D(
            "standard",
            _("Revised standard"),
            _("Name the instruction or service standard that was changed, and who was trained."),
        ),
        D(
            "hand_over",
            _("Hand-over"),
            _("The process owner takes the chart, the control plan and the open actions."),
        ),
    ),
    conditions=(
        WORK_DONE,
        C("after_stable", "chart_stable", {"last": 25, "at_least": 20}),
        C("after_enough", "observations", {"at_least": 25, "phase": "now"}),
        C("differs", "differs", {"p_below": 0.05}),
        C("target_reached", "target_reached"),
        C("signals_explained", "signals_explained", {"last": 25}),
        C("capability", "capability", {"lower_bound": 1.33}, blocking=False),
        NAMED,
        LATE_ACTIONS,
        OWED,
    ),
    seats=(
        Seat(Capacity.COACH),
        Seat(Capacity.FINANCE, mandatory=False),
        Seat(Capacity.PROCESS_OWNER, layer=2),
    ),
)

DMAIC = MethodologyDefinition(
    key="dmaic",
    name=_("DMAIC"),
    purpose=_(
        "For a problem that is known but whose cause is not: measured, "
        "analysed and proved with data."
    ),
    shape=MethodologyShape.LINE,
    stages=(DEFINE, MEASURE, ANALYZE, IMPROVE, CONTROL),
)

ANY = LayerRule.ANY

PLAN = StageDefinition(
    key="plan",
    name=_("Plan"),
    asks=_("What is to be better, what is tried, and what will it bring?"),
    days=14,
    deliverables=(
        D(
            "problem",
            _("Problem and target condition"),
            _("Describe the gap between now and wanted, with the figure that shows it."),
        ),
        D(
            "hypothesis",
            _("Hypothesis"),
            _(
                "“If we change …, then … moves from … to …, because …” Write it before you try it, "
                "so that the result can prove it wrong."
            ),
        ),
        D(
            "countermeasures",
            _("Countermeasures"),
            _("What is tried, where, from when to when, and by whom."),
        ),
    ),
    conditions=(
        WORK_DONE,
        SMART,
        C("cycle_planned", "cycle_planned"),
        C("approvers_named", "approvers_named"),
        OWED,
    ),
    seats=(
        Seat(Capacity.SPONSOR, rule=ANY),
        Seat(Capacity.PROCESS_OWNER, rule=ANY),
        Seat(Capacity.COACH, rule=ANY),
    ),
)

DO = StageDefinition(
    key="do",
    name=_("Do"),
    asks=_("Was it tried as planned, and what deviated?"),
    days=42,
    deliverables=(
        D(
            "trial_log",
            _("Trial log"),
            _(
                "What was done when, and every deviation from the plan. Mark the start "
                "on the chart "
                "with a phase."
            ),
        ),
    ),
    conditions=(WORK_DONE, CHART, LATE_ACTIONS, OWED),
)

CHECK = StageDefinition(
    key="check",
    name=_("Check"),
    asks=_("What came of it, measured against the prediction?"),
    days=14,
    deliverables=(
        D(
            "comparison",
            _("Result against prediction"),
            _(
                "Compare before and after on the same chart and definition. Say what "
                "was predicted, "
                "what came, and what else changed meanwhile."
            ),
        ),
        D(
            "learning",
            _("What was learned"),
            _("What held, what did not, and what surprised. Also when the target was missed."),
        ),
    ),
    conditions=(
        WORK_DONE,
        CHART,
        C("signals_explained", "signals_explained", {"last": 25}),
        C("differs", "differs", {"p_below": 0.05}, blocking=False),
        C("target_reached", "target_reached", blocking=False),
        NAMED,
        OWED,
    ),
    seats=(Seat(Capacity.COACH, rule=ANY), Seat(Capacity.SPONSOR, rule=ANY)),
)

ACT = StageDefinition(
    key="act",
    name=_("Act"),
    asks=_("Adopt it, adapt it in a next cycle, or abandon it?"),
    days=7,
    deliverables=(
        D(
            "standardisation",
            _("Standard and spread"),
            _("When adopting: which standard is revised, who is trained, where else it is used."),
            required=False,
        ),
    ),
    conditions=(WORK_DONE, LATE_ACTIONS, OWED),
)

PDCA = MethodologyDefinition(
    key="pdca",
    name=_("PDCA"),
    purpose=_("For an idea that can be tried quickly: predict, try, compare, decide; and again."),
    shape=MethodologyShape.CYCLE,
    stages=(PLAN, DO, CHECK, ACT),
)

METHODOLOGIES = (DMAIC, PDCA)
