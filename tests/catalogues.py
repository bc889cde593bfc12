"""Are the compiled catalogues the translations that lie beside them?

Every .po must have a .mo with the same messages, and no fuzzy or missing translation.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polib

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


def main() -> int:
    found = findings(LOCALE)
    print("\n".join(found[:40]))
    if len(found) > 40:
        print(f"… and {len(found) - 40} more")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
