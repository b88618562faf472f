// What this browser remembers: how the agent likes the desk (kept), and what was not sent yet (kept until the tab closes).
import { effect, signal, type Signal } from "@preact/signals";

const PREFIX = "openhandover.desk.";

export type Sorting = "answer" | "newest" | "name";
export type SectionName = "waiting" | "mine" | "others" | "bot";

export const sound = kept("sound", false);
export const notify = kept("notify", false);
export const singleKeys = kept("keys", true);
export const sorting = kept<Sorting>("sorting", "answer");
export const folded = kept<SectionName[]>("folded", ["bot"]);

/** A setting that outlives the page; every tab follows a change made in another. */
function kept<T>(name: string, first: T): Signal<T> {
  const key = PREFIX + name;
  const setting = signal<T>(parsed(localStorage.getItem(key), first));
  effect(() => localStorage.setItem(key, JSON.stringify(setting.value)));
  addEventListener("storage", (event) => {
    if (event.key === key) setting.value = parsed(event.newValue, first);
  });
  return setting;
}

function parsed<T>(text: string | null, otherwise: T): T {
  if (text === null) return otherwise;
  try {
    const value = JSON.parse(text) as T;
    return typeof value === typeof otherwise ? value : otherwise;
  } catch {
    return otherwise;
  }
}

// --- tabs of one agent tell each other ---

/** Tell the other tabs something; they hear it by `onTold`. */
export function tell(name: string, value: string): void {
  localStorage.setItem(PREFIX + name, value);
}

export const told = (name: string): string => localStorage.getItem(PREFIX + name) ?? "";

export function onTold(name: string, hear: (value: string) => void): void {
  addEventListener("storage", (event) => {
    if (event.key === PREFIX + name && event.newValue) hear(event.newValue);
  });
}

// --- drafts ---

/** What an agent began to write; the kind is kept with it, so that a note never turns into a message by a reload. */
export interface Draft {
  text: string;
  note: boolean;
  files: { upload_id: string; name: string; size: number }[];
}

const EMPTY: Draft = { text: "", note: false, files: [] };
const draftKey = (agent: string, id: string): string => `${PREFIX}draft.${agent}.${id}`;

export const draftOf = (agent: string, id: string): Draft => ({
  ...EMPTY,
  ...parsed<Partial<Draft>>(sessionStorage.getItem(draftKey(agent, id)), EMPTY),
});

export function keepDraft(agent: string, id: string, draft: Draft): void {
  if (!draft.text && !draft.note && !draft.files.length) sessionStorage.removeItem(draftKey(agent, id));
  else sessionStorage.setItem(draftKey(agent, id), JSON.stringify(draft));
}

export const rememberedOutbox = <T>(otherwise: T): T => parsed(sessionStorage.getItem(`${PREFIX}outbox`), otherwise);
export const rememberOutbox = (items: unknown): void => sessionStorage.setItem(`${PREFIX}outbox`, JSON.stringify(items));

// --- how far each conversation was read ---

const MOST_READ = 400;
const readKey = (agent: string): string => `${PREFIX}read.${agent}`;

/** The seq of the last message that the agent saw, per conversation. */
export const readMarks = (agent: string): Record<string, number> => parsed(localStorage.getItem(readKey(agent)), {});

export function markRead(agent: string, conversation: string, seq: number): void {
  const marks = readMarks(agent);
  if ((marks[conversation] ?? 0) >= seq) return;
  const others = Object.entries(marks).filter(([id]) => id !== conversation);
  const next = Object.fromEntries([...others.slice(-MOST_READ), [conversation, seq]]);
  localStorage.setItem(readKey(agent), JSON.stringify(next));
}

/** Another tab of the same agent read something. */
export function onRead(agent: () => string, hear: (marks: Record<string, number>) => void): void {
  addEventListener("storage", (event) => {
    if (event.key === readKey(agent())) hear(parsed(event.newValue, {}));
  });
}
