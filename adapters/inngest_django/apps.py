"""The app for `INSTALLED_APPS`."""

from __future__ import annotations

from functools import cache
from typing import Final

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.module_loading import autodiscover_modules, import_string

from inngest_django.checks import CHECKS, CODE_CHECKS, CODE_TAG, DEPLOY_CHECKS, TAG
from inngest_django.configuration import outbox_cron
from inngest_django.outbox import declare_drain

MODULE: Final = "inngest_functions"
"""The module of an installed app in which its functions are declared."""


class InngestConfig(AppConfig):
    """Finds the functions of every installed app, and adds the system checks."""

    name = "inngest_django"
    verbose_name = "Inngest"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import `inngest_functions` of every app that has one: that declares its functions. Declare our own."""
        for check in CHECKS:
            checks.register(check, TAG)
        for check in CODE_CHECKS:
            checks.register(check, CODE_TAG)
        for check in DEPLOY_CHECKS:
            checks.register(check, TAG, deploy=True)
        autodiscover_modules(MODULE)
        _declare_ours()


@cache
def _declare_ours() -> None:
    """Declare what drains the outbox and what runs tasks; once, for a test that changes the apps has us ready anew."""
    if cron := outbox_cron():
        declare_drain(cron)
    for alias, params in getattr(settings, "TASKS", {}).items():
        backend = import_string(params["BACKEND"])
        if hasattr(backend, "declare"):
            backend(alias, params).declare()
