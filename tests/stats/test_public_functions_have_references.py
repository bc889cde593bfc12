"""Every public function, chart and rule set is compared with a figure from outside the project.

A test that does so says ``@pytest.mark.reference("capability", "chart:p", source="...")``.  Here
the marks are taken at their word only where the test, with the fixtures, helpers and tables it
uses, names that function (that chart, that rule set) and asserts something.
"""

import ast
import importlib
import inspect
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

import apps.stats
from apps.stats.registry import CHART_TYPES
from apps.stats.rules.sets import RULE_SETS

FOLDER = Path(__file__).parent
FUNCTIONS = {
    name
    for name in apps.stats.__all__
    if callable(getattr(apps.stats, name)) and not inspect.isclass(getattr(apps.stats, name))
}
CHARTS = {f"chart:{kind}" for kind in CHART_TYPES}
SETS = {f"rules:{name}" for name in RULE_SETS}
WANTED = FUNCTIONS | CHARTS | SETS
FEWEST_CHECKS = 150  # what was asked of the engine


@dataclass(frozen=True)
class Reference:
    """One marked test: what it says it compares, with whose figure, and in how many cases."""

    test: str
    names: tuple[str, ...]
    source: str
    cases: int
    skipped: bool
    words: frozenset[str]
    asserts: bool


def _modules() -> Iterator[ModuleType]:
    for path in sorted(FOLDER.glob("test_*.py")):  # what pytest collects here: python_files
        yield importlib.import_module(f"tests.stats.{path.stem}")


def _words(node: ast.AST) -> set[str]:
    """Names, attributes, argument names and strings that occur below a node."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.Attribute):
            found.add(each.attr)
        elif isinstance(each, ast.arg):
            found.add(each.arg)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.add(each.value)
    return found


def _without_marks(test: ast.FunctionDef) -> list[ast.AST]:
    """The parts of a test, the mark itself left out: it proves nothing."""
    tables = [line for line in test.decorator_list if "reference" not in _words(line)]
    return [*tables, test.args, *test.body]


def _reach(parts: list[ast.AST], module: dict[str, ast.AST]) -> set[str]:
    """All words a test comes across in its own text and in what it uses of its module."""
    seen: set[str] = set()
    open_ = set().union(*(_words(part) for part in parts))
    while open_:
        word = open_.pop()
        if word not in seen:
            seen.add(word)
            open_ |= _words(module[word]) if word in module else set()
    return seen


def _definitions(tree: ast.Module) -> dict[str, ast.AST]:
    found: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {t.id: node for t in node.targets if isinstance(t, ast.Name)}
    return found


def _asserts(node: ast.AST, parts: list[ast.AST], module: dict[str, ast.AST]) -> bool:
    own = any(isinstance(each, ast.Assert) for each in ast.walk(node))
    return own or any(word.startswith("assert_") for word in _reach(parts, module))


def references_of(module: ModuleType, text: str) -> list[Reference]:
    """The marked tests of a module."""
    definitions = _definitions(ast.parse(text))
    found = []
    for name, test in vars(module).items():
        marks = getattr(test, "pytestmark", [])
        own = [mark for mark in marks if mark.name == "reference"]
        if not own:
            continue
        node = definitions[name]
        parts = _without_marks(node) if isinstance(node, ast.FunctionDef) else [node]
        sizes = [len(mark.args[1]) for mark in marks if mark.name == "parametrize"]
        found += [
            Reference(
                test=f"{module.__name__}.{name}",
                names=mark.args,
                source=mark.kwargs.get("source", ""),
                cases=math.prod(sizes),
                skipped=any(other.name in ("skip", "skipif", "xfail") for other in marks),
                words=frozenset(_reach(parts, definitions)),
                asserts=name.startswith("test_") and _asserts(node, parts, definitions),
            )
            for mark in own
        ]
    return found


def _all() -> list[Reference]:
    return [
        reference
        for module in _modules()
        for reference in references_of(module, Path(str(module.__file__)).read_text("utf-8"))
    ]


def faults(reference: Reference) -> list[str]:
    """What keeps a mark from being believed."""
    words = {word.partition(":")[0] for word in reference.words}  # "nelson:1" is of that set
    missing = [
        f"{name} is not used"
        for name in reference.names
        if (name.partition(":")[2] or name) not in words
    ]
    unknown = [f"{name} is not public" for name in reference.names if name not in WANTED]
    return [
        *missing,
        *unknown,
        *([] if len(reference.source) > 10 else ["no source is named"]),
        *([] if reference.asserts else ["nothing is asserted"]),
        *(["it is skipped"] if reference.skipped else []),
    ]


REFERENCES = _all()


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda one: one.test.rpartition(".")[2])
def test_a_mark_is_true(reference: Reference) -> None:
    assert faults(reference) == []


@pytest.mark.parametrize("name", sorted(WANTED))
def test_there_is_a_reference(name: str) -> None:
    assert [one.test for one in REFERENCES if name in one.names]


def test_there_are_as_many_checks_as_promised() -> None:
    by_test = {one.test: one.cases for one in REFERENCES}
    assert sum(by_test.values()) >= FEWEST_CHECKS


def test_a_false_mark_is_found() -> None:
    text = (
        "import pytest\n"
        "from apps.stats import chart, compare\n"
        "@pytest.mark.reference('compare', source='a book of that name')\n"
        "def test_empty(): assert chart\n"
        "@pytest.mark.reference('chart', source='a book of that name')\n"
        "def test_silent(): chart('c', [1, 2])\n"
        "@pytest.mark.reference('chart:p', 'chrat', source='')\n"
        "def test_other(): assert chart('c', [1, 2])\n"
    )
    module = ModuleType("tests.stats.false_marks")
    exec(compile(text, "false_marks", "exec"), vars(module))
    empty, silent, other = references_of(module, text)
    assert faults(empty) == ["compare is not used"]
    assert faults(silent) == ["nothing is asserted"]
    assert faults(other) == [
        "chart:p is not used",
        "chrat is not used",
        "chrat is not public",
        "no source is named",
    ]
