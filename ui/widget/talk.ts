// What was said and what happened, in order: the newest part of it, and as much of the earlier parts as was asked for.
import type { ChatEvent, Delivery, Message, Person } from "./protocol";

export interface Notice {
  kind: "joined" | "left" | "talked";
  agent: Person | null;
}

export type Entry = { seq: number; at: string } & ({ message: Message; notice?: never } | { notice: Notice; message?: never });

const RANK: Record<Delivery, number> = { pending: 0, delivered: 1, read: 2, failed: 3 };
const NOTICES: Record<string, Notice["kind"]> = {
  "handover.agent_joined": "joined",
  "handover.agent_changed": "joined",
  "handover.agent_left": "left",
  "handover.completed": "talked",
};

export class Talk {
  entries: Entry[] = [];
  /** The newest number we have. */
  seq = 0;
  /** There is more before the first entry. */
  more = false;
  #oldest = Infinity;
  readonly #states = new Map<string, Delivery>();

  /** Everything before this number is still to be asked for. */
  get oldest(): number {
    return this.#oldest;
  }

  clear(): void {
    this.entries = [];
    this.seq = 0;
    this.more = false;
    this.#oldest = Infinity;
    this.#states.clear();
  }

  /** What comes first follows this number. */
  begin(first: number, more: boolean): void {
    this.more = more;
    this.#oldest = first + 1;
  }

  /** A new event; what it puts on the screen, if anything. */
  add(event: ChatEvent): Entry | null {
    this.seq = event.seq;
    this.#oldest = Math.min(this.#oldest, event.seq);
    const entry = this.#read(event);
    if (entry) this.entries.push(entry);
    return entry;
  }

  /** A page of earlier events, in their order. */
  addEarlier(events: ChatEvent[], more: boolean): void {
    const earlier = events.filter((event) => event.seq < this.#oldest);
    this.entries.unshift(...earlier.map((event) => this.#read(event)).filter((entry) => entry !== null));
    this.#oldest = Math.min(this.#oldest, earlier[0]?.seq ?? Infinity);
    this.more = more && earlier.length > 0;
  }

  has(id: string): boolean {
    return this.entries.findLast((entry) => entry.message?.id === id) !== undefined;
  }

  newest(holds: (message: Message) => boolean): Message | undefined {
    return this.entries.findLast((entry) => entry.message && holds(entry.message))?.message;
  }

  /** How many messages of others came after this number. */
  unread(read: number): number {
    let count = 0;
    for (let at = this.entries.length - 1; at >= 0; at--) {
      const entry = this.entries[at];
      if (!entry || entry.seq <= read) break;
      if (entry.message && entry.message.author !== "user") count++;
    }
    return count;
  }

  /** What became of a message: events tell it, also such as came before the message itself, a page later. */
  state(message: Message): Delivery {
    const { state } = message.delivery;
    const told = this.#states.get(message.id) ?? state;
    return RANK[told] > RANK[state] ? told : state;
  }

  #read(event: ChatEvent): Entry | null {
    const { seq, at, type } = event;
    switch (type) {
      case "message.created":
        // the question for a rating is asked below the log
        return event.data.metadata?.rating ? null : { seq, at, message: event.data };
      case "message.delivered":
      case "message.read":
      case "message.failed": {
        const id = event.data.message_id;
        const state = type.slice("message.".length) as Delivery;
        if (RANK[this.#states.get(id) ?? "pending"] < RANK[state]) this.#states.set(id, state);
        return null;
      }
      case "floor.changed":
        return null;
      default: {
        const kind = NOTICES[type];
        return kind ? { seq, at, notice: { kind, agent: event.data.agent } } : null;
      }
    }
  }
}
