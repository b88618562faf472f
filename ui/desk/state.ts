// What the page knows. Signals only; how it comes to know is in sync.ts and actions.ts.
import { computed, signal } from "@preact/signals";
import type { Agent, BotTalk, Canned, Detail, Entry, Me, Message, Sentence } from "./types";

/** The messages of a conversation as far as they were loaded. */
export interface Thread {
  messages: readonly Message[];
  /** Whether there are earlier ones at the server. */
  more: boolean;
  typingUntil: number;
  present: boolean;
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

export type Selection = { kind: "handover" | "talk"; id: string };

export const phase = signal<"starting" | "login" | "ready">("starting");
export const expired = signal(false);
export const me = signal<Me | null>(null);
export const connected = signal(true);
export const now = signal(Date.now());

export const entries = signal<ReadonlyMap<string, Entry>>(new Map());
export const details = signal<ReadonlyMap<string, Detail>>(new Map());
export const stories = signal<ReadonlyMap<string, Sentence[]>>(new Map());
export const threads = signal<ReadonlyMap<string, Thread>>(new Map());
export const unread = signal<ReadonlyMap<string, number>>(new Map());
export const outbox = signal<readonly Pending[]>([]);
export const agents = signal<readonly Agent[]>([]);
export const inboxes = signal<readonly string[]>([]);
export const talks = signal<readonly BotTalk[]>([]);
export const canned = signal<readonly Canned[]>([]);

export const selected = signal<Selection | null>(null);
export const view = signal<"inbox" | "bot">("inbox");
export const showDetails = signal(false);
/** One line for the agent about what just went wrong; empty when all is well. */
export const notice = signal("");
/** The last thing a screen reader should say. */
export const spoken = signal("");

export const myId = computed(() => me.value?.agent.id ?? "");
export const presence = computed(() => me.value?.agent.presence ?? "offline");

const open = computed(() => [...entries.value.values()].filter((entry) => !entry.ended_at));

export const waiting = computed(() =>
  open.value.filter((entry) => !entry.agent).sort(byOfferThenPosition),
);
export const mine = computed(() =>
  [...entries.value.values()]
    .filter((entry) => entry.agent?.id === myId.value && (!entry.ended_at || isSelected(entry)))
    .sort((a, b) => a.waiting_since.localeCompare(b.waiting_since)),
);
export const others = computed(() => open.value.filter((entry) => entry.agent && entry.agent.id !== myId.value));

/** The entry on screen, if the selection is a handover. */
export const current = computed(() => {
  const chosen = selected.value;
  return chosen?.kind === "handover" ? (entries.value.get(chosen.id) ?? details.value.get(chosen.id)?.entry) : undefined;
});

/** The conversation on screen. */
export const conversationId = computed(() =>
  selected.value?.kind === "talk" ? selected.value.id : (current.value?.conversation_id ?? null),
);

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

const EMPTY: Thread = { messages: [], more: true, typingUntil: 0, present: true };

/** Change what is known of a conversation's thread. */
export function changeThread(id: string, change: (thread: Thread) => Partial<Thread>): void {
  const thread = threads.value.get(id) ?? EMPTY;
  threads.value = withKey(threads.value, id, { ...thread, ...change(thread) });
}

/** Take messages in: in order of seq, each once, the newest version of each. */
export function merge(known: readonly Message[], fresh: readonly Message[]): readonly Message[] {
  const bySeq = new Map(known.map((message) => [message.seq, message]));
  for (const message of fresh) bySeq.set(message.seq, message);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

function byOfferThenPosition(a: Entry, b: Entry): number {
  const offered = (entry: Entry) => (entry.offer?.agent === myId.value ? 0 : 1);
  return offered(a) - offered(b) || (a.position ?? 0) - (b.position ?? 0) || a.requested_at.localeCompare(b.requested_at);
}

function isSelected(entry: Entry): boolean {
  return selected.value?.kind === "handover" && selected.value.id === entry.id;
}
