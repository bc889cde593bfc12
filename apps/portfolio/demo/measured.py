"""What the example organisation measures: one characteristic for each type of chart and more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from apps.measurements.choices import DataType, Direction, Interval, Subgrouping
from apps.portfolio.demo import series as make
from apps.portfolio.demo.series import Series

LOWER, HIGHER, TARGET = Direction.LOWER, Direction.HIGHER, Direction.TARGET
BY_COLUMN, BY_TIME, FIXED = Subgrouping.COLUMN, Subgrouping.WINDOW, Subgrouping.FIXED


@dataclass(frozen=True)
class Measured:
    """A characteristic, its chart and the whole of its data."""

    key: str
    name: str
    team: str
    owner: str
    kind: str
    series: Series
    data_type: DataType = DataType.VARIABLE
    simulated: bool = True
    fields: dict[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] = ("nelson:1", "nelson:2")
    # The sampling plan: so many values in every so many days or weeks.
    plan: tuple[int, int, Interval] | None = None


def _weekly(
    seed: int, last: date, points: int, rates: list[tuple[int, float]], *, size: float | None = None,
    spread: float = 0.0, share: bool = False,
) -> Series:  # fmt: skip
    """Weekly counts whose parts have exactly the rates told in the project's texts."""
    drawn = make.counts(
        seed=seed, last=last, points=points, rates=rates, size=size, size_spread=spread,
        proportion=share,
    )  # fmt: skip
    return make.meet_rates(drawn, rates)


def stories(today: date) -> list[Measured]:
    """The characteristics that projects work on; their data arrives in parts."""
    yesterday = today - timedelta(days=1)
    response = make.meet_case(
        make.subgroups_of(
            seed=11, last=yesterday, points=140, size=5, means=[(0, 6.8), (80, 5.1)], sigma=0.9
        ),
        change_at=400, mean=6.8, reduction=0.25,
    )  # fmt: skip
    # −35 % and −50 % from before to after.
    faults = _weekly(22, yesterday, 52, [(0, 2.9), (38, 2.9 * 0.65)], size=10.0, spread=0.08)
    complaints = _weekly(33, yesterday, 52, [(0, 18.0), (38, 9.0)])
    repeat_calls = _weekly(
        44, yesterday, 33, [(0, 0.091), (15, 0.079), (24, 0.067)], size=600, spread=0.06, share=True
    )
    activation = make.individuals(
        seed=55, last=yesterday, points=45, mean=21.4, sigma=1.7, decimals=1
    )
    disputes = _weekly(66, yesterday, 40, [(0, 0.034)], size=400, share=True)
    return [
        Measured(
            "response", "First response, business fault desk 企業障礙首次回應", "desk", "lead", "xbar-r",
            response,
            fields={
                "unit": "min", "direction": LOWER, "subgrouping": BY_COLUMN, "usl": 8.0, "target": 5.44,
                "description": "Minutes from ring to a technician on the line; five calls drawn a day.",
            },
        ),
        Measured(
            "faults", "Network faults per 100 lines 每百線障礙數", "network", "tseng", "u", faults,
            DataType.DEFECTS,
            fields={
                "unit": "faults", "direction": LOWER,
                "description": "Faults a week on the lines in service; area in units of 100 lines.",
            },
        ),
        Measured(
            "complaints", "Complaints a week 每週客訴", "care", "yeh", "c", complaints, DataType.DEFECTS,
            fields={
                "unit": "complaints", "decimals": 0, "direction": LOWER,
                "description": "Complaints received a week, all channels.",
            },
        ),
        Measured(
            "repeat_calls", "Repeat calls within 7 days of a bill change 帳單變更後7日內重複來電",
            "care", "yeh", "p", repeat_calls, DataType.DEFECTIVES,
            fields={
                "unit": "", "direction": LOWER, "decimals": 3,
                "description": "Customers who call again within 7 days of a changed bill.",
            },
        ),
        Measured(
            "activation", "Order-to-activation, fibre 光纖開通時間", "network", "kao", "i-mr", activation,
            fields={
                "unit": "h", "direction": LOWER, "decimals": 1, "usl": 30.0, "target": 16.0,
                "description": "Hours from the order to the first light, mean of the day.",
            },
        ),
        Measured(
            "disputes", "Disputed bills 帳單爭議率", "care", "pan", "p", disputes, DataType.DEFECTIVES,
            fields={
                "direction": LOWER, "decimals": 3,
                "description": "Bills disputed out of 400 drawn a week.",
            },
        ),
    ]  # fmt: skip


