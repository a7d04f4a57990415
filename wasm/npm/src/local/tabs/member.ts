/**
 * A tab among those that share a store. Each has a full copy and reads from it; one of them writes, and tells the others
 * everything that happens, in its order.
 *
 * Who holds the lease writes. A tab that gets it asks everybody how far they have come, and everybody who answers takes
 * nothing from the writer before any more. The new writer goes on from the farthest place that a tab, or what is stored,
 * has reached, and says so. Tabs that have come as far go on, and ask anew what has not been answered: since answers travel
 * with their effects, that has not run. Other tabs get a new copy, and for what they had asked nobody knows whether it has
 * run: they say so to whoever waits for it.
 *
 * What the writer's own callers were told counts as far as it was flushed, as in a tab alone.
 */
import { StoreError, type Reply } from "../../reply.js";
import { inMemory, isAbsent } from "../absent.js";
import { lengthOf } from "../bytes.js";
import type { LiveStore } from "../live-store.js";
import { Loading } from "../loading.js";
import { configure } from "../local.js";
import type { Storage, StorageState } from "../storage.js";
import { Asks } from "./asks.js";
import { Desk } from "./desk.js";
import type { Lease, TabHost } from "./host.js";
import { isBehind, placeOf, wired, type Ask, type Batch, type Place, type TabMessage } from "./messages.js";
import { Outbox } from "./outbox.js";

/** What a tab does: it follows the writer, is about to be the next one, writes, or has left. */
export type Role = "follower" | "candidate" | "writer" | "gone";

/** What a member is made of. */
export interface MemberParts {
  host: TabHost;
  live: LiveStore;
  /** The storage, which is this tab's when it writes. */
  storage(): Storage;
  /** Whether the store may begin in memory where its storage cannot be opened. */
  mayForget: boolean;
  /** Parameters and their values in turn, which hold while this tab writes. */
  settings: readonly string[];
  /** How long a writer may be silent, in milliseconds. */
  patienceMs: number;
  /** The storage's state has changed. */
  changed(state: StorageState): void;
  /** This tab's role has changed. */
  became(role: "writer" | "follower"): void;
}

/** What is stored, and where. */
interface Stored {
  storage: Storage | undefined;
  pieces: Uint8Array[];
  /** Where nobody has seen this tab's copy yet, the pieces were loaded as they were read. */
  loading: Loading | undefined;
}

/** How long a tab that is to write waits for others to say how far they have come. */
const GATHER_MS = 300;

type Message<Kind extends TabMessage["kind"]> = Extract<TabMessage, { kind: Kind }>;

