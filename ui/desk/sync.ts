// Keeps the page equal to the server: first load, the event stream, and what to fetch again after a gap.
import { batch } from "@preact/signals";
import { get, isLoggedOut, Problem, Unreachable, useCsrf, useRenewal } from "./api";
import {
  agents,
  canned,
  changeThread,
  connected,
  conversationId,
  details,
  entries,
  expired,
  inboxes,
  me,
  merge,
  notice,
  onPage,
  overview,
  phase,
  selected,
  stories,
  talks,
  threads,
  unread,
  unreadSince,
  withKey,
} from "./state";
import { language, t } from "./language";
import { EVENTS, receive } from "./receive";
import type { Agent, BotTalk, Canned, Detail, Entry, Me, Message, Overview, Sentence } from "./types";

const PAGE = 100;

let stream: EventSource | null = null;
let lastEventId = "";
let retryS = 1;

/** Find out who is here; the log-in page when nobody is. */
export async function start(): Promise<void> {
  useRenewal(renewed);
  addEventListener("offline", lose);
  addEventListener("online", find);
  try {
    arrive(await get<Me>("me"));
  } catch (error) {
    if (isLoggedOut(error)) phase.value = "login";
    else setTimeout(() => void start(), 2000);
  }
}

/** A session is there: load everything and listen. Somebody else than before starts with a clean page. */
export function arrive(who: Me): void {
  useCsrf(who.csrf);
  batch(() => {
    if (me.value && me.value.agent.id !== who.agent.id) forget();
    me.value = who;
    expired.value = false;
    phase.value = "ready";
  });
  void load();
}

/** The session is over; what was written stays. */
export function leave(because: "expired" | "logged out"): void {
  stream?.close();
  stream = null;
  batch(() => {
    expired.value = because === "expired";
    phase.value = "login";
    if (because === "logged out") {
      forget();
      me.value = null;
    }
  });
}

function forget(): void {
  entries.value = new Map();
  threads.value = new Map();
  onPage.value = new Map();
  details.value = new Map();
  stories.value = new Map();
  unread.value = new Map();
  talks.value = [];
  overview.value = null;
  selected.value = null;
}

/** Another tab may have logged in anew: learn its proof, and whether the same agent is still here. */
async function renewed(): Promise<boolean> {
  const who = await get<Me>("me");
  const same = who.agent.id === me.value?.agent.id;
  if (same) useCsrf(who.csrf);
  else arrive(who);
  return same;
}

/**
 * Everything anew, then the stream from the place that the list belongs to: what happens between is in the stream, so
 * no answer that was slow can overwrite a newer event.
 */
async function load(): Promise<void> {
  stream?.close();
  try {
    onPage.value = new Map(); // who came or went meanwhile is asked anew
    const place = await refreshEntries();
    await Promise.all([refreshAgents(), refreshCanned(), ...[...threads.value.keys()].map(catchUp)]);
    lastEventId = place;
    listen();
    void loadTalks().catch(ignoreUnlessLoggedOut);
    void completeScreen().catch(ignoreUnlessLoggedOut);
  } catch (error) {
    recover(error);
  }
}

/** Fetch what the conversation on screen lacks. */
export async function completeScreen(): Promise<void> {
  const chosen = selected.value;
  const known = chosen?.kind === "handover" ? details.value.get(chosen.id) : undefined;
  if (chosen?.kind === "handover" && !(known && onPage.value.has(known.entry.conversation_id))) await loadDetail(chosen.id);
  const id = conversationId.value;
  if (id && !threads.value.get(id)?.messages.length) await loadMessages(id);
}

async function refreshCanned(): Promise<void> {
  canned.value = (await get<{ items: Canned[] }>("canned")).items;
}

async function refreshEntries(): Promise<string> {
  const list = await get<{ items: Entry[]; event_id: string }>("handovers");
  const fresh = new Map(list.items.map((entry) => [entry.id, entry]));
  // An entry that vanished during a gap may have ended; its details say how.
  const vanished = [...entries.value.values()].filter((entry) => !entry.ended_at && !fresh.has(entry.id));
  for (const entry of vanished) if (details.value.has(entry.id)) void loadDetail(entry.id).catch(ignoreUnlessLoggedOut);
  batch(() => {
    entries.value = fresh;
    unread.value = unreadSince(list.items);
  });
  return list.event_id;
}

async function refreshAgents(): Promise<void> {
  const page = await get<{ items: Agent[]; inboxes: string[] }>("agents");
  agents.value = page.items;
  inboxes.value = page.inboxes;
}

