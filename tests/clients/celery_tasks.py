"""Celery with its broker and its results on the gateway's RESP port: python3 celery_tasks.py HOST PORT"""

import sys

from celery import Celery, chain, chord, group
from celery.contrib.testing.worker import start_worker

url = f"redis://{sys.argv[1]}:{sys.argv[2]}"
app = Celery("tasks", broker=url + "/0", backend=url + "/0")
app.conf.update(broker_connection_retry_on_startup=True, result_expires=60, worker_hijack_root_logger=False)


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=2)
def flaky(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return self.request.retries


@app.task
def failing():
    raise ValueError("no")


with start_worker(app, pool="threads", concurrency=4, perform_ping_check=False, shutdown_timeout=30):
    assert add.delay(2, 3).get(timeout=30) == 5
    assert chain(add.s(1, 2), add.s(10))().get(timeout=30) == 13
    assert group(add.s(n, n) for n in range(50))().get(timeout=30) == [2 * n for n in range(50)]
    assert chord((add.s(n, 1) for n in range(20)), total.s())().get(timeout=30) == 210
    assert add.apply_async((1, 1), countdown=0.1, priority=3).get(timeout=30) == 2
    assert flaky.delay().get(timeout=30) == 2
    failed = failing.delay()
    assert isinstance(failed.get(timeout=30, propagate=False), ValueError) and failed.failed()
    failed.forget()
