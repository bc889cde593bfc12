"""Run rules, verdicts and run lengths: what other programs gave for the same data.

Run on 23 November 2026; the versions stand in `test_reference_programs`. Each test cites the call.
"""

import numpy as np
import pytest

from apps import stats
from tests.stats.reference_data import column
from tests.stats.reference_series import AREA, ATTENDED, CLOTH, NILE, RYAN, SEEN, TIMES

RINGS = column("pistonrings", "diameter")
VISCOSITY = column("viscosity", "viscosity")
EARLY_VISCOSITY = column("viscosity", "viscosity", trial=True)
FIVES = {"subgroup_size": 5}
# A series on centre 0 and sigma 1, made so that every rule but Nelson's second fires.
MADE = [
    0.2, -0.3, 0.4, -0.5, 0.3, -0.1, 0.5, -0.4, 0.2, -0.6, 0.1, -0.2, 0.3, -0.4, 0.6, 0.1, 0.2,
    -0.1, -0.3, 0.4, 0.5, -0.6, 0.7, 0.2, -0.4, 0.3, 0.1, -0.2, 0.4, 1.2, -1.3, 1.4, -1.5, 1.1,
    -1.6, -1.2, 1.3, 2.1, 0.3, 2.4, -0.1, 2.2, 2.5, 1.1, 1.3, 0.2, 1.4, 1.6, -0.2, -0.4, -0.1, 0.1,
    0.3, 0.6, 0.9, 1.1, 1.3, 1.8, 0.4, -2.2, -2.3, 0.1, -3.2, 0.5,
]  # fmt: skip


@pytest.mark.reference(
    "chart", "chart:run", "rules:anhoej", source="qicharts2 0.8.1, qic(chart = 'run'), run"
)
@pytest.mark.parametrize(
    ("values", "median", "longest", "crossing"),
    [
        # longest run 11, at most 10; 29 crossings, at least 41
        (NILE, 893.5, 11, True),
        # longest run 12, at most 9; 13 crossings, at least 19
        (column("orangejuice", "D"), 7.0, 12, True),
        # longest run 7, at most 8; 20 crossings, at least 14: no signal
        (RINGS.reshape(40, 5).mean(axis=1), 74.0027, None, False),
        # longest run 7, at most 7; 7 crossings, at least 6: no signal
        (np.array(SEEN) / np.array(ATTENDED), 0.9531506035, None, False),
    ],
    ids=["nile", "juice", "rings", "attendances"],
)
def test_run_charts_equal_qicharts2(
    values: np.ndarray, median: float, longest: int | None, *, crossing: bool
) -> None:
    judged = stats.chart("run", values)
    assert judged.phases[0].center == pytest.approx(median, rel=1e-9)
    by_rule = {signal.rule: signal for signal in judged.signals}
    assert ("anhoej:1" in by_rule) == (longest is not None)
    assert ("anhoej:2" in by_rule) == crossing
    if longest is not None:
        side = np.sign(np.asarray(values, dtype=float) - judged.phases[0].center)
        run = by_rule["anhoej:1"]
        assert np.count_nonzero(side[run.first : run.last + 1]) == longest


RULES = {
    # qcc(nile, type = "xbar.one", rules = r, rule.set = s), one rule at a time
    "nile": {
        "western-electric:1": "9 43",
        "western-electric:2": "4 5 6 8 9 24 25 26 71",
        "western-electric:3": "5 6 8 9 10 23 24 25 26 28 61 100",
        "western-electric:4": "15 16 17 26 27 28 55 56 57 58",
        "nelson:2": "16 17 27 28 56 57 58",
        "nelson:3": "",
        "nelson:4": "",
        "nelson:7": "",
        "nelson:8": "",
    },
    # qcc(made, type = "xbar.one", center = 0, std.dev = 1, rules = r, rule.set = s)
    "made": {
        "western-electric:1": "63",
        "western-electric:2": "40 42 43 61 63",
        "western-electric:3": "44 45 47 48",
        "western-electric:4": "59",
        "nelson:1": "63",
        "nelson:2": "",
        "nelson:3": "55 56 57 58",
        "nelson:4": "14 15 16 17 18",
        "nelson:5": "40 42 43 61 63",
        "nelson:6": "44 45 47 48",
        "nelson:7": "15 16 17 18 19 20 21 22 23 24 25 26 27 28 29",
        "nelson:8": "37 38",
    },
}


