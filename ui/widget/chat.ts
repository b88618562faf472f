// The chat as the visitor sees it: signals that the page draws, and what the visitor can do.
import { batch, computed, signal } from "@preact/signals";
import { Connection, type Listener } from "./connection";
import { Memory, type Unsent } from "./memory";
import type { ChatEvent, Config, Delivery, Floor, Handover, Message, Outgoing, Ready, Refused, Session } from "./protocol";

export interface Notice {
  seq: number;
  at: string;
  kind: "joined" | "left" | "ended";
  name: string | null;
}

export interface SentFile {
  upload_id: string;
  name: string;
  size: number;
}

const TYPING_MS = 6_000;
const TYPING_EVERY_MS = 3_000;
const ACK_MS = 30;
const RANK: Record<Delivery, number> = { pending: 0, delivered: 1, read: 2, failed: 3 };
const NOTICES: Record<string, Notice["kind"]> = {
  "handover.agent_joined": "joined",
  "handover.agent_changed": "joined",
  "handover.agent_left": "left",
  "handover.completed": "ended",
};

export class Chat implements Listener {
  readonly messages = signal<Message[]>([]);
  readonly notices = signal<Notice[]>([]);
  readonly unsent = signal<Unsent[]>([]);
  readonly failures = signal<Record<string, string>>({});
  readonly floor = signal<Floor>("bot");
  readonly handover = signal<Handover | null>(null);
  readonly config = signal<Config | null>(null);
  readonly lineState = signal<"new" | "up" | "down" | "refused">("new");
  readonly typing = signal<"agent" | "bot" | null>(null);
  readonly renewed = signal(false);
  readonly ended = signal(false);
  readonly read = signal(0);

  readonly unread = computed(
    () => this.messages.value.filter((message) => message.author !== "user" && message.seq > this.read.value).length,
  );
  readonly filesAllowed = computed(() => {
    const rule = this.config.value?.attachments;
    return rule === "always" || (rule === "human" && this.floor.value === "human");
  });

  #seq = 0;
  #conversation: string | null; // the one that is on the screen
  #caughtUpAt = 0;
  #inFlight: string | null = null;
  #typingEnds = 0;
  #typingSentAt = 0;
  #resend = 0;
  #acknowledge = 0;
  readonly #memory: Memory;
  readonly #connection: Connection;

