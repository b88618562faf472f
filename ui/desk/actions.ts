// What the agent does. Each action tells the server and lets the stream bring the result, except where waiting would be felt.
import { get as fetchJson, post, Problem, put, Unreachable, upload } from "./api";
import { t } from "./language";
import {
  agents,
  changeThread,
  conversationId,
  current,
  details,
  entries,
  me,
  merge,
  notice,
  outbox,
  selected,
  threads,
  unread,
  view,
  withKey,
  type Pending,
  type Selection,
} from "./state";
import { arrive, leave, loadDetail, loadMessages, loadTalks } from "./sync";
import type { Entry, Me, Message, Presence, Upload } from "./types";

const OUTBOX = "openhandover.outbox";

/** Run something and say kindly what went wrong; answers whether it worked. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    notice.value = "";
    await work();
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) leave("expired");
    else notice.value = explain(error);
    return false;
  }
}

function explain(error: unknown): string {
  if (error instanceof Unreachable) return t.connecting;
  if (!(error instanceof Problem)) throw error;
  const known: Record<string, string> = {
    already_taken: t.taken(error.holder ? nameOf(error.holder) : t.agent),
    handover_ended: t.ended,
    too_large: t.tooLarge,
    unsupported_type: t.fileRefused,
  };
  return known[error.code] ?? t.error;
}

export async function logIn(agent: string, password: string): Promise<string> {
  try {
    await post("login", { agent, password });
    arrive(await fetchJson<Me>("me"));
    resend();
    return "";
  } catch (error) {
    if (!(error instanceof Problem)) return t.connecting;
    if (error.status === 429) return t.locked(Math.max(1, Math.ceil((error.retryAfter ?? 900) / 60)));
    return error.status === 401 ? t.wrong : t.error;
  }
}

export async function logOut(): Promise<void> {
  await attempt(() => post("logout"));
  leave("logged out");
}

export async function setPresence(presence: Presence): Promise<void> {
  const before = me.value;
  if (before) me.value = { ...before, agent: { ...before.agent, presence } };
  if (!(await attempt(() => put("presence", { presence })))) me.value = before;
}

/** Put a conversation on screen. */
export function select(choice: Selection | null): void {
  selected.value = choice;
  notice.value = "";
  if (!choice) return;
  void attempt(async () => {
    if (choice.kind === "handover" && !details.value.has(choice.id)) await loadDetail(choice.id);
    const id = conversationId.value;
    if (!id) return;
    if (!threads.value.get(id)?.messages.length) await loadMessages(id);
    seen();
  });
}

/** The agent has the conversation before their eyes: nothing is unread, and the user may know it was read. */
export function seen(): void {
  const id = conversationId.value;
  const entry = current.value;
  if (!id || document.hidden) return;
  unread.value = withKey(unread.value, id, undefined);
  const last = threads.value.get(id)?.messages.filter((message) => message.author === "user").at(-1);
  if (!last || !entry || entry.ended_at || entry.agent?.id !== me.value?.agent.id) return;
  if (last.delivery?.state === "read") return;
  changeThread(id, (thread) => ({
    messages: thread.messages.map((message) =>
      message.seq === last.seq ? { ...message, delivery: { state: "read", attempts: 1 } } : message,
    ),
  }));
  // A lost receipt is no loss to anybody; the next message brings another.
  post(`${path(entry)}/read`, { message_id: last.id }).catch((error: unknown) => console.debug(error));
}

export const accept = (entry: Entry): Promise<boolean> =>
  attempt(async () => {
    await post(`${path(entry)}/accept`);
    await loadDetail(entry.id);
    if (entries.value.has(entry.id)) select({ kind: "handover", id: entry.id });
  });

export const takeOver = (id: string): Promise<boolean> =>
  attempt(async () => {
    const handover = await post<{ id: string }>(`conversations/${encodeURIComponent(id)}/take-over`, { id: crypto.randomUUID() });
    await loadDetail(handover.id);
    const entry = details.value.get(handover.id)?.entry;
    if (entry) entries.value = withKey(entries.value, entry.id, entry);
    view.value = "inbox";
    select({ kind: "handover", id: handover.id });
  });

