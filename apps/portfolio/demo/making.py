"""Make the example organisation: its people, its measurements, its projects.

Deterministic: seeds are fixed, and days are counted back from the day it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from apps.approvals.choices import Outcome
from apps.charts.models import ControlChart
from apps.measurements.models import Characteristic
from apps.portfolio.demo.clock import Clock
from apps.portfolio.demo.measured import Measured, charted, stories
from apps.portfolio.demo.organisation import (
    Organisation,
    create_organisation,
)
from apps.portfolio.demo.series import Series
from apps.portfolio.demo.story import Storyteller, assign_open
from apps.portfolio.demo.texts import ACTIVATION, DISPUTES, REPEAT_CALLS, RESPONSE
from apps.projects.services import sync_methodologies

Say = Callable[[str], None]


@dataclass(frozen=True)
class Story:
    """A characteristic that a project works on."""

    measured: Measured
    characteristic: Characteristic
    chart: ControlChart


def make_example(today: date, say: Say) -> Organisation:
    """Everything, or nothing: one transaction, which also makes it quick."""
    with transaction.atomic():
        sync_methodologies()
        organisation = create_organisation()
        tell = Storyteller(organisation, Clock(today))
        found = {item.key: item for item in stories(today)}
        say("charts")
        _wall(tell, today)
        say("project: first response")
        _response(tell, found)
        say("project: repeat calls")
        _repeat_calls(tell, found["repeat_calls"])
        say("projects: activation, disputes, ideas")
        _activation(tell, found["activation"])
        _disputes(tell, found["disputes"])
        _ideas(tell)
    return organisation


def _open(tell: Storyteller, measured: Measured, *, ago: int) -> Story:
    characteristic, chart = tell.measure(measured, ago=ago)
    return Story(measured, characteristic, chart)


def _wall(tell: Storyteller, today: date) -> None:
    """The charts without a project; some with signals, one of them with an owner."""
    charts = {}
    for item in charted(today):
        story = _open(tell, item, ago=60)
        tell.attach(story.characteristic, item.series, ago=0, by=item.owner)
        charts[item.key] = story.chart
    for key in ("piston", "juice", "circuits"):
        _published_baseline(tell, charts[key], key)
    assign_open(
        charts["chat"], actor=tell.people["lead"], person=tell.people["member"], clock=tell.clock,
        due_in=1,
    )  # fmt: skip
    tell.explain_all(
        charts["handling"], cause="Ticketing system down from 09:10 to 11:40 (incident 4471).",
        ago=1, by="chen",
    )  # fmt: skip


def _published_baseline(tell: Storyteller, chart: ControlChart, key: str) -> None:
    """As in the book: limits from the first samples, the later ones judged against them."""
    starts = {"piston": 125, "juice": 30, "circuits": 26}
    tell.phase(
        chart, at=starts[key], name="Phase II", ago=0, by="lead",
        reason="Montgomery judges the later samples apart from the first ones.",
    )  # fmt: skip


def _response(tell: Storyteller, found: dict[str, Measured]) -> None:
    """DMAIC, all five gates passed: response time, network faults and complaints."""
    main = _open(tell, found["response"], ago=170)
    others = [_open(tell, found[key], ago=170) for key in ("faults", "complaints")]
    before, after = main.measured.series.split(400)
    pilot, roll_out = after.split(150)
    project = tell.log(
        ago=165, by="lead", sponsor="manager", team="desk",
        title="Shorten first response on the business fault desk 縮短企業障礙客服首次回應時間",
        problem=(
            "Business customers wait 6.8 minutes on average before a technician answers; network "
            "faults and complaints rise with it."
        ),
        methodology="dmaic", origin="Complaint theme “nobody answers”", ends_in=30,
    )  # fmt: skip
    tell.aim(project, main.chart, start=6.8, goal=5.44, due_in=30, ago=164)
    tell.staff(
        project,
        ago=163,
        process_owner="tsai",
        coach="yeh",
        finance="kuo",
        member="member,chen,tseng",
    )
    for story, reduction in zip(others, (0.3, 0.4), strict=True):
        start = story.measured.series.split(38)[0].rate
        tell.aim_too(project, story.chart, start=start, goal=start * (1 - reduction), ago=163)
    tell.begin(project, ago=162, accepted_by="manager")
    tell.pass_stage(
        project, RESPONSE, by="lead", written=142, asked=140, signers=["manager", "tsai"]
    )
    _all_data(tell, main, others, before, ago=59)
    tell.pass_stage(project, RESPONSE, by="lead", written=59, asked=58, signers=["yeh", "manager"])
    tell.pass_stage(project, RESPONSE, by="lead", written=52, asked=51, signers=["yeh", "manager"])
    tell.attach(main.characteristic, pilot, ago=28, by="lead")
    tell.phase(
        main.chart, at=400, name="Phase 2 · call-back routing", ago=28, by="lead",
        reason="Call-back routing began on this day.",
    )  # fmt: skip
    tell.explain_all(main.chart, cause="Second call-back agent joined.", ago=28, by="lead")
    tell.pass_stage(
        project, RESPONSE, by="lead", written=27, asked=26, signers=["tsai", "manager"],
        comment="Night shift plan is sound.",
    )  # fmt: skip
    tell.attach(main.characteristic, roll_out, ago=5, by="lead")
    for story in others:
        tell.attach(story.characteristic, story.measured.series.split(38)[1], ago=5, by="lead")
        tell.phase(
            story.chart, at=38, name="Phase 2 · call-back routing", ago=5, by="lead",
            reason="Call-back routing began in this week.",
        )  # fmt: skip
        tell.explain_all(story.chart, cause="Firmware roll-out in one region.", ago=5, by="lead")
    tell.explain_all(main.chart, cause="New rota, kept.", ago=5, by="lead")
    tell.pass_stage(project, RESPONSE, by="lead", written=5, asked=4, signers=["yeh", "tsai"])


def _all_data(
    tell: Storyteller, main: Story, others: list[Story], before: Series, *, ago: int
) -> None:
    """The state before: the baseline of the main figure and of the two that go with it."""
    tell.attach(main.characteristic, before, ago=ago, by="lead")
    for story in others:
        tell.attach(story.characteristic, story.measured.series.split(38)[0], ago=ago, by="lead")
        tell.explain_all(story.chart, cause="Storm week.", ago=ago, by="lead")
    tell.explain_all(main.chart, cause="Storm week: all lines busy.", ago=ago, by="lead")


def _repeat_calls(tell: Storyteller, measured: Measured) -> None:
    """PDCA in its second cycle; Check waits for the decision."""
    story = _open(tell, measured, ago=240)
    baseline, tried = story.measured.series.split(15)
    first, second = tried.split(9)
    project = tell.log(
        ago=160, by="yeh", sponsor="manager", team="care",
        title="Fewer repeat calls after a bill change 減少帳單變更後的重複來電",
        problem=(
            "9.1 % of the customers whose bill changed call again within 7 days; each call takes 6 "
            "minutes and leaves a doubt."
        ),
        methodology="pdca", origin="Complaint theme “I do not understand my bill”", ends_in=40,
    )  # fmt: skip
    tell.attach(story.characteristic, baseline, ago=155, by="yeh")
    tell.explain_all(story.chart, cause="Tariff change in that week.", ago=155, by="yeh")
    tell.aim(project, story.chart, start=9.1, goal=6.5, due_in=38, ago=155)
    tell.staff(project, ago=155, coach="lead", member="pan", process_owner="kuo")
    tell.begin(project, ago=154, accepted_by="manager")
    tell.plan_cycle(project, tried="Bill preview in the app, 1 week ahead", predicted=7.5, ago=151)
    tell.pass_stage(project, REPEAT_CALLS[1], by="pan", written=150, asked=149, signers=["manager"])
    tell.attach(story.characteristic, first, ago=66, by="yeh")
    tell.phase(
        story.chart, at=15, name="Cycle 1 · bill preview", ago=66, by="yeh",
        reason="The preview went live in this week.",
    )  # fmt: skip
    tell.explain_all(story.chart, cause="Outage of the app.", ago=66, by="yeh")
    tell.write(project, REPEAT_CALLS[1], ago=65, by="pan")
    tell.finish(project, ago=65)
    tell.pass_stage(project, REPEAT_CALLS[1], by="pan", written=64, asked=63, signers=["manager"])
    tell.adapt(
        project, lesson=REPEAT_CALLS[1]["learning"],
        tried="Preview, and a text message the day before", predicted=6.5, ago=61,
    )  # fmt: skip
    tell.pass_stage(project, REPEAT_CALLS[2], by="pan", written=60, asked=59, signers=["manager"])
    tell.attach(story.characteristic, second, ago=6, by="yeh")
    tell.phase(
        story.chart, at=24, name="Cycle 2 · preview and text message", ago=6, by="yeh",
        reason="The text message was sent from this week on.",
    )  # fmt: skip
    tell.explain_all(story.chart, cause="Late send in week 2.", ago=6, by="yeh")
    tell.write(project, REPEAT_CALLS[2], ago=5, by="pan")
    tell.finish(project, ago=5)
    tell.write(project, REPEAT_CALLS[2], ago=4, by="pan")
    tell.ask(project, ago=2, note="Cycle 2 came within 0.2 points of the target.", due_in=5)


def _activation(tell: Storyteller, measured: Measured) -> None:
    """DMAIC, Measure gate: sent back once, asked again, waiting for the manager."""
    story = _open(tell, measured, ago=60)
    project = tell.log(
        ago=58, by="kao", sponsor="manager", team="network",
        title="Fibre order to activation in 16 hours 光纖訂單16小時內開通",
        problem="From the order to the first light it takes 21.4 hours; competitors promise 16.",
        methodology="dmaic", origin="Survey gap, 2026 Q2", ends_in=90,
    )  # fmt: skip
    tell.aim(project, story.chart, start=21.4, goal=16.0, due_in=60, ago=57)
    tell.staff(project, ago=57, process_owner="tsai", coach="lead", finance="kuo", member="tseng")
    tell.begin(project, ago=56, accepted_by="manager")
    tell.pass_stage(
        project, ACTIVATION, by="kao", written=40, asked=39, signers=["manager", "tsai"]
    )
    tell.attach(story.characteristic, story.measured.series, ago=9, by="kao")
    tell.explain_all(story.chart, cause="Duct flooded, crew waited.", ago=9, by="kao")
    tell.write(project, ACTIVATION, ago=9, by="kao")
    round_ = tell.ask(project, ago=8)
    tell.sign(round_, by="lead", ago=8, hour=17)
    tell.sign(
        round_, by="manager", ago=7, outcome=Outcome.SEND_BACK,
        comment="Show the share of the duct owner, and check the time stamps against field notes.",
    )  # fmt: skip
    tell.write(
        project,
        {"baseline": ACTIVATION["baseline"] + " Field notes agree in 29 of 30 orders."},
        ago=5, by="kao",
    )  # fmt: skip
    again = tell.ask(project, ago=4, note="Answers both questions of round 1.", due_in=4)
    tell.sign(again, by="lead", ago=3)
    tell.act(project, "Sample 40 duct requests", owner="tseng", due_in=-2, ago=9)
    tell.act(project, "Walk one order from end to end", owner="kao", due_in=5, ago=3)


def _disputes(tell: Storyteller, measured: Measured) -> None:
    """DMAIC, Analyze: the gate is blocked by open work; one action is late."""
    story = _open(tell, measured, ago=90)
    project = tell.log(
        ago=80, by="pan", sponsor="kuo", team="care",
        title="Halve the disputed bills 帳單爭議減半",
        problem="3.4 % of the bills are disputed; each dispute takes 40 minutes to settle.",
        methodology="dmaic", origin="Audit finding 2026-07", ends_in=60,
    )  # fmt: skip
    tell.aim(project, story.chart, start=3.4, goal=2.0, due_in=45, ago=79)
    tell.staff(
        project, ago=79, process_owner="tsai", coach="yeh", finance="manager", member="member"
    )
    tell.begin(project, ago=78, accepted_by="kuo")
    tell.pass_stage(project, DISPUTES, by="pan", written=60, asked=59, signers=["kuo", "tsai"])
    tell.attach(story.characteristic, story.measured.series, ago=30, by="pan")
    tell.explain_all(story.chart, cause="Double run of the rating.", ago=30, by="pan")
    tell.pass_stage(project, DISPUTES, by="pan", written=29, asked=28, signers=["yeh", "kuo"])
    tell.write(project, DISPUTES, ago=6, by="pan", complete=False)
    tell.act(project, "Sample 40 disputed bills", owner="member", due_in=-1, ago=12)
    tell.act(project, "Interview the five agents with most disputes", owner="pan", due_in=6, ago=6)
    tell.act(project, "List every pro-rata rule in force", owner="member", due_in=9, ago=6)


def _ideas(tell: Storyteller) -> None:
    """One initiative waiting for acceptance, one still a draft."""
    submitted = tell.log(
        ago=4, by="member", sponsor="manager", team="desk",
        title="Keep promised call-backs on time 準時回電",
        problem="One in six promised calls comes late; customers call again and wait twice.",
        methodology="pdca", origin="Idea of the desk", ends_in=60,
    )  # fmt: skip
    tell.submit(submitted, ago=3)
    tell.log(
        ago=1, by="lead", sponsor="manager", team="network",
        title="Fewer slips in installation reports 減少裝機報告缺漏", problem="",
        methodology="dmaic", origin="", ends_in=80,
    )  # fmt: skip
