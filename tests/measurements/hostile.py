"""Files that a person, a broken export or an attacker may upload, and what each must lead to.

Every kind names what the reader has to say: `refused` (a code of the file as a whole) or the
exact number of ready and refused rows, with the codes of the refused ones.
"""

from __future__ import annotations

import codecs
import functools
import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

import xlsxwriter
from arro3.core import Array, DataType, RecordBatch
from arro3.io import write_parquet

HEADER = "time,value\n"
GOOD = "2026-11-20 08:00,4.5\n2026-11-20 08:05,4.7\n2026-11-20 08:10,4.6\n"


@dataclass(frozen=True)
class Kind:
    name: str
    file_name: str
    content: Callable[[], bytes]
    refused: str = ""
    ready: int = 0
    refused_rows: int = 0
    codes: frozenset[str] = frozenset()
    data_type: str = "variable"
    unit: str = ""
    guesses: frozenset[str] = field(default=frozenset())

    def __str__(self) -> str:
        return self.name


KINDS: list[Kind] = []


def kind(
    name: str,
    file_name: str,
    content: bytes | str | Callable[[], bytes],
    *,
    refused: str = "",
    rows: tuple[int, int] = (0, 0),
    codes: str = "",
    data_type: str = "variable",
    unit: str = "",
    guesses: str = "",
) -> None:
    if isinstance(content, str):
        content = content.encode()
    make = content if callable(content) else (lambda fixed=content: fixed)
    KINDS.append(
        Kind(
            name, file_name, make, refused, *rows, frozenset(codes.split()), data_type, unit,
            frozenset(guesses.split()),
        )
    )  # fmt: skip


def csv(rows: str) -> str:
    return HEADER + GOOD + rows


# --- Nothing, or something else altogether ----------------------------------------------------

kind("empty file", "a.csv", b"", refused="empty")
kind("only blank lines", "a.csv", "\n\n\n\n", refused="empty")
kind("only a byte order mark", "a.csv", codecs.BOM_UTF8, refused="empty")
kind("header only", "a.csv", "time,value\n", refused="header_only")
kind("header and blank rows", "a.csv", "time,value\n,\n,\n\n", refused="header_only")
kind("binary rubbish", "a.csv", bytes(range(256)) * 40, refused="nul")
kind("a PDF called CSV", "a.csv", b"%PDF-1.7\n1 0 obj\n", refused="binary")
kind("a PNG called CSV", "a.csv", b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, refused="binary")
kind("a program called CSV", "a.csv", b"\x7fELF\x02\x01\x01" + b"\x00" * 64, refused="binary")
kind("a gzip called CSV", "a.csv", b"\x1f\x8b\x08" + b"\x00" * 64, refused="binary")
kind("CSV called XLSX", "a.xlsx", csv(""), refused="not_a_workbook")
kind("text called XLS", "a.xls", "<html><table></table></html>", refused="not_a_workbook")
kind("old binary workbook cut off", "a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
     refused="workbook_damaged")  # fmt: skip

# --- Characters -------------------------------------------------------------------------------

kind("NUL in a row", "a.csv", csv("2026-11-20 08:15,4\x00.2\n"), refused="nul")
kind("NUL at the end", "a.csv", csv("\x00"), refused="nul")
kind("UTF-8 with mark", "a.csv", codecs.BOM_UTF8 + csv("").encode(), rows=(3, 0))
kind("UTF-16 with mark", "a.csv", csv("").encode("utf-16"), rows=(3, 0))
kind("UTF-16 big-endian with mark", "a.csv",
     codecs.BOM_UTF16_BE + csv("").encode("utf-16-be"), rows=(3, 0))  # fmt: skip
kind("UTF-16 without mark", "a.csv", csv("").encode("utf-16-le"), rows=(3, 0), guesses="encoding")
kind("UTF-16 cut in a character", "a.csv", csv("").encode("utf-16")[:-1], refused="undecodable")
kind("UTF-32", "a.csv", csv("").encode("utf-32"), refused="encoding_unknown")
kind("Big5", "a.csv", "時間,數值,班別\n2026-11-20,4.5,早班\n2026-11-21,4.6,晚班\n".encode("cp950"),
     rows=(2, 0), guesses="encoding")  # fmt: skip
kind("GB18030", "a.csv", "时间,数值,班次\n2026-11-20,4.5,早班\n2026-11-21,4.6,晚班\n".encode("gb18030"),
     rows=(2, 0), guesses="encoding")  # fmt: skip
kind("Latin-1", "a.csv", "Größe;Prüfer\n4,5;Müller\n4,6;Jäger\n".encode("latin-1"),
     rows=(2, 0), guesses="encoding")  # fmt: skip