def charted(today: date) -> list[Measured]:
    """Characteristics without a project: the rest of the wall."""
    yesterday = today - timedelta(days=1)
    faults = make.counts(
        seed=77, last=yesterday, points=40, rates=[(0, 0.055)], size=220, size_spread=0.15,
        proportion=True, step_days=1, steps={38: 25, 39: 29},
    )  # fmt: skip
    return [
        Measured(
            "repeat_faults", "Repeat faults within 7 days 7日內重複障礙", "network", "tseng", "p", faults,
            DataType.DEFECTIVES,
            fields={
                "direction": LOWER, "decimals": 3,
                "description": "Faults on a line repaired in the last 7 days.",
            },
        ),
        Measured(
            "chat", "Chat wait, consumer 線上客服等候", "desk", "member", "xbar-r",
            make.subgroups_of(
                seed=88, last=yesterday, points=45, size=5, means=[(0, 3.1), (34, 3.72)], sigma=0.55
            ),
            fields={
                "unit": "min", "direction": LOWER, "subgrouping": BY_COLUMN, "usl": 5.0,
                "description": "Minutes until an agent writes; five chats drawn a day.",
            },
        ),
        Measured(
            "call_back", "Call-back time 回電時間", "desk", "chen", "xbar-s",
            make.subgroups_of(
                seed=99, last=yesterday, points=40, size=8, means=[(0, 42.0)], sigma=6.5, decimals=1
            ),
            fields={
                "unit": "min", "direction": LOWER, "subgrouping": BY_COLUMN, "decimals": 1, "usl": 65.0,
                "description": "Minutes until the promised call; eight calls drawn a day.",
            },
            plan=(8, 1, Interval.DAY),
        ),
        Measured(
            "wrong_bills", "Wrong bills in the sample of 200 錯誤帳單", "care", "pan", "np",
            make.counts(
                seed=111, last=yesterday, points=36, rates=[(0, 0.03)], size=200, proportion=True
            ),
            DataType.DEFECTIVES,
            fields={
                "unit": "bills", "direction": LOWER, "decimals": 1,
                "description": "Bills with at least one error, out of 200 drawn a week.",
            },
        ),
        Measured(
            "availability", "Core availability 核心網路可用率", "network", "tsai", "i-mr",
            make.individuals(
                seed=122, last=yesterday, points=60, mean=99.945, sigma=0.011, decimals=3
            ),
            fields={
                "unit": "%", "direction": HIGHER, "decimals": 3, "lsl": 99.9,
                "description": "Minutes in service out of all minutes of the day.",
            },
        ),
        Measured(
            "handling", "Handling time, business 企業客戶處理時間", "desk", "chen", "i-mr",
            make.individuals(
                seed=133, last=yesterday, points=52, mean=46.0, sigma=3.4, decimals=1,
                steps={30: 63.5},
            ),
            fields={
                "unit": "s", "direction": LOWER, "decimals": 1, "usl": 60.0,
                "description": "Seconds of after-call work, median of the day.",
            },
        ),
        Measured(
            "answer_time", "客訴回覆時間 Complaint answer time", "care", "kuo", "i-mr",
            make.individuals(
                seed=144, last=today - timedelta(days=5), points=40, mean=5.6, sigma=0.75, decimals=1
            ),
            fields={
                "unit": "h", "direction": LOWER, "decimals": 1, "usl": 8.0,
                "description": "從客訴登錄到首次書面回覆的小時數，每日平均。",
            },
            plan=(1, 1, Interval.DAY),  # whose values stopped coming
        ),
        Measured(
            "survey_slips", "Slips per installation report 裝機報告缺漏", "network", "kao", "u",
            make.counts(
                seed=155, last=yesterday, points=35, rates=[(0, 0.42)], size=25.0, size_spread=0.2,
                step_days=1,
            ),
            DataType.DEFECTS,
            fields={
                "unit": "slips", "direction": LOWER,
                "description": "Missing or wrong entries per installation report of the day.",
            },
        ),
        Measured(
            "dropped", "Dropped calls 斷話率", "network", "tsai", "laney-p",
            make.counts(
                seed=221, last=yesterday, points=35,
                rates=[(day, 0.011 + 0.0011 * (day * 7 % 11 - 5) / 5) for day in range(35)],
                size=9_000, size_spread=0.1, proportion=True, step_days=1,
            ),
            DataType.DEFECTIVES,
            fields={
                "direction": LOWER, "decimals": 3,
                "description": "Calls cut off, out of all calls of the day on the mobile network.",
            },
        ),
        Measured(
            "alarms", "Alarms per hundred nodes 每百節點告警數", "network", "tseng", "laney-u",
            make.counts(
                seed=232, last=yesterday, points=35,
                rates=[(day, 31.0 + 5.0 * (day * 5 % 13 - 6) / 6) for day in range(35)],
                size=8.0, size_spread=0.05, step_days=1,
            ),
            DataType.DEFECTS,
            fields={
                "unit": "alarms", "direction": LOWER,
                "description": "Alarms of the day for each hundred nodes in service.",
            },
        ),
        Measured(
            "outages", "Hours between core outages 核心網路中斷間隔", "network", "tsai", "t",
            make.between_events(seed=171, last=yesterday, means=[48.0] * 27 + [230.0] * 9),
            DataType.BETWEEN,
            fields={
                "unit": "h", "direction": HIGHER, "decimals": 1,
                "description": "Hours from one outage of the core network to the next.",
            },
        ),
        Measured(
            "damages", "Installations between damage claims 損害賠償間隔裝機數", "network", "kao", "g",
            make.between_events(seed=179, last=yesterday, means=[38.0] * 30, whole=True),
            DataType.BETWEEN,
            fields={
                "unit": "installations", "direction": HIGHER, "decimals": 0,
                "description": "Installations without a claim from one damage claim to the next.",
            },
        ),
        Measured(
            "line_card", "Line card: heat, current, light 光纖線路卡", "network", "tseng", "t2",
            make.together(
                seed=188, last=yesterday, points=60, means=[48.0, 2.4, -3.1], sigmas=[1.6, 0.12, 0.2],
                shared=[0.9, 0.9, -0.5], steps={57: [50.3, 2.06, -3.2]}, decimals=2,
            ),
            DataType.SEVERAL,
            fields={
                "variables": ["Temperature (°C)", "Current (A)", "Optical power (dBm)"], "decimals": 2,
                "process_step": "Access network",
                "description": "Daily reading of one line card; a warm card draws more current.",
            },
            rules=("nelson:1",),
        ),
        Measured(
            "counter", "Waiting at the counter 門市等候時間", "care", "yeh", "i-mr",
            make.by_level(
                seed=199, last=yesterday, days=24,
                levels={"信義 Xinyi": 7.4, "板橋 Banqiao": 7.1, "新竹 Hsinchu": 10.2}, sigma=1.3,
                factor="branch",
            ),
            fields={
                "unit": "min", "direction": LOWER, "decimals": 1, "usl": 15.0, "factors": ["branch"],
                "process_step": "Counter", "description": "Minutes from the ticket to the counter.",
            },
        ),
        Measured(
            "repairs", "Time to repair, by week 每週修復時間", "network", "tsai", "xbar-s",
            make.subgroups_of(
                seed=210, last=yesterday, points=200, size=1, means=[(0, 6.2), (154, 5.1)], sigma=1.1
            ),
            fields={
                "unit": "h", "direction": LOWER, "subgrouping": BY_TIME, "subgroup_window": "week",
                "time_zone": "Asia/Taipei", "usl": 10.0,
                "description": "Hours from the report of a fault to its repair; all of a week are a point.",
            },
        ),
        Measured(
            "piston", "Piston ring diameter (Montgomery)", "company", "lead", "xbar-r",
            make.published("piston_rings", value="diameter", subgroup="sample"), simulated=False,
            fields={
                "unit": "mm", "direction": TARGET, "subgrouping": BY_COLUMN, "decimals": 3,
                "lsl": 73.95, "target": 74.0, "usl": 74.05,
                "description": "Published series: inside diameter of forged piston rings, 40 samples of 5.",
            },
        ),
        Measured(
            "juice", "Orange juice cans (Montgomery)", "company", "lead", "p",
            make.published("orange_juice", value="defective", size="size"), DataType.DEFECTIVES,
            simulated=False,
            fields={
                "direction": LOWER, "decimals": 3,
                "description": "Published series: nonconforming cans in samples of 50.",
            },
        ),
        Measured(
            "circuits", "Printed circuit boards (Montgomery)", "company", "lead", "c",
            make.published("circuits", value="nonconformities"), DataType.DEFECTS, simulated=False,
            fields={
                "unit": "nonconformities", "decimals": 0, "direction": LOWER,
                "description": "Published series: nonconformities in samples of 100 boards.",
            },
        ),
    ]  # fmt: skip
