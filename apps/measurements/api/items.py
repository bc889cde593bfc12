"""Checking the items of a batch: what is wrong with which one, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, cast

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from apps.common.problems import Problem
from apps.measurements.api.schemas import (
    ITEMS,
    LARGEST_COUNT,
    LARGEST_NUMBER,
    YEARS,
    Between,
    Defectives,
    Defects,
    Item,
    Measured,
    Several,
)
from apps.measurements.choices import Subgrouping
from apps.measurements.models import Characteristic
from apps.measurements.services.batches import Columns

MOST_PROBLEMS = 100
SHOWN_LENGTH = 40


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `path` leads to it from the item."""

    code: str
    path: tuple[str | int, ...]
    detail: str
    remedy: str


def checked(characteristic: Characteristic, document: Any) -> Columns:
    """The items by column; raises a `Problem` that names each wrong one."""
    given = _list_of(document)
    model = ITEMS[characteristic.data_type]
    items: list[Item] = []
    problems: list[dict[str, Any]] = []
    for index, one in enumerate(given):
        item, found = _checked_item(characteristic, model, one)
        if item is not None:
            items.append(item)
        problems += [_told(index, finding) for finding in found]
        if len(problems) >= MOST_PROBLEMS:
            break
    if not problems:
        problems = [_told(index, finding) for index, finding in _uneven(items)][:MOST_PROBLEMS]
    if problems:
        raise _refused(problems[:MOST_PROBLEMS])
    return _columns(characteristic, items)


def required_fields(characteristic: Characteristic) -> list[str]:
    model = ITEMS[characteristic.data_type]
    names = [name for name, field in model.model_fields.items() if field.is_required()]
    if characteristic.subgrouping == Subgrouping.COLUMN:
        names.append("subgroup")
    if characteristic.subgrouping == Subgrouping.WINDOW:
        names.append("time")
    return names


def optional_fields(characteristic: Characteristic) -> list[str]:
    required = required_fields(characteristic)
    names = [name for name in ITEMS[characteristic.data_type].model_fields if name not in required]
    return [name for name in names if name != "factors" or characteristic.factors]


# --- one item ---------------------------------------------------------------------------------


def _list_of(document: Any) -> list[Any]:
    found = document.get("observations") if isinstance(document, dict) else None
    if not isinstance(found, list) or set(document) != {"observations"}:
        raise Problem(
            422,
            "no_observations",
            _("The body holds no observations."),
            _("Send one object with one field, “observations”: a list of items."),
        )
    if not found:
        raise Problem(
            422, "no_observations", _("The list of observations is empty."), _("Send at least one.")
        )
    if len(found) > settings.API_MAX_ITEMS:
        raise Problem(
            413,
            "too_many_items",
            _("The batch has too many items."),
            _("At most %(most)s items at once. Send the observations in smaller batches.")
            % {"most": f"{settings.API_MAX_ITEMS:,}"},
        )
    return found


def _checked_item(
    characteristic: Characteristic, model: type[Item], given: Any
) -> tuple[Item | None, list[Finding]]:
    try:
        item = model.model_validate(given)
    except ValidationError as error:
        known = [*model.model_fields]
        wrong = error.errors(include_url=False)[:MOST_PROBLEMS]
        return None, [_finding(one, known) for one in wrong]
    return item, list(islice(_unfit(characteristic, item), MOST_PROBLEMS))


def _finding(error: ErrorDetails, known: list[str]) -> Finding:
    kind, given = error["type"], error["input"]
    if kind == "float_type" and isinstance(given, int) and not isinstance(given, bool):
        kind = "finite_number"  # a whole number with more digits than a float holds
    code, sentence = _SENTENCES.get(kind, ("invalid", _invalid))
    detail, remedy = sentence(error, known)
    return Finding(code, error["loc"], detail, remedy)


def _unfit(characteristic: Characteristic, item: Item) -> Iterator[Finding]:
    """What fits the kind of data, but not this characteristic."""
    if characteristic.subgrouping == Subgrouping.COLUMN and not item.subgroup:
        yield Finding(
            "missing",
            ("subgroup",),
            _("The field “subgroup” is missing."),
            _("Subgroups go by a column of the data here: send the name of the subgroup."),
        )
    if characteristic.subgrouping == Subgrouping.WINDOW and item.time is None:
        yield Finding(
            "missing",
            ("time",),
            _("The field “time” is missing."),
            _("Subgroups go by time here: send when it was observed."),
        )
    for name in item.factors or {}:
        if name not in characteristic.factors:
            yield Finding(
                "unknown_factor",
                ("factors", name),
                _("“%(name)s” is not a factor of this characteristic.") % {"name": _shown(name)},
                _leave_out(characteristic.factors),
            )
    if isinstance(item, Defectives) and item.count > item.size:
        yield Finding(
            "more_than_sample",
            ("count",),
            _("%(count)s defective units are more than the %(size)s of the sample.")
            % {"count": item.count, "size": item.size},
            _("“count” is how many of the units are defective, “size” how many there are."),
        )
    if isinstance(item, Several):
        yield from _unfit_variables(characteristic, item)


