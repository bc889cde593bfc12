"""Form parts: field with label, help and error; summary; choice cards; signing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.forms.formsets import BaseFormSet
from django.utils.safestring import SafeString

register = template.Library()

CHECK_WIDGETS = (forms.RadioSelect, forms.CheckboxSelectMultiple)


def _kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CHECK_WIDGETS):
        return "options"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    return "control"


def _widget_class(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-control"


def _described_by(bound: BoundField, has_help: bool) -> str:
    if bound.errors:
        return f"{bound.auto_id}_error"
    return f"{bound.auto_id}_help" if has_help else ""


def _draw_widget(bound: BoundField, has_help: bool) -> SafeString:
    attrs: dict[str, Any] = {"class": _widget_class(bound)}
    own = bound.field.widget.attrs.get("class")
    if own:
        attrs["class"] = f"{attrs['class']} {own}"
    described = _described_by(bound, has_help)
    if described:
        attrs["aria-describedby"] = described
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return bound.as_widget(attrs=attrs)


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField, label: str = "", help: str = "", width: str = "", hide_label: bool = False
) -> dict[str, Any]:
    """One form field; an error takes the place of the help."""
    text = help or bound.help_text
    context = {
        "bound": bound,
        "kind": _kind(bound),
        "label": label or bound.label,
        "help": text,
        "width": width,
        "hide_label": hide_label,
        "errors": bound.errors,
    }
    if context["kind"] != "options":
        context["widget"] = _draw_widget(bound, bool(text))
    else:
        context["described"] = _described_by(bound, bool(text))
    return context


@register.inclusion_tag("components/fields.html")
def fields(form: forms.BaseForm) -> dict[str, Any]:
    return {"form": form}


def _refused(given: object) -> tuple[list[str], list[BoundField]]:
    """General errors and fields with errors of one form, or of all forms of a formset."""
    if isinstance(given, BaseFormSet):
        parts = [_refused(form) for form in given.forms]
        general = [*given.non_form_errors(), *(text for texts, _ in parts for text in texts)]
        return general, [bound for _, bounds in parts for bound in bounds]
    if not isinstance(given, forms.BaseForm) or not given.is_bound:
        return [], []
    return [str(error) for error in given.non_field_errors()], [
        bound for bound in given if bound.errors
    ]


@register.inclusion_tag("components/form_errors.html")
def form_errors(*given: object) -> dict[str, Any]:
    """One summary on top of the forms that were refused, with a link to each field."""
    general: list[str] = []
    rows: list[BoundField] = []
    for form in given:
        sentences, bounds = _refused(form)
        general += sentences
        rows += bounds
    return {"general": general, "rows": rows}


@register.inclusion_tag("components/choice_cards.html")
def choice_cards(bound: BoundField, hints: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A radio field as cards; hints give a second line per value."""
    lines = hints or {}
    options = [
        {
            "value": option.data["value"],
            "label": option.choice_label,
            "id": option.id_for_label,
            "chosen": option.data["selected"],
            "hint": lines.get(str(option.data["value"]), ""),
        }
        for option in bound
    ]
    return {
        "bound": bound,
        "options": options,
        "errors": bound.errors,
        "required": bound.field.required,
        "described": _described_by(bound, bool(bound.help_text)),
    }


@register.inclusion_tag("components/sign_block.html")
def sign_block(
    bound: BoundField, button: str, person: str, meaning: str, consequence: str = ""
) -> dict[str, Any]:
    """Password, what the signature means, the button that names the act, its consequence."""
    return {
        "bound": bound,
        "button": button,
        "person": person,
        "meaning": meaning,
        "consequence": consequence,
    }