kind("UTF-8 cut in a character", "a.csv", "值\n4.5\n4.6\n數".encode()[:-1],
     rows=(2, 1), codes="not_number", guesses="encoding")  # fmt: skip

# --- Shape ------------------------------------------------------------------------------------

kind("short row", "a.csv", csv("2026-11-20 08:15\n"), rows=(3, 1), codes="row_short")
kind("long row", "a.csv", csv("2026-11-20 08:15,4,5\n"), rows=(3, 1), codes="row_long")
kind("trailing delimiters", "a.csv", csv("2026-11-20 08:15,4.5,,\n"), rows=(4, 0))
kind("blank lines inside", "a.csv", csv("\n\n2026-11-20 08:15,4.5\n"), rows=(4, 0))
kind("rows above the header", "a.csv", "Export of 20 Nov\n\n" + csv(""), rows=(3, 0))
kind("carriage returns only", "a.csv", csv("").replace("\n", "\r"), rows=(3, 0))
kind("no line break at the end", "a.csv", csv("").rstrip("\n"), rows=(3, 0))
kind("open quotation mark, short", "a.csv", csv('2026-11-20 08:15,"4.5\n'), rows=(3, 1),
     codes="not_number")  # fmt: skip
kind("open quotation mark, long", "a.csv",
     lambda: csv('2026-11-20 08:15,"4.5\n').encode() + b"2026-11-20 08:20,4.5\n" * 9_000,
     refused="quote_open")  # fmt: skip
kind("a cell of 5,000 characters", "a.csv", csv(f"2026-11-20 08:15,{'9' * 5_000}\n"),
     rows=(3, 1), codes="cell_long")  # fmt: skip
kind("a header of a million columns", "a.csv",
     lambda: b"c," * 1_000_000 + b"c\n" + b"1," * 1_000_000 + b"1\n",
     refused="line_long")  # fmt: skip
kind("a header of 300 columns", "a.csv", ",".join(f"c{i}" for i in range(300)) + "\n1\n",
     refused="columns")  # fmt: skip
kind("one line of 20 MB", "a.csv", lambda: b"1" * (20 << 20), refused="line_long")
kind("same name for two columns", "a.csv", "value,value\n1,2\n3,4\n", rows=(2, 0))

# --- Numbers ----------------------------------------------------------------------------------

for text, code in (
    ("nan", "not_finite"), ("NaN", "not_finite"), ("inf", "not_finite"),
    ("-Infinity", "not_finite"), ("1e400", "too_large"), ("1_000", "underscore"),
    ("４．５", "not_ascii"), ("４5", "not_ascii"), ("٤", "not_ascii"), ("0x1F", "not_number"),
    ("1,5", "row_long"), ("n/a", "not_number"), ("-", "not_number"),
    ("#REF!", "spreadsheet_error"), ("#DIV/0!", "spreadsheet_error"), ("=1+1", "formula"),
    ("", "empty"), ("12%", "percent_sign"), ("1e9999999999", "not_number"), ("--4", "not_number"),
    ("4.5.6", "not_number"), ("TRUE", "not_number"), ("½", "not_number"), ("²", "not_number"),
):  # fmt: skip
    kind(f"value {text!r}", "a.csv", csv(f"2026-11-20 08:15,{text}\n"), rows=(3, 1), codes=code)

kind("a decimal comma among points", "a.csv", csv('2026-11-20 08:15,"4,5"\n'), rows=(3, 1),
     codes="other_mark", guesses="marks")  # fmt: skip

# --- Times ------------------------------------------------------------------------------------

for text, code in (
    ("2026-02-31 08:00", "time_impossible"), ("2026-13-01", "time_impossible"),
    ("2026-11-20 25:00", "time_impossible"), ("soon", "time_unread"), ("", "time_empty"),
    ("0001-01-01", "time_far"), ("9999-12-31 23:59", "time_far"), ("20.11.2026", "time_unread"),
):  # fmt: skip
    kind(f"time {text!r}", "a.csv", csv(f"{text},4.5\n"), rows=(3, 1), codes=code)

# --- Counts -----------------------------------------------------------------------------------

COUNTS = "defectives,n\n1,50\n0,50\n"
for row, code in (
    ("-1,50", "count_negative"), ("1.5,50", "count_not_whole"), ("51,50", "count_exceeds_size"),
    ("1,0", "size_not_positive"), ("1,", "size_empty"), ("1,49.5", "size_not_whole"),
    ("1,-50", "size_not_positive"), ("1,nan", "not_finite"),
):  # fmt: skip
    kind(f"defectives {row!r}", "a.csv", f"{COUNTS}{row}\n", rows=(2, 1), codes=code,
         data_type="defectives")  # fmt: skip
