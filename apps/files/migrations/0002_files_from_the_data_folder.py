"""PostgreSQL: keep the pieces as they are, uncompressed. All: take in the files of a data folder
from before files lay in the database."""

from pathlib import Path

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# As in apps.files.storage when this was written.
PIECE_BYTES = 512 * 1024


def keep_plain(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Most files are compressed already; trying it again costs more than writing them."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE files_piece ALTER COLUMN content SET STORAGE EXTERNAL")


def take_in(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    stored_file = apps.get_model("files", "StoredFile")
    piece = apps.get_model("files", "Piece")
    folder = Path(settings.DATA_DIR) / "files"
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        name = path.relative_to(folder).as_posix()
        stored = stored_file.objects.create(name=name, size=path.stat().st_size)
        with path.open("rb") as file:
            for number, content in enumerate(iter(lambda: file.read(PIECE_BYTES), b"")):
                piece.objects.create(file=stored, number=number, content=content)


class Migration(migrations.Migration):
    dependencies = [("files", "0001_stored_files")]

    operations = [
        migrations.RunPython(keep_plain, migrations.RunPython.noop),
        migrations.RunPython(take_in, migrations.RunPython.noop),
    ]
