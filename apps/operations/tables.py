"""Every table of the installation, column by column, and how its values are written down.

A value leaves either database as the same JSON scalar: times in UTC as text, bytes in base64,
JSON columns as the text that is stored.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from apps.operations.archive import Column, Part, Row
from apps.operations.errors import RestoreRefused

Migration = tuple[str, str]
LEFT_OUT = ("django_session", "cache", "operations_heartbeat")
"""Who is signed in, who failed to sign in lately, which process lives: true for a moment only,
and an old session must not open a restored installation."""

KINDS = {
    "AutoField": "integer",
    "BigAutoField": "integer",
    "IntegerField": "integer",
    "BigIntegerField": "integer",
    "SmallIntegerField": "integer",
    "PositiveIntegerField": "integer",
    "PositiveBigIntegerField": "integer",
    "PositiveSmallIntegerField": "integer",
    "FloatField": "float",
    "BooleanField": "boolean",
    "CharField": "text",
    "TextField": "text",
    "SlugField": "text",
    "DateTimeField": "time",
    "DateField": "date",
    "UUIDField": "uuid",
    "JSONField": "json",
    "BinaryField": "bytes",
}
ROWS_AT_ONCE = {"bytes": 8, "json": 200}
MOST_ROWS_AT_ONCE = 5_000


def all_parts(connection: BaseDatabaseWrapper) -> list[Part]:
    """The tables of all models, and Django's list of migrations; those LEFT_OUT excepted."""
    known: list[Any] = [*_models_of(connection), MigrationRecorder.Migration]
    wanted = [model for model in known if model._meta.managed and not model._meta.proxy]
    parts = {model._meta.db_table: _part(model) for model in wanted}
    return [parts[name] for name in sorted(parts) if name not in LEFT_OUT]


def _models_of(connection: BaseDatabaseWrapper) -> list[Any]:
    """The models as the database has them: a new version may look at it before its migrations ran.

    SQLite takes the name of a column that is not there for a text, so a backup by the newer models
    would look whole, and fit into no database.
    """
    loader = MigrationLoader(connection)
    applied = set(loader.applied_migrations)
    refuse_unknown(applied, "This database was brought up to date")
    if applied.issuperset(loader.graph.nodes):
        return apps.get_models(include_auto_created=True)
    state = loader.project_state(newest_of(applied, loader.graph))
    return list(state.apps.get_models(include_auto_created=True))


def newest_of(migrations: Iterable[Migration], graph: MigrationGraph) -> list[Migration]:
    """Those of them on which no other one of them rests."""
    known = set(migrations) & set(graph.nodes)
    return sorted(
        key
        for key in known
        if not any(child.key in known for child in graph.node_map[key].children)
    )


def refuse_unknown(migrations: Iterable[Migration], what: str) -> None:
    known = MigrationLoader(None).disk_migrations
    unknown = [f"{app}.{name}" for app, name in sorted(migrations) if (app, name) not in known]
    if unknown:
        raise RestoreRefused(
            f"{what} by another version, which knows {unknown[0]}"
            f"{' and more' if len(unknown) > 1 else ''}. Use that version or a newer one."
        )


def _part(model: Any) -> Part:
    columns = [Column(field.column, kind_of(field)) for field in model._meta.concrete_fields]
    return Part(
        table=model._meta.db_table,
        columns=columns,
        key=[field.column for field in model._meta.pk_fields],
    )


def kind_of(field: Any) -> str:
    """How a column's values are written; a kind nobody has thought of is an error, not a guess."""
    while field.is_relation:
        field = field.target_field
    try:
        return KINDS[field.get_internal_type()]
    except KeyError:
        raise TypeError(
            f"{field} is of a kind that backups do not know: add it to {__name__}."
        ) from None


def rows_at_once(part: Part) -> int:
    """How many rows to hold in memory: few, where one row may be large."""
    return min([ROWS_AT_ONCE.get(column.kind, MOST_ROWS_AT_ONCE) for column in part.columns])


