"""Every code that capability, evidence and the rest can raise or tell has an English sentence."""

import ast
from pathlib import Path

import pytest

from apps.stats import messages, messages_inference

ROOT = Path(messages.__file__).parent
ERROR_CLASSES = {"NotEnoughData", "DegenerateData", "InvalidSpecification"}


def _codes():
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            name = node.func.id
            if name not in ERROR_CLASSES | {"Notice"} or not node.args:
                continue
            if isinstance(node.args[0], ast.Constant):
                table = messages.NOTICES if name == "Notice" else messages.ERRORS
                code = node.args[0].value
                yield pytest.param(table, code, id=f"{path.stem}-{code}")


@pytest.mark.parametrize(("table", "code"), list(_codes()))
def test_code_has_a_sentence(table, code):
    assert code in table


@pytest.mark.parametrize("kind", ["ERRORS", "NOTICES"])
def test_sentences_are_joined_and_speak_in_whole_sentences(kind):
    for code, text in getattr(messages_inference, kind).items():
        assert getattr(messages, kind)[code] == text
        assert text.endswith(".")
