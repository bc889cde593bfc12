"""Every code of the engine has a sentence of the web application, with figures the engine gives."""

import re
from string import Formatter

import pytest

from apps.charts.wording.statistics import ADVICE, PROBLEMS, WARNINGS, sentence_of
from apps.stats.messages import ERRORS, NOTICES

ENGLISH = ERRORS | NOTICES
WORDS = PROBLEMS | WARNINGS | ADVICE


def _told(code: str) -> set[str]:
    return {name for _text, name, _form, _as in Formatter().parse(ENGLISH[code]) if name}


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_error_has_words(code: str) -> None:
    assert code in PROBLEMS


@pytest.mark.parametrize("code", sorted(NOTICES))
def test_notice_has_words(code: str) -> None:
    assert code in (ADVICE if code.startswith("advice_") else WARNINGS)


@pytest.mark.parametrize("code", sorted(ENGLISH))
def test_words_need_no_figure_that_the_engine_does_not_give(code: str) -> None:
    params = dict.fromkeys(_told(code), 0.25)
    sentence = sentence_of({"code": code, "params": params, "text": "of the engine"})
    assert sentence != "of the engine"
    assert re.search(r"[.]$", sentence)
    assert "%(" not in sentence


def test_a_share_is_said_in_percent_and_a_small_p_as_a_bound() -> None:
    share = {"code": "rest_is_large", "params": {"share": 0.62}}
    assert sentence_of(share) == "The rest category holds 62% of all. Split it up."
    odds = {"code": "advice_not_normal", "params": {"p_value": 1e-7}}
    assert "(p < 0.001)" in sentence_of(odds)
