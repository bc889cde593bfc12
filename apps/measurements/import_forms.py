"""What a person may send about an import; the choices come from what the reader found."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.policies import Action, may
from apps.common.zones import places, spoken
from apps.measurements.choices import COUNTED_TYPES, DataType, Doubles
from apps.measurements.files import too_large
from apps.measurements.forms import NumberField
from apps.measurements.models import Characteristic, Import
from apps.measurements.reader.jobs import EVENTS, FACTOR, NEW, VARIABLE_OF
from apps.measurements.reader.numbers import SECONDS_IN
from apps.measurements.reading import mapped_keys
from apps.measurements.selectors import importable_by
from apps.measurements.wording import guesses as words

SUFFIXES = ".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.ods,.parquet"
ZONES = ("UTC", "Asia/Taipei", "Asia/Shanghai", "Europe/London", "Europe/Berlin",
         "America/New_York", "America/Los_Angeles")  # fmt: skip
WHOLE = "whole"
# Other characteristics that are offered for a column; those of a column's name come first.
MOST_OFFERED = 40
# The size of another characteristic, the same in all rows: "size_of_17".
SIZE_OF = "size_of_"
SHOWS = ("all", "refused", "warning")


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": SUFFIXES}),
        allow_empty_file=True,
        required=False,
        help_text=_("CSV, TSV, TXT, XLSX, XLS, ODS or Parquet."),
    )
    text = forms.CharField(
        label=_("Or type or paste values"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "code", "spellcheck": "false"}),
        required=False,
        strip=False,
        help_text=_(
            "One row in a line, with or without a header; cells copied from a spreadsheet will do."
        ),
    )

    # Stands behind the file: when the connection is cut, the file arrives short and this not at
    # all. Without it a part of a file would be taken for the whole.
    complete = forms.CharField(widget=forms.HiddenInput, initial=WHOLE, required=False)

    def clean_file(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is not None and file.size is not None and file.size > settings.IMPORT_MAX_BYTES:
            raise forms.ValidationError(too_large())
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("complete") != WHOLE:
            self.add_error("file", _("The upload was cut off. Send it again."))
        elif "file" not in self.errors:
            given = [bool(cleaned.get("file")), bool((cleaned.get("text") or "").strip())]
            if not any(given):
                self.add_error("file", _("Choose a file, or type values below."))
            elif all(given):
                self.add_error("text", _("Choose a file or type values, not both."))
        return cleaned

    def source(self) -> UploadedFile:
        """The file, or what was typed as if it were one: both are read alike."""
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is not None:
            return file
        name = _("typed.txt")
        return SimpleUploadedFile(str(name), self.cleaned_data["text"].encode())


class SizeField(NumberField):
    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and value <= 0:
            raise forms.ValidationError(_("A size must be above 0."))


class ReadingForm(forms.Form):
    """How the file is read, and what each column is taken for."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, import_: Import, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        report = import_.report
        self._import, self._person = import_, person
        self._columns = report.get("columns", [])
        self._reading: dict[str, Any] = {**report.get("reading", {}), **import_.reading}
        self.fields["version"].initial = import_.version
        self._add_layout()
        self._add_writing()
        if import_.characteristic.data_type in COUNTED_TYPES:
            self.fields["size"] = SizeField(
                label=_("Size, when it is the same in all rows"),
                required=False,
                initial=import_.mapping.get("size"),
            )
        offered = self._offered()
        self._add_sizes_of_others(offered)
        choices = _role_choices(import_.characteristic, offered)
        if may(person, Action.CREATE_CHARACTERISTIC, import_.characteristic.team):
            choices.append((_("New"), [(NEW, _("A new characteristic of this name"))]))
        for column in self._columns:
            self.fields[f"role_{column['index']}"] = forms.ChoiceField(
                label=_("Read %(column)s as") % {"column": column["name"]},
                choices=choices,
                initial=column["role"],
            )

    def _offered(self) -> list[Characteristic]:
        """Other characteristics to which a column may go: those of its columns' names first."""
        lead = self._import.characteristic
        names = {column["name"].strip().casefold() for column in self._columns}
        mapped = self._mapped

        def rank(other: tuple[int, str, str, int]) -> tuple[bool, bool, bool, str]:
            pk, name, code, team = other
            words = {name.casefold(), code.casefold()} - {""}
            return pk not in mapped, not words & names, team != lead.team_id, name

        # Names only: there may be thousands, and forty are shown.
        every = importable_by(self._person).exclude(pk=lead.pk)
        found = sorted(every.values_list("pk", "name", "code", "team_id"), key=rank)
        self.others_left_out = max(0, len(found) - MOST_OFFERED)
        first = [pk for pk, _name, _code, _team in found[:MOST_OFFERED]]
        known = Characteristic.objects.select_related("team").in_bulk(first)
        return [known[pk] for pk in first]

    def _add_sizes_of_others(self, offered: list[Characteristic]) -> None:
        """One field for each other characteristic that counts and takes a column."""
        mapped, known = self._mapped, self._import.mapping.get("sizes", {})
        for other in offered:
            if other.pk in mapped and other.data_type in COUNTED_TYPES:
                self.fields[f"{SIZE_OF}{other.pk}"] = SizeField(
                    label=_("Size of %(name)s, when it is the same in all rows")
                    % {"name": other.name},
                    required=False,
                    initial=known.get(str(other.pk)),
                )

    @property
    def _mapped(self) -> set[int]:
        return mapped_keys({"columns": {n: c["role"] for n, c in enumerate(self._columns)}})

    def _add_layout(self) -> None:
        reading = self._reading
        if reading.get("kind") == "workbook":
            sheets = [(name, name) for name in reading.get("sheets", [])]
            self._choose("sheet", _("Sheet"), sheets)
        elif reading.get("kind") != "parquet":
            self._choose("encoding", _("Encoding"), list(words.ENCODINGS.items()))
            self._choose("delimiter", _("Cells are separated by"), list(words.DELIMITERS.items()))
        self.fields["header"] = forms.IntegerField(
            label=_("Row of the header, 0 for none"),
            min_value=0,
            max_value=5_000,
            initial=reading.get("header", 1),
        )

    def _add_writing(self) -> None:
        marks = [(f"{mark}{group}", label) for (mark, group), label in words.MARKS.items()]
        present = f"{self._reading.get('decimal', '.')}{self._reading.get('thousands', '')}"
        self._choose("marks", _("Numbers are written as"), marks, present)
        formats = dict(words.FORMATS)
        self._choose("format", _("Values are"), list(formats.items()))
        self._choose("date_order", _("Dates are written as"), list(words.DATE_ORDERS.items()))
        zone = self._reading.get("time_zone", settings.TIME_ZONE)
        first = dict.fromkeys([zone, self._import.characteristic.time_zone, settings.TIME_ZONE])
        likely = [name for name in [*first, *ZONES] if name]
        self._choose(
            "time_zone",
            _("Time zone of times without a UTC offset"),
            [
                (_("Likely"), [(name, spoken(name)) for name in dict.fromkeys(likely)]),
                (
                    _("All time zones"),
                    [(name, spoken(name)) for name in places() if name not in likely],
                ),
            ],
            zone,
        )
        self._choose("order", _("Rows are saved"), list(words.ORDERS.items()))

    def _choose(self, name: str, label: Any, choices: list[Any], initial: str = "") -> None:
        self.fields[name] = forms.ChoiceField(
            label=label,
            choices=choices,
            initial=initial or self._reading.get(name) or None,
            required=bool(choices),
        )

    def clean_format(self) -> str:
        way: str = self.cleaned_data["format"]
        unit = self._import.characteristic.unit.strip().lower()
        if way in {"mm:ss", "hh:mm"} and unit not in SECONDS_IN:
            raise forms.ValidationError(
                _("A duration needs a characteristic in s, min or h. Its unit is “%(unit)s”."),
                params={"unit": unit},
            )
        return way

    def reading(self) -> dict[str, Any]:
        """What the reader is told, as chosen."""
        cleaned = self.cleaned_data
        chosen: dict[str, Any] = {
            name: cleaned[name]
            for name in (
                "sheet", "encoding", "delimiter", "header", "format", "date_order", "time_zone",
                "order",
            )
            if name in cleaned
        }  # fmt: skip
        marks = cleaned["marks"]
        return {**chosen, "decimal": marks[:1], "thousands": marks[1:]}

    def mapping(self) -> dict[str, Any]:
        """The role of each column; none when the layout changes, so that they are found anew."""
        mapping: dict[str, Any] = {}
        if not self._layout_changed():
            mapping["columns"] = {
                str(column["index"]): self.cleaned_data[f"role_{column['index']}"]
                for column in self._columns
            }
            sizes = {
                name.removeprefix(SIZE_OF): size
                for name, size in self.cleaned_data.items()
                if name.startswith(SIZE_OF) and size is not None
            }
            if sizes:
                mapping["sizes"] = sizes
        if self.cleaned_data.get("size") is not None:
            mapping["size"] = self.cleaned_data["size"]
        return mapping

    def _layout_changed(self) -> bool:
        before = self._import.report.get("reading", {})
        return any(
            name in self.cleaned_data and self.cleaned_data[name] != before.get(name)
            for name in ("sheet", "encoding", "delimiter", "header")
        )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        return [self[f"role_{column['index']}"] for column in self._columns]

    @property
    def reading_fields(self) -> list[forms.BoundField]:
        """The choices that hold for the whole file."""
        return [
            self[name]
            for name in self.fields
            if not name.startswith(("role_", SIZE_OF)) and name not in {"version", "size"}
        ]

    @property
    def size_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name == "size" or name.startswith(SIZE_OF)]