export const resolve = (entry: Entry): Promise<boolean> => attempt(() => post(`${path(entry)}/close`));

export const transfer = (entry: Entry, target: { agent: string } | { inbox: string }, note: string): Promise<boolean> =>
  attempt(() => post(`${path(entry)}/transfer`, note ? { ...target, note } : target));

export const showTalks = (): Promise<boolean> => attempt(loadTalks);

export const nameOf = (agentId: string): string => agents.value.find((agent) => agent.id === agentId)?.name ?? agentId;

let typingSince = 0;

/** The agent typed; the user sees it, at most one call every 4 s. */
export function typed(entry: Entry, on: boolean): void {
  const at = Date.now();
  if (on ? at - typingSince < 4000 : !typingSince) return;
  typingSince = on ? at : 0;
  post(`${path(entry)}/typing`, { on }).catch((error: unknown) => console.debug(error));
}

// --- messages on their way: in order per handover, sent again until the server answers ---

const sending = new Map<string, Promise<void>>();

export function send(entry: Entry, text: string, note: boolean, files: Pending["files"]): void {
  const pending: Pending = {
    id: crypto.randomUUID(), handoverId: entry.id, conversationId: entry.conversation_id, text, note, files, failed: false,
  };
  outbox.value = [...outbox.value, pending];
  enqueue(pending);
  typingSince = 0;
}

export function retry(pending: Pending): void {
  mark(pending, false);
  enqueue(pending);
}

/** What a reload or log-out left unsent goes out now. */
export function resend(): void {
  for (const pending of outbox.value.filter((item) => !item.failed)) enqueue(pending);
}

export function restoreOutbox(): void {
  outbox.value = JSON.parse(sessionStorage.getItem(OUTBOX) ?? "[]") as Pending[];
  outbox.subscribe((items) => sessionStorage.setItem(OUTBOX, JSON.stringify(items)));
}

function enqueue(pending: Pending): void {
  const before = sending.get(pending.handoverId) ?? Promise.resolve();
  sending.set(pending.handoverId, before.then(() => deliver(pending)));
}

async function deliver(pending: Pending): Promise<void> {
  for (let waitS = 1; outbox.value.some((item) => item.id === pending.id); waitS = Math.min(waitS * 2, 10)) {
    try {
      const base = `handovers/${encodeURIComponent(pending.handoverId)}`;
      const files = pending.files.map(({ upload_id }) => ({ upload_id }));
      const body = { id: pending.id, text: pending.text, ...(files.length ? { attachments: files } : {}) };
      const message = await post<Message>(`${base}/${pending.note ? "notes" : "messages"}`, body);
      // A thread that is not loaded yet must not look as if this were all of it.
      if (threads.value.has(pending.conversationId))
        changeThread(pending.conversationId, (thread) => ({ messages: merge(thread.messages, [message]) }));
      outbox.value = outbox.value.filter((item) => item.id !== pending.id);
      return;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return leave("expired");
      if (error instanceof Problem && error.status < 500 && error.status !== 429) {
        notice.value = error.code === "handover_ended" ? t.endedNow : explain(error);
        return mark(pending, true);
      }
      await new Promise((done) => setTimeout(done, waitS * 1000));
    }
  }
}

function mark(pending: Pending, failed: boolean): void {
  outbox.value = outbox.value.map((item) => (item.id === pending.id ? { ...item, failed } : item));
}

export async function addFile(file: File): Promise<Upload | null> {
  let added: Upload | null = null;
  await attempt(async () => {
    try {
      added = await upload<Upload>(file);
    } catch (error) {
      // For an upload, "invalid" can only mean the file itself.
      throw error instanceof Problem && error.code === "invalid" ? error.as("unsupported_type") : error;
    }
  });
  return added;
}

function path(entry: Entry): string {
  return `handovers/${encodeURIComponent(entry.id)}`;
}
