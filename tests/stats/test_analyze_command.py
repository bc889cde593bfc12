"""The analyze command: what it prints, what it refuses, and that it needs no database."""

import io
import json
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.charts.table_reading import TableError, parse_number, read_table
from apps.stats.registry import CHART_TYPES
from tests.stats.reference_data import FOLDER

RINGS = str(FOLDER / "pistonrings.csv")
JUICE = str(FOLDER / "orangejuice.csv")
TOOLS = str(FOLDER / "viscosity.csv")


def run(*arguments: str) -> dict:
    out = io.StringIO()
    call_command("analyze", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def run_on(text: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    return run("-", *arguments)


def test_xbar_r_of_the_piston_rings() -> None:
    """qcc 2.7: limits from the first 25 samples; 37, 38 and 39 exceed them."""
    result = run(
        RINGS,
        "--chart",
        "xbar-r",
        "--value",
        "diameter",
        "--subgroup",
        "sample",
        "--baseline",
        "0:25",
        "--rules",
        "nelson:1",
    )
    assert result["chart"] == "xbar-r"
    assert result["n_points"] == 40
    mean, spread = result["panels"]
    assert (mean["name"], spread["name"]) == ("mean", "range")
    assert len(mean["ucl"]) == len(mean["points"]) == 40
    assert mean["ucl"][0] == pytest.approx(74.0143, abs=5e-5)
    assert result["signals"][0]["points"] == [36, 37, 38]
    assert result["capability"] is None


def test_capability_comes_with_limits() -> None:
    result = run(
        RINGS,
        "--chart",
        "xbar-r",
        "--value",
        "diameter",
        "--subgroup-size",
        "5",
        "--lsl",
        "73.95",
        "--usl",
        "74.05",
        "--target",
        "74",
    )
    assert result["capability"]["cp"]["value"] == pytest.approx(1.655, abs=0.01)
    assert result["sigma_level"]["bound_only"] is True


def test_counts_come_with_a_sigma_level_and_phases() -> None:
    result = run(JUICE, "--chart", "p", "--value", "D", "--size", "size", "--phase", "trial")
    assert [(phase["start"], phase["stop"]) for phase in result["phases"]] == [(0, 30), (30, 54)]
    assert result["panels"][0]["ucl"][0] == pytest.approx(0.4102, abs=5e-5)
    assert result["sigma_level"]["dpu"]["value"] == pytest.approx(133 / 1200)


def test_one_size_for_all_points() -> None:
    by_column = run(JUICE, "--chart", "np", "--value", "D", "--size", "size")
    assert run(JUICE, "--chart", "np", "--value", "D", "--size", "50") == by_column


def test_given_limits_are_used_as_they_stand() -> None:
    result = run(
        TOOLS, "--chart", "i-mr", "--value", "viscosity", "--center", "34", "--sigma", "0.5"
    )
    panel = result["panels"][0]
    assert (panel["lcl"][0], panel["center"][0], panel["ucl"][0]) == (32.5, 34.0, 35.5)


@pytest.mark.parametrize(
    ("file", "arguments", "kind"),
    [
        (RINGS, ["--value", "diameter", "--subgroup", "sample"], "xbar-r"),
        (JUICE, ["--value", "D", "--size", "size"], "p"),
        (TOOLS, ["--value", "viscosity"], "i-mr"),
    ],
)
def test_the_advisor_chooses_and_says_why(file: str, arguments: list[str], kind: str) -> None:
    result = run(file, "--chart", "auto", *arguments)
    assert result["chart"] == result["advice"]["kind"] == kind
    assert result["advice"]["reasons"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--chart", "t2"], "a,b\n1,2\n2,1\n3,3\n2,2\n1,3\n4,1\n"),
        (
            ["--chart", "mewma", "--value", "a", "--value", "b"],
            "a,b,c\n1,2,x\n2,1,x\n3,3,x\n2,2,x\n1,3,x\n4,1,x\n",
        ),
        (
            ["--chart", "z-mr", "--value", "v", "--subgroup", "part"],
            "part,v\na,1\na,2\nb,11\nb,12\na,2\na,1\n",
        ),
        (
            ["--chart", "ewma", "--set", "weight=0.1", "--set", "steady=true"],
            "v\n1\n2\n1.5\n\n1.2\n",
        ),
        (["--chart", "cusum", "--set", "decision=4"], "v;w\n1;a\n2;b\n1.5;c\n1.2;d\n"),
        (
            ["--chart", "laney-u", "--value", "d", "--size", "n"],
            "# note\nd,n\n10,5\n12,5\n8,4\n14,6\n",
        ),
        (["--chart", "run", "--rules", "anhoej"], "v\n1\n2\n1\n2\n"),
        (["--chart", "i-mr", "--value", "v", "--phase", "p"], "v,p\n1,a\n2,a\n5,b\n6,b\n"),
        (
            ["--chart", "xbar-s", "--value", "v", "--subgroup", "g", "--phase", "p"],
            "v,g,p\n1,1,a\n2,1,a\n5,1,b\n6,1,b\n",
        ),
    ],
)
def test_every_kind_of_column(
    arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_on(text, *arguments, monkeypatch=monkeypatch)
    assert result["chart"] == arguments[1]
    for panel in result["panels"]:
        assert len(panel["points"]) == result["n_points"]


@pytest.mark.parametrize(
    ("arguments", "text", "sentence"),
    [
        (["--chart", "i-mr"], "", "no header"),
        (["--chart", "i-mr"], "v\n", "no rows"),
        (["--chart", "i-mr", "--value", "w"], "v\n1\n2\n", "no column"),
        (["--chart", "i-mr", "--value", "v"], "v\n1\nx\n", "Line 3"),
        (["--chart", "i-mr", "--value", "v"], "v\n1\n1_000\n", "1_000"),
        (["--chart", "i-mr", "--value", "v"], "v\n1\n1e999\n", "1e999"),
        (["--chart", "i-mr"], "a,b\n1,2\n3,4\n", "--value"),
        (["--chart", "i-mr"], "a,b\n1,2\n3\n", "Line 3 has 1 cells"),
        (["--chart", "i-mr"], "a,a\n1,2\n", "name of its own"),
        (["--chart", "i-mr"], "v\n1\n", "2 usable points"),
        (["--chart", "xbar-r"], "v\n1\n2\n", "subgroups"),
        (["--chart", "p", "--value", "d"], "d\n1\n2\n", "sample size"),
        (["--chart", "i-mr", "--baseline", "3"], "v\n1\n2\n", "A:B"),
        (["--chart", "i-mr", "--baseline", "1:9"], "v\n1\n2\n", "baseline"),
        (["--chart", "i-mr", "--rules", "nelson:12"], "v\n1\n2\n", "nelson:12"),
        (["--chart", "i-mr", "--estimator", "none"], "v\n1\n2\n", "mr-mean"),
        (["--chart", "i-mr", "--sigma", "-1"], "v\n1\n2\n", "above 0"),
        (["--chart", "i-mr", "--sigma", "nan"], "v\n1\n2\n", "above 0"),
        (["--chart", "i-mr", "--lsl", "5", "--usl", "4"], "v\n1\n2\n3\n", "not below"),
        (["--chart", "i-mr", "--set", "colour=red"], "v\n1\n2\n", "--set"),
        (["--chart", "i-mr", "--set", "width=wide"], "v\n1\n2\n", "width"),
        (["--chart", "i-mr"], "v\nabc\n", "no column of numbers"),
    ],
)
def test_bad_input_ends_with_code_2_and_a_sentence(
    arguments: list[str], text: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError) as refusal:
        run_on(text, *arguments, monkeypatch=monkeypatch)
    assert refusal.value.returncode == 2
    assert sentence in str(refusal.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"v\n\xff\xfe\n")
    for file in (str(tmp_path / "none.csv"), str(binary), str(tmp_path)):
        with pytest.raises(CommandError) as refusal:
            run(file, "--chart", "i-mr")
        assert refusal.value.returncode == 2


def test_words_for_a_terminal() -> None:
    out = io.StringIO()
    call_command(
        "analyze",
        RINGS,
        "--chart",
        "auto",
        "--value",
        "diameter",
        "--subgroup",
        "sample",
        "--lsl",
        "73.95",
        "--usl",
        "74.05",
        stdout=out,
    )
    text = out.getvalue()
    for part in ("xbar-r chart of diameter, 40 points", "Not i-mr", "ucl 74.0", "cpk", "signal"):
        assert part in text


@pytest.mark.parametrize(("style", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_pictures(style: str, start: bytes, tmp_path: Path) -> None:
    target = tmp_path / f"chart.{style}"
    call_command(
        "analyze", TOOLS, "--chart", "i-mr", "--value", "viscosity", f"--{style}", str(target)
    )
    assert target.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("cell", "number"),
    [("1.5", 1.5), ("-2e3", -2000.0), (".5", 0.5), ("１２", None), ("0x1", None)],
)
def test_number_grammar(cell: str, number: float | None) -> None:
    assert parse_number(cell) == number


def test_empty_cells_are_missing_values() -> None:
    numbers = read_table(["v,w", "1,a", ",b", "NA,c"]).numbers("v")
    assert numbers.tolist()[0] == 1.0
    assert all(number != number for number in numbers.tolist()[1:])


def test_a_quoted_cell_may_hold_the_delimiter() -> None:
    assert read_table(['v,"a,b"', '1,"x,y"']).text("a,b").tolist() == ["x,y"]


def test_broken_quoting_is_refused() -> None:
    with pytest.raises(TableError):
        read_table(["v", '"' + "x" * 140_000])


COLUMNS = "run,part,v,w,d,n\n" + "".join(
    f"{row // 4},{'ab'[row // 10 % 2]},{10 + row * 7 % 11 / 10},{5 + row * 5 % 7 / 10},"
    f"{row * 3 % 6},{40 + row % 9}\n"
    for row in range(40)
)
ARGUMENTS = {
    "auto": ["--value", "v"],
    "xbar-r": ["--value", "v", "--subgroup", "run"],
    "xbar-s": ["--value", "v", "--subgroup-size", "4"],
    "i-mr-rs": ["--value", "v", "--subgroup", "run"],
    "z-mr": ["--value", "v", "--subgroup", "part"],
    "c": ["--value", "d"],
    "g": ["--value", "d"],
    "t2": ["--value", "v", "--value", "w"],
    "mewma": ["--value", "v", "--value", "w"],
} | {kind: ["--value", "d", "--size", "n"] for kind in ("p", "np", "u", "laney-p", "laney-u")}


@pytest.mark.parametrize("kind", ["auto", *CHART_TYPES])
def test_every_chart_type_keeps_the_contract(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--chart", kind, *ARGUMENTS.get(kind, ["--value", "v"])]
    result = run_on(COLUMNS, *arguments, monkeypatch=monkeypatch)
    assert result["chart"] == ("i-mr" if kind == "auto" else kind)
    assert {"capability", "sigma_level", "warnings"} <= set(result)
    for panel in result["panels"]:
        for line in ("points", "center", "lcl", "ucl", "sigma"):
            assert len(panel[line]) == result["n_points"]
    for signal in result["signals"]:
        assert set(signal) >= {"panel", "rule", "points"}
        assert all(0 <= point < result["n_points"] for point in signal["points"])
