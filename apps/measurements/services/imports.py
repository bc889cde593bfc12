"""What a person does with an import: upload, choose how it is read, confirm, cancel, reverse."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import policies
from apps.accounts.models import User
from apps.accounts.policies import Action
from apps.audit.services import record
from apps.common.after_commit import after_commit
from apps.common.errors import Conflict, Refused
from apps.measurements import files, tasks
from apps.measurements.announcing import announce
from apps.measurements.choices import ImportState
from apps.measurements.models import Characteristic, Import, ImportProfile
from apps.measurements.reading import shape_of
from apps.measurements.selectors import earlier_import_of

# What a profile keeps of how a file was read; the layout is found from each file itself.
KEPT = ("encoding", "decimal", "thousands", "format", "date_order", "time_zone", "order")


def receive_import(
    *,
    actor: User,
    characteristic: Characteristic,
    file: UploadedFile,
    reading: dict[str, Any] | None = None,
    mapping: dict[str, Any] | None = None,
) -> Import:
    """Keep an uploaded file and have it read; nothing of it is saved as data yet."""
    policies.require(actor, Action.IMPORT_DATA, characteristic)
    if characteristic.archived_at is not None:
        raise Refused(_("This characteristic is archived. It takes no more observations."))
    stored = files.store(file.chunks())
    try:
        with transaction.atomic():
            import_ = Import.objects.create(
                characteristic=characteristic,
                uploaded_by=actor,
                file_name=_plain_name(file.name or ""),
                stored_as=stored.name,
                sha256=stored.sha256,
                size_bytes=stored.size,
                reading=reading or {},
                mapping=mapping or {},
            )
            record(
                actor=actor,
                verb="import.received",
                target=import_,
                subject=characteristic,
                details={
                    "file": import_.file_name, "sha256": stored.sha256, "bytes": stored.size,
                },
            )  # fmt: skip
            after_commit(lambda: tasks.read_import.delay(import_.pk))
    except BaseException:
        files.remove(stored.name)
        raise
    return import_


def remap_import(
    *,
    actor: User,
    import_: Import,
    version: int,
    reading: dict[str, Any],
    mapping: dict[str, Any],
) -> Import:
    """Have the file read again, as a person says."""
    with transaction.atomic():
        present = _locked(actor, import_, version, ImportState.PREVIEW)
        old = present.report.get("rows_file", "")
        present.reading, present.mapping = reading, mapping
        present.report = {**present.report, "rows_file": "", "unfit": None}
        present.read_again()
        present.attempts, present.leased_until, present.rows_done = 0, None, 0
        present.save_over(
            version,
            fields=[
                "state", "reading", "mapping", "report", "attempts", "leased_until", "rows_done",
            ],
        )  # fmt: skip
        after_commit(lambda: files.remove_read(old))
        after_commit(lambda: tasks.read_import.delay(present.pk))
    return present


def confirm_import(
    *,
    actor: User,
    import_: Import,
    version: int,
    accept_refused: bool = False,
    guesses_confirmed: bool = False,
    again: bool = False,
    skip_known: bool = False,
    profile_name: str = "",
) -> Import:
    """Have the ready rows written. Two people who confirm at once start one import."""
    with transaction.atomic():
        present = _locked(actor, import_, version, ImportState.PREVIEW)
        _check_ready(present, accept_refused, guesses_confirmed, again, skip_known)
        present.start_importing()
        present.confirmed_by = actor
        present.skip_known = skip_known
        present.attempts, present.leased_until, present.rows_done = 0, None, 0
        present.save_over(
            version,
            fields=[
                "state", "confirmed_by", "skip_known", "attempts", "leased_until", "rows_done",
            ],
        )  # fmt: skip
        if profile_name.strip():
            _keep_profile(actor, present, profile_name.strip())
        record(
            actor=actor,
            verb="import.confirmed",
            target=present,
            subject=present.characteristic,
            details={
                "file": present.file_name,
                "count": present.rows_ready,
                "refused": present.rows_refused,
                "reading": present.report.get("reading", {}),
                "profile": profile_name.strip(),
            },
        )
        after_commit(lambda: tasks.import_rows.delay(present.pk))
    return present


def _keep_profile(actor: User, import_: Import, name: str) -> None:
    """Remember how this file was read, for the next one with the same header."""
    report = import_.report
    mapping: dict[str, Any] = {
        "columns": {str(column["index"]): column["role"] for column in report["columns"]}
    }
    if import_.mapping.get("size") is not None:
        mapping["size"] = import_.mapping["size"]
    ImportProfile.objects.update_or_create(
        characteristic=import_.characteristic,
        name=name,
        defaults={
            "header": [column["name"] for column in report["columns"]],
            "reading": {key: report["reading"][key] for key in KEPT if report["reading"][key]},
            "mapping": mapping,
            "saved_by": actor,
        },
    )


def forget_profile(*, actor: User, profile: ImportProfile) -> None:
    """Files of this kind are guessed anew from now on."""
    policies.require(actor, Action.IMPORT_DATA, profile.characteristic)
    with transaction.atomic():
        record(
            actor=actor,
            verb="profile.forgotten",
            target=profile,
            subject=profile.characteristic,
            details={"name": profile.name},
        )
        profile.delete()


def cancel_import(*, actor: User, import_: Import, version: int | None = None) -> Import:
    """Leave it: nothing of the file is saved. Without `version`, whatever state it is in now."""
    with transaction.atomic():
        present = Import.objects.select_for_update().get(pk=import_.pk)
        policies.require(actor, Action.IMPORT_DATA, present.characteristic)
        if version is not None and present.version != version:
            raise Conflict(_("This import has moved on. Nothing was changed."))
        if present.state == ImportState.IMPORTED:
            raise Conflict(_("These rows are imported already. Reverse the import instead."))
        if present.state in {ImportState.CANCELLED, ImportState.REFUSED, ImportState.REVERSED}:
            return present
        present.cancel()
        present.leased_until = None
        present.save_over(present.version, fields=["state", "leased_until"])
        record(
            actor=actor,
            verb="import.cancelled",
            target=present,
            subject=present.characteristic,
            details={"file": present.file_name},
        )
        rows_file, source = present.report.get("rows_file", ""), present.stored_as
        after_commit(lambda: files.remove_read(rows_file))
        after_commit(lambda: files.remove(source))
    return present


def reverse_import(*, actor: User, import_: Import, version: int, reason: str) -> Import:
    """Take a whole import back: its observations no longer count. They stay on record."""
    if not reason.strip():
        raise Refused(_("Give the reason why the import is reversed."))
    with transaction.atomic():
        present = _locked(actor, import_, version, ImportState.IMPORTED)
        policies.require(actor, Action.EDIT_CHARACTERISTIC, present.characteristic)
        characteristic = Characteristic.objects.select_for_update().get(
            pk=present.characteristic_id
        )
        present.reverse()
        present.save_over(version, fields=["state"])
        announce(
            actor=actor,
            verb="import.reversed",
            characteristic=characteristic,
            target=present,
            details={"file": present.file_name, "count": present.rows_imported},
            reason=reason.strip(),
        )
    return present


def _locked(actor: User, import_: Import, version: int, state: str) -> Import:
    """The import as it is now, locked, if it still is what the person saw."""
    present = Import.objects.select_for_update().get(pk=import_.pk)
    policies.require(actor, Action.IMPORT_DATA, present.characteristic)
    if present.version != version or present.state != state:
        raise Conflict(_("This import has moved on. Nothing was changed."))
    return present


def _check_ready(
    import_: Import, accept_refused: bool, guesses_confirmed: bool, again: bool, skip_known: bool
) -> None:
    report = import_.report
    if report.get("unfit") or report.get("problem") or not import_.rows_ready:
        raise Refused(_("There is no row to import. Change how the file is read, or cancel."))
    if skip_known and import_.rows_known >= report["rows"]["values"]:
        raise Refused(_("Every row is stored already. Nothing is left to import."))
    if report["shape"] != shape_of(import_):
        raise Refused(
            _("The characteristic was changed after the file was read. Read the file again.")
        )
    if import_.rows_refused and not accept_refused:
        raise Refused(_("Some rows were refused. Say that the others are to be imported."))
    if report["guesses"] and not guesses_confirmed:
        raise Refused(_("Confirm how the file was read, or change it."))
    if not again and earlier_import_of(import_.characteristic, import_.sha256):
        raise Refused(_("This file was imported before. Say that it is to be imported again."))


def _plain_name(name: str) -> str:
    """The last part of the file's name, without what a page should not show."""
    last = PurePath(name.replace("\\", "/")).name
    plain = "".join(sign for sign in last if sign.isprintable()).strip()
    return plain[-200:] or _("unnamed file")
