"""What people upload, kept in the database: whoever reaches the database has the files too.

So a worker on another machine needs no shared folder, and one snapshot of the database is a
whole backup.
"""

from __future__ import annotations

from django.db import models


class StoredFile(models.Model):
    """One file under a name of ours. It counts once `size` is known: all its pieces are there."""

    name = models.CharField(max_length=200, unique=True)
    size = models.PositiveBigIntegerField(null=True)
    stored_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Piece(models.Model):
    """A stretch of a file's bytes; every piece but the last has the same length."""

    pk = models.CompositePrimaryKey("file_id", "number")
    file = models.ForeignKey(
        StoredFile, on_delete=models.CASCADE, related_name="pieces", db_index=False
    )
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"
