"""From the seats a gate asks for to the people who sit in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.approvals.choices import LayerRule
from apps.approvals.plans import LayerPlan, SeatPlan
from apps.projects.choices import Capacity
from apps.projects.models import Project, SeatTemplate, Stage
from apps.projects.people import people_in


@dataclass(frozen=True)
class Seating:
    """The layers as far as they can be filled, and in words what is missing."""

    layers: tuple[LayerPlan, ...]
    missing: tuple[str, ...]


def seat(stage: Stage, barred: Collection[int]) -> Seating:
    """Seat the people of the project in the gate's layers, in order.

    A person who wrote, edited or asked cannot sit. A mandatory seat that stays empty is missing,
    unless one signature of the layer is enough and another seat of it is filled.
    """
    named = people_in(stage.project)
    templates = sorted(stage.template.seats.all(), key=lambda one: (one.layer, one.pk))
    layers: list[LayerPlan] = []
    missing: list[str] = []
    for _layer, group in groupby(templates, key=lambda one: one.layer):
        plan, gaps = _layer_of(list(group), named, barred)
        missing.extend(gaps)
        if plan.seats:
            layers.append(plan)
    return Seating(layers=tuple(layers), missing=tuple(missing))


def _layer_of(
    templates: Sequence[SeatTemplate], named: dict[str, list[User]], barred: Collection[int]
) -> tuple[LayerPlan, list[str]]:
    seats: dict[int, SeatPlan] = {}
    gaps: list[str] = []
    for template in templates:
        people = named.get(template.capacity, [])
        eligible = [user for user in people if user.is_active and user.pk not in barred]
        for user in eligible:
            # One person signs a layer once, in the capacity named first.
            seats.setdefault(user.pk, SeatPlan(user, template.capacity, template.mandatory))
        if template.mandatory and not eligible:
            gaps.append(_gap(Capacity(template.capacity), people, barred))
    rule = LayerRule(templates[0].rule)
    plan = LayerPlan(rule=rule, seats=list(seats.values()), quorum=templates[0].quorum)
    if rule == LayerRule.ANY and seats:
        gaps = []
    if rule == LayerRule.ALL and not any(one.mandatory for one in plan.seats):
        # Only optional seats are left: nobody has to sign here.
        plan = LayerPlan(rule=rule, seats=[], quorum=1)
    return plan, gaps


def _gap(capacity: Capacity, people: Sequence[User], barred: Collection[int]) -> str:
    words = {"capacity": capacity.label, "name": ", ".join(user.name for user in people)}
    if not people:
        return _("Nobody is named as %(capacity)s. Name one under Members.") % words
    if any(user.pk in barred for user in people):
        return (
            _(
                "%(name)s wrote, edited or submitted this and cannot sign as %(capacity)s. "
                "Name someone else."
            )
            % words
        )
    return _("%(name)s is no longer active. Name someone else as %(capacity)s.") % words


def project_seats_open_to(project: Project) -> list[tuple[str, str]]:
    """The capacities that gates of this project's methodology ask for, for the members form."""
    asked = SeatTemplate.objects.filter(stage__methodology=project.methodology)
    keys = set(asked.values_list("capacity", flat=True).order_by().distinct())
    return [(one.value, str(one.label)) for one in Capacity if one.value in keys]
