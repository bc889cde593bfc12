"""Every public name is explained, its example runs, and a test of this folder calls it."""

import ast
import doctest
import inspect
from itertools import pairwise
from pathlib import Path

import pytest

import apps.stats

CLASSES = [n for n in apps.stats.__all__ if inspect.isclass(getattr(apps.stats, n))]
FUNCTIONS = [n for n in apps.stats.__all__ if n not in CLASSES and callable(getattr(apps.stats, n))]
SECTIONS = ("Parameters", "Returns", "Raises", "References", "Examples")


def _sections(name: str) -> set[str]:
    lines = inspect.getdoc(getattr(apps.stats, name)).splitlines()
    return {title for title, rule in pairwise(lines) if title and rule == "-" * len(title)}


def _runs(name: str) -> doctest.TestResults:
    thing = inspect.unwrap(getattr(apps.stats, name))  # some keep their results
    found = doctest.DocTestFinder(recurse=False).find(
        thing, name, globs=dict(vars(inspect.getmodule(thing)))
    )
    runner = doctest.DocTestRunner(verbose=False)
    for each in found:
        runner.run(each)
    return runner.summarize(verbose=False)


def _names_used_in_tests() -> set[str]:
    used: set[str] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        if path == Path(__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                callee = node.func
                used.add(getattr(callee, "attr", getattr(callee, "id", "")))
            elif isinstance(node, ast.Attribute):  # handed to a table of cases
                used.add(node.attr)
    return used


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_function_is_explained(name: str) -> None:
    needed = set(SECTIONS)
    if not inspect.signature(getattr(apps.stats, name)).parameters:
        needed.remove("Parameters")
    assert not needed - _sections(name)


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_the_example_of_a_public_name_runs(name: str) -> None:
    result = _runs(name)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("name", CLASSES)
def test_public_class_has_words_of_its_own(name: str) -> None:
    words = inspect.getdoc(getattr(apps.stats, name))
    assert words
    assert not words.startswith(f"{name}(")  # what a dataclass writes where nobody did


def test_every_public_function_is_called_by_a_test() -> None:
    assert not set(FUNCTIONS) - _names_used_in_tests()


def test_the_public_names_are_the_functions_the_classes_and_the_default_rules() -> None:
    assert {*FUNCTIONS, *CLASSES, "DEFAULT_RULES"} == set(apps.stats.__all__)