/** A tab that shares a store. */
export class Member {
  readonly #parts: MemberParts;
  readonly #host: TabHost;
  readonly #live: LiveStore;
  readonly #asks = new Asks();
  readonly #outbox: Outbox;
  readonly #desk: Desk;
  readonly #settings = new Map<string, string>();
  #role: Role = "follower";
  /** How far the copy goes; undefined while there is none. */
  #place: Place | undefined;
  /** Whether nobody can have seen the copy yet, and nothing is in it. */
  #isNew = true;
  /** Nothing is taken from epochs before this one. */
  #epoch = 0;
  /** What came while the copy was on its way. */
  #early: Batch[] = [];
  #candidacy: Candidacy | undefined;
  #lease: Lease | undefined;
  #isWaitingForLease = false;
  #copied = waiter();
  /** How many tabs have begun to listen to this one. */
  #arrivals = 0;
  #heardAt = 0;
  #watchdog: ReturnType<typeof setInterval> | undefined;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#host = parts.host;
    this.#live = parts.live;
    this.#outbox = new Outbox((batch) => this.#host.tell(batch));
    this.#desk = new Desk(parts.live, {
      answered: ({ from, id }, reply) => {
        if (from === this.#host.id) this.#asks.answer(id, wired(reply));
        else this.#outbox.answer({ to: from, id, reply: wired(reply) });
      },
      configured: (settings) => this.configured(settings),
      renewed: () => this.renewed(),
      gone: (tab) => (tab === this.#host.id ? new Promise(() => {}) : this.#host.gone(tab)),
    });
  }

  /** Whether this tab writes. */
  get isWriter(): boolean {
    return this.#role === "writer";
  }

  /** How far this tab's copy goes. */
  get place(): Place | undefined {
    return this.#role === "writer" ? this.#outbox.place : this.#place;
  }

  /** Enters, and resolves when there is a copy. */
  async join(): Promise<void> {
    await this.#host.enter((message) => this.#receive(message));
    const lease = await this.#host.lease("now");
    if (lease) await this.#lead(lease);
    if (this.isWriter) return;
    if (!lease) this.#follow();
    this.#hello();
    if (await within(this.#parts.patienceMs, this.#copied.promise)) return;
    // Nobody who shares the store answers: it is a tab that hangs, or one that does not share.
    if ((await this.#host.others()).length > 0) return this.takeOver();
    throw new StoreError(
      "LOCKED",
      "the store is open in another tab that does not share it: close that tab, use another name, or wait longer with lockTimeout",
    );
  }

  /** Asks the writer, which this tab may be itself. */
  ask(ask: Ask, db: string): Promise<Reply> {
    if (this.#role === "gone") return Promise.reject(closed());
    return this.#asks.add(ask, db, (pending) => this.#send(pending));
  }

  /** Becomes the writer. */
  async takeOver(): Promise<void> {
    const lease = await this.#host.lease("steal");
    if (lease) await this.#lead(lease);
  }

  /** This tab has set parameters as the writer. */
  configured(settings: readonly (readonly [string, string])[]): void {
    if (settings.length === 0) return;
    for (const [name, value] of settings) this.#settings.set(name, value);
    this.#outbox.set(settings);
  }

  /** This tab has replaced all data as the writer. */
  renewed(): void {
    this.#outbox.renew();
    this.#live.drain();
  }

  /** Does and hears nothing more. What has not been answered fails. */
  end(): void {
    this.#role = "gone";
    clearInterval(this.#watchdog);
    this.#asks.fail(closed());
  }

  /** Leaves, and gives the right to write to others. */
  leave(): void {
    this.#host.leave();
    this.#lease?.release();
  }

  #receive(message: TabMessage): void {
    if (this.#role === "gone") return;
    try {
      this.#heard(message);
    } catch (error) {
      // The store has died, which its next use tells; or a copy is damaged, and a new one is asked for.
      if (error instanceof StoreError && error.code !== "WASM") this.#resync();
    }
  }

  #heard(message: TabMessage): void {
    switch (message.kind) {
      case "hello":
        return this.#onHello(message);
      case "copy":
        return this.#onCopy(message);
      case "batch":
        return this.#onBatch(message);
      case "ask":
        return this.#onAsk(message);
      case "who":
        return this.#onWho(message);
      case "here":
        return this.#candidacy?.heard(message);
      case "lead":
        return this.#onLead(message);
      case "ping":
        if (this.#role === "writer") this.#host.tell({ kind: "pong" });
        return;
      case "pong":
        this.#heardAt = Date.now();
    }
  }

  #onHello({ from, of }: Message<"hello">): void {
    if (of === undefined ? this.#role !== "writer" : of !== this.#host.id || !this.place) return;
    if (this.#role === "writer") this.#listenedTo([from]);
    this.#live.drain();
    const { place } = this;
    if (place) this.#host.tell({ kind: "copy", place, pieces: this.#live.snapshot(), settings: [...this.#settings] }, from);
  }

  /** Other tabs are there to hear what happens, until they go. */
  #listenedTo(tabs: readonly string[]): void {
    if (tabs.length === 0) return;
    this.#arrivals += tabs.length;
    this.#outbox.isHeard = true;
    this.#live.relay();
    for (const tab of tabs) this.#host.gone(tab).then(() => this.#recount()).catch(() => {});
  }

  /** Tells nobody anything any more if nobody is there: that costs more than most commands. */
  async #recount(): Promise<void> {
    const arrivals = this.#arrivals;
    const others = await this.#host.others();
    if (others.length === 0 && arrivals === this.#arrivals) this.#outbox.isHeard = false;
  }

  #onCopy({ place, pieces, settings }: Message<"copy">): void {
    if (this.#role === "writer" || (this.#role === "follower" && place.epoch < this.#epoch)) return;
    if (this.#place && !isBehind(this.#place, place)) return;
    this.#live.restore(pieces);
    this.#isNew = false;
    this.#place = place;
    this.#epoch = Math.max(this.#epoch, place.epoch);
    for (const [name, value] of settings) this.#settings.set(name, value);
    const early = this.#early;
    this.#early = [];
    for (const batch of early) this.#apply(batch);
    this.#live.missed();
    this.#copied.resolve();
    this.#sendAll();
  }

  #onBatch(batch: Batch): void {
    if (this.#role === "writer" || batch.place.epoch < this.#epoch) return;
    this.#heardAt = Date.now();
    if (this.#place) this.#apply(batch);
    else this.#early.push(batch);
  }

  #apply(batch: Batch): void {
    const { place, effects, messages, settings, isNew } = batch;
    const { epoch, sequence } = this.#place ?? place;
    if (this.#place && !isBehind(this.#place, place)) return this.#answer(batch);
    if (place.epoch !== epoch || place.sequence !== sequence + 1) return this.#resync();
    if (isNew) {
      // The answers are in a later copy, and so are told behind it.
      this.#early = [batch];
      this.#wantCopy();
      return;
    }
    for (const bytes of effects) this.#live.apply(bytes);
    this.#place = place;
    for (const [name, value] of settings) this.#settings.set(name, value);
    for (const [channel, message] of messages) this.#live.hear(channel, message);
    this.#answer(batch);
  }

  #answer({ answers }: Batch): void {
    for (const { to, id, reply } of answers) if (to === this.#host.id) this.#asks.answer(id, reply);
  }

  /** Something was missed: what it was nobody can tell any more. */
  #resync(): void {
    this.#asks.loseFate();
    this.#early = [];
    this.#wantCopy();
  }

  #wantCopy(): void {
    this.#place = undefined;
    this.#hello();
  }

  #hello(): void {
    this.#host.tell({ kind: "hello", from: this.#host.id });
  }

  #onAsk({ from, epoch, id, db, ask }: Message<"ask">): void {
    // One that was meant for an earlier writer is asked again when its tab hears of this one.
    if (this.#role !== "writer" || epoch !== this.#outbox.place.epoch) return;
    this.#desk.perform({ from, id, db, ask });
  }

  #onWho({ epoch }: Message<"who">): void {
    if (epoch <= this.#epoch || (this.#candidacy && epoch < this.#candidacy.epoch)) return;
    this.#epoch = epoch;
    this.#stepDown();
    this.#host.tell({ kind: "here", from: this.#host.id, epoch, place: this.#place });
    this.#heardAt = Date.now();
  }

  #onLead({ epoch, base }: Message<"lead">): void {
    if (epoch < this.#epoch) return;
    this.#epoch = epoch;
    this.#stepDown();
    this.#heardAt = Date.now();
    if (this.#place && isSame(this.#place, base)) {
      this.#place = { epoch, sequence: 0 };
      this.#asks.keepFate();
      return this.#sendAll();
    }
    if (isBehind(base, this.#place)) this.#parts.changed({ state: "degraded", error: overtaken() });
    this.#resync();
  }

  /** Another tab writes from here on. */
  #stepDown(): void {
    if (this.#role === "gone") return;
    this.#candidacy?.end();
    this.#candidacy = undefined;
    if (this.#role === "candidate") this.#follow();
    if (this.#role !== "writer") return;
    // Whatever has happened up to here is told before anything else is.
    this.#live.drain();
    this.#place = this.#outbox.place;
    this.#desk.close();
    this.#live.observe(undefined);
    void this.#live.abandon();
    this.#quieten();
    this.#follow();
  }

  /** A copy tells of no events and evicts nothing by itself: the writer does. */
  #quieten(): void {
    this.#live.executeNow(["CONFIG", "SET", "maxmemory", "0", "notify-keyspace-events", ""], "text");
  }

  #follow(): void {
    this.#role = "follower";
    this.#live.isOriginal = false;
    this.#parts.became("follower");
    if (this.#isWaitingForLease) return;
    this.#isWaitingForLease = true;
    this.#host.lease("wait").then(
      (lease) => {
        this.#isWaitingForLease = false;
        if (!lease) return;
        if (this.#role === "gone") return lease.release();
        return this.#lead(lease);
      },
      () => (this.#isWaitingForLease = false),
    );
  }

  /** Holds the lease, and so becomes the writer unless it is taken away meanwhile. */
  async #lead(lease: Lease): Promise<void> {
    const candidacy = new Candidacy(Math.max(this.#epoch + 1, Date.now()));
    this.#candidacy = candidacy;
    this.#role = "candidate";
    void lease.lost.then(() => this.#lost(candidacy));
    try {
      const peers = await this.#host.others();
      await this.#catchUp(candidacy, peers);
      if (candidacy.isOver) return lease.release();
      const stored = await this.#stored();
      if (candidacy.isOver) {
        lease.release();
        return await stored.storage?.close();
      }
      this.#write(lease, candidacy, stored, peers);
    } catch (error) {
      lease.release();
      this.#stepDown();
      throw error;
    }
  }

  /** Gets as far as the farthest of the others has come. */
  async #catchUp(candidacy: Candidacy, peers: readonly string[]): Promise<void> {
    if (peers.length === 0) return;
    this.#host.tell({ kind: "who", from: this.#host.id, epoch: candidacy.epoch });
    const farthest = await candidacy.gather(peers);
    if (candidacy.isOver) return;
    this.#epoch = candidacy.epoch;
    if (!farthest || !isBehind(this.#place, farthest.place)) return;
    // What was asked of the writer may be in what this tab has not seen.
    this.#asks.loseFate();
    this.#copied = waiter();
    this.#host.tell({ kind: "hello", from: this.#host.id, of: farthest.tab });
    await within(GATHER_MS * 10, this.#copied.promise);
  }

  /** Takes the storage over. Where it fails, this tab goes on with the copy that it has, and nothing is kept. */
  async #stored(): Promise<Stored> {
    const loading = this.#isNew ? new Loading() : undefined;
    if (loading) this.#live.load(loading);
    try {
      const storage = this.#parts.storage();
      const pieces = await storage.read((piece) => loading?.take(piece));
      return { storage, pieces, loading };
    } catch (error) {
      if (loading && !loading.isOver) this.#live.restore([]);
      const mayGoOn = this.#place !== undefined || (this.#parts.mayForget && isAbsent(error));
      if (!mayGoOn) throw error;
      this.#parts.changed(inMemory(error));
      return { storage: undefined, pieces: [], loading: undefined };
    }
  }

  #write(lease: Lease, candidacy: Candidacy, { storage, pieces, loading }: Stored, peers: readonly string[]): void {
    const stored = placeOf(pieces);
    if (!this.#place || isBehind(this.#place, stored)) this.#takeStored(pieces, stored, loading);
    this.#isNew = false;
    const base = this.#place;
    this.#lease = lease;
    this.#candidacy = undefined;
    this.#epoch = Math.max(candidacy.epoch, (stored?.epoch ?? 0) + 1);
    this.#role = "writer";
    this.#outbox.begin(this.#epoch);
    this.#live.observe(this.#outbox);
    this.#listenedTo(peers);
    if (storage) this.#live.keep({ storage, release: () => {} }, lengthOf(pieces));
    if (storage && isBehind(stored, base)) this.#live.rewrite().catch(() => {});
    this.#live.isOriginal = true;
    this.#applySettings();
    this.#host.tell({ kind: "lead", from: this.#host.id, epoch: this.#epoch, base });
    const { cutBytes = 0 } = storage ?? {};
    if (cutBytes > 0) this.#parts.changed({ state: "ok", cutBytes });
    this.#parts.became("writer");
    this.#copied.resolve();
    this.#asks.keepFate();
    this.#sendAll();
  }

  /** What is stored goes farther than any copy. */
  #takeStored(pieces: readonly Uint8Array[], stored: Place | undefined, loading: Loading | undefined): void {
    const hadCopy = this.#place !== undefined;
    if (loading && !loading.isOver) loading.end(pieces);
    else this.#live.restore(pieces);
    this.#place = stored;
    this.#asks.loseFate();
    if (hadCopy) this.#live.missed();
  }

  #applySettings(): void {
    configure(this.#live, this.#parts.settings);
    for (const [name, value] of this.#settings) this.#live.executeNow(["CONFIG", "SET", name, value], "text");
  }

  /** The lease was taken away, perhaps without a word. */
  #lost(candidacy: Candidacy): void {
    if (this.#candidacy === candidacy || (this.#role === "writer" && this.#outbox.place.epoch === candidacy.epoch)) {
      this.#stepDown();
    }
  }

  #sendAll(): void {
    for (const pending of this.#asks.waiting) this.#send(pending);
  }

  #send(pending: Asks["waiting"][number]): void {
    const { id, db, ask } = pending;
    if (this.#role === "writer") {
      pending.sentIn = this.#outbox.place.epoch;
      return this.#desk.perform({ from: this.#host.id, id, db, ask });
    }
    if (this.#role !== "follower" || !this.#place || pending.sentIn === this.#place.epoch) return;
    pending.sentIn = this.#place.epoch;
    this.#host.tell({ kind: "ask", from: this.#host.id, epoch: this.#place.epoch, id, db, ask });
    this.#watch();
  }

  /** While something is asked of a writer, it has to be there. */
  #watch(): void {
    if (this.#watchdog !== undefined) return;
    this.#heardAt = Date.now();
    this.#watchdog = setInterval(() => {
      const isIdle = this.#asks.waiting.length === 0 || this.#role !== "follower";
      const silentMs = Date.now() - this.#heardAt;
      if (!isIdle && silentMs < 2 * this.#parts.patienceMs) return this.#host.tell({ kind: "ping", from: this.#host.id });
      clearInterval(this.#watchdog);
      this.#watchdog = undefined;
      if (!isIdle) this.takeOver().catch((error: unknown) => this.#asks.fail(error));
    }, this.#parts.patienceMs);
  }
}

/** A tab's way to the right to write. */
class Candidacy {
  readonly epoch: number;
  readonly #found = new Map<string, Place | undefined>();
  readonly #gathered = waiter();
  #wanted: readonly string[] = [];
  #isOver = false;

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  /** Whether another tab was faster. */
  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
    this.#gathered.resolve();
  }

  heard({ from, epoch, place }: Message<"here">): void {
    if (epoch !== this.epoch) return;
    this.#found.set(from, place);
    if (this.#wanted.every((tab) => this.#found.has(tab))) this.#gathered.resolve();
  }

  /** The tab that has come farthest, once all have said how far, or have had the time to. */
  async gather(tabs: readonly string[]): Promise<{ tab: string; place: Place } | undefined> {
    this.#wanted = tabs;
    await within(GATHER_MS, this.#gathered.promise);
    let farthest: { tab: string; place: Place } | undefined;
    for (const [tab, place] of this.#found) if (place && isBehind(farthest?.place, place)) farthest = { tab, place };
    return farthest;
  }
}

function isSame(place: Place, other: Place | undefined): boolean {
  return place.epoch === other?.epoch && place.sequence === other.sequence;
}

function closed(): StoreError {
  return new StoreError("CLOSED", "the store was closed");
}

function overtaken(): StoreError {
  return new StoreError("FENCED", "this tab was suspended while another one took the store over: what it had seen last is lost");
}

interface Waiter {
  readonly promise: Promise<void>;
  resolve(): void;
}

function waiter(): Waiter {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Whether work is done within so many milliseconds. */
async function within(milliseconds: number, work: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), milliseconds)));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