function listen(): void {
  stream?.close();
  const source = new EventSource(`/v1/desk/events?last_event_id=${encodeURIComponent(lastEventId)}`);
  stream = source;
  source.onopen = () => {
    connected.value = true;
    retryS = 1;
    if (notice.value === t.unreachable) notice.value = "";
  };
  source.onerror = () => {
    if (stream !== source) return;
    connected.value = false;
    if (source.readyState === EventSource.CLOSED) recover(new Unreachable("stream closed"));
  };
  for (const type of EVENTS) {
    source.addEventListener(type, (event) => {
      if (stream !== source) return;
      if (event.lastEventId) lastEventId = event.lastEventId;
      if (type === "desk.resync") void load();
      else if (type === "desk.logged_out") leave("expired");
      else batch(() => receive(type, JSON.parse(event.data as string)));
    });
  }
}

/** The stream or first load failed: see whether the session still holds, then try again, ever slower. */
function recover(error: unknown): void {
  if (isLoggedOut(error)) return leave("expired");
  connected.value = false;
  const source = stream;
  setTimeout(() => {
    if (phase.value !== "ready" || stream !== source) return;
    get<Me>("me").then(arrive, recover);
  }, retryS * 1000);
  retryS = Math.min(retryS * 2, 15);
}

/** The network is gone: a stream that is silent would tell much later. */
function lose(): void {
  stream?.close();
  if (phase.value === "ready") recover(new Unreachable("offline"));
}

/** The network is back: no reason to wait for the next try. */
function find(): void {
  if (phase.value === "ready" && !connected.value) get<Me>("me").then(arrive, recover);
}

/** For what nobody asked for: it comes again by itself, only the end of the session matters. */
export function ignoreUnlessLoggedOut(error: unknown): void {
  if (isLoggedOut(error)) leave("expired");
  else console.debug(error);
}

/** What came after the last message of a thread that is loaded. */
async function catchUp(id: string): Promise<void> {
  const from = pathOf(id);
  // Deliveries of the last messages may have changed as well, so these are fetched once more.
  let after = Math.max(0, (threads.value.get(id)?.messages.at(-20)?.seq ?? 1) - 1);
  for (;;) {
    let page: { items: Message[]; next: number | null };
    try {
      page = await get(`${from}/messages?after=${after}&limit=${PAGE}`);
    } catch (error) {
      if (error instanceof Problem && (error.status === 403 || error.status === 404)) {
        threads.value = withKey(threads.value, id, undefined); // no longer ours to read
        return;
      }
      throw error;
    }
    changeThread(id, (thread) => ({ messages: merge(thread.messages, page.items) }));
    const last = page.items.at(-1);
    if (page.next === null || !last) return;
    after = last.seq;
  }
}

/** Load a conversation's newest messages, or the page before those that are there. */
export async function loadMessages(id: string): Promise<void> {
  const known = threads.value.get(id);
  const path = `${pathOf(id)}/messages?limit=${PAGE}&before=${known?.messages[0]?.seq ?? 0}`;
  if (!known) changeThread(id, () => ({})); // what the stream brings from now on may be newer than the answer
  try {
    const page = await get<{ items: Message[]; next: number | null }>(path);
    changeThread(id, (thread) => ({ messages: merge(thread.messages, page.items), more: page.next !== null }));
  } catch (error) {
    if (!known) threads.value = withKey(threads.value, id, undefined);
    throw error;
  }
}

/** What came to a conversation that the bot has; such conversations are not in the event stream. */
export async function refreshTalk(id: string): Promise<void> {
  if (threads.value.has(id)) await catchUp(id);
}

export async function loadDetail(handoverId: string): Promise<void> {
  const path = `handovers/${encodeURIComponent(handoverId)}`;
  const before = entries.value.get(handoverId);
  const detail = await get<Detail>(path);
  const told = entries.value.get(handoverId);
  if (told && told !== before) detail.entry = told; // what the stream told meanwhile may be newer than the answer
  batch(() => {
    details.value = withKey(details.value, handoverId, detail);
    const id = detail.entry.conversation_id;
    if (!onPage.value.has(id)) onPage.value = withKey(onPage.value, id, detail.present === false ? false : null);
    if (entries.value.has(handoverId)) entries.value = withKey(entries.value, handoverId, detail.entry);
  });
  // nobody waits for the story: the messages come first
  get<{ items: Sentence[] }>(`${path}/explain?language=${language}`).then(
    (story) => (stories.value = withKey(stories.value, handoverId, story.items)),
    ignoreUnlessLoggedOut,
  );
}

export async function loadTalks(): Promise<void> {
  talks.value = (await get<{ items: BotTalk[] }>("conversations")).items;
}

export async function loadOverview(): Promise<void> {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  overview.value = await get<Overview>(`overview?tz=${encodeURIComponent(zone)}`);
}

/** Where the messages of a conversation are read: through its handover, else directly while the bot has it. */
function pathOf(id: string): string {
  const known = [...entries.value.values(), ...[...details.value.values()].map((detail) => detail.entry)];
  const entry = known.filter((candidate) => candidate.conversation_id === id).at(-1);
  return entry ? `handovers/${encodeURIComponent(entry.id)}` : `conversations/${encodeURIComponent(id)}`;
}
