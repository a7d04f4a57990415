"""django-redis, a cache for Django, against the gateway's RESP port: python3 django_cache.py HOST PORT"""

import sys

import django
from django.conf import settings

location = f"redis://{sys.argv[1]}:{sys.argv[2]}/0"
settings.configure(
    CACHES={"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": location, "KEY_PREFIX": "app"}},
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
)
django.setup()

from django.contrib.sessions.backends.cache import SessionStore  # noqa: E402  only after the settings
from django.core.cache import cache  # noqa: E402

cache.clear()
assert cache.add("k", {"list": [1, None, "ä"]}, timeout=60) and not cache.add("k", 1)
assert cache.get("k") == {"list": [1, None, "ä"]} and cache.get("missing", 5) == 5
assert 0 < cache.ttl("k") <= 60 and cache.persist("k") and cache.ttl("k") is None
cache.set_many({"a": 1, "b": 2})
assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
assert cache.incr("a", 5) == 6 and cache.decr("b") == 1
cache.set("a", 1, version=2)
assert cache.get("a") == 6 and cache.get("a", version=2) == 1 and cache.incr_version("b") == 2
assert cache.get_or_set("made", lambda: 7) == 7 and cache.touch("made", 10)
assert sorted(cache.iter_keys("*")) == ["a", "k", "made"]
with cache.lock("lock", timeout=10):
    assert not cache.lock("lock", timeout=10).acquire(blocking=False)
assert cache.delete_pattern("m*") == 1 and cache.delete_many(["a", "none"]) == 1

session = SessionStore()
session["user"] = 7
session.save()
assert SessionStore(session.session_key)["user"] == 7
session.flush()
assert not SessionStore().exists(session.session_key)
