// What the page knows. Signals only; how it comes to know is in sync.ts, receive.ts and actions.ts.
import { computed, signal } from "@preact/signals";
import { now } from "./clock";
import { t } from "./language";
import { readMarks } from "./memory";
import type { Agent, BotTalk, Canned, DeliveryState, Detail, Entry, Me, Message, Overview, Sentence } from "./types";

/** The messages of a conversation as far as they were loaded. */
export interface Thread {
  messages: readonly Message[];
  /** Whether there are earlier ones at the server. */
  more: boolean;
  typingUntil: number;
}

/** A message or note on its way; it keeps its id on every try, so that the server takes it once. */
export interface Pending {
  id: string;
  handoverId: string;
  conversationId: string;
  text: string;
  note: boolean;
  files: { upload_id: string; name: string }[];
  failed: boolean;
}

/** What the middle shows: a handover, a conversation that the bot has, or the whole desk. */
export type Selection = { kind: "handover" | "talk"; id: string } | { kind: "overview"; id: "" };

export const phase = signal<"starting" | "login" | "ready">("starting");
export const expired = signal(false);
export const me = signal<Me | null>(null);
export const connected = signal(true);

export const entries = signal<ReadonlyMap<string, Entry>>(new Map());
export const details = signal<ReadonlyMap<string, Detail>>(new Map());
export const stories = signal<ReadonlyMap<string, Sentence[]>>(new Map());
export const threads = signal<ReadonlyMap<string, Thread>>(new Map());
/** Whether a visitor's page is open, null where nobody said; known before their messages are. */
export const onPage = signal<ReadonlyMap<string, boolean | null>>(new Map());
export const unread = signal<ReadonlyMap<string, number>>(new Map());
export const outbox = signal<readonly Pending[]>([]);
export const agents = signal<readonly Agent[]>([]);
export const inboxes = signal<readonly string[]>([]);
export const talks = signal<readonly BotTalk[]>([]);
export const canned = signal<readonly Canned[]>([]);
export const overview = signal<Overview | null>(null);

export const selected = signal<Selection | null>(null);
export const showDetails = signal(false);
/** One line for the agent about what just went wrong; empty when all is well. */
export const notice = signal("");
/** Handovers that this page itself just passed on, so that their going is no news. */
export const leaving = new Set<string>();
/** What a screen reader should say at its next pause, and what it should say at once. */
export const spoken = signal("");
export const called = signal("");

export const myId = computed(() => me.value?.agent.id ?? "");
export const presence = computed(() => me.value?.agent.presence ?? "offline");
export const supervises = computed(() => me.value?.agent.role === "supervisor");

export const open = computed(() => [...entries.value.values()].filter((entry) => !entry.ended_at));

export const waiting = computed(() => open.value.filter((entry) => !entry.agent).sort(byOfferThenPosition));
export const mine = computed(() =>
  [...entries.value.values()].filter((entry) => entry.agent?.id === myId.value && (!entry.ended_at || isSelected(entry))),
);
export const others = computed(() => open.value.filter((entry) => entry.agent && entry.agent.id !== myId.value));
/** How many I really hold. */
export const held = computed(() => mine.value.filter((entry) => !entry.ended_at).length);
export const offers = computed(() => waiting.value.filter((entry) => entry.offer?.agent === myId.value));

/** The entry on screen, if the selection is a handover. */
export const current = computed(() => {
  const chosen = selected.value;
  return chosen?.kind === "handover" ? (entries.value.get(chosen.id) ?? details.value.get(chosen.id)?.entry) : undefined;
});

/** A visitor who has been silent for longer has gone; the talk leaves the list until they write again. */
const QUIET_MS = 30 * 60_000;
const quietSince = computed(() => Math.floor(now.value / 60_000) * 60_000 - QUIET_MS); // moves once a minute

