// The chat as the visitor sees it: the state that the page draws, and what the visitor can do.
import { Connection, type Listener } from "./connection";
import { Memory, type Unsent } from "./memory";
import { Outbox } from "./outbox";
import type { ChatEvent, Handover, Hello, Message, Ready, Refused, Session } from "./protocol";
import { Site } from "./site";
import { beep } from "./sound";
import { Talk } from "./talk";
import { Uploads } from "./uploads";
import { EMPTY, type View } from "./view";
import { watched } from "./watched";

const FIRST = 50;
const TYPING_MS = 6_000;
const TYPING_EVERY_MS = 3_000;
const ANSWER_MS = 5_000;
const ACK_MS = 30;

export class Chat implements Listener {
  readonly talk = new Talk();
  readonly site = new Site();
  readonly listeners = new Set<() => void>();
  readonly view = watched<View>({ ...EMPTY }, () => this.listeners.forEach((listener) => listener()));
  readonly uploads: Uploads;
  /** What is being written; it stays when the chat is closed and opened. */
  draft = "";
  /** The server's clock minus ours, in ms. */
  clockOffset = 0;

  #conversation: string | null; // the one that is on the screen
  #caughtUpAt = 0;
  #typingEnds = 0;
  #typingSentAt = -Infinity;
  #askedAt = -Infinity;
  #acknowledge = 0;
  #pageLoaded: (() => void) | null = null;
  readonly #memory: Memory;
  readonly #connection: Connection;
  readonly #outbox: Outbox;