# --- Out of a database ----------------------------------------------------------------------------


def select(part: Part, connection: BaseDatabaseWrapper) -> str:
    """The query of all rows, in an order that is the same on both databases."""
    quote = connection.ops.quote_name
    kinds = {column.name: column.kind for column in part.columns}
    plain = ' COLLATE "C"' if connection.vendor == "postgresql" else ""
    order = [quote(name) + (plain if kinds[name] == "text" else "") for name in part.key]
    names = ", ".join(quote(column.name) for column in part.columns)
    return f"SELECT {names} FROM {quote(part.table)} ORDER BY {', '.join(order)}"  # noqa: S608  names of our own tables, no input


def read(part: Part, connection: BaseDatabaseWrapper) -> Iterator[Row]:
    """All rows as they are written down, a bounded number in memory; inside a transaction."""
    writers = [
        (place, WRITERS[column.kind])
        for place, column in enumerate(part.columns)
        if column.kind in WRITERS
    ]
    for found in _fetched(part, connection):
        row = list(found)
        for place, written in writers:
            if row[place] is not None:
                row[place] = written(row[place])
        yield row


def _fetched(part: Part, connection: BaseDatabaseWrapper) -> Iterator[tuple[Any, ...]]:
    at_once = rows_at_once(part)
    if connection.vendor == "postgresql":
        with connection.connection.cursor(name="backup") as cursor:
            cursor.itersize = at_once
            cursor.execute(select(part, connection))
            yield from cursor
        return
    with connection.cursor() as cursor:
        cursor.execute(select(part, connection))
        while found := cursor.fetchmany(at_once):
            yield from found


def _time(value: dt.datetime) -> str:
    aware = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    return aware.isoformat(timespec="microseconds")


def _uuid(value: Any) -> str:
    return str(value).replace("-", "")


WRITERS: dict[str, Callable[[Any], Any]] = {
    "time": _time,
    "date": dt.date.isoformat,
    "uuid": _uuid,
    "boolean": bool,
    "bytes": lambda value: base64.b64encode(value).decode("ascii"),
}

# --- Into a database ------------------------------------------------------------------------------


def readers(part: Part, connection: BaseDatabaseWrapper) -> list[tuple[int, Callable[[Any], Any]]]:
    """What must be made of the written values before this database takes them."""

    def time(text: str) -> Any:
        return connection.ops.adapt_datetimefield_value(dt.datetime.fromisoformat(text))

    wanted: dict[str, Callable[[Any], Any]] = {"time": time, "bytes": base64.b64decode}
    return [
        (place, wanted[column.kind])
        for place, column in enumerate(part.columns)
        if column.kind in wanted
    ]


def read_back(part: Part, connection: BaseDatabaseWrapper, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows as the database takes them."""
    wanted = readers(part, connection)
    for row in rows:
        for place, made in wanted:
            if row[place] is not None:
                row[place] = made(row[place])
        yield row


def stored_otherwise(part: Part, connection: BaseDatabaseWrapper) -> bool:
    """Whether this database may give equal values back in another form."""
    kinds = {column.kind for column in part.columns}
    return "json" in kinds or (connection.vendor == "sqlite" and "float" in kinds)


def comparable(part: Part, row: Row) -> Row:
    """A row in which equal values are equal text: PostgreSQL keeps neither the order of JSON's
    keys nor the form of its numbers, SQLite no negative zero."""
    return [
        value if value is None else _COMPARABLE.get(column.kind, _as_it_is)(value)
        for column, value in zip(part.columns, row, strict=True)
    ]


def _as_it_is(value: Any) -> Any:
    return value


def _canonical(text: str) -> str:
    content = json.loads(text, parse_float=_number)
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _number(text: str) -> float | int:
    value = float(text)
    if value == 0:
        return 0.0  # PostgreSQL's numbers have no negative zero
    return int(value) if abs(value) >= 1e16 and value.is_integer() else value


_COMPARABLE: dict[str, Callable[[Any], Any]] = {"json": _canonical, "float": (0.0).__add__}