@pytest.mark.reference(
    "chart",
    "rule_set",
    "rules:western-electric",
    "rules:nelson",
    source="qcc 3.0, qccRules(), run rule by rule",
)
@pytest.mark.parametrize(
    ("series", "rule", "points"),
    [(series, rule, points) for series, found in RULES.items() for rule, points in found.items()],
)
def test_signals_equal_qcc(series: str, rule: str, points: str) -> None:
    name, number = rule.split(":")
    (one,) = [each for each in stats.rule_set(name) if each.number == int(number)]
    given = {"center": 0.0, "sigma": 1.0} if series == "made" else {}
    judged = stats.chart("i-mr", MADE if series == "made" else NILE, rules=[one], **given)
    found = [str(s.point + 1) for s in judged.signals if s.panel == "individuals"]
    assert " ".join(found) == points


VISITS = [12, 15, 11, 14, 13, 16, 12, 15, 13, 14, 12, 13, 15, 14, 17, 18, 19, 20, 21, 22, 23]


@pytest.mark.reference(
    "verdict",
    "rules:nhs",
    source="NHSRplotthedots 0.2.2, ptd_spc(), ptd_calculate_assurance_type(), run",
)
@pytest.mark.parametrize(
    ("values", "improvement", "target", "variation", "assurance"),
    [
        (VISCOSITY, "increase", None, "improvement", ""),
        (VISCOSITY, "increase", 32, "improvement", "passing"),
        (VISCOSITY, "increase", 34.5, "improvement", "hit_and_miss"),
        (VISCOSITY, "increase", 37, "improvement", "failing"),
        (VISCOSITY, "decrease", 32, "concern", "failing"),
        (VISCOSITY, "decrease", 34.5, "concern", "hit_and_miss"),
        (VISCOSITY, "decrease", 37, "concern", "passing"),
        (VISCOSITY, "neutral", 37, "high", ""),
        (NILE[:60], "increase", 500, "common_cause", "passing"),
        (NILE[:34], "decrease", 700, "common_cause", "hit_and_miss"),
        (NILE[:43], "increase", 1400, "concern", "failing"),
        (NILE[:43], "decrease", 1800, "improvement", "passing"),
        (VISITS, "increase", 10, "improvement", "passing"),
        (VISITS, "decrease", 10, "concern", "failing"),
        (VISITS, "neutral", 10, "high", ""),
    ],
)
def test_verdicts_equal_nhsrplotthedots(
    values: list[float], improvement: str, target: float | None, variation: str, assurance: str
) -> None:
    found = stats.verdict(
        stats.chart("i-mr", values, rules="nhs"), improvement=improvement, target=target
    )
    assert (found.variation, found.assurance) == (variation, assurance)


@pytest.mark.reference(
    "chart", "chart:i-mr", source="NHSRplotthedots 0.2.2, lpl and upl of ptd_spc(), run"
)
@pytest.mark.parametrize(
    ("values", "lower", "upper"),
    [
        (VISCOSITY, 32.87229748, 35.60427395),
        (NILE[:60], 562.5663842, 1352.0002825),
        (NILE[:34], 665.1931907, 1434.3362210),
        (VISITS, 10.47966667, 20.85366667),
    ],
    ids=["viscosity", "nile-60", "nile-34", "visits"],
)
def test_limits_equal_nhsrplotthedots(values: list[float], lower: float, upper: float) -> None:
    panel = stats.chart("i-mr", values).panels[0]
    # 2.66 moving ranges there, 2.658681 here: half a permille of the half width.
    half = (upper - lower) / 2
    assert panel.lcl[0] == pytest.approx(lower, abs=5.1e-4 * half)
    assert panel.ucl[0] == pytest.approx(upper, abs=5.1e-4 * half)


@pytest.mark.reference(
    "ewma_arl", source="R package spc 0.6.7, xewma.arl(lambda, L, shift, sided = 'two'), run"
)
@pytest.mark.parametrize(
    ("weight", "width", "shift", "length"),
    [(0.1, 2.7, 0.0, 368.993734), (0.2, 2.86, 1.0, 9.801524515), (0.4, 3.0, 0.5, 63.58778555)],
)
def test_run_lengths_of_ewmas_equal_spc(
    weight: float, width: float, shift: float, length: float
) -> None:
    assert stats.ewma_arl(weight, width, shift=shift) == pytest.approx(length, rel=1e-8)


