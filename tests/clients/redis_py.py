"""redis-py against the gateway's RESP port, in both protocols: python3 redis_py.py HOST PORT"""

import asyncio
import sys
import threading

import redis
import redis.asyncio


def refused(kind, text, call, *words):
    try:
        call(*words)
    except kind as error:
        assert text in str(error), error
        return
    raise AssertionError(f"{kind} expected")


def values(client):
    assert client.set("k", "v", ex=60) is True
    assert client.get("k") == b"v"
    assert client.ttl("k") == 60
    client.hset("h", mapping={"a": 1, "b": 2})
    assert client.hgetall("h") == {b"a": b"1", b"b": b"2"}
    client.zadd("z", {"a": 1.5, "b": 2})
    assert client.zscore("z", "a") == 1.5
    assert client.sadd("set", "a") == 1 and client.smembers("set") == {b"a"}
    assert sorted(client.scan_iter()) == [b"h", b"k", b"set", b"z"]
    assert client.info("server")["redis_version"]
    assert client.config_get("databases") == {"databases": "16"}
    refused(redis.ResponseError, "WRONGTYPE", client.lpush, "k", "x")


def batches(client):
    pipeline = client.pipeline(transaction=True)
    assert pipeline.set("n", 1).incr("n").execute() == [True, 2]
    mixed = client.pipeline(transaction=False).incr("n").lpush("k", "x").execute(raise_on_error=False)
    assert mixed[0] == 3 and isinstance(mixed[1], redis.ResponseError)

    def add(pipe):
        value = int(pipe.get("n"))
        pipe.multi()
        pipe.set("n", value + 1)

    assert client.transaction(add, "n") == [True]
    assert client.get("n") == b"4"
    with client.pipeline() as pipe:
        pipe.watch("n")
        client.incr("n")
        pipe.multi()
        refused(redis.WatchError, "", pipe.incr("n").execute)


def scripts(client):
    client.script_flush()
    refused(redis.exceptions.NoScriptError, "", client.evalsha, "0" * 40, 0)
    add = client.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    assert add(keys=["n"], args=[10]) == 15
    with client.lock("lock", timeout=10):
        assert not client.lock("lock", timeout=10, blocking=False).acquire()


def streams(client):
    client.xgroup_create("s", "g", mkstream=True)
    entry = client.xadd("s", {"f": "v"})
    read = client.xreadgroup("g", "me", {"s": ">"}, block=1000)
    assert dict(read)[b"s"] in ([(entry, {b"f": b"v"})], [[(entry, {b"f": b"v"})]])
    assert client.xpending("s", "g")["pending"] == 1 and client.xack("s", "g", entry) == 1


def messages(client):
    subscriber = client.pubsub(ignore_subscribe_messages=False)
    subscriber.subscribe("news")
    assert subscriber.get_message(timeout=5)["type"] == "subscribe"
    assert client.publish("news", "hello") == 1
    assert subscriber.get_message(timeout=5)["data"] == b"hello"
    subscriber.close()
    popped = []
    waiting = threading.Thread(target=lambda: popped.extend(client.blpop("queue", timeout=5)))
    waiting.start()
    client.rpush("queue", "job")
    waiting.join()
    assert popped == [b"queue", b"job"]


def users(client, **options):
    client.acl_setuser("ada", enabled=True, passwords=["+secret"], keys=["ada:*"], categories=["+@all", "-@dangerous"])
    ada = redis.Redis(username="ada", password="secret", **options)
    assert ada.set("ada:k", "v")
    refused(redis.exceptions.NoPermissionError, "", ada.get, "k")
    refused(redis.exceptions.NoPermissionError, "", ada.flushall)
    wrong = redis.Redis(username="ada", password="wrong", **options)
    refused(redis.AuthenticationError, "invalid username-password pair", wrong.ping)


def killed(client, **options):
    """A connection that was ended is opened anew."""
    victim = redis.Redis(single_connection_client=True, **options)
    before = victim.client_id()
    assert client.client_kill_filter(_id=before) == 1
    assert victim.get("k") == b"v" and victim.client_id() != before


async def asynchronous(**options):
    async with redis.asyncio.Redis(**options) as client:
        await client.delete("n")
        assert sorted(await asyncio.gather(*(client.incr("n") for _ in range(100)))) == list(range(1, 101))


def main():
    for protocol in (2, 3):
        options = {"host": sys.argv[1], "port": int(sys.argv[2]), "protocol": protocol}
        client = redis.Redis(**options)
        client.flushall()
        values(client)
        batches(client)
        scripts(client)
        streams(client)
        messages(client)
        users(client, **options)
        killed(client, **options)
        asyncio.run(asynchronous(**options))


main()