def _unfit_variables(characteristic: Characteristic, item: Several) -> Iterator[Finding]:
    for name in characteristic.variables:
        if name not in item.values:
            yield Finding(
                "missing",
                ("values", name),
                _("The variable “%(name)s” is missing.") % {"name": _shown(name)},
                _("An observation holds a value of each variable; leave out the whole item else."),
            )
    for name in item.values:
        if name not in characteristic.variables:
            yield Finding(
                "unknown_variable",
                ("values", name),
                _("“%(name)s” is not a variable of this characteristic.") % {"name": _shown(name)},
                _leave_out(characteristic.variables),
            )


def _uneven(items: list[Item]) -> Iterator[tuple[int, Finding]]:
    """Defects: a size in every item, or in none."""
    sizes = [item.size is not None for item in items if isinstance(item, Defects)]
    if any(sizes):
        for index, has_size in enumerate(sizes):
            if not has_size:
                yield (
                    index,
                    Finding(
                        "missing",
                        ("size",),
                        _("The field “size” is missing; other items of this batch have it."),
                        _("Send it in all items of a batch, or in none."),
                    ),
                )


# --- sentences --------------------------------------------------------------------------------

Sentence = Callable[[ErrorDetails, list[str]], tuple[str, str]]


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def _leave_out(known: list[str]) -> str:
    if not known:
        return _("Leave it out: there is none.")
    return _("Leave it out, or use one of these: %(names)s.") % {"names": ", ".join(known)}


