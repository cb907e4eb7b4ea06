"""Settings of Carillon, and the usual channel layer beside ours."""

from config.settings import *  # noqa: F403
from config.settings import CHANNEL_LAYERS as OURS
from config.settings import REDIS_PREFIX, REDIS_URL

CHANNEL_LAYERS = {
    **OURS,
    "groups": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # Otherwise redis-py 8 ends every consumer that is idle for five seconds, and refuses a 101st connection.
            "hosts": [{"address": REDIS_URL, "socket_timeout": None, "max_connections": 10_000}],
            "prefix": f"{REDIS_PREFIX}-groups",
            "capacity": 100_000,
        },
    },
}
