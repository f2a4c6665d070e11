import os
from pathlib import Path

import django

DEBUG = True
SECRET_KEY = "not-a-secret"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

INSTALLED_APPS = [
    "inngest_django",
    "orders",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SHOP_DATABASE", Path(__file__).parents[1] / "db.sqlite3"),
    }
}

INNGEST = {
    "APP_ID": "django-shop",
    "IS_PRODUCTION": not DEBUG,
    "OUTBOX": True,
    "OUTBOX_CRON": "* * * * *",
}

if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

TASKS = {
    "default": {
        "BACKEND": "inngest_django.backend.InngestBackend",
        "OPTIONS": {"retries": 3, "concurrency": 5},
    }
}
