"""SQLite: keep observations in the order of their key, in one tree instead of two.

PostgreSQL has no such table; there the primary key's index serves the same reads.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def cluster(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor != "sqlite":
        return
    table = apps.get_model("measurements", "Observation")._meta.db_table
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", [table])
        (sql,) = cursor.fetchone()
        if "WITHOUT ROWID" in sql:
            return
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        if cursor.fetchone()[0]:
            raise RuntimeError(f"{table} is expected to be empty when it is first created")
        cursor.execute(f"DROP TABLE {table}")
        cursor.execute(f"{sql} WITHOUT ROWID")


class Migration(migrations.Migration):
    dependencies = [("measurements", "0001_initial")]

    operations = [migrations.RunPython(cluster, migrations.RunPython.noop, elidable=False)]
