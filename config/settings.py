"""Settings, from the environment and `.env`. Without any: SQLite in `var/`, everything in one process."""

import os
from pathlib import Path
from typing import Any

from django.conf import global_settings
from kombu import Queue

from config import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# Where the environment names no other, and none for an empty name.
if _env_file := os.environ.get("ENV_FILE", str(BASE_DIR / ".env")):
    env.read_file(Path(_env_file))

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret_key("SECRET_KEY", debug=DEBUG)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "config.apps.DaphneConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "events",
    "notifications",
    "delivery",
    "config",
]

MIDDLEWARE = [
    "delivery.monitoring.requests.count_requests",
    "config.refusals.api_errors.errors_in_json",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressionMiddleware",
    "delivery.content_security.everywhere",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "config.refusals.request_text.RequestTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.server.callers.say_who",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.refusals.admin_errors.AdminErrorsMiddleware",
    "config.try_later.TryLaterMiddleware",
]

# Of apps beside ours that don't say.
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.database("DATABASE_URL", default_file=VAR_DIR / "carillon.sqlite3")}
REDIS_URL = env.redis("REDIS_URL")
# Installations that share a Redis don't hear each other.
REDIS_PREFIX = env.text("REDIS_PREFIX", default=f"carillon:{Path(str(DATABASES['default']['NAME'])).stem}")

# The layer carries hints and live frames; the database is the truth. Without Redis it lives in this process.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_PREFIX},
    }
    if REDIS_URL
    else {"BACKEND": "events.transport.in_process_layer.InProcessLayer"}
}

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.2,
        "global_keyprefix": f"{REDIS_PREFIX}:",
    }
    if REDIS_URL
    else {"polling_interval": 0.01}
)
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# However long it takes: the worker's sweeper does the work meanwhile.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None
# Tasks are hints, and Redis keeps none that a worker has taken: what is lost the sweepers find, sooner than a
# redelivery would come. A worker takes what it has a slot for.
CELERY_TASK_QUEUES = [Queue("celery", no_ack=True)]
CELERY_WORKER_DISABLE_PREFETCH = bool(REDIS_URL)
# Tasks between two closings of the database by Celery itself: events.worker.connections looks after that.
CELERY_DB_REUSE_MAX = 1_000_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True

AUTHENTICATION_BACKENDS = ["config.sign_in.limits.LimitedAttempts", "django.contrib.auth.backends.ModelBackend"]
# Others than the first know passwords that were hashed elsewhere, until their owners sign in.
PASSWORD_HASHERS = ["config.sign_in.hasher.TurnTakingHasher", *global_settings.PASSWORD_HASHERS[1:]]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "carillon:sign-in"
LOGIN_REDIRECT_URL = "carillon:inbox"
LOGOUT_REDIRECT_URL = "carillon:sign-in"

LANGUAGE_CODE = "en"
# Those that every page is there in: with one that only Django knows, a third of a page would be in it.
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / env.text("STATIC_ROOT", default="staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static_files.HashedStaticFiles"
    },
}

X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_REFERRER_POLICY = "same-origin"
# What no page here asks a browser for, so that no script that got in can.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        "accelerometer bluetooth browsing-topics camera clipboard-read display-capture geolocation gyroscope hid "
        "identity-credentials-get idle-detection local-fonts magnetometer microphone midi payment serial usb"
    ).split()
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Whose word counts for a client's address and scheme (config/server/proxy.py).
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
# Whoever names https origins has a proxy in front that ends TLS and sets X-Forwarded-Proto.
IS_HTTPS = not DEBUG and any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SILENCED_SYSTEM_CHECKS = [
    # HSTS for subdomains and preload lists: other hosts are not ours to speak for.
    "security.W005",
    "security.W021",
    # Redirects to https are the proxy's: programs inside may publish over plain http.
    "security.W008",
    # X-Frame-Options DENY: pages of the same origin embed the inbox in a frame.
    "security.W019",
]