  constructor(base: string, channel: string, language: string) {
    this.#memory = new Memory(`openhandover:${base}:${channel}`);
    this.#connection = new Connection(base, channel, language, this);
    this.#outbox = new Outbox(this.view, this.#memory, this.#connection);
    this.uploads = new Uploads(this.#connection, () => this.view.turn++);
    this.#conversation = this.#memory.kept.conversation;
    this.#recall();
    this.site.onMove = () => this.#tellPage();
    addEventListener("storage", (event) => event.key === this.#memory.key && this.#otherTab());
  }

  get unread(): number {
    return this.talk.unread(this.view.read);
  }

  /** What comes now is news, to be read aloud. */
  get isCaughtUp(): boolean {
    return this.view.line === "up" && this.talk.seq >= this.#caughtUpAt;
  }

  get filesAllowed(): boolean {
    const rule = this.view.config?.attachments;
    return !this.view.ended && (rule === "always" || (rule === "human" && !!this.view.handover?.files));
  }

  get canAskForHuman(): boolean {
    const { config, floor, ended, handover } = this.view;
    const waits = handover?.status === "requested" || handover?.status === "queued";
    return !!config?.human_button && floor === "bot" && !ended && !waits;
  }

  /** The whole address of something that the server named. */
  address(url: string): string {
    return URL.canParse(url, this.#connection.base) ? new URL(url, this.#connection.base).href : "";
  }

  /** Whether the address is one of the server's own, so that a picture there may be loaded unasked. */
  isOwn(address: string): boolean {
    return address.startsWith(`${this.#connection.base}/`);
  }

  // --- what the visitor does -------------------------------------------------------------------------------

  /** Go on with the conversation of earlier, if there is one; that of somebody whom the site names waits for that. */
  resume(): void {
    const { token, user } = this.#memory.kept;
    if (this.view.open || (token && (user === null || user === this.site.user))) this.#connection.start();
  }

  /** The visitor opened the chat. */
  open(): void {
    Object.assign(this.view, { open: true, atEnd: true, preview: null });
    this.#connection.start();
  }

  say(text: string, button?: string): void {
    const files = button === undefined && this.filesAllowed ? this.uploads.take() : [];
    const message: Unsent = { id: newId(), text };
    if (button !== undefined) message.button = button;
    if (files.length) {
      message.attachments = files.map((file) => ({ upload_id: file.upload_id }));
      message.files = files;
    }
    this.#typingSentAt = -Infinity;
    this.view.problem = "";
    this.view.atEnd = true; // who writes wants to see it
    this.#tellPage();
    this.#outbox.add(message);
  }

  attach(files: Iterable<File>): void {
    if (this.filesAllowed) this.uploads.add(files, this.view.config?.max_file_bytes ?? Infinity);
    else this.view.problem = "attachments_off";
  }

  again(id: string): void {
    this.#outbox.again(id);
  }

  discard(id: string): void {
    this.#outbox.settle(id);
    this.#outbox.again(id);
  }

  type(on: boolean): void {
    const now = performance.now();
    const known = on ? now - this.#typingSentAt < TYPING_EVERY_MS : this.#typingSentAt === -Infinity;
    if (known) return;
    this.#typingSentAt = on ? now : -Infinity;
    this.#connection.send({ type: "typing", on });
  }

  cancel(): void {
    this.#ask({ type: "cancel" });
  }

  askForHuman(): void {
    this.#ask({ type: "human" });
  }

  /** False when it could not be sent. */
  rate(handoverId: string, score: number, comment: string): boolean {
    return this.#ask({ type: "rating", handover_id: handoverId, score, ...(comment ? { comment } : {}) });
  }

  /** Do not ask for this rating again. */
  rated(handover: Handover): void {
    this.#memory.change({ rated: handover.id });
    this.view.rating = null;
  }

  /** End the chat: its text stays readable until a new one is begun. */
  end(): void {
    if (!this.#ask({ type: "end" })) return;
    this.#memory.change({ ended: true });
    this.view.ended = true;
  }

  /** Forget the ended chat and begin another. */
  restart(): void {
    this.#connection.stop();
    this.#memory.leave();
    this.#memory.change({ unsent: [] });
    this.#enter();
    this.view.renewed = false;
    if (this.view.open) this.#connection.start();
  }

  /** The site says who this is: the conversation of somebody else is not theirs to see, one without a name becomes
      theirs. */
  identify(identity: string | null): void {
    const { user } = this.site;
    this.site.identity = identity;
    const was = this.#memory.kept.user;
    if (was !== null && was !== this.site.user) this.restart();
    else if (user !== this.site.user) this.#connection.stop();
    this.resume();
  }

  /** The visitor looks at the newest message. */
  seen(): void {
    if (this.unread === 0 || !this.isCaughtUp) return;
    this.view.read = this.talk.seq;
    this.#memory.change({ read: this.talk.seq });
    this.#connection.send({ type: "read", seq: this.talk.seq });
  }

  setSound(on: boolean): void {
    this.view.sound = on;
    this.#memory.change({ sound: on });
    if (on) beep();
  }

  /** Get a page of earlier things; settles when it is there, or the line broke. */
  async earlier(): Promise<void> {
    if (this.#pageLoaded || !this.talk.more) return;
    if (!this.#connection.send({ type: "history", before: this.talk.oldest, limit: FIRST })) return;
    await new Promise<void>((done) => (this.#pageLoaded = done));
  }

  // --- what the server says --------------------------------------------------------------------------------

  hello(): Hello {
    // this tab, or another one, may have begun a new conversation since the last hello
    if (this.#memory.kept.conversation !== this.#conversation) this.#enter();
    const after = this.talk.seq;
    const { identity } = this.site;
    return { token: this.token() ?? "", after, ...(after ? {} : { last: FIRST }), ...(identity && { identity }) };
  }

  token(): string | null {
    return this.#memory.kept.token;
  }

  keepToken(token: string): void {
    this.#memory.change({ token });
  }

  started(session: Session): void {
    const { token, conversation_id: conversation, config } = session;
    this.#memory.change({ token, conversation, user: this.site.user, ended: false });
    this.site.told();
    this.view.config = config;
  }

  tokenLost(token: string): void {
    // another tab may have begun the new conversation already
    if (this.token() === token) this.#memory.leave();
    this.#enter();
  }

  line(state: "up" | "down" | "refused"): void {
    this.view.line = state;
    if (state === "up") return;
    this.view.typing = null;
    this.#pageArrived();
  }

  ready(frame: Ready): void {
    const { config, handover } = frame;
    if (frame.seq < this.talk.seq) this.talk.clear(); // the server went back to an older state of the conversation
    if (this.talk.seq === 0) this.talk.begin(frame.first_seq ?? 0, frame.more ?? false);
    if (frame.at) this.clockOffset = Date.parse(frame.at) - Date.now();
    if (this.site.user) this.#memory.change({ user: this.site.user });
    this.view.config = config;
    this.view.sound = this.#memory.kept.sound ?? config.sound ?? false;
    this.view.desk = frame.desk ?? null;
    this.view.floor = frame.floor;
    this.#shows(handover);
    this.#caughtUpAt = frame.seq;
    this.#outbox.start();
    this.#tellPage();
  }

  frame(frame: Parameters<Listener["frame"]>[0]): void {
    if (frame.type === "event") this.#event(frame.event);
    else if (frame.type === "typing") this.#typing(frame.author, frame.on);
    else if (frame.type === "accepted") this.#outbox.accepted(frame.id, this.talk.has(frame.id));
    else if (frame.type === "refused") this.#refused(frame);
    else if (frame.type === "desk") this.view.desk = frame;
    else if (frame.type === "history") {
      this.talk.addEarlier(frame.events, frame.more);
      this.#pageArrived();
    }
  }

  #event(event: ChatEvent): void {
    if (event.seq <= this.talk.seq) return;
    const isNews = event.seq > this.#caughtUpAt;
    const entry = this.talk.add(event);
    if (isNews) this.view.floor = event.floor;
    if (event.type.startsWith("handover.") && isNews) this.#shows(event.data as Handover);
    if (entry?.message?.author === "user") this.#outbox.settle(entry.message.id);
    else if (entry?.message) this.#heard(entry.message, isNews);
    this.view.turn++;
    this.#acknowledge ||= setTimeout(() => {
      this.#acknowledge = 0;
      this.#connection.send({ type: "ack", seq: this.talk.seq });
    }, ACK_MS);
  }

  #heard(message: Message, isNews: boolean): void {
    this.view.typing = null;
    if (!isNews) return;
    if (!this.view.open) this.view.preview = message;
    // of several tabs one rings
    if (!this.view.sound || this.#memory.kept.rang >= message.seq) return;
    this.#memory.change({ rang: message.seq });
    beep();
  }

  #shows(handover: Handover | null): void {
    this.view.handover = handover;
    if (handover?.rating) this.view.rating = handover.id === this.#memory.kept.rated ? null : handover;
    // the next talk makes the question about the last one stale; an answer from another tab settles it
    else if (handover?.status === "active" || handover?.id === this.view.rating?.id) this.view.rating = null;
  }

  #typing(author: "agent" | "bot", on: boolean): void {
    clearTimeout(this.#typingEnds);
    this.view.typing = on ? author : null;
    if (on) this.#typingEnds = setTimeout(() => (this.view.typing = null), TYPING_MS);
  }

  #refused(frame: Refused): void {
    if (frame.id !== undefined) return this.#outbox.refused(frame);
    this.#pageArrived();
    if (performance.now() - this.#askedAt < ANSWER_MS) this.view.problem = frame.code;
  }

  #ask(frame: Parameters<Connection["send"]>[0]): boolean {
    this.#askedAt = performance.now();
    const sent = this.#connection.send(frame);
    this.view.problem = sent ? "" : "network";
    return sent;
  }

  #pageArrived(): void {
    this.#pageLoaded?.();
    this.#pageLoaded = null;
    this.view.turn++;
  }

  #tellPage(): void {
    const page = this.site.news();
    if (page && this.#connection.send({ type: "page", url: page.url, title: page.title })) this.site.told();
  }

  /** Begin with nothing but what is kept: the conversation is another one now. */
  #enter(): void {
    const hadTalk = !this.view.ended && (this.talk.entries.length > 0 || this.view.read > 0);
    this.#conversation = this.#memory.kept.conversation;
    this.#caughtUpAt = 0;
    this.talk.clear();
    this.#pageArrived();
    this.#recall();
    Object.assign(this.view, {
      failures: {},
      handover: null,
      rating: null,
      preview: null,
      problem: "",
      floor: "bot",
      renewed: this.view.renewed || hadTalk,
    });
  }

  #recall(): void {
    const { unsent, read, ended } = this.#memory.kept;
    Object.assign(this.view, { unsent, read, ended });
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
    this.view.read = Math.max(this.view.read, kept.read);
    this.view.ended = kept.ended;
    this.view.sound = kept.sound ?? this.view.sound;
    if (this.unread === 0) this.view.preview = null;
    if (this.view.rating?.id === kept.rated) this.view.rating = null;
  }
}

function newId(): string {
  // randomUUID exists only in secure contexts; a chat on plain http in a local network must work too
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
