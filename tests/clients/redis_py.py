"""redis-py against the gateway's RESP port, in both protocols: python3 redis_py.py HOST PORT"""

import sys

import redis


def check(client):
    client.flushall()
    assert client.set("k", "v", ex=60) is True
    assert client.get("k") == b"v"
    assert client.ttl("k") == 60
    client.hset("h", mapping={"a": 1, "b": 2})
    assert client.hgetall("h") == {b"a": b"1", b"b": b"2"}
    client.zadd("z", {"a": 1.5, "b": 2})
    assert client.zscore("z", "a") == 1.5
    assert sorted(client.scan_iter()) == [b"h", b"k", b"z"]

    pipeline = client.pipeline(transaction=True)
    assert pipeline.set("n", 1).incr("n").execute() == [True, 2]

    def add(pipe):
        value = int(pipe.get("n"))
        pipe.multi()
        pipe.set("n", value + 1)

    assert client.transaction(add, "n") == [True]
    assert client.get("n") == b"3"
    try:
        client.lpush("k", "x")
        raise AssertionError("WRONGTYPE expected")
    except redis.ResponseError as error:
        assert "WRONGTYPE" in str(error)

    subscriber = client.pubsub(ignore_subscribe_messages=False)
    subscriber.subscribe("news")
    assert subscriber.get_message(timeout=5)["type"] == "subscribe"
    assert client.publish("news", "hello") == 1
    assert subscriber.get_message(timeout=5)["data"] == b"hello"
    subscriber.close()
    client.rpush("queue", "job")
    assert list(client.blpop("queue", timeout=5)) == [b"queue", b"job"]
    assert client.info("server")["redis_version"]
    assert client.config_get("databases") == {"databases": "16"}


host, port = sys.argv[1], int(sys.argv[2])
for protocol in (2, 3):
    check(redis.Redis(host=host, port=port, protocol=protocol))
