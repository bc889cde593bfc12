"""The sampling plan in words, as filters."""

from __future__ import annotations

from django import template

from apps.measurements.wording.sampling import plan_in_words, sampling_sentence

register = template.Library()
register.filter("sampling_sentence", sampling_sentence)
register.filter("plan_in_words", plan_in_words)
