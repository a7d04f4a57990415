"""RQ, a queue of jobs, against the gateway's RESP port: python3 rq_jobs.py HOST PORT"""

import sys
from datetime import timedelta

import redis
from rq import Queue, Retry, SimpleWorker, Worker
from rq.job import JobStatus
from rq.registry import FailedJobRegistry, ScheduledJobRegistry


def main():
    connection = redis.Redis(host=sys.argv[1], port=int(sys.argv[2]))
    queue = Queue("jobs", connection=connection)
    jobs = [queue.enqueue(pow, n, 2) for n in range(50)]
    dependent = queue.enqueue(max, 3, 7, depends_on=jobs[-1])
    failing = queue.enqueue(divmod, 1, 0, retry=Retry(max=1))
    later = queue.enqueue_in(timedelta(hours=1), len, "later")
    assert len(queue) == 51

    assert Worker([queue], connection=connection).work(burst=True, max_jobs=1)  # in a process of its own
    assert SimpleWorker([queue], connection=connection).work(burst=True)
    assert [job.return_value() for job in jobs] == [n * n for n in range(50)]
    assert dependent.return_value() == 7
    failing.refresh()
    assert failing.get_status() == JobStatus.FAILED and failing.retries_left == 0
    assert "ZeroDivisionError" in failing.latest_result().exc_string
    assert failing.id in FailedJobRegistry(queue=queue) and later.id in ScheduledJobRegistry(queue=queue)
    failing.requeue()
    assert queue.get_job_ids() == [failing.id]
    assert queue.empty() == 1


if __name__ == "__main__":
    main()