  constructor(base: string, channel: string, language: string) {
    this.#memory = new Memory(`openhandover:${base}:${channel}`);
    this.#connection = new Connection(base, channel, language, this);
    const kept = this.#memory.kept;
    this.unsent.value = kept.unsent;
    this.read.value = kept.read;
    this.ended.value = kept.ended;
    this.#conversation = kept.conversation;
    if (kept.token) this.#connection.start();
    addEventListener("storage", (event) => event.key === this.#memory.key && this.#otherTab());
  }

  /** The whole address of something that the server named; its own files may come without their origin. */
  address(url: string): string {
    return URL.canParse(url, this.#connection.base) ? new URL(url, this.#connection.base).href : "";
  }

  /** The visitor opened the chat. */
  open(): void {
    this.#connection.start();
  }

  // --- what the visitor does -------------------------------------------------------------------------------

  say(text: string, extra: { files?: SentFile[]; button?: string } = {}): void {
    const message: Unsent = { id: newId(), text, at: new Date().toISOString() };
    if (extra.button !== undefined) message.button = extra.button;
    if (extra.files?.length) {
      message.attachments = extra.files.map((file) => ({ upload_id: file.upload_id }));
      message.files = extra.files;
    }
    this.#memory.add(message);
    this.unsent.value = this.#memory.kept.unsent;
    this.#typingSentAt = 0;
    this.#sendNext();
  }

  again(id: string): void {
    const { [id]: _, ...others } = this.failures.value;
    this.failures.value = others;
    this.#sendNext();
  }

  discard(id: string): void {
    this.#settle(id);
    this.again(id);
  }

  type(on: boolean): void {
    const now = Date.now();
    const known = on ? now - this.#typingSentAt < TYPING_EVERY_MS : this.#typingSentAt === 0;
    if (known) return;
    this.#typingSentAt = on ? now : 0;
    this.#connection.send({ type: "typing", on });
  }

  cancel(): void {
    this.#connection.send({ type: "cancel" });
  }

  askForHuman(): void {
    this.#connection.send({ type: "human" });
  }

  rate(handoverId: string, score: number, comment: string): void {
    this.#connection.send({ type: "rating", handover_id: handoverId, score, ...(comment ? { comment } : {}) });
  }

  upload(file: File): Promise<{ upload_id: string } | { code: string }> {
    return this.#connection.upload(file);
  }

  /** End the chat: its text stays readable until a new one is begun. */
  end(): boolean {
    if (!this.#connection.send({ type: "end" })) return false;
    this.#memory.change({ ended: true });
    this.ended.value = true;
    return true;
  }

  /** Forget the ended chat and begin another. */
  restart(): void {
    this.#connection.stop();
    this.#memory.change({ token: null, unsent: [], read: 0, ended: false });
    this.#enter();
    this.renewed.value = false;
    this.#connection.start();
  }

  /** The visitor looks at the newest message. */
  seen(): void {
    if (this.#seq <= this.read.value) return;
    this.read.value = this.#seq;
    this.#memory.change({ read: this.#seq });
    this.#connection.send({ type: "read", seq: this.#seq });
  }

  // --- what the server says --------------------------------------------------------------------------------

  hello(): { token: string; after: number } {
    // this tab, or another one, may have begun a new conversation since the last hello
    if (this.#memory.kept.conversation !== this.#conversation) this.#enter();
    return { token: this.token() ?? "", after: this.#seq };
  }

  token(): string | null {
    return this.#memory.kept.token;
  }

  keepToken(token: string): void {
    this.#memory.change({ token });
  }

  started(session: Session): void {
    this.#memory.change({ token: session.token, conversation: session.conversation_id, ended: false });
    this.config.value = session.config;
  }

  tokenLost(token: string): void {
    // another tab may have begun the new conversation already
    if (this.token() === token) this.#memory.change({ token: null, read: 0, ended: false });
    this.#enter();
  }

  line(state: "up" | "down" | "refused"): void {
    this.lineState.value = state;
    if (state !== "up") this.typing.value = null;
  }

  ready(frame: Ready): void {
    batch(() => {
      this.config.value = frame.config;
      this.handover.value = frame.handover;
      this.floor.value = frame.floor;
    });
    this.#caughtUpAt = frame.seq;
    this.#inFlight = null;
    this.#sendNext();
  }

  frame(frame: Parameters<Listener["frame"]>[0]): void {
    if (frame.type === "event") this.#event(frame.event);
    else if (frame.type === "typing") this.#typing(frame.author, frame.on);
    else if (frame.type === "accepted") this.#accepted(frame.id);
    else if (frame.type === "refused") this.#refused(frame);
  }

  #event(event: ChatEvent): void {
    if (event.seq <= this.#seq) return;
    this.#seq = event.seq;
    batch(() => this.#apply(event));
    this.#acknowledge ||= setTimeout(() => {
      this.#acknowledge = 0;
      this.#connection.send({ type: "ack", seq: this.#seq });
    }, ACK_MS);
  }

  #apply(event: ChatEvent): void {
    const isNews = event.seq > this.#caughtUpAt;
    if (isNews) this.floor.value = event.floor;
    switch (event.type) {
      case "message.created":
        this.messages.value = [...this.messages.value, event.data];
        if (event.data.author === "user") this.#settle(event.data.id);
        else this.typing.value = null;
        break;
      case "message.delivered":
      case "message.read":
      case "message.failed":
        this.#delivery(event.data.message_id, event.type.slice("message.".length) as Delivery);
        break;
      case "floor.changed":
        break;
      default:
        if (isNews) this.handover.value = event.data;
        this.#notice(event.type, event, event.data);
    }
  }

  #notice(type: string, event: ChatEvent, handover: Handover): void {
    const kind = NOTICES[type];
    if (!kind) return;
    const notice = { seq: event.seq, at: event.at, kind, name: handover.agent?.name ?? null };
    this.notices.value = [...this.notices.value, notice];
  }

  #delivery(id: string, state: Delivery): void {
    this.messages.value = this.messages.value.map((message) =>
      message.author === "user" && message.id === id && RANK[message.delivery.state] < RANK[state]
        ? { ...message, delivery: { state } }
        : message,
    );
  }

  #typing(author: "agent" | "bot", on: boolean): void {
    clearTimeout(this.#typingEnds);
    this.typing.value = on ? author : null;
    if (on) this.#typingEnds = setTimeout(() => (this.typing.value = null), TYPING_MS);
  }

  // --- sending: one at a time, so that a refused message is never overtaken ----------------------------------

  #sendNext(): void {
    if (this.#inFlight || this.lineState.value !== "up") return;
    const head = this.unsent.value.find((message) => !message.accepted && !(message.id in this.failures.value));
    if (!head) return;
    const { id, text, attachments, button } = head;
    const frame: Outgoing = { id, text };
    if (attachments) frame.attachments = attachments;
    if (button !== undefined) frame.button = button;
    if (this.#connection.send({ type: "message", ...frame })) this.#inFlight = id;
  }

  #accepted(id: string): void {
    if (this.#inFlight === id) this.#inFlight = null;
    this.#memory.remove(id); // it stays on the screen until its event takes its place
    if (this.messages.value.some((message) => message.id === id)) this.#settle(id);
    else this.unsent.value = this.unsent.value.map((each) => (each.id === id ? { ...each, accepted: true } : each));
    this.#sendNext();
  }

  #settle(id: string): void {
    if (this.#inFlight === id) this.#inFlight = null;
    this.#memory.remove(id);
    this.unsent.value = this.unsent.value.filter((message) => message.id !== id);
    this.#sendNext();
  }

  #refused(frame: Refused): void {
    if (frame.id === undefined) return;
    if (frame.code === "rate_limited") {
      clearTimeout(this.#resend);
      this.#resend = setTimeout(() => {
        this.#inFlight = null;
        this.#sendNext();
      }, (frame.retry_after_s ?? 1) * 1000);
      return;
    }
    this.#inFlight = null;
    this.failures.value = { ...this.failures.value, [frame.id]: frame.code };
    this.#sendNext();
  }

  /** Begin with nothing but what is kept: the conversation is another one now. */
  #enter(): void {
    const kept = this.#memory.kept;
    const hadTalk = !this.ended.value && (this.messages.value.length > 0 || this.read.value > 0);
    this.#conversation = kept.conversation;
    this.#seq = 0;
    this.#caughtUpAt = 0;
    this.#inFlight = null;
    batch(() => {
      this.messages.value = [];
      this.notices.value = [];
      this.failures.value = {};
      this.handover.value = null;
      this.floor.value = "bot";
      this.renewed.value ||= hadTalk;
      this.unsent.value = kept.unsent;
      this.read.value = kept.read;
      this.ended.value = kept.ended;
    });
  }

  /** Another tab read, ended the chat, or began a new one. */
  #otherTab(): void {
    const kept = this.#memory.kept;
    if (kept.token && kept.conversation !== this.#conversation) {
      this.#connection.stop();
      this.#enter();
      this.#connection.start();
      return;
    }
    this.read.value = Math.max(this.read.value, kept.read);
    this.ended.value = kept.ended;
  }
}

function newId(): string {
  // randomUUID exists only in secure contexts; a chat on plain http in a local network must work too
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
