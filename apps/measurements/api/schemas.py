"""What the API takes and gives: the models behind the checks and the OpenAPI document alike.

Descriptions are marked for translation; the page that explains the API shows them in the
reader's language.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from django.utils.translation import gettext_noop as _
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from apps.measurements.choices import DataType
from apps.measurements.services.observations import LABEL_LENGTH
from apps.measurements.strata import FACTOR_LENGTH

YEARS = (1900, 2200)
# Beyond this a float is no longer every whole number.
LARGEST_COUNT = 2**53
# So that sums of squares of ten million values stay finite.
LARGEST_NUMBER = 1e100
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?P<zone>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)


def _moment(given: Any) -> dt.datetime:
    if not isinstance(given, str):
        raise PydanticCustomError("time_unread", "not a text")
    found = _RFC_3339.fullmatch(given)
    if found is None:
        raise PydanticCustomError("time_unread", "not RFC 3339")
    if not found["zone"]:
        raise PydanticCustomError("time_without_offset", "no offset")
    try:
        moment = dt.datetime.fromisoformat(given.upper())
    except ValueError:
        raise PydanticCustomError("time_not_there", "no such day or hour") from None
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise PydanticCustomError("time_far", "year")
    return moment


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("text_unprintable", "control character")
    return text.strip()


def _whole(given: Any) -> Any:
    """3.0 is a whole number, in JSON as elsewhere."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


Number = Annotated[
    float, Field(strict=True, allow_inf_nan=False, ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)
]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=LARGEST_NUMBER)]
NotNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=LARGEST_NUMBER)]
Count = Annotated[int, Field(strict=True, ge=0, le=LARGEST_COUNT), BeforeValidator(_whole)]
Units = Annotated[int, Field(strict=True, ge=1, le=LARGEST_COUNT), BeforeValidator(_whole)]
Moment = Annotated[
    dt.datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="validation"),
]
Label = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=LABEL_LENGTH),
    AfterValidator(_printable),
]
FactorValue = Annotated[
    str, StringConstraints(strict=True, max_length=FACTOR_LENGTH), AfterValidator(_printable)
]


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Item(_Taken):
    time: Moment | None = Field(
        None,
        description=_("When it was observed, with its offset from UTC: 2026-11-23T08:05:00+08:00."),
    )
    subgroup: Label | None = Field(
        None, description=_("Name of the subgroup, where subgroups go by a column of the data.")
    )
    factors: dict[str, FactorValue] | None = Field(
        None, description=_("By what values can be told apart, by name: operator, machine, shift.")
    )


class Measured(Item):
    """One measured value."""

    value: Number = Field(description=_("The measured value, in the unit of the characteristic."))


class Defectives(Item):
    """Defective units out of a sample."""

    count: Count = Field(description=_("Number of defective units."))
    size: Units = Field(description=_("Number of units in the sample."))


class Defects(Item):
    """Defects on a unit or an area."""

    count: Count = Field(description=_("Number of defects."))
    size: Positive | None = Field(
        None,
        description=_("Units or area they were counted on; in all items of a batch, or in none."),
    )


class Between(Item):
    """Time or units since the event before."""

    between: NotNegative = Field(
        description=_("Time or number of units since the event before this one.")
    )


class Several(Item):
    """Several variables that are measured together."""

    values: dict[str, Number] = Field(
        description=_("One value for each variable of the characteristic, by name.")
    )


ITEMS: dict[str, type[Item]] = {
    DataType.VARIABLE: Measured,
    DataType.DEFECTIVES: Defectives,
    DataType.DEFECTS: Defects,
    DataType.BETWEEN: Between,
    DataType.SEVERAL: Several,
}


class Batch(_Taken):
    """Observations of one characteristic, in their order. Stored all or not at all."""

    observations: list[Measured | Defectives | Defects | Between | Several] = Field(
        min_length=1, max_length=10_000, description=_("1 to 10,000 items of one kind.")
    )


class BatchWarning(BaseModel):
    code: str = Field(description=_("What is odd, as a word that a program may rely on."))
    detail: str = Field(description=_("What is odd, as a sentence."))
    count: int = Field(description=_("How many items it is about."))
    index: int = Field(description=_("The first of them, counted from 0."))


class Received(BaseModel):
    """What became of a batch; the same again when it is sent again under its key."""

    batch: int = Field(description=_("Number of the batch."))
    received: int = Field(description=_("How many observations were stored."))
    first: int = Field(description=_("Place of the first of them within the characteristic."))
    last: int = Field(description=_("Place of the last of them."))
    data_version: int = Field(
        description=_(
            "The version of the data with this batch; the status tells when charts have it."
        )
    )
    warnings: list[BatchWarning] = Field(
        default_factory=list,
        description=_("What was stored as it came and is worth a look: times that lie ahead."),
    )


class CharacteristicRow(BaseModel):
    id: int = Field(description=_("Number of the characteristic, as in the addresses."))
    code: str = Field(description=_("Its code, if it has one."))
    name: str = Field(description=_("Its name."))
    team: str = Field(description=_("The team that owns it."))
    unit: str = Field(description=_("Unit of its values."))
    kind: str = Field(
        description=_("Kind of data: variable, defectives, defects, between or several.")
    )
    archived: bool = Field(description=_("An archived characteristic takes no more observations."))
    writable: bool = Field(description=_("Whether this token may add observations now."))


class CharacteristicPage(BaseModel):
    """A page of the characteristics that the token reaches."""

    count: int = Field(description=_("How many there are on all pages."))
    next: str | None = Field(description=_("Address of the next page, or null on the last one."))
    items: list[CharacteristicRow] = Field(description=_("The characteristics of this page."))


class CharacteristicDetail(CharacteristicRow):
    description: str = Field(description=_("What exactly is measured."))
    decimals: int = Field(description=_("Decimal places in which values are shown."))
    subgrouping: str = Field(
        description=_("How values form subgroups: individuals, fixed, column or window.")
    )
    subgroup_size: int | None = Field(description=_("Values in a subgroup of fixed size."))
    variables: list[str] = Field(description=_("Names of the variables measured together."))
    factors: list[str] = Field(description=_("Names of the factors an item may have."))
    data_version: int = Field(description=_("Rises with every change of its data."))
    required: list[str] = Field(description=_("The fields that each item must have."))
    optional: list[str] = Field(description=_("The fields that an item may have."))
    example: dict[str, Any] = Field(
        description=_("A batch that fits this characteristic, to start from.")
    )


class ItemProblem(BaseModel):
    index: int | None = Field(
        description=_("Which item, counted from 0; null for the whole batch.")
    )
    field: str = Field(description=_("Which field of it."))
    code: str = Field(description=_("What is wrong, as a word that a program may rely on."))
    detail: str = Field(description=_("What is wrong, as a sentence."))
    remedy: str = Field(description=_("What to do about it."))
    pointer: str = Field(description=_("The place in what was sent (RFC 6901)."))


class ProblemDetails(BaseModel):
    """Why a request was refused; nothing was changed (RFC 9457)."""

    type: str = Field(description=_("Address of the explanation."))
    title: str = Field(description=_("What is wrong, in short."))
    status: int = Field(description=_("The status of the answer."))
    code: str = Field(description=_("What is wrong, as a word that a program may rely on."))
    detail: str | None = Field(None, description=_("What exactly, and what to do about it."))
    errors: list[ItemProblem] | None = Field(
        None, description=_("What is wrong with single items: the first 100.")
    )
