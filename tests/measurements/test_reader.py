"""Reading: numbers, times, columns and encodings, as strict as promised and no stricter."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.measurements.reader import rows as row_reading
from apps.measurements.reader.jobs import Job, Target
from apps.measurements.reader.numbers import BadNumber, NumberRule
from apps.measurements.reader.read import read_file
from apps.measurements.reader.times import BadTime, TimeRule

OF_TARGET = {field.name for field in dataclasses.fields(Target)}
UTC_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def report_of(tmp_path: Path, text: str | bytes, **job: Any) -> dict[str, Any]:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    own = {name: job.pop(name) for name in OF_TARGET & set(job)}
    made = Job(
        path=str(path), name="file.csv", out=str(tmp_path / "out"), target=Target(**own), **job
    )
    return read_file(made, lambda done, total: None)


def arrays_of(tmp_path: Path) -> dict[str, Any]:
    with np.load(tmp_path / "out.npz") as stored:
        return {name: stored[name] for name in stored.files}


# --- Numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        ("4", NumberRule(), 4.0),
        (" -4.25 ", NumberRule(), -4.25),
        ("+.5", NumberRule(), 0.5),
        ("1.5e-3", NumberRule(), 0.0015),
        ("4,25", NumberRule(decimal=","), 4.25),
        ("1,234.5", NumberRule(thousands=","), 1234.5),
        ("1.234.567,8", NumberRule(decimal=",", thousands="."), 1234567.8),
        ("1 234,5", NumberRule(decimal=",", thousands=" "), 1234.5),
        ("1\u202f234,5", NumberRule(decimal=",", thousands=" "), 1234.5),
        ("12 %", NumberRule(format="percent"), 12.0),
        ("12%", NumberRule(format="ratio"), 0.12),
        ("03:52", NumberRule(format="mm:ss", unit="min"), 232 / 60),
        ("1:00:30", NumberRule(format="mm:ss", unit="s"), 3630.0),
        ("03:30", NumberRule(format="hh:mm", unit="h"), 3.5),
    ],
)
def test_a_number_is_read_by_its_rule(text: str, rule: NumberRule, value: float) -> None:
    assert rule.read(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("text", ["1,23.4", "12,34", "1,234,56", ",123", "1,,234"])
def test_thousands_stand_in_groups_of_three(text: str) -> None:
    with pytest.raises(BadNumber):
        NumberRule(thousands=",").read(text)


@given(st.text(alphabet="0123456789+-.eE_naif ,%:１٤²\u00a0", max_size=12))
def test_nothing_is_read_that_is_not_plainly_a_finite_number(text: str) -> None:
    try:
        value = NumberRule().read(text)
    except BadNumber:
        return
    assert math.isfinite(value)
    bare = text.strip(" \u00a0")
    assert set(bare) <= set("0123456789+-.eE")
    assert float(bare) == value


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_a_block_reads_as_its_cells_do(values: list[float]) -> None:
    cells = [repr(value) for value in values]
    rule = NumberRule()
    block = rule.read_block(cells)
    assert block is None or block == [rule.read(cell) for cell in cells] == values


def test_a_line_break_inside_a_cell_does_not_slip_through_a_block() -> None:
    assert NumberRule().read_block(["1\n2", "3"]) is None


# --- Times ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("2026-11-20 08:02:11", "ymd", dt.datetime(2026, 11, 20, 0, 2, 11)),
        ("2026-11-20T08:02", "ymd", dt.datetime(2026, 11, 20, 0, 2)),
        ("2026/11/20", "ymd", dt.datetime(2026, 11, 19, 16)),
        ("2026年11月20日 下午 2:05", "ymd", dt.datetime(2026, 11, 20, 6, 5)),
        ("20.11.2026 08:00", "dmy", dt.datetime(2026, 11, 20)),
        ("11/20/2026 8:00 PM", "mdy", dt.datetime(2026, 11, 20, 12)),
        ("2026-11-20 08:02:11+02:00", "ymd", dt.datetime(2026, 11, 20, 6, 2, 11)),
        ("2026-11-20T08:02:11.250Z", "ymd", dt.datetime(2026, 11, 20, 8, 2, 11, 250_000)),
    ],
)
def test_a_time_is_read_in_its_order_and_zone(text: str, order: str, moment: dt.datetime) -> None:
    found, twice = TimeRule(order=order, zone_name="Asia/Taipei").read(text)
    assert UTC_EPOCH + dt.timedelta(microseconds=found) == moment.replace(tzinfo=dt.UTC)
    assert not twice


def test_an_hour_the_clock_skips_is_refused_and_one_it_shows_twice_is_told() -> None:
    rule = TimeRule(zone_name="Europe/Berlin")
    with pytest.raises(BadTime) as no:
        rule.read("2026-03-29 02:30")
    assert no.value.code == "time_gap"
    found, twice = rule.read("2026-10-25 02:30")
    assert twice
    assert UTC_EPOCH + dt.timedelta(microseconds=found) == dt.datetime(
        2026, 10, 25, 0, 30, tzinfo=dt.UTC
    )
    assert rule.read_block(["2026-10-25 02:30"]) is None


@given(
    st.lists(
        st.datetimes(dt.datetime(1901, 1, 1), dt.datetime(2199, 1, 1)), min_size=1, max_size=20
    ),
    st.sampled_from(["UTC", "Asia/Taipei", "Europe/Berlin", "Australia/Lord_Howe"]),
)
@settings(deadline=None)
def test_a_block_of_times_reads_as_its_cells_do(moments: list[dt.datetime], zone: str) -> None:
    cells = [moment.replace(microsecond=0).isoformat(" ") for moment in moments]
    rule = TimeRule(zone_name=zone)
    block = rule.read_block(cells)
    if block is not None:
        assert block.tolist() == [rule.read(cell)[0] for cell in cells]


# --- Whole files ------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["2026-11-20 08:00", "2026-11-20 08:05:01", "2026-02-30 08:00", "x"]),
            st.sampled_from(["4.5", "-1", "1e3", "nan", "", "4,5", "1e400"]),
            st.sampled_from(["day", "late", "", " night", "x" * 80]),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(deadline=None, max_examples=60)
def test_the_quick_way_and_the_slow_way_give_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str, str]]
) -> None:
    """A block that is sound is read whole; the same block cell by cell must not differ."""
    tmp_path = tmp_path_factory.mktemp("ways")
    text = "time;value;shift\n2026-11-20 07:00;1.5;day\n"
    text += "".join(f"{';'.join(line)}\n" for line in lines)
    chosen = {
        "reading": {"delimiter": ";", "header": 1, "decimal": ".", "format": "plain",
                    "date_order": "ymd", "order": "file"},
        "mapping": {"columns": {"0": "time", "1": "value", "2": "subgroup"}},
        "subgrouping": "column",
    }  # fmt: skip
    quick = report_of(tmp_path, text, **chosen)
    quick_arrays = arrays_of(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_reading.RowReader, "_take_whole", lambda self, block: False)
        slow = report_of(tmp_path, text, **chosen)
    slow_arrays = arrays_of(tmp_path)

    assert {**quick, "seconds": 0} == {**slow, "seconds": 0}
    for name in quick_arrays:
        np.testing.assert_array_equal(quick_arrays[name], slow_arrays[name])


def test_neighbours_that_fail_alike_share_a_line(tmp_path: Path) -> None:
    text = "value\n1\n#REF!\n#REF!\n#REF!\nn/a\n2\n"
    lines = report_of(tmp_path, text)["findings"]
    assert [(line["rows"], line["count"], line["value"]) for line in lines] == [
        ([3, 5], 3, "#REF!"),
        ([6, 6], 1, "n/a"),
    ]


def test_a_million_like_errors_stay_one_line_and_a_file(tmp_path: Path) -> None:
    report = report_of(tmp_path, "value\n1\n" + "x\n" * 200_000)
    assert report["rows"]["refused"] == 200_000
    assert len(report["findings"]) == 1
    assert len((tmp_path / "out.refused").read_text().splitlines()) == 200_000


def test_rows_out_of_time_order_are_saved_in_order_and_said_so(tmp_path: Path) -> None:
    text = "time,value\n2026-11-20,1\n2026-11-22,3\n2026-11-21,2\n"
    report = report_of(tmp_path, text)
    assert arrays_of(tmp_path)["values"].tolist() == [1, 2, 3]
    assert {"code": "sorted", "params": {}} in report["guesses"]
    kept = report_of(tmp_path, text, reading={"order": "file"})
    assert arrays_of(tmp_path)["values"].tolist() == [1, 3, 2]
    assert kept["guesses"] == []


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "sure"),
    [
        ("v\n1.5\n2.5\n", ".", "", True),
        ("v;w\n1,5;a\n2,25;b\n", ",", "", True),
        ('v\n"1,234.5"\n"2,000.25"\n', ".", ",", True),
        ("v;w\n1.234,5;a\n2.000,2;b\n", ",", ".", True),
        ("v;w\n1,234;a\n2,500;b\n", ",", "", False),
        ('v\n"1,234"\n"2,500"\n', ".", ",", False),
    ],
)
def test_decimal_marks_are_found_or_asked_about(
    tmp_path: Path, text: str, decimal: str, thousands: str, sure: bool
) -> None:
    report = report_of(tmp_path, text)
    assert (report["reading"]["decimal"], report["reading"]["thousands"]) == (decimal, thousands)
    assert (not any(guess["code"] == "marks" for guess in report["guesses"])) is sure


@pytest.mark.parametrize(
    ("dates", "order", "sure"),
    [
        (["20.11.2026", "01.12.2026"], "dmy", True),
        (["11/20/2026", "12/01/2026"], "mdy", True),
        (["01/02/2026", "03/04/2026"], "dmy", False),
        (["2026-11-20", "2026-11-21"], "ymd", True),
    ],
)
def test_the_order_of_dates_is_found_or_asked_about(
    tmp_path: Path, dates: list[str], order: str, sure: bool
) -> None:
    text = "date,value\n" + "".join(f"{date},1.5\n" for date in dates)
    report = report_of(tmp_path, text)
    assert report["reading"]["date_order"] == order
    assert (not any(guess["code"] == "date_order" for guess in report["guesses"])) is sure


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("時間,數值\n2026-11-20,4.5\n".encode("cp950"), "big5", "時間"),
        ("时间,数值\n2026-11-20,4.5\n".encode("gb18030"), "gb18030", "时间"),
        ("Prüfzeit,Größe\n2026-11-20,4.5\n".encode("latin-1"), "latin-1", "Prüfzeit"),
    ],
)
def test_an_encoding_that_proves_nothing_is_guessed_aloud(
    tmp_path: Path, text: bytes, encoding: str, name: str
) -> None:
    report = report_of(tmp_path, text)
    assert report["reading"]["encoding"] == encoding
    assert report["columns"][0]["name"] == name
    assert report["guesses"][0] == {"code": "encoding", "params": {"encoding": encoding}}


def test_a_row_of_several_values_is_a_subgroup(tmp_path: Path) -> None:
    text = "sample,x1,x2,x3\n1,1.1,1.2,1.3\n2,2.1,2.2,2.3\n"
    report = report_of(tmp_path, text, subgrouping="fixed", subgroup_size=3)
    assert [column["role"] for column in report["columns"]] == ["skip", "value", "value", "value"]
    assert arrays_of(tmp_path)["values"].tolist() == [1.1, 1.2, 1.3, 2.1, 2.2, 2.3]
    assert report["rows"]["values"] == 6


def test_what_is_missing_is_asked_for_before_rows_are_read(tmp_path: Path) -> None:
    assert report_of(tmp_path, "name\na\nb\n")["problem"] == "no_value_column"
    text = "defectives\n1\n2\n"
    assert report_of(tmp_path, text, data_type="defectives")["problem"] == "no_size_column"
    sized = report_of(
        tmp_path, text, data_type="defectives",
        mapping={"columns": {"0": "value"}, "size": 50},
    )  # fmt: skip
    assert (sized["problem"], sized["rows"]["ready"]) == (None, 2)
    assert arrays_of(tmp_path)["sizes"].tolist() == [50, 50]
