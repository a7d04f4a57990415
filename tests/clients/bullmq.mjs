// BullMQ against the gateway's RESP port: node bullmq.mjs HOST PORT
// A worker does 1,000 jobs: some fail at first, some wait, some are more urgent than others.
import assert from "node:assert/strict";
import { Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";

const [host, port] = process.argv.slice(2);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };
const JOBS = 1000;
const failsAtFirst = (n) => n % 10 === 3;
const failsAlways = (n) => n === 500;
const delayOf = (n) => (n % 20 === 7 ? 50 + (n % 100) : 0);
const priorityOf = (n) => (n % 4 === 1 ? 1 + (n % 5) : 0);

const queue = new Queue("jobs", { connection });
const events = new QueueEvents("jobs", { connection });
await events.waitUntilReady();
const announced = new Set();
const allAnnounced = new Promise((resolve) => {
  events.on("completed", ({ jobId }) => announced.add(jobId).size === JOBS - 1 && resolve());
});

const jobs = Array.from({ length: JOBS }, (_, n) => ({
  name: "job",
  data: { n },
  opts: {
    attempts: 3,
    backoff: { type: "fixed", delay: 20 },
    ...(delayOf(n) > 0 && { delay: delayOf(n) }),
    ...(priorityOf(n) > 0 && { priority: priorityOf(n) }),
  },
}));
await queue.addBulk(jobs);
const waiting = await queue.getJobCounts("waiting", "delayed", "prioritized");
const count = (test) => jobs.filter(test).length;
const delayed = count(({ opts }) => opts.delay);
const prioritized = count(({ opts }) => opts.priority && !opts.delay);
assert.deepEqual(waiting, { waiting: JOBS - delayed - prioritized, delayed, prioritized });

const order = [];
let done;
const allDone = new Promise((resolve) => (done = resolve));
const worker = new Worker(
  "jobs",
  async (job) => {
    const { n } = job.data;
    order.push({ n, attempt: job.attemptsMade });
    if (failsAlways(n) || (failsAtFirst(n) && job.attemptsMade === 0)) throw new Error(`job ${n} fails`);
    await job.updateProgress(50);
    return n * 2;
  },
  { connection, concurrency: 1 },
);
let finished = 0;
const finish = () => ++finished === JOBS && done();
worker.on("completed", finish);
worker.on("failed", (job) => job.attemptsMade >= 3 && finish());
worker.on("error", (error) => {
  throw error;
});
await allDone;
await allAnnounced;

assert.deepEqual(await queue.getJobCounts("completed", "failed", "waiting", "active", "delayed", "prioritized"), {
  completed: JOBS - 1, failed: 1, waiting: 0, active: 0, delayed: 0, prioritized: 0,
});
for (let n = 0; n < JOBS; n++) {
  const attempts = order.filter((run) => run.n === n).map((run) => run.attempt);
  assert.deepEqual(attempts, failsAlways(n) ? [0, 1, 2] : failsAtFirst(n) ? [0, 1] : [0], `job ${n}`);
}
// Of the jobs that were there from the start, those without priority come first, in order, then the most urgent.
const first = order.filter(({ n, attempt }) => attempt === 0 && delayOf(n) === 0);
const ranks = first.map(({ n }) => priorityOf(n));
assert.deepEqual(ranks, ranks.toSorted((one, other) => one - other));
const numbers = jobs.map(({ data }) => data.n);
assert.deepEqual(
  first.map(({ n }) => n).filter((n) => priorityOf(n) === 0),
  numbers.filter((n) => priorityOf(n) === 0 && delayOf(n) === 0),
);

const completed = await queue.getJobs(["completed"], 0, 0);
assert.equal(completed[0].returnvalue, completed[0].data.n * 2);
const [job] = await queue.getJobs(["failed"]);
assert.equal(job.failedReason, "job 500 fails");
await worker.close();
await job.retry();
assert.equal(await job.getState(), "waiting");

await queue.obliterate({ force: true });
const redis = new Redis({ host, port: Number(port) });
assert.deepEqual(await redis.keys("bull:jobs:*"), []);
await redis.quit();
await events.close();
await queue.close();
