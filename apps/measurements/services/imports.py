"""What a person does with an import: upload, choose how it is read, confirm, cancel, reverse."""

from __future__ import annotations

from dataclasses import dataclass
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
from apps.measurements.choices import Doubles, ImportState
from apps.measurements.duplicates import REPLACE_MOST
from apps.measurements.holds import holds_on
from apps.measurements.models import Characteristic, Import, ImportProfile
from apps.measurements.reader.jobs import NEW, VALUE
from apps.measurements.reading import characteristic_of, mapped_keys, shape_of
from apps.measurements.replacing import restore_values
from apps.measurements.selectors import earlier_import_of, importable_by
from apps.measurements.services.characteristics import create_characteristic

# What a profile keeps of how a file was read; the layout is found from each file itself.
SIZES = ("size", "sizes")
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
    check_roles(actor, mapping)
    with transaction.atomic():
        present = _locked(actor, import_, version, ImportState.PREVIEW)
        mapping = _with_new_ones(actor, present, mapping)
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


def _with_new_ones(actor: User, import_: Import, mapping: dict[str, Any]) -> dict[str, Any]:
    """The mapping with a characteristic made for each column that is to become a new one."""
    names = {str(column["index"]): column["name"] for column in import_.report.get("columns", [])}
    lead = import_.characteristic
    columns = dict(mapping.get("columns", {}))
    for index, role in columns.items():
        if role == NEW:
            made = create_characteristic(
                actor=actor,
                team=lead.team,
                name=names[index],
                time_zone=lead.time_zone,
                process_step=lead.process_step,
                factors=lead.factors,
                visibility=lead.visibility,
                simulated=lead.simulated,
            )
            columns[index] = f"{made.pk}:{VALUE}"
    return {**mapping, "columns": columns} if columns else mapping


def check_roles(actor: User, mapping: dict[str, Any]) -> None:
    """Columns go only to characteristics into which the person may import."""
    keys = mapped_keys(mapping)
    if keys and importable_by(actor).filter(pk__in=keys).count() != len(keys):
        raise Refused(_("You may not import into one of these characteristics, or it is archived."))


def confirm_import(
    *,
    actor: User,
    import_: Import,
    version: int,
    accept_refused: bool = False,
    guesses_confirmed: bool = False,
    again: bool = False,
    doubles_in_file: str = Doubles.ADD,
    doubles_stored: str = Doubles.ADD,
    profile_name: str = "",
) -> Import:
    """Have the ready rows written. Two people who confirm at once start one import."""
    choices = Choices(
        accept_refused, guesses_confirmed, again, Doubles(doubles_in_file), Doubles(doubles_stored)
    )
    with transaction.atomic():
        present = _locked(actor, import_, version, ImportState.PREVIEW)
        filled = [
            (characteristic_of(present, part), part) for part in present.report.get("parts", [])
        ]
        _check_ready(present, filled, choices)
        for characteristic, _part in filled:
            policies.require(actor, Action.IMPORT_DATA, characteristic)
        present.start_importing()
        present.confirmed_by = actor
        present.doubles_in_file, present.doubles_stored = choices.in_file, choices.stored
        present.attempts, present.leased_until, present.rows_done = 0, None, 0
        present.save_over(
            version,
            fields=[
                "state", "confirmed_by", "doubles_in_file", "doubles_stored", "attempts",
                "leased_until", "rows_done",
            ],
        )  # fmt: skip
        for characteristic, part in filled:
            if part["target"]:
                _make_part(present, characteristic, part)
        if profile_name.strip():
            _keep_profile(actor, present, profile_name.strip())
        for characteristic, part in filled:
            record(
                actor=actor,
                verb="import.confirmed",
                target=present,
                subject=characteristic,
                details={
                    "file": present.file_name,
                    "count": part["rows"]["ready"],
                    "refused": part["rows"]["refused"],
                    "reading": present.report.get("reading", {}),
                    "doubles_in_file": choices.in_file,
                    "doubles_stored": choices.stored,
                    "profile": profile_name.strip(),
                },
            )
        after_commit(lambda: tasks.import_rows.delay(present.pk))
    return present


def _make_part(whole: Import, characteristic: Characteristic, part: dict[str, Any]) -> Import:
    """The import of one more characteristic from the same file: it goes where the whole goes."""
    rows = part["rows"]
    return Import.objects.create(
        characteristic=characteristic,
        part_of=whole,
        uploaded_by=whole.uploaded_by,
        confirmed_by=whole.confirmed_by,
        file_name=whole.file_name,
        sha256=whole.sha256,
        size_bytes=whole.size_bytes,
        state=ImportState.IMPORTING,
        reading=whole.reading,
        report=_report_of(whole, part),
        rows_total=rows["total"],
        rows_ready=rows["ready"],
        rows_refused=rows["refused"],
        rows_known=part["known"],
        rows_differing=part["differing"],
        doubles_in_file=whole.doubles_in_file,
        doubles_stored=whole.doubles_stored,
    )


def _report_of(whole: Import, part: dict[str, Any]) -> dict[str, Any]:
    """The report of the whole as far as it is about one of its characteristics."""
    return {
        **whole.report,
        "parts": [part],
        "rows": {**whole.report["rows"], **part["rows"]},
        "rows_file": part["rows_file"],
        "first": part["first"],
        "covers": part["covers"],
    }


