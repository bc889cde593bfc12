"""Telling the people of a project: who is told what, in which words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.approvals.models import Round
from apps.notifications.sentences import Sentence
from apps.notifications.services import notify
from apps.projects.models import Project, Stage

SENTENCES = {
    "initiative.submitted": Sentence(
        _("<b>%(actor)s</b> submitted the initiative %(project)s."),
        "lightbulb",
        _("An initiative waits for acceptance"),
    ),
    "initiative.accepted": Sentence(
        _("<b>%(actor)s</b> accepted your initiative %(project)s."),
        "check-circle",
        _("My initiative was accepted, returned or declined"),
    ),
    "initiative.returned": Sentence(
        _("<b>%(actor)s</b> sent your initiative %(project)s back: “%(reason)s”"),
        "arrow-return-left",
    ),
    "initiative.declined": Sentence(
        _("<b>%(actor)s</b> declined your initiative %(project)s: “%(reason)s”"), "x-octagon"
    ),
    "project.named": Sentence(
        _("<b>%(actor)s</b> added you to %(project)s."),
        "person-plus",
        _("I was added to a project, or it was paused, resumed or ended"),
    ),
    "project.started": Sentence(_("%(project)s has started."), "play-circle"),
    "project.held": Sentence(
        _("<b>%(actor)s</b> put %(project)s on hold: “%(reason)s”"), "pause-circle"
    ),
    "project.resumed": Sentence(_("<b>%(actor)s</b> resumed %(project)s."), "play-circle"),
    "project.cancelled": Sentence(
        _("<b>%(actor)s</b> cancelled %(project)s: “%(reason)s”"), "slash-circle"
    ),
    "project.completed": Sentence(
        _("%(project)s is completed. Its result is now watched."), "check-circle"
    ),
    "project.closed": Sentence(_("<b>%(actor)s</b> closed %(project)s."), "archive"),
    "project.reopened": Sentence(
        _("<b>%(actor)s</b> reopened %(project)s: “%(reason)s”"), "arrow-counterclockwise"
    ),
    "gate.waiting": Sentence(
        _("<b>%(actor)s</b> asks for your decision on the %(stage)s gate of %(project)s."),
        "hourglass-split",
        _("A gate waits for my decision"),
    ),
    "gate.delegated": Sentence(
        _("<b>%(actor)s</b> asks you to decide on the %(stage)s gate of %(project)s: “%(reason)s”"),
        "person-plus",
    ),
    "gate.passed": Sentence(
        _("The %(stage)s gate of %(project)s has passed."),
        "check-circle",
        _("A gate of my project was decided"),
    ),
    "gate.sent_back": Sentence(
        _("<b>%(actor)s</b> sent the %(stage)s gate of %(project)s back: “%(reason)s”"),
        "arrow-return-left",
    ),
    "gate.declined": Sentence(
        _("<b>%(actor)s</b> declined the %(stage)s gate of %(project)s: “%(reason)s”"), "x-octagon"
    ),
    "gate.withdrawn": Sentence(
        _("<b>%(actor)s</b> withdrew the request for the %(stage)s gate of %(project)s."),
        "arrow-counterclockwise",
    ),
    "gate.still_waiting": Sentence(
        _("The %(stage)s gate of %(project)s still waits for your decision, due %(due)s."),
        "hourglass-split",
        _("A reminder of what is late"),
    ),
    "condition.asked": Sentence(
        _("<b>%(actor)s</b> approved %(project)s on a condition for you: %(text)s, due %(due)s."),
        "exclamation-triangle",
        _("An action or a condition was given to me"),
    ),
    "condition.overdue": Sentence(
        _("Your condition for %(project)s was due on %(due)s: %(text)s"), "exclamation-triangle"
    ),
    "condition.settled": Sentence(
        _("<b>%(actor)s</b> says that your condition for %(project)s is met: %(text)s"),
        "check-circle",
    ),
    "action.assigned": Sentence(
        _("<b>%(actor)s</b> gave you an action in %(project)s: %(text)s"), "list-check"
    ),
    "action.overdue": Sentence(
        _("Your action in %(project)s was due on %(due)s: %(text)s"), "exclamation-triangle"
    ),
    "cycle.decided": Sentence(
        _("<b>%(actor)s</b> decided cycle %(cycle)s of %(project)s: %(decision)s."),
        "arrow-repeat",
    ),
}


def tell(
    users: Iterable[User | None],
    *,
    kind: str,
    event: str,
    project: Project,
    actor: User | None = None,
    link: str = "",
    **words: Any,
) -> None:
    """Tell each person once of `event` (a key that names it); nobody is told of their own act."""
    people = {user.pk: user for user in users if user is not None}
    if actor is not None:
        people.pop(actor.pk, None)
    notify(
        users=list(people.values()),
        key=f"project:{project.pk}:{event}",
        kind=kind,
        params={
            "actor": "" if actor is None else actor.get_full_name(),
            "project": str(project),
            **words,
        },
        url=link or reverse("projects:detail", args=[project.number]),
    )


def tell_gate(
    users: Iterable[User | None],
    *,
    kind: str,
    event: str,
    stage: Stage,
    round_: Round,
    actor: User | None = None,
    **words: Any,
) -> None:
    tell(
        users,
        kind=kind,
        event=f"round:{round_.pk}:{event}",
        project=stage.project,
        actor=actor,
        link=reverse("reviews:detail", args=[round_.pk]),
        stage={"msgid": stage.template.name},
        **words,
    )


def team_of(project: Project) -> list[User]:
    """Owner and members: who works on the project."""
    members = project.members.select_related("user")
    return [project.owner, *(member.user for member in members)]
