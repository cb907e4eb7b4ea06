"""System checks of the project around Carillon: its apps, middleware, context processors, layer and clock."""

from collections.abc import Iterator
from typing import Any

from celery import current_app
from channels import DEFAULT_CHANNEL_LAYER
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from events.installed import FLOORS, MISSING

ADMIN = "django.contrib.admin"
# Those without which models can't be loaded stop Django, or delivery.apps, before any check.
NEEDED = (
    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", "channels", "rest_framework",
    "drf_spectacular_sidecar", "django_celery_beat",
)  # fmt: skip
# Django's admin looks after the rest where it is installed, under codes of its own.
MIDDLEWARE = ("django.middleware.csrf.CsrfViewMiddleware",)
MIDDLEWARE_OF_ADMIN = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
PROCESSORS = ("django.template.context_processors.request",)
PROCESSORS_OF_ADMIN = (
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
)
ENGINE = "django.template.backends.django.DjangoTemplates"
CHANNELS_OWN = "channels.layers.InMemoryChannelLayer"
IN_PROCESS = "events.transport.in_process_layer.InProcessLayer"
REDIS_LAYER = "channels_redis.pubsub.RedisPubSubChannelLayer"


@checks.register
def apps_are_installed(**_more: Any) -> list[checks.CheckMessage]:
    """Errors of apps that Carillon needs and are missing, and of another's that stands where one of ours belongs."""
    labels = {app.name: app.label for app in apps.get_app_configs()}
    missing = [name for name in NEEDED if name not in labels]
    strangers = [name for name in FLOORS if labels.get(name, f"carillon_{name}") != f"carillon_{name}"]
    return [
        *(checks.Error(MISSING.format(name), id="carillon.E010") for name in missing),
        *(
            checks.Error(
                f"The app {name!r} in INSTALLED_APPS is not Carillon's: two modules have this name, and Python finds "
                "the other one first; rename that one, or put Carillon's folder before it on sys.path.",
                id="carillon.E011",
            )
            for name in strangers
        ),
    ]


@checks.register
def requests_have_what_pages_need(**_more: Any) -> list[checks.CheckMessage]:
    """Errors of middleware and context processors that are missing; of each kind by its own code."""
    of_admin = not apps.is_installed(ADMIN)
    engines: list[dict[str, Any]] = [engine for engine in settings.TEMPLATES if engine.get("BACKEND") == ENGINE]
    if not engines:
        told = f"TEMPLATES has no engine {ENGINE} and Carillon's pages need one; add it."
        return [*_missing_middleware(of_admin=of_admin), checks.Error(told, id="carillon.E013")]
    processors = {path for engine in engines for path in engine.get("OPTIONS", {}).get("context_processors", ())}
    return [
        *_missing_middleware(of_admin=of_admin),
        *(
            checks.Error(
                f"TEMPLATES lacks the context processor {path} and Carillon's pages need it; add it to "
                "OPTIONS['context_processors'].",
                id="carillon.E013",
            )
            for path in PROCESSORS + PROCESSORS_OF_ADMIN * of_admin
            if path not in processors
        ),
    ]


def _missing_middleware(*, of_admin: bool) -> Iterator[checks.CheckMessage]:
    there = [import_string(path) for path in settings.MIDDLEWARE]
    for path in MIDDLEWARE + MIDDLEWARE_OF_ADMIN * of_admin:
        if not any(isinstance(one, type) and issubclass(one, import_string(path)) for one in there):
            told = f"MIDDLEWARE lacks {path} and Carillon's pages need it; add it."
            yield checks.Error(told, id="carillon.E012")


@checks.register
def moments_have_time_zones(**_more: Any) -> list[checks.CheckMessage]:
    told = "USE_TZ is False, and every moment that Carillon stores has a time zone; write USE_TZ = True."
    return [] if settings.USE_TZ else [checks.Error(told, id="carillon.E016")]


@checks.register
def layer_reaches_every_process(**_more: Any) -> list[checks.CheckMessage]:
    """Error without a channel layer; warnings of one that some process or thread doesn't hear."""
    layers = getattr(settings, "CHANNEL_LAYERS", {})
    backend = layers.get(DEFAULT_CHANNEL_LAYER, {}).get("BACKEND")
    if not backend:
        told = (
            f"CHANNEL_LAYERS has no 'default', so nothing comes live; write {REDIS_LAYER} there, or {IN_PROCESS} where "
            "everything runs in one process."
        )
        return [checks.Error(told, id="carillon.E015")]
    if backend == CHANNELS_OWN:
        told = (
            f"The channel layer is {CHANNELS_OWN}, which threads can't share; write {IN_PROCESS} where everything runs "
            f"in one process, else {REDIS_LAYER}."
        )
        return [checks.Warning(told, id="carillon.W004")]
    if backend == IN_PROCESS and not broker().startswith("memory:"):
        told = (
            "The channel layer lives in one process and Celery's broker does not, so what a worker tells reaches no "
            f"page live; write {REDIS_LAYER} into CHANNEL_LAYERS."
        )
        return [checks.Warning(told, id="carillon.W004")]
    return []


def broker() -> str:
    """Tell the broker's address by Celery's current application; empty where it has none."""
    return str(current_app.conf.broker_write_url or "")