def _keep_profile(actor: User, import_: Import, name: str) -> None:
    """Remember how this file was read, for the next one with the same header."""
    report = import_.report
    mapping: dict[str, Any] = {
        "columns": {str(column["index"]): column["role"] for column in report["columns"]}
    }
    mapping |= {name: import_.mapping[name] for name in SIZES if import_.mapping.get(name)}
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
        present = Import.objects.select_for_update().get(pk=import_.part_of_id or import_.pk)
        policies.require(actor, Action.IMPORT_DATA, present.characteristic)
        if version is not None and present.version != version:
            raise Conflict(_("This import has moved on. Nothing was changed."))
        if present.state == ImportState.IMPORTED:
            raise Conflict(_("These rows are imported already. Reverse the import instead."))
        if present.state in {ImportState.CANCELLED, ImportState.REFUSED, ImportState.REVERSED}:
            return present
        for one in (present, *present.parts.select_for_update()):
            one.cancel()
            one.leased_until = None
            one.save_over(one.version, fields=["state", "leased_until"])
            record(
                actor=actor,
                verb="import.cancelled",
                target=one,
                subject=one.characteristic,
                details={"file": one.file_name},
            )
        rows_file, source = present.report.get("rows_file", ""), present.stored_as
        after_commit(lambda: files.remove_read(rows_file))
        after_commit(lambda: files.remove(source))
    return present


def reverse_import(*, actor: User, import_: Import, version: int, reason: str) -> Import:
    """Take a whole import back, in all its characteristics: its observations no longer count.

    They stay on record. Values that it had replaced come back, where nobody corrected them since.
    """
    if not reason.strip():
        raise Refused(_("Give the reason why the import is reversed."))
    with transaction.atomic():
        asked = _locked(actor, import_, version, ImportState.IMPORTED)
        whole = asked if asked.part_of_id is None else _lock(asked.part_of_id)
        parts = [whole, *whole.parts.select_for_update()]
        for part in parts:
            policies.require(actor, Action.EDIT_CHARACTERISTIC, part.characteristic)
        # The characteristics first: what is signed meanwhile waits for them, or is seen here.
        characteristics = {
            one.pk: one
            for one in Characteristic.objects.select_for_update()
            .filter(pk__in=[part.characteristic_id for part in parts])
            .order_by("pk")
        }
        refuse_if_held(parts, actor)
        for part in parts:
            part.reverse()
            part.save_over(part.version, fields=["state"])
            restored = restore_values(part, actor=actor, reason=reason.strip())
            announce(
                actor=actor,
                verb="import.reversed",
                characteristic=characteristics[part.characteristic_id],
                target=part,
                details={
                    "file": part.file_name, "count": part.rows_imported, "restored": restored,
                },
                reason=reason.strip(),
            )  # fmt: skip
        asked.refresh_from_db()
    return asked


def refuse_if_held(parts: list[Import], person: User) -> None:
    """What is signed stays as it was signed."""
    held = holds_on(parts, person)
    if held:
        raise Refused(
            _("This import cannot be reversed: %(what)s rests on it.")
            % {"what": "; ".join(hold.what for hold in held[:3])}
        )


def _lock(import_id: int) -> Import:
    return Import.objects.select_for_update().get(pk=import_id)


def _locked(actor: User, import_: Import, version: int, state: str) -> Import:
    """The import as it is now, locked, if it still is what the person saw."""
    present = _lock(import_.pk)
    policies.require(actor, Action.IMPORT_DATA, present.characteristic)
    if present.version != version or present.state != state:
        raise Conflict(_("This import has moved on. Nothing was changed."))
    return present


@dataclass(frozen=True)
class Choices:
    """What a person said when they confirmed."""

    accept_refused: bool
    guesses_confirmed: bool
    again: bool
    in_file: Doubles
    stored: Doubles


def _check_ready(
    import_: Import, filled: list[tuple[Characteristic, dict[str, Any]]], choices: Choices
) -> None:
    report = import_.report
    unready = report.get("unfit") or report.get("problem") or not import_.rows_ready
    if unready or not filled:
        raise Refused(_("There is no row to import. Change how the file is read, or cancel."))
    for characteristic, part in filled:
        _check_part(characteristic, part)
    if choices.stored != Doubles.ADD:
        left = report["rows"]["values"] - import_.rows_known
        if choices.stored == Doubles.REPLACE:
            left += import_.rows_differing
        if left <= 0:
            raise Refused(_("Every row is stored already. Nothing is left to import."))
    if choices.stored == Doubles.REPLACE and import_.rows_differing > REPLACE_MOST:
        raise Refused(
            _(
                "More than %(most)s stored values would be replaced. Split the file, or reverse"
                " the import they came with."
            )
            % {"most": f"{REPLACE_MOST:,}"}
        )
    if import_.rows_refused and not choices.accept_refused:
        raise Refused(_("Some rows were refused. Say that the others are to be imported."))
    if report["guesses"] and not choices.guesses_confirmed:
        raise Refused(_("Confirm how the file was read, or change it."))
    again = any(
        earlier_import_of(characteristic, import_.sha256) for characteristic, _part in filled
    )
    if again and not choices.again:
        raise Refused(_("This file was imported before. Say that it is to be imported again."))


def _check_part(characteristic: Characteristic, part: dict[str, Any]) -> None:
    if characteristic.archived_at is not None:
        raise Refused(_("This characteristic is archived. It takes no more observations."))
    if part["shape"] != shape_of(characteristic):
        raise Refused(
            _("The characteristic was changed after the file was read. Read the file again.")
        )
    if not part["rows"]["values"]:
        raise Refused(
            _("No row for “%(name)s” could be read. Leave its column out, or read it otherwise.")
            % {"name": characteristic.name}
        )


def _plain_name(name: str) -> str:
    """The last part of the file's name, without what a page should not show."""
    last = PurePath(name.replace("\\", "/")).name
    plain = "".join(sign for sign in last if sign.isprintable()).strip()
    return plain[-200:] or _("unnamed file")
