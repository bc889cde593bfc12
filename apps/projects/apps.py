from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "apps.projects"
    label = "projects"
    verbose_name = _("projects")

    def ready(self) -> None:
        from apps.audit import sentences as history
        from apps.charts import uses
        from apps.measurements import holds
        from apps.notifications import sentences as notices
        from apps.projects.history import SENTENCES as HISTORY
        from apps.projects.holds import signed_rounds_on
        from apps.projects.notices import SENTENCES as NOTICES
        from apps.projects.uses import projects_of

        history.register(HISTORY)
        notices.register(NOTICES)
        holds.register(signed_rounds_on)
        uses.register(projects_of)
