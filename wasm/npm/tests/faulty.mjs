/**
 * A database of records that does what disks do at their worst: it loses what was not synced, writes it in another
 * order or by halves, fails transactions (some of which have happened nevertheless), gets full, and turns bits.
 */

const TABLES = ["log", "page", "meta"];
const empty = () => Object.fromEntries(TABLES.map((table) => [table, new Map()]));
const copy = (state) => Object.fromEntries(TABLES.map((table) => [table, new Map(state[table])]));

/** What outlives a crash. */
export class FaultyDisk {
  /** What is safe. */
  synced = empty();
  /** Transactions that have been answered, but are not safe, as lists of their operations. */
  unsynced = [];
  /** Those that have not been answered. */
  inFlight = [];
  /** The most bytes that it holds. */
  room = Infinity;
  /** How likely a transaction fails. */
  failures = 0;
  /** Called before each transaction ends; a crash may come out of it. */
  beforeCommit = () => {};

  constructor(random) {
    this.random = random;
  }

  below(limit) {
    return Math.floor(this.random() * limit);
  }

  /** Everything as a process sees it. */
  get state() {
    const state = copy(this.synced);
    for (const operations of this.unsynced) for (const operation of operations) apply(state, operation);
    return state;
  }

  get bytes() {
    return Object.values(this.state).reduce((sum, table) => [...table.values()].reduce((sum, { length }) => sum + length, sum), 0);
  }

  /** The process goes; what was answered stays, what was not may have happened. */
  kill() {
    for (const operations of this.inFlight) if (this.random() < 0.5) this.unsynced.push(operations);
    this.inFlight = [];
  }

  /** The power goes: `lose` cuts off the end, `reorder` takes any of what was not synced, `tear` breaks one in two. */
  cut(way) {
    const candidates = [...this.unsynced, ...this.inFlight];
    const kept = this.below(candidates.length + 1);
    const survivors = { lose: candidates.slice(0, kept), reorder: this.#some(candidates), tear: candidates.slice(0, kept) }[way];
    for (const operations of survivors) for (const operation of way === "reorder" ? this.#partOf(operations, candidates) : operations) apply(this.synced, operation);
    if (way === "tear" && candidates[kept]) this.#tear(candidates[kept]);
    this.unsynced = [];
    this.inFlight = [];
  }

  /** Turns a bit of any record, and names the record; undefined when there is none. */
  flip() {
    const records = TABLES.flatMap((table) => [...this.synced[table]].map(([key, record]) => ({ table, key, record })));
    const chosen = records[this.below(records.length)];
    if (!chosen) return undefined;
    const record = chosen.record.slice();
    record[this.below(record.length)] ^= 1 << this.below(8);
    this.synced[chosen.table].set(chosen.key, record);
    return chosen;
  }

  #some(candidates) {
    return candidates.filter(() => this.random() < 0.5);
  }

  /** Of one that was never answered, any of its operations. */
  #partOf(operations, candidates) {
    const answered = candidates.indexOf(operations) < this.unsynced.length;
    return answered ? operations : operations.filter(() => this.random() < 0.7);
  }

  #tear(operations) {
    const whole = this.below(operations.length + 1);
    for (const operation of operations.slice(0, whole)) apply(this.synced, operation);
    const torn = operations[whole];
    if (torn?.record) apply(this.synced, { ...torn, record: torn.record.slice(0, this.below(torn.record.length)) });
  }
}

function apply(state, { table, key, record, from, to }) {
  if (record) state[table].set(key, record);
  else for (const each of [...state[table].keys()]) if (each >= from && each < to) state[table].delete(each);
}

/** A process's connection to the disk. After `disconnect()` it never answers again. */
export class FaultyRecords {
  #connected = true;
  #isOpen = false;

  constructor(disk) {
    this.disk = disk;
  }

  async open() {
    this.#isOpen = true;
  }

  begin(_tables, durability) {
    return this.#isOpen ? new FaultyTransaction(this, this.disk, durability) : undefined;
  }

  async close() {
    this.#isOpen = false;
  }

  disconnect() {
    this.#connected = false;
  }

  get isConnected() {
    return this.#connected;
  }
}

const never = new Promise(() => {});

class FaultyTransaction {
  #operations = [];

  constructor(records, disk, durability) {
    Object.assign(this, { records, disk, durability });
  }

  async getAll(table) {
    return this.#sorted(table).map(([, record]) => record);
  }

  async each(table, found) {
    for (const [key, record] of this.#sorted(table)) found(key, record);
  }

  put(table, key, record) {
    this.#operations.push({ table, key, record });
  }

  delete(table, from, to) {
    this.#operations.push({ table, from, to });
  }

  async commit() {
    const { disk, records } = this;
    if (!records.isConnected) return never;
    disk.inFlight.push(this.#operations);
    disk.beforeCommit();
    if (!records.isConnected) return never;
    disk.inFlight.pop();
    if (disk.random() < disk.failures) {
      if (disk.random() < 0.3) disk.unsynced.push(this.#operations);
      throw new DOMException("it was aborted", "AbortError");
    }
    disk.unsynced.push(this.#operations);
    if (disk.bytes > disk.room) {
      disk.unsynced.pop();
      throw new DOMException("it is full", "QuotaExceededError");
    }
    if (this.durability === "strict") {
      disk.synced = disk.state;
      disk.unsynced = [];
    }
  }

  #sorted(table) {
    return [...this.disk.state[table]].sort(([one], [other]) => one - other);
  }
}