def _missing(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    name = {"name": error["loc"][-1]}
    return _("The field “%(name)s” is missing.") % name, _("Send it in every item.")


def _unknown(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("“%(name)s” is not a field of these items.") % {"name": _shown(error["loc"][-1])},
        _leave_out(known),
    )


def _no_number(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("%(value)s is not a number.") % {"value": _quoted(error["input"])},
        _("Send a JSON number: no quotation marks, a point as decimal mark, no unit."),
    )


def _no_whole_number(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("%(value)s is not a whole number.") % {"value": _quoted(error["input"])},
        _("Send a count: a JSON number without decimals or quotation marks."),
    )


def _not_finite(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("This number is too large to be a finite number."),
        _("Send numbers between -1e100 and 1e100."),
    )


def _too_small(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    context = error.get("ctx", {})
    if "gt" in context:
        return (
            _("%(value)s is not above 0.") % {"value": _quoted(error["input"])},
            _("Send a number above 0."),
        )
    if context.get("ge", 0) < 0:
        return _not_finite(error, known)
    return (
        _("%(value)s is too small.") % {"value": _quoted(error["input"])},
        _("Send %(least)s or more.") % {"least": context.get("ge", 0)},
    )


def _too_large(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    most = error.get("ctx", {}).get("le", LARGEST_NUMBER)
    if most != LARGEST_COUNT:
        return _not_finite(error, known)
    return _("This count is too large."), _("Send at most %(most)s.") % {"most": LARGEST_COUNT}


def _no_text(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("%(value)s is not a text.") % {"value": _quoted(error["input"])},
        _("Send a JSON text in quotation marks."),
    )


def _unprintable(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("This text contains signs that cannot be shown."),
        _("Send letters, digits and signs, without line breaks or control characters."),
    )


def _empty(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return _("This text is empty."), _("Send a text, or leave the field out.")


def _too_long(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    most = int(error.get("ctx", {}).get("max_length", 0))
    return (
        _("This text is too long."),
        ngettext("At most %(most)s character.", "At most %(most)s characters.", most)
        % {"most": most},
    )


def _no_object(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("%(value)s is not an object.") % {"value": _quoted(error["input"])},
        _("Send a JSON object: names and values in braces."),
    )


def _time_unread(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("%(value)s is not a time.") % {"value": _quoted(error["input"])},
        _("Write it like 2026-11-23T08:05:00+08:00."),
    )


def _time_without_offset(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("%(value)s does not say in which time zone.") % {"value": _quoted(error["input"])},
        _("Add the offset from UTC: +08:00, or Z for UTC itself."),
    )


def _time_not_there(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("%(value)s: there is no such day or hour.") % {"value": _quoted(error["input"])},
        _("Check the calendar and the clock."),
    )


def _time_far(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    first, last = YEARS
    return (
        _("%(value)s lies too far away.") % {"value": _quoted(error["input"])},
        _("Times lie in the years %(first)s to %(last)s.") % {"first": first, "last": last},
    )


def _invalid(error: ErrorDetails, known: list[str]) -> tuple[str, str]:
    return (
        _("%(value)s does not fit here.") % {"value": _quoted(error["input"])},
        _("See the description of this field."),
    )


def _quoted(value: Any) -> str:
    """What was sent, short enough for a sentence."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict | list):
        return _("An object or list")
    return f"“{_shown(value)}”" if isinstance(value, str) else _shown(value)


_SENTENCES: dict[str, tuple[str, Sentence]] = {
    "missing": ("missing", _missing),
    "extra_forbidden": ("unknown_field", _unknown),
    "float_type": ("not_a_number", _no_number),
    "int_type": ("not_a_whole_number", _no_whole_number),
    "int_from_float": ("not_a_whole_number", _no_whole_number),
    "finite_number": ("not_finite", _not_finite),
    "greater_than": ("too_small", _too_small),
    "greater_than_equal": ("too_small", _too_small),
    "less_than_equal": ("too_large", _too_large),
    "string_type": ("not_a_text", _no_text),
    "string_unicode": ("text_unprintable", _unprintable),
    "text_unprintable": ("text_unprintable", _unprintable),
    "string_too_short": ("empty", _empty),
    "string_too_long": ("too_long", _too_long),
    "dict_type": ("not_an_object", _no_object),
    "model_type": ("not_an_object", _no_object),
    "time_unread": ("time_unread", _time_unread),
    "time_without_offset": ("time_without_offset", _time_without_offset),
    "time_not_there": ("time_not_there", _time_not_there),
    "time_far": ("time_far", _time_far),
}


# --- what is told, what is stored -------------------------------------------------------------


def _told(index: int, finding: Finding) -> dict[str, Any]:
    path = ("observations", index, *finding.path)
    steps = [str(step).replace("~", "~0").replace("/", "~1") for step in path]
    told = asdict(finding)
    del told["path"]
    return {
        "index": index,
        "field": ".".join(_shown(str(step)) for step in finding.path),
        **told,
        "pointer": "#/" + "/".join(steps),
    }


def _refused(problems: list[dict[str, Any]]) -> Problem:
    count = len(problems)
    words = {"count": count}
    if count == MOST_PROBLEMS:
        title = _("The batch was refused: the first %(count)s problems are listed.") % words
    else:
        title = (
            ngettext(
                "The batch was refused: %(count)s problem.",
                "The batch was refused: %(count)s problems.",
                count,
            )
            % words
        )
    return Problem(
        422,
        "items_refused",
        title,
        _("Nothing was stored. Correct or leave out the items named, and send the batch again."),
        errors=problems,
    )


def _columns(characteristic: Characteristic, items: list[Item]) -> Columns:
    values, sizes, others = _numbers(characteristic, items)
    return Columns(
        values=values,
        sizes=sizes,
        others=others,
        subgroups=(
            [item.subgroup or "" for item in items]
            if any(item.subgroup for item in items)
            else None
        ),
        observed_at=(
            [item.time for item in items] if any(item.time is not None for item in items) else None
        ),
        factors=(
            [item.factors or {} for item in items] if any(item.factors for item in items) else None
        ),
    )


def _numbers(
    characteristic: Characteristic, items: list[Item]
) -> tuple[list[float], list[float] | None, list[list[float]] | None]:
    """Values, sizes, and the second and later variables. All items are of one kind."""
    first = items[0]
    if isinstance(first, Measured):
        return [item.value for item in cast(list[Measured], items)], None, None
    if isinstance(first, Between):
        return [item.between for item in cast(list[Between], items)], None, None
    if isinstance(first, Several):
        names = characteristic.variables
        rows = [[item.values[name] for name in names] for item in cast(list[Several], items)]
        return [row[0] for row in rows], None, [row[1:] for row in rows]
    counted = cast(list[Defectives | Defects], items)
    sizes = [item.size for item in counted if item.size is not None]
    return [item.count for item in counted], [float(size) for size in sizes] or None, None
