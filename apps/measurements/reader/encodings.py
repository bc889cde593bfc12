"""Which characters the bytes of a text file stand for.

UTF-8 and a byte order mark prove themselves. Everything else is a guess that a person has to
confirm: Big5 bytes decode as GB18030 without an error.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from apps.measurements.reader.jobs import FileRefused

STEP = 1 << 20
SAMPLE = 1 << 16
LONGEST_LINE = 1_000_000
# What a person may choose, and Python's name of it.
CODECS = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "big5": "cp950",
    "gb18030": "gb18030",
    "latin-1": "cp1252",
}
BINARY_MAGIC = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ\x90",
                b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"SQLite format 3\x00")  # fmt: skip
# Runs of bytes beyond ASCII, with the letters beside them: they tell Western from Chinese text.
_HIGH = re.compile(rb"([A-Za-z]?)([\x80-\xff]+)(?=([A-Za-z]?))")
# The most frequent characters of each script, and the words of measurement files.
_TRADITIONAL = "的一是不了在人有我他這個們來到時大地為子中你說生國年著就那和要出也得裡後自以會家可下而過天去能對小多然於心學之都好看起發當沒成只如事把還用第樣道想作種開數值量測間日期組製程單位樣本班機台號平均標準線圈電壓溫度濕壓力長寬厚"
_SIMPLIFIED = "的一是不了在人有我他这个们来到时大地为子中你说生国年着就那和要出也得里后自以会家可下而过天去能对小多然于心学之都好看起发当没成只如事把还用第样道想作种开数值量测间日期组制程单位样本班机台号平均标准线圈电压温度湿压力长宽厚"


@dataclass(frozen=True)
class Encoding:
    name: str
    sure: bool
    lines: int

    @property
    def codec(self) -> str:
        return CODECS[self.name]


def find_encoding(path: Path, chosen: str = "") -> Encoding:
    """The encoding of a text file, checked over all of its bytes."""
    head = path.open("rb").read(SAMPLE)
    if head.startswith(BINARY_MAGIC):
        raise FileRefused("binary")
    name, sure = (chosen, True) if chosen else _guess(path, head)
    if name not in CODECS:
        raise FileRefused("encoding_unknown", encoding=name)
    lines = _check_text(path, name)
    return Encoding(name, sure, lines)


def _guess(path: Path, head: bytes) -> tuple[str, bool]:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileRefused("encoding_unknown", encoding="UTF-32")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", True
    zeros = head.count(0)
    if zeros > len(head) * 0.3:
        # Every second byte of Latin text in UTF-16 is zero.
        return ("utf-16-be" if head[0::2].count(0) > head[1::2].count(0) else "utf-16-le"), False
    if _decodes(path, "utf-8-sig"):
        return "utf-8", True
    return _guess_local(path), False


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with path.open("rb") as stream:
            while block := stream.read(STEP):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess_local(path: Path) -> str:
    """Big5, GB18030 or Western, by what the bytes would say in each."""
    sample = _high_lines(path)
    runs = _HIGH.findall(sample)
    # An accented letter stands among plain ones, alone or with one other.
    western = sum(1 for before, run, after in runs if len(run) <= 2 and (before or after))
    scores = {"latin-1": 0.35 if runs and western / len(runs) > 0.7 else 0.0}
    for name, common in (("big5", _TRADITIONAL), ("gb18030", _SIMPLIFIED)):
        if _decodes(path, CODECS[name]):
            scores[name] = _plausible(sample.decode(CODECS[name], "ignore"), common)
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0 else "latin-1"


def _high_lines(path: Path) -> bytes:
    """The first lines that hold more than ASCII."""
    found: list[bytes] = []
    size = 0
    with path.open("rb") as stream:
        while size < SAMPLE and (line := stream.readline(STEP)):
            if not line.isascii():
                found.append(line[:4096])
                size += len(found[-1])
    return b"".join(found)


def _plausible(text: str, common: str) -> float:
    """From 0 to 1: how much of the text beyond ASCII is what people write."""
    signs = [sign for sign in text if not sign.isascii()]
    if not signs:
        return 0.0
    frequent = sum(sign in common for sign in signs)
    chinese = sum("\u4e00" <= sign <= "\u9fff" or "\u3000" <= sign <= "\u303f" for sign in signs)
    return (0.7 * frequent + 0.3 * chinese) / len(signs)


def _check_text(path: Path, name: str) -> int:
    """Refuse NUL characters, lines without end and bytes outside the encoding; count lines."""
    wide = name.startswith("utf-16")
    decoder = codecs.getincrementaldecoder(CODECS[name])()
    lines, since_break = 1, 0
    with path.open("rb") as stream:
        while block := stream.read(STEP):
            if not wide and b"\0" in block:
                _refuse_nul(block.decode("latin-1"), lines)
            text = _decode(decoder, block, lines, final=False)
            if "\0" in text:
                _refuse_nul(text, lines)
            breaks = text.count("\n") or text.count("\r")
            if not breaks and since_break + len(text) > LONGEST_LINE:
                raise FileRefused("line_long", row=lines, most=LONGEST_LINE)
            since_break = 0 if breaks else since_break + len(text)
            lines += breaks
        _decode(decoder, b"", lines, final=True)
    return lines


def _decode(decoder: codecs.IncrementalDecoder, block: bytes, row: int, *, final: bool) -> str:
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        before = bytes(error.object[: error.start])
        raise FileRefused("undecodable", row=row + before.count(b"\n")) from error


def _refuse_nul(text: str, lines: int) -> None:
    before = text[: text.index("\0")]
    line = before.rsplit("\n", 1)[-1]
    column = 1 + max(line.count(mark) for mark in ",;\t|")
    raise FileRefused("nul", row=lines + before.count("\n"), column=column)