# Carillon's own, as any project writes them; what isn't here has its default in `conf.py` of each app.
CARILLON: dict[str, Any] = {
    # A deployment that names its builds sets its own; admins are told when it changes.
    "VERSION": env.text("CARILLON_VERSION", default="0.2.0"),
    "DEMO": env.demo("CARILLON_DEMO", debug=DEBUG),
    "REDIS_URL": REDIS_URL,
    "REDIS_PREFIX": REDIS_PREFIX,
    "TRACING": env.boolean("TRACING", default=False),
    "PUBLISH_EVENTS_PER_MINUTE": env.integer("PUBLISH_EVENTS_PER_MINUTE", default=60_000, least=0),
    "EVENT_BUS_CAPACITY": env.integer("EVENT_BUS_CAPACITY", default=1024, least=1),
    "JOB_LEASE_SECONDS": env.integer("JOB_LEASE_SECONDS", default=30, least=1),
    "COMFYUI_GRACE_SECONDS": env.integer("COMFYUI_GRACE_SECONDS", default=60, least=1),
    "HARDWARE_DISK_WARNING_PERCENT": env.integer("HARDWARE_DISK_WARNING_PERCENT", default=90, least=1, most=100),
    "HARDWARE_GPU_CELSIUS": (
        env.integer("HARDWARE_GPU_WARNING_CELSIUS", default=85, least=0, most=150),
        env.integer("HARDWARE_GPU_CRITICAL_CELSIUS", default=92, least=0, most=150),
    ),
    "HARDWARE_GPU_MEMORY_PERCENT": (
        env.integer("HARDWARE_GPU_MEMORY_WARNING_PERCENT", default=0, least=0, most=100),
        env.integer("HARDWARE_GPU_MEMORY_CRITICAL_PERCENT", default=0, least=0, most=100),
    ),
    "HOURLY_CAPS": {
        "email": env.integer("MAILS_PER_HOUR", default=30, least=0),
        "chat": env.integer("CHATS_PER_HOUR", default=0, least=0),
    },
    "STORM_LIMIT": env.integer("ROWS_PER_MINUTE", default=30, least=0),
    "BASE_URL": env.base_url(
        "BASE_URL",
        default=next((origin for origin in CSRF_TRUSTED_ORIGINS if "*" not in origin), "http://localhost:8000"),
    ),
    "WEBHOOK_TIMEOUT_SECONDS": env.integer("WEBHOOK_TIMEOUT_SECONDS", default=10, least=1, most=60),
    "WEBHOOK_RETRY_DELAYS": env.delays("WEBHOOK_RETRY_DELAYS", default=[1, 2, 4]),
    "WEBHOOK_ALLOWED_NETWORKS": env.networks("WEBHOOK_ALLOWED_NETWORKS"),
    "METRICS_TOKEN": env.text("METRICS_TOKEN", default=""),
    "NOTIFICATION_RETENTION_DAYS": env.integer("NOTIFICATION_RETENTION_DAYS", default=90, least=1, most=18_250),
    "ARCHIVE_DIR": env.folder("ARCHIVE_DIR"),
}

# EMAIL_BACKEND, EMAIL_HOST and so on.
globals().update(env.smtp())
EMAIL_TIMEOUT = 10
# `user:password` of the mail provider's webhooks, by which it reports bounces: needs django-anymail.
if ANYMAIL_WEBHOOK_SECRET := env.text("ANYMAIL_WEBHOOK_SECRET", default=""):
    INSTALLED_APPS.append("anymail")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.mailbox("SMTP_FROM", default="Carillon <carillon@localhost>")

LOG_FORMAT = env.choice("LOG_FORMAT", ["line", "json"])
if LOG_FORMAT == "json":
    MIDDLEWARE.insert(0, "events.monitoring.json_log.request_ids")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "events.monitoring.json_log.JsonLine"},
    },
    "filters": {
        "client_errors": {"()": "config.client_errors.OneLine"},
        "repeated": {"()": "config.repeated_lines.OncePerOutage"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["client_errors", "repeated"]}
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django gives this one handlers of its own; with them each line would come twice.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # Two lines for every hint say nothing.
        "celery": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        # A traceback a second while Redis is away; the layer and the hub say it in a line.
        "channels_redis": {"level": "CRITICAL"},
    },
}