kind("defects on no area", "a.csv", "defects,area\n3,1.5\n2,0\n", rows=(1, 1),
     codes="size_not_positive", data_type="defects")  # fmt: skip


# --- Workbooks --------------------------------------------------------------------------------


def workbook(*rows: list[object], sheet: str = "Data", **options: object) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return out.getvalue()


def small_workbook() -> bytes:
    return workbook(["time", "value"], ["2026-11-20", 4.5], ["2026-11-21", 4.6])


@functools.cache
def bomb(size: int) -> bytes:
    """A workbook whose sheet unpacks to `size` bytes of nothing."""
    out = io.BytesIO(small_workbook())
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet9.xml", "w", force_zip64=True) as part,
    ):
        for _block in range(size >> 20):
            part.write(b" " * (1 << 20))
    return out.getvalue()


def lying_sizes() -> bytes:
    """A directory that says less than what the packed data hold."""
    data = bytearray(bomb(30 << 20))
    place = data.rindex(b"xl/worksheets/sheet9.xml") - 46
    assert data[place : place + 4] == b"PK\x01\x02"
    struct.pack_into("<L", data, place + 24, 1_000)
    return bytes(data)


def many_members() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(1_500):
            archive.writestr(f"{number}.xml", b"")
    return out.getvalue()


def locked_member() -> bytes:
    data = bytearray(small_workbook())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(magic)
        data[place + offset] |= 1
    return bytes(data)


def error_cells() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["time", "value"])
        page.write_row(1, 0, ["2026-11-20", 4.5])
        page.write(2, 0, "2026-11-21")
        page.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    return out.getvalue()


def merged_header() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.merge_range(0, 0, 0, 1, "Week 47")
        page.write_row(1, 0, ["time", "value"])
        page.write_row(2, 0, ["2026-11-20", 4.5])
        page.write_row(3, 0, ["2026-11-21", 4.6])
    return out.getvalue()


def hidden_first_sheet() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        hidden = book.add_worksheet("secret")
        hidden.write_row(0, 0, ["value"])
        shown = book.add_worksheet("shown")
        shown.write_column(0, 0, ["value", 1, 2, 3])
        shown.activate()
        shown.set_first_sheet()
        hidden.hide()
    return out.getvalue()


kind("workbook", "a.xlsx", small_workbook, rows=(2, 0))
kind("workbook called CSV", "a.csv", small_workbook, rows=(2, 0))
kind("workbook, empty", "a.xlsx", lambda: workbook(), refused="empty")
kind("workbook, header only", "a.xlsx", lambda: workbook(["time", "value"]), refused="header_only")
kind("workbook cut in half", "a.xlsx", lambda: small_workbook()[:3_000], refused="archive_damaged")
kind("workbook with a flipped byte", "a.xlsx",
     lambda: (d := bytearray(small_workbook())).__setitem__(900, d[900] ^ 255) or bytes(d),
     refused="archive_damaged")  # fmt: skip
kind("empty archive", "a.xlsx", b"PK\x05\x06" + b"\0" * 18, refused="archive_damaged")
kind("an archive that is no workbook", "a.xlsx",
     lambda: _archive({"hello.txt": b"hello"}), refused="workbook_damaged")  # fmt: skip
kind("workbook bomb by ratio", "a.xlsx", lambda: bomb(100 << 20), refused="archive_ratio")
kind("workbook bomb by size", "a.xlsx", lambda: bomb(201 << 20), refused="archive_large")
kind("workbook with lying sizes", "a.xlsx", lying_sizes, refused="archive_damaged")
kind("workbook of many parts", "a.xlsx", many_members, refused="archive_members")
kind("workbook with a password", "a.xlsx", locked_member, refused="archive_locked")
kind("workbook with error cells", "a.xlsx", error_cells, rows=(1, 1), codes="empty")
kind("workbook with a merged header", "a.xlsx", merged_header, rows=(2, 0))
kind("workbook with a hidden sheet", "a.xlsx", hidden_first_sheet, rows=(3, 0))
kind("workbook of 300 columns", "a.xlsx", lambda: workbook(["c"] * 300, [1] * 300),
     refused="columns")  # fmt: skip
kind("workbook of dates since 1904", "a.xlsx",
     lambda: workbook(["value"], [1.5], [2.5], date_1904=True), rows=(2, 0))  # fmt: skip
kind("workbook with text among numbers", "a.xlsx",
     lambda: workbook(["value"], [1.5], ["x"], [True], [2.5]), rows=(2, 2),
     codes="not_number boolean")  # fmt: skip