def _role_choices(lead: Characteristic, others: list[Characteristic]) -> list[Any]:
    """What a column may be: for the file as a whole, for this characteristic, for another."""
    shared = {name: words.ROLES[name] for name in ("time", "subgroup", "skip")}
    factors = {
        f"{FACTOR}{name}": _("Factor: %(name)s") % {"name": name}
        for name in dict.fromkeys(name for one in (lead, *others) for name in one.factors)
    }
    groups = [
        (_("For all values"), [*{**shared, **factors}.items()]),
        (lead.name, _own_roles(lead, "")),
    ]
    groups += [(_other_name(other, lead), _own_roles(other, f"{other.pk}:")) for other in others]
    return groups


def _other_name(other: Characteristic, lead: Characteristic) -> str:
    name = f"{other.name} ({other.code})" if other.code else other.name
    return name if other.team_id == lead.team_id else f"{name} · {other.team.name}"


def _own_roles(characteristic: Characteristic, key: str) -> list[tuple[str, Any]]:
    """The roles that belong to one characteristic, told with its name."""
    unit = f", {characteristic.unit}" if characteristic.unit else ""
    name = {"name": characteristic.name}
    if characteristic.data_type == DataType.SEVERAL:
        return [
            (f"{key}{VARIABLE_OF}{place}", f"{characteristic.name}: {variable}")
            for place, variable in enumerate(characteristic.variables)
        ]
    roles: list[tuple[str, Any]] = [(f"{key}value", _("Value: %(name)s") % name + unit)]
    if characteristic.data_type == DataType.DEFECTIVES:
        roles.append((f"{key}size", _("Sample size: %(name)s") % name))
    elif characteristic.data_type == DataType.DEFECTS:
        roles.append((f"{key}size", _("Area of opportunity: %(name)s") % name))
    elif characteristic.data_type == DataType.BETWEEN:
        roles.append((f"{key}{EVENTS}", words.ROLES["events"]))
    return roles


class ConfirmForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    accept_refused = forms.BooleanField(required=False, widget=forms.HiddenInput)
    guesses_confirmed = forms.BooleanField(
        label=_("I checked this, and it is right"), required=False
    )
    again = forms.BooleanField(label=_("Import this file again"), required=False)
    doubles_in_file = forms.ChoiceField(
        label=_("Rows with the same subgroup and time as an earlier row of the file"),
        choices=Doubles,
        initial=Doubles.ADD,
        widget=forms.RadioSelect,
        required=False,
    )
    doubles_stored = forms.ChoiceField(
        label=_("Rows whose subgroup and time are stored already"),
        choices=[
            (Doubles.ADD, _("Add them: both count")),
            (Doubles.SKIP, _("Skip them: the stored values stay")),
            (Doubles.REPLACE, _("Replace the stored values; the old ones are kept on record")),
        ],
        initial=Doubles.ADD,
        widget=forms.RadioSelect,
        required=False,
    )
    profile_name = forms.CharField(
        label=_("Remember this way of reading as"),
        max_length=80,
        required=False,
        help_text=_("The next file with the same header is read like this one."),
    )

    def clean_doubles_in_file(self) -> str:
        return self.cleaned_data["doubles_in_file"] or Doubles.ADD

    def clean_doubles_stored(self) -> str:
        return self.cleaned_data["doubles_stored"] or Doubles.ADD


class VersionForm(forms.Form):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ReportForm(forms.Form):
    """The query string of the row report."""

    show = forms.ChoiceField(choices=[(show, show) for show in SHOWS], required=False)
