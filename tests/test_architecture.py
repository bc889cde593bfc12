"""Habits of the house that no linter knows. Levels and layers: `lint-imports` (make check)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ROOT / "apps"
LONGEST_FILE = 600
MODEL_SIGNALS = {
    "pre_init", "post_init", "pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed",
}  # fmt: skip
HELPER_BAGS = {"utils", "helpers", "util", "helper", "misc"}


def sources() -> list[Path]:
    return sorted(path for path in APPS.rglob("*.py") if "migrations" not in path.parts)


def named(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def imports_in_functions(tree: ast.AST) -> Iterator[int]:
    """Lines of imports inside a function or method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield inner.lineno


def model_signals(tree: ast.AST) -> Iterator[int]:
    """Lines that import a model signal by name, or the module that holds them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if node.module == "django.db.models.signals" or (
                node.module == "django.db.models" and names & (MODEL_SIGNALS | {"signals"})
            ):
                yield node.lineno
        if isinstance(node, ast.Import) and any("models.signals" in a.name for a in node.names):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr in MODEL_SIGNALS:
            yield node.lineno


def findings(check: object, paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        tree = ast.parse(path.read_text(), filename=str(path))
        found += [named(path, line) for line in check(tree)]  # type: ignore[operator]
    return found


def test_imports_stand_at_the_top_of_the_file() -> None:
    ready_hooks = [path for path in sources() if path.name == "apps.py"]
    rest = [path for path in sources() if path not in ready_hooks]
    assert findings(imports_in_functions, rest) == []


def test_no_model_signal_does_work_behind_a_save() -> None:
    assert findings(model_signals, sources()) == []


def test_every_module_is_named_for_what_it_holds() -> None:
    bags = [named(p, 1) for p in sources() if p.stem in HELPER_BAGS or p.parent.name in HELPER_BAGS]
    assert bags == []


def test_no_file_grows_past_reading() -> None:
    tests = [path for path in (ROOT / "tests").rglob("*.py") if "data" not in path.parts]
    lengths = {named(p, 1): len(p.read_text().splitlines()) for p in [*sources(), *tests]}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (imports_in_functions, "def f():\n    import os\n"),
        (imports_in_functions, "class A:\n    def f(self):\n        from os import path\n"),
        (model_signals, "from django.db.models.signals import post_save\n"),
        (model_signals, "from django.db.models import signals\n"),
        (model_signals, "import django.db.models.signals\n"),
        (model_signals, "@receiver(signals.post_save)\ndef f(): ...\n"),
    ],
)
def test_the_checks_see_what_they_look_for(check: object, source: str) -> None:
    assert list(check(ast.parse(source))) != []  # type: ignore[operator]


def loaded_after(statement: str) -> set[str]:
    """The top-level packages a fresh interpreter holds after a statement."""
    code = f"import sys; {statement}; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_supervisor_is_slim() -> None:
    loaded = loaded_after("import apps.operations.supervisor")
    assert not loaded & {"django", "celery", "redis", "numpy", "environ"}


def test_the_statistics_engine_needs_no_web() -> None:
    loaded = loaded_after("import apps.stats, apps.stats.engine")
    assert not loaded & {"django", "celery", "redis", "matplotlib"}