def _archive(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


# --- Parquet ----------------------------------------------------------------------------------

MICROSECONDS = 1_795_161_600_000_000


def parquet(columns: dict[str, Array], **options: object) -> bytes:
    out = io.BytesIO()
    write_parquet(RecordBatch.from_pydict(columns), out, **options)
    return out.getvalue()


def numbers(*values: float | None) -> Array:
    return Array(list(values), DataType.float64())


def moments(count: int) -> Array:
    steps = [MICROSECONDS + 60_000_000 * number for number in range(count)]
    return Array(steps, DataType.int64()).cast(DataType.timestamp("us"))


def small_parquet() -> bytes:
    return parquet({"time": moments(3), "value": numbers(4.5, 4.6, 4.7)})


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def footer_of(*, columns: int = 1, rows: int = 1, group_bytes: int = 1, groups: int = 1) -> bytes:
    """A Parquet file that is nothing but a footer which says what it likes."""
    element = b"\x48\x01c\x00"  # field 4 (name): "c"
    root = b"\x48\x01r" + b"\x15" + varint(2 * columns) + b"\x00"
    schema = b"\xfc" + varint(columns + 1) + root + element * columns
    group = b"\x19\x0c" + b"\x16" + varint(2 * group_bytes) + b"\x16" + varint(2 * rows) + b"\x00"
    body = (
        b"\x15\x04" + b"\x19" + schema + b"\x16" + varint(2 * rows)
        + b"\x19\xfc" + varint(groups) + group * groups + b"\x00"
    )  # fmt: skip
    return packed_footer(body)


def packed_footer(body: bytes) -> bytes:
    return b"PAR1" + body + struct.pack("<L", len(body)) + b"PAR1"


def flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 255
    return bytes(changed)


def long_texts() -> bytes:
    """A megabyte of text, said once and meant 20,000 times: small as a file, 20 GB as rows."""
    texts = Array(["x" * (1 << 20)] * 20, DataType.string())
    return parquet({"value": numbers(*range(20)), "note": texts}, compression="zstd(3)")


kind("Parquet", "a.parquet", small_parquet, rows=(3, 0))
kind("Parquet called CSV", "a.csv", small_parquet, rows=(3, 0))
kind("text called Parquet", "a.parquet", csv(""), refused="parquet_damaged")
kind("Parquet without rows", "a.parquet",
     lambda: parquet({"value": numbers()}), refused="header_only")  # fmt: skip
kind("Parquet with what is no number", "a.parquet",
     lambda: parquet({"value": numbers(1.5, float("nan"), None, float("inf"), 2.5)}),
     rows=(2, 2), codes="not_finite", guesses="")  # fmt: skip
kind("Parquet of whole numbers and texts", "a.parquet",
     lambda: parquet({"value": Array([1, 2, None], DataType.int32()),
                      "note": Array(["a", None, "b"], DataType.string())}),
     rows=(2, 1), codes="empty")  # fmt: skip
kind("Parquet cut in half", "a.parquet", lambda: small_parquet()[:400], refused="parquet_damaged")
kind("Parquet, its magic only", "a.parquet", b"PAR1", refused="parquet_damaged")
kind("Parquet, encrypted", "a.parquet",
     lambda: small_parquet()[:-4] + b"PARE", refused="parquet_locked")  # fmt: skip
kind("Parquet with a footer longer than the file", "a.parquet",
     b"PAR1" + b"\x00" * 20 + b"\xff\xff\xff\x7fPAR1", refused="parquet_damaged")  # fmt: skip
kind("Parquet with rubbish for a footer", "a.parquet",
     lambda: packed_footer(bytes(range(256))), refused="parquet_damaged")  # fmt: skip
kind("Parquet with a footer that has no end", "a.parquet",
     lambda: packed_footer(b"\x1c" * 50_000), refused="parquet_damaged")  # fmt: skip
kind("Parquet with a list as long as it likes", "a.parquet",
     lambda: packed_footer(b"\x29\xfc\xff\xff\xff\xff\x0f"), refused="parquet_damaged")  # fmt: skip
kind("Parquet that says a billion rows", "a.parquet", lambda: footer_of(rows=10**9),
     refused="rows")  # fmt: skip
kind("Parquet that says a terabyte", "a.parquet", lambda: footer_of(group_bytes=10**12),
     refused="parquet_large")  # fmt: skip
kind("Parquet of 300 columns", "a.parquet", lambda: footer_of(columns=300), refused="columns")
kind("Parquet of 20,000 row groups", "a.parquet", lambda: footer_of(groups=20_000),
     refused="parquet_groups")  # fmt: skip
kind("Parquet, a sound footer and nothing else", "a.parquet", footer_of,
     refused="parquet_damaged")  # fmt: skip
kind("Parquet with a flipped byte in its page", "a.parquet",
     lambda: flipped(small_parquet(), 6), refused="parquet_damaged")  # fmt: skip
kind("Parquet with endless texts", "a.parquet", long_texts, rows=(0, 20), codes="cell_long")