/** The bot's conversations that are going on, the liveliest first. */
export const lively = computed(() =>
  talks.value
    .filter((talk) => Date.parse(talk.updated_at) >= quietSince.value || talk.id === currentTalk.value?.id)
    .sort((a, b) => b.updated_at.localeCompare(a.updated_at)),
);

/** The bot's conversation on screen, if it is one. */
export const currentTalk = computed(() => {
  const chosen = selected.value;
  return chosen?.kind === "talk" ? talks.value.find((talk) => talk.id === chosen.id) : undefined;
});

/** The conversation on screen. */
export const conversationId = computed(() =>
  selected.value?.kind === "talk" ? selected.value.id : (current.value?.conversation_id ?? null),
);

/** What turns the direction of text; in a name it could only turn around what stands beside it. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** What the visitor is called on screen. */
export const nameOf = (one: Pick<Entry, "user" | "display_name"> | undefined): string =>
  (one?.user.name || one?.display_name || one?.user.email || "").replace(TURNING, "").trim() || t.visitor;

/** The name of an agent. */
export const agentName = (id: string): string => agents.value.find((agent) => agent.id === id)?.name ?? id;

/** A copy of a map with one key changed; undefined removes it. */
export function withKey<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> {
  const copy = new Map(map);
  if (value === undefined) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

/** Whether the server has this one. */
export function isSent(pending: Pending, message: Message): boolean {
  return message.author === "agent" && !!message.external_id?.endsWith(`:${pending.id}`);
}

const EMPTY: Thread = { messages: [], more: true, typingUntil: 0 };

/** Change what is known of a conversation's thread. */
export function changeThread(id: string, change: (thread: Thread) => Partial<Thread>): void {
  const thread = threads.value.get(id) ?? EMPTY;
  threads.value = withKey(threads.value, id, { ...thread, ...change(thread) });
}

const REACH: readonly DeliveryState[] = ["pending", "delivered", "read", "failed"];

/** The message with the further delivery: an answer may be older than what the stream told meanwhile. */
function furthest(known: Message | undefined, fresh: Message): Message {
  const reach = (message: Message) => REACH.indexOf(message.delivery?.state ?? "pending");
  return known?.delivery && reach(known) > reach(fresh) ? { ...fresh, delivery: known.delivery } : fresh;
}

/** Take messages in: in order of seq, each once, the newest version of each. */
export function merge(known: readonly Message[], fresh: readonly Message[]): readonly Message[] {
  if (!fresh.length) return known;
  const first = fresh[0]?.seq ?? 0;
  const last = known.at(-1)?.seq ?? -1;
  if (first > last && fresh.length === 1) return [...known, ...fresh];
  const bySeq = new Map(known.map((message) => [message.seq, message]));
  for (const message of fresh) bySeq.set(message.seq, furthest(bySeq.get(message.seq), message));
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** What came for me while the page was closed counts as one unread until it is looked at. */
export function unreadSince(list: readonly Entry[]): ReadonlyMap<string, number> {
  const marks = readMarks(myId.value);
  const fresh = list.filter(
    (entry) =>
      entry.agent?.id === myId.value &&
      entry.last_message?.author === "user" &&
      entry.conversation_id in marks &&
      entry.last_seq > (marks[entry.conversation_id] ?? 0) &&
      Date.parse(entry.last_message.at) > Date.parse(entry.active_at ?? entry.requested_at),
  );
  return new Map(fresh.map((entry) => [entry.conversation_id, unread.value.get(entry.conversation_id) ?? 1]));
}

function byOfferThenPosition(a: Entry, b: Entry): number {
  const offered = (entry: Entry) => (entry.offer?.agent === myId.value ? 0 : 1);
  return offered(a) - offered(b) || (a.position ?? 0) - (b.position ?? 0) || a.requested_at.localeCompare(b.requested_at);
}

function isSelected(entry: Entry): boolean {
  return selected.value?.kind === "handover" && selected.value.id === entry.id;
}