@pytest.mark.reference(
    "cusum_arl", source="R package spc 0.6.7, xcusum.arl(k, h, shift, hs, sided), run"
)
@pytest.mark.parametrize(
    ("k", "h", "shift", "head", "two_sided", "length"),
    [
        (0.5, 5.0, 0.0, 0.0, True, 465.443506),
        (0.5, 4.0, 1.0, 0.0, True, 8.38313187),
        (0.25, 8.0, 0.5, 0.0, True, 28.76237548),
        (0.5, 4.0, 0.0, 2.0, False, 316.3794388),
        (0.5, 4.0, 1.0, 2.0, False, 5.291019334),
    ],
)
def test_run_lengths_of_cusums_equal_spc(
    k: float, h: float, shift: float, head: float, length: float, *, two_sided: bool
) -> None:
    found = stats.cusum_arl(k, h, shift=shift, head_start=head, two_sided=two_sided)
    assert found == pytest.approx(length, rel=1e-8)


@pytest.mark.reference("advise", source="Montgomery, Introduction to SQC; the charts qcc documents")
@pytest.mark.parametrize(
    ("kind", "values", "given"),
    [
        ("xbar-r", RINGS, FIVES),
        ("p", column("orangejuice", "D"), {"sizes": column("orangejuice", "size")}),
        ("c", column("circuit", "x"), {}),
        ("u", column("pcmanufact", "x"), {"sizes": column("pcmanufact", "size")}),
        ("u", CLOTH, {"sizes": AREA}),
        ("i-mr", EARLY_VISCOSITY, {}),
        ("t", TIMES, {"data": "times"}),
        ("t2", np.array([line.split() for line in RYAN], dtype=float).T, {"subgroup_size": 4}),
        ("laney-p", SEEN, {"sizes": ATTENDED}),
    ],
    ids=["rings", "juice", "circuits", "computers", "cloth", "viscosity", "times", "ryan", "seen"],
)
def test_the_chart_that_the_textbook_draws_is_advised(
    kind: str, values: object, given: dict[str, object]
) -> None:
    assert stats.advise(values, **given).kind == kind


@pytest.mark.reference(
    "rule_set",
    "rules:aiag",
    source="AIAG (2005), Statistical Process Control, 2nd ed., table II.1, as listed by QI Macros",
)
def test_measures_of_the_aiag_rules() -> None:
    # 1 beyond 3 sigma; 7 on one side; 6 rising or falling; 14 alternating; 2 of 3 beyond 2 sigma;
    # 4 of 5 beyond 1 sigma; 15 within 1 sigma; 8 beyond 1 sigma on either side.
    found = [(rule.key, rule.length, rule.count, rule.zone) for rule in stats.rule_set("aiag")]
    assert found == [
        ("beyond", 1, 1, 0.0),
        ("one_side", 7, 1, 0.0),
        ("trend", 6, 1, 0.0),
        ("alternating", 14, 1, 0.0),
        ("k_of_n", 3, 2, 2.0),
        ("k_of_n", 5, 4, 1.0),
        ("inside", 15, 1, 1.0),
        ("outside", 8, 1, 1.0),
    ]


@pytest.mark.reference(
    "rule_set",
    "rules:montgomery",
    source="Montgomery, Introduction to SQC, table 5.1, as listed by QI Macros",
)
def test_measures_of_the_sensitizing_rules_of_montgomery() -> None:
    # 1 beyond the limits; 2 of 3 beyond 2 sigma; 4 of 5 beyond 1 sigma; 8 on one side; 6 rising or
    # falling; 15 in zone C; 14 alternating; 8 on both sides with none in zone C.
    found = [
        (rule.key, rule.length, rule.count, rule.zone) for rule in stats.rule_set("montgomery")
    ]
    assert found == [
        ("beyond", 1, 1, 0.0),
        ("k_of_n", 3, 2, 2.0),
        ("k_of_n", 5, 4, 1.0),
        ("one_side", 8, 1, 0.0),
        ("trend", 6, 1, 0.0),
        ("inside", 15, 1, 1.0),
        ("alternating", 14, 1, 0.0),
        ("outside_both", 8, 1, 1.0),
    ]
