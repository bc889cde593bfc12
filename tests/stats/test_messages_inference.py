"""Every code that capability, evidence and the rest can raise or tell has an English sentence."""

import ast
from pathlib import Path

import pytest

from apps import stats
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


NOISE = [5.1, 4.9, 5.0, 5.2, 4.8, 5.1, 5.0, 4.9, 5.3, 4.7]
JUDGED = {
    "comparison": stats.compare(NOISE, [v + 1 for v in NOISE]),
    "groups": stats.one_way_anova({"a": NOISE, "b": [v + 1 for v in NOISE]}),
    "ranks": stats.kruskal_wallis({"a": NOISE, "b": [v + 1 for v in NOISE]}),
    "table": stats.chi_square([[10, 20], [20, 10]]),
    "correlation": stats.correlation(NOISE, [v * v for v in NOISE]),
    "regression": stats.regression(NOISE, {"x": list(range(10))}),
    "equivalence": stats.equivalence(NOISE, NOISE, low=-1, high=1),
    "change": stats.change_point([*NOISE, *(v + 1 for v in NOISE)]),
    "bias": stats.bias_study(NOISE, 4.0),
    "linearity": stats.linearity_study(NOISE, [5, 5, 5, 5, 5, 6, 6, 6, 6, 6]),
    "gage": stats.gage_crossed([*NOISE[:8]], list("aabbaabb"), list("xxxxyyyy")),
}


@pytest.mark.parametrize("name", sorted(JUDGED))
def test_every_judged_result_says_its_verdict_in_a_sentence(name):
    sentence = JUDGED[name].sentence
    assert sentence.endswith(".")
    assert "nan" not in sentence
