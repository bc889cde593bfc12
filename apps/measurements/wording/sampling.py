"""The sampling plan and how the data stand to it, in words."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.common.templatetags.formats import day, moment
from apps.measurements.choices import Interval
from apps.measurements.sampling import Plan, Standing

MICROSECOND = dt.timedelta(microseconds=1)


def plan_in_words(plan: Plan | None) -> str:
    """ "5 values every 2 weeks"."""
    if plan is None:
        return ""
    size = ngettext("%(n)d value", "%(n)d values", plan.size) % {"n": plan.size}
    every = {
        Interval.HOUR: ngettext("every hour", "every %(n)d hours", plan.every),
        Interval.DAY: ngettext("every day", "every %(n)d days", plan.every),
        Interval.WEEK: ngettext("every week", "every %(n)d weeks", plan.every),
        Interval.MONTH: ngettext("every month", "every %(n)d months", plan.every),
    }[Interval(plan.unit)] % {"n": plan.every}
    return _("%(values)s %(every)s") % {"values": size, "every": every}


def overdue_since(plan: Plan, overdue_from: dt.datetime) -> str:
    """The first day, or the hour, in which nothing had come."""
    if plan.unit == Interval.HOUR:
        return moment(overdue_from)
    return day(overdue_from.astimezone(plan.zone).date())


def sampling_sentence(found: Standing | None) -> str:
    """What is to be done, or when the next values are due."""
    if found is None:
        return ""
    plan = found.plan
    if found.state == "overdue":
        return _("Data overdue since %(date)s. Planned: %(plan)s.") % {
            "date": overdue_since(plan, found.overdue_from),
            "plan": plan_in_words(plan),
        }
    if found.state == "short":
        return _("Fewer values than planned: %(found)d of %(size)d %(when)s.") % {
            "found": found.found or 0,
            "size": plan.size,
            "when": _period(plan, found.period_start),
        }
    last = found.overdue_from - MICROSECOND
    if plan.unit == Interval.HOUR:
        return _("Next values due by %(date)s.") % {"date": moment(found.overdue_from)}
    return _("Next values due by %(date)s.") % {"date": day(last.astimezone(plan.zone).date())}


def _period(plan: Plan, start: dt.datetime | None) -> str:
    if start is None:
        return ""
    if plan.unit == Interval.HOUR:
        return _("in the hour from %(date)s") % {"date": moment(start)}
    first = day(start.astimezone(plan.zone).date())
    if plan.unit == Interval.DAY:
        return _("on %(date)s") % {"date": first}
    if plan.unit == Interval.WEEK:
        return _("in the week from %(date)s") % {"date": first}
    return _("in the month from %(date)s") % {"date": first}
