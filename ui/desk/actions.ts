// What the agent does. Each action tells the server and lets the stream bring the result, except where waiting would be felt.
import { get, isLoggedOut, post, Problem, put, Unreachable } from "./api";
import { t } from "./language";
import { markRead } from "./memory";
import { resend } from "./outbox";
import { words, type Deed } from "./problems";
import {
  changeThread,
  conversationId,
  current,
  details,
  entries,
  leaving,
  me,
  myId,
  notice,
  selected,
  showDetails,
  threads,
  unread,
  withKey,
  type Selection,
} from "./state";
import { arrive, completeScreen, leave, loadDetail, loadOverview } from "./sync";
import type { Agent, Entry, Me, Presence } from "./types";

const RETRY_MS = 2_000;

/** Run something and say kindly what went wrong; answers whether it worked. */
export async function attempt(work: () => Promise<unknown>, deed: Deed = "other"): Promise<boolean> {
  try {
    notice.value = "";
    await work();
    return true;
  } catch (error) {
    if (isLoggedOut(error)) leave("expired");
    else notice.value = words(error, deed);
    return false;
  }
}

export async function logIn(agent: string, password: string): Promise<string> {
  try {
    await post("login", { agent, password });
    arrive(await get<Me>("me"));
    resend();
    return "";
  } catch (error) {
    if (!(error instanceof Problem)) return t.unreachable;
    if (error.status === 429) return t.locked(Math.max(1, Math.ceil((error.retryAfter ?? 900) / 60)));
    return error.status === 401 ? t.wrong : t.error;
  }
}

/** Leave the desk: nobody is offered to an empty chair, and what was held goes back to the queue. */
export async function logOut(): Promise<void> {
  if (me.value?.agent.presence !== "offline") await attempt(() => put("presence", { presence: "offline" }));
  await attempt(() => post("logout"));
  leave("logged out");
}

export async function setPresence(presence: Presence): Promise<void> {
  const before = me.value;
  if (before) me.value = { ...before, agent: { ...before.agent, presence, auto: false } };
  if (!(await attempt(() => put("presence", { presence })))) me.value = before;
}

/** A supervisor says where a colleague is. */
export const setColleague = (agent: Agent, presence: Presence): Promise<boolean> =>
  attempt(async () => {
    await put("presence", { presence, agent: agent.id });
    await loadOverview();
  });

/** Put a conversation, or the overview, on screen. */
export function select(choice: Selection | null): void {
  selected.value = choice;
  notice.value = "";
  showDetails.value = false;
  if (choice && choice.kind !== "overview") void fetchChosen(choice);
}

/** Fetch what is on screen; while the server cannot be reached, try again as long as it is on screen. */
async function fetchChosen(choice: Selection): Promise<void> {
  const isStill = () => selected.value === choice;
  let unreachable = false;
  const worked = await attempt(async () => {
    try {
      await completeScreen();
      seen();
    } catch (error) {
      unreachable = error instanceof Unreachable;
      throw error;
    }
  }, "read");
  if (worked || !isStill()) return;
  if (unreachable) setTimeout(() => isStill() && void fetchChosen(choice), RETRY_MS);
  else if (!conversationId.value) selected.value = null;
}

/** The agent has the conversation before their eyes: nothing is unread, and the user may know it was read. */
export function seen(): void {
  const id = conversationId.value;
  const entry = current.value;
  if (!id || document.hidden) return;
  if (unread.value.has(id)) unread.value = withKey(unread.value, id, undefined);
  if (!entry || entry.ended_at || entry.agent?.id !== myId.value) return;
  const messages = threads.value.get(id)?.messages;
  markRead(myId.value, id, Math.max(entry.last_seq, messages?.at(-1)?.seq ?? 0));
  const last = messages?.findLast((message) => message.author === "user");
  if (!last || last.delivery?.state === "read") return;
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
    const before = selected.value;
    await post(`${path(entry)}/accept`);
    await loadDetail(entry.id);
    // Who went elsewhere meanwhile is not fetched back.
    if (entries.value.has(entry.id) && selected.value === before) select({ kind: "handover", id: entry.id });
  }, "accept");

export const takeOver = (id: string): Promise<boolean> =>
  attempt(async () => {
    const handover = await post<{ id: string }>(`conversations/${encodeURIComponent(id)}/take-over`, { id: crypto.randomUUID() });
    await loadDetail(handover.id);
    const entry = details.value.get(handover.id)?.entry;
    if (entry) entries.value = withKey(entries.value, entry.id, entry);
    select({ kind: "handover", id: handover.id });
  }, "accept");

export const resolve = (entry: Entry): Promise<boolean> => attempt(() => post(`${path(entry)}/close`));

export const transfer = (entry: Entry, target: { agent: string } | { inbox: string }, note: string): Promise<boolean> =>
  attempt(async () => {
    leaving.add(entry.id);
    try {
      await post(`${path(entry)}/transfer`, note ? { ...target, note } : target);
    } catch (error) {
      leaving.delete(entry.id);
      throw error;
    }
  });

/** Give it back to the queue it came from. */
export const release = (entry: Entry): Promise<boolean> => transfer(entry, { inbox: entry.inbox }, "");

const nowhere = { id: "", since: 0 };
let typing = nowhere;

/** The agent typed; the user sees it, at most one call every 4 s. */
export function typed(entry: Entry, on: boolean): void {
  const at = Date.now();
  const since = typing.id === entry.id ? typing.since : 0;
  if (on ? at - since < 4000 : !since) return;
  typing = on ? { id: entry.id, since: at } : nowhere;
  post(`${path(entry)}/typing`, { on }).catch((error: unknown) => console.debug(error));
}

/** A message ends the sign by itself; the next key is told anew. */
export function sent(): void {
  typing = nowhere;
}

function path(entry: Entry): string {
  return `handovers/${encodeURIComponent(entry.id)}`;
}
