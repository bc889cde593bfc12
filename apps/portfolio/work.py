"""What waits for one person: decisions, signals, actions, and the first thing to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from apps.accounts.choices import Relation
from apps.accounts.models import User
from apps.accounts.policies import Action, may
from apps.approvals.models import Condition, Round
from apps.approvals.selectors import conditions_owed_by
from apps.charts.choices import ChartState
from apps.charts.models import Signal
from apps.charts.selectors import WallFilters, newest_signals, signals_waiting_for, wall
from apps.charts.selectors.wall import Card
from apps.measurements.models import Characteristic
from apps.measurements.newest import overdue, sampling_of
from apps.measurements.wording.sampling import sampling_sentence
from apps.projects.choices import ActionState, ProjectState
from apps.projects.models import Project, ProjectAction
from apps.projects.selectors import next_step, projects_for_home, reviews_waiting_for

SIGNALS = 5
NEWEST = 40
INITIATIVES = 6
ACTIONS = 6
CHARTS = 8
SOON = dt.timedelta(days=14)


@dataclass(frozen=True)
class Step:
    """The one primary button."""

    label: str
    url: str


class Work:
    """Everything on a person's home page, each part read when it is asked for."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.today = timezone.localdate()

    @cached_property
    def reviews(self) -> list[Round]:
        return list(reviews_waiting_for(self.user))

    @cached_property
    def projects(self) -> list[Project]:
        return projects_for_home(self.user)

    @cached_property
    def sponsors_only(self) -> bool:
        return bool(self.projects) and all(
            project.sponsor_id == self.user.pk for project in self.projects
        )

    @cached_property
    def initiatives(self) -> list[Project]:
        """Initiatives that wait for being accepted by this person."""
        submitted = Project.objects.visible_to(self.user).filter(state=ProjectState.SUBMITTED)
        return [
            project
            for project in submitted.select_related("team", "owner").prefetch_related("members")
            if self._triages(project)
        ][:INITIATIVES]

    def _triages(self, project: Project) -> bool:
        takes_part = project.relations_of(self.user) - {Relation.SPONSOR}
        return not takes_part and may(self.user, Action.TRIAGE_INITIATIVE, project)

    @property
    def looks_after_signals(self) -> bool:
        return may(self.user, Action.EXPLAIN_SIGNAL)

    @cached_property
    def own_signals(self) -> list[Signal]:
        return list(signals_waiting_for(self.user)[:SIGNALS])

    @cached_property
    def nobodys_signals(self) -> list[Signal]:
        """The newest signal of each chart whose signals nobody looks into."""
        if not self.looks_after_signals:
            return []
        newest: dict[int, Signal] = {}
        for signal in newest_signals(self.user, limit=NEWEST):
            if signal.assigned_to_id is None:
                newest.setdefault(signal.chart_id, signal)
        return list(newest.values())

    @property
    def signals(self) -> list[Signal]:
        return (self.own_signals + self.nobodys_signals)[:SIGNALS]

    @cached_property
    def overdue(self) -> list[tuple[Characteristic, str]]:
        """What this person looks after whose planned values did not come, with its sentence."""
        late = overdue().filter(owner=self.user)[:SIGNALS]
        return [(one, sampling_sentence(sampling_of(one))) for one in late]

    @cached_property
    def actions(self) -> list[ProjectAction]:
        return list(actions_late_or_soon(self.user, self.today)[:ACTIONS])

    @cached_property
    def conditions(self) -> list[Condition]:
        return list(conditions_owed_by(self.user)[:ACTIONS])

    @property
    def due_count(self) -> int:
        return len(self.actions) + len(self.conditions)

    @cached_property
    def charts(self) -> list[Card]:
        """For who has no project: the charts that need attention."""
        if self.projects:
            return []
        cards = wall(self.user, WallFilters()).cards
        return [card for card in cards if card.state != ChartState.STABLE][:CHARTS]

    # --- in words -----------------------------------------------------------------------------

    @property
    def headline(self) -> str:
        """What waits, in whole sentences."""
        day = date_format(self.today, pgettext("date format: weekday and date", "l j F Y"))
        waiting = [*self._decisions(), *self._others()] or [_("Nothing waits for you.")]
        # Chinese sets no space between sentences.
        space = "" if (get_language() or "").startswith("zh") else " "
        return space.join([_("%(day)s.") % {"day": day}, *waiting])

    def _decisions(self) -> list[str]:
        count = len(self.reviews)
        if not count:
            return []
        opened = [timezone.localdate(one.opened_at) for one in self.reviews if one.opened_at]
        days = max(((self.today - day).days for day in opened), default=0)
        if not days:
            return [
                ngettext(
                    "One decision waits for you, since today.",
                    "%(count)d decisions wait for you, all since today.",
                    count,
                )
                % {"count": count}
            ]
        oldest = ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
        said = ngettext(
            "One decision waits for you, for %(oldest)s.",
            "%(count)d decisions wait for you, the oldest for %(oldest)s.",
            count,
        )
        return [said % {"count": count, "oldest": oldest}]

    def _others(self) -> list[str]:
        new, mine, nobodys = len(self.initiatives), len(self.own_signals), len(self.nobodys_signals)
        late = sum(bool(one.due and one.due < self.today) for one in self.own_actions)
        counted = [
            (new, ngettext("%(n)d initiative waits to be accepted.",
                           "%(n)d initiatives wait to be accepted.", new)),
            (mine, ngettext("%(n)d signal asks you for its cause.",
                            "%(n)d signals ask you for their cause.", mine)),
            (nobodys, ngettext("Nobody looks into the signal of %(n)d chart.",
                               "Nobody looks into the signals of %(n)d charts.", nobodys)),
            (len(self.overdue), ngettext("Data of %(n)d characteristic are overdue.",
                                         "Data of %(n)d characteristics are overdue.",
                                         len(self.overdue))),
            (late, ngettext("%(n)d action of yours is late.",
                            "%(n)d actions of yours are late.", late)),
        ]  # fmt: skip
        return [words % {"n": n} for n, words in counted if n]

    @property
    def own_actions(self) -> list[ProjectAction]:
        return [action for action in self.actions if action.owner_id == self.user.pk]

    # --- the first thing to do ----------------------------------------------------------------

    @cached_property
    def first_step(self) -> Step:
        return (
            self._decide()
            or self._accept()
            or self._explain()
            or self._act()
            or self._measure()
            or self._go_on()
            or self._begin()
        )

    def _decide(self) -> Step | None:
        if not self.reviews:
            return None
        oldest = min(self.reviews, key=lambda one: (one.opened_at is None, one.opened_at))
        label = _("Open the review") if len(self.reviews) == 1 else _("Open oldest review")
        return Step(label, reverse("reviews:detail", args=[oldest.pk]))

    def _accept(self) -> Step | None:
        if not self.initiatives:
            return None
        url = reverse("projects:detail", args=[self.initiatives[0].number])
        return Step(_("Open the initiative"), url)

    def _explain(self) -> Step | None:
        if not self.own_signals:
            return None
        url = reverse("charts:detail", args=[self.own_signals[0].chart_id])
        return Step(_("Name the cause"), url)

    def _act(self) -> Step | None:
        late = [one for one in self.own_actions if one.due and one.due < self.today]
        if not late:
            return None
        return Step(
            _("Open the late action"), reverse("projects:actions", args=[late[0].project.number])
        )

    def _measure(self) -> Step | None:
        if not self.overdue:
            return None
        return Step(
            _("Type the values"), reverse("measurements:sheet", args=[self.overdue[0][0].pk])
        )

    def _go_on(self) -> Step | None:
        """The next step of the project that moved last, of those the person works on."""
        for project in self.projects:
            if may(self.user, Action.WORK_ON_PROJECT, project):
                step = next_step(project, self.user)
                return None if step is None else Step(step.label, step.url)
        return None

    def _begin(self) -> Step:
        if may(self.user, Action.LOG_INITIATIVE) and not self.projects:
            return Step(_("Log an initiative"), reverse("projects:create"))
        return Step(_("Open control charts"), reverse("charts:wall"))


def actions_late_or_soon(user: User, today: dt.date) -> QuerySet[ProjectAction]:
    """Actions of a person and of the projects they own or sponsor: late, or due in two weeks."""
    theirs = Q(owner=user) | Q(project__owner=user) | Q(project__sponsor=user)
    return (
        ProjectAction.objects.filter(theirs, due__lte=today + SOON)
        .filter(project__state__in=[ProjectState.ACTIVE, ProjectState.SUSTAINING])
        .exclude(state=ActionState.DONE)
        .select_related("project", "owner")
        .order_by("due", "pk")
    )
