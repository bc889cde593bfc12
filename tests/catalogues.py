"""Do the catalogues hold every word of the product, translated and compiled?

Every .po must have a .mo with the same messages, no fuzzy or missing translation, and every
string that the code and the templates mark (found anew by makemessages, which needs gettext).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import django
import polib
from django.core.management import call_command
from django.test import override_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "improve.settings")

LOCALE = Path(__file__).resolve().parent.parent / "improve" / "locale"
LANGUAGES = ("zh_Hant", "zh_Hans")


def findings(folder: Path) -> list[str]:
    found = []
    for language in LANGUAGES:
        for source in (folder / language / "LC_MESSAGES").glob("*.po"):
            found += _of(source)
        if not list((folder / language / "LC_MESSAGES").glob("*.po")):
            found.append(f"{language}: there is no catalogue")
    return found


def _of(source: Path) -> list[str]:
    catalogue = polib.pofile(str(source))
    name = f"{source.parent.parent.name}/{source.name}"
    found = [f"{name}: fuzzy: {entry.msgid!r}" for entry in catalogue.fuzzy_entries()]
    found += [f"{name}: not translated: {e.msgid!r}" for e in catalogue.untranslated_entries()]
    compiled = source.with_suffix(".mo")
    if not compiled.exists():
        return [*found, f"{name}: is not compiled"]
    if _messages(polib.mofile(str(compiled))) != _messages(catalogue):
        found.append(f"{name}: the compiled file is older; run compilemessages")
    return found


def _messages(catalogue: polib.POFile | polib.MOFile) -> dict[object, object]:
    return {
        (entry.msgctxt, entry.msgid): entry.msgstr or dict(entry.msgstr_plural)
        for entry in catalogue
        if entry.msgid and not entry.obsolete and (entry.msgstr or entry.msgstr_plural)
    }


def unknown_words() -> list[str]:
    """What is marked for translation and stands in no catalogue."""
    if shutil.which("xgettext") is None:
        return ["xgettext was not found: install gettext"]
    with tempfile.TemporaryDirectory(prefix="improve-locale-") as folder:
        copy = Path(folder) / "locale"
        shutil.copytree(LOCALE, copy)
        with override_settings(LOCALE_PATHS=[str(copy)]):
            call_command(
                "makemessages", locale=list(LANGUAGES), no_obsolete=True, verbosity=0,
                ignore_patterns=[".venv/*", "data/*", "tests/*", "improve/locale"],
            )  # fmt: skip
        catalogue = polib.pofile(str(copy / LANGUAGES[0] / "LC_MESSAGES" / "django.po"))
    waiting = [*catalogue.untranslated_entries(), *catalogue.fuzzy_entries()]
    return [f"in no catalogue: {entry.msgid!r}" for entry in waiting]


def main() -> int:
    os.chdir(LOCALE.parent.parent)
    django.setup()
    found = [*findings(LOCALE), *unknown_words()]
    print("\n".join(found[:40]))
    if len(found) > 40:
        print(f"… and {len(found) - 40} more")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
