// Keeps the page equal to the server: first load, the event stream, and what to fetch again after a gap.
import { batch } from "@preact/signals";
import { get, Problem, Unreachable, useCsrf } from "./api";
import { t } from "./language";
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
  isSent,
  me,
  merge,
  myId,
  outbox,
  phase,
  spoken,
  stories,
  talks,
  threads,
  unread,
  view,
  withKey,
} from "./state";
import type { Agent, BotTalk, Canned, Detail, Entry, Happening, Me, Message, Sentence } from "./types";

const PAGE = 100;
const DESK_EVENTS = ["desk.resync", "desk.entry", "desk.gone", "desk.offer", "desk.offer_lapsed", "desk.presence"];
const ORDINARY_EVENTS = [
  "message.created", "message.delivered", "message.read", "message.failed", "typing.started", "typing.stopped",
  "user.connected", "user.disconnected", "floor.changed", "handover.requested", "handover.queued", "handover.queue_updated",
  "handover.agent_joined", "handover.active", "handover.agent_changed", "handover.agent_left", "handover.completed",
  "handover.cancelled", "handover.error", "handover.transferred", "handover.returned",
];

let stream: EventSource | null = null;
let lastEventId = "";
let retryS = 1;

/** Find out who is here; the log-in page when nobody is. */
export async function start(): Promise<void> {
  try {
    arrive(await get<Me>("me"));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) phase.value = "login";
    else setTimeout(() => void start(), 2000);
  }
}

/** A session is there: load everything and listen. */
export function arrive(who: Me): void {
  useCsrf(who.csrf);
  batch(() => {
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
      entries.value = new Map();
      threads.value = new Map();
      details.value = new Map();
      talks.value = [];
      me.value = null;
    }
  });
}

/**
 * Everything anew, then the stream from the place that the list belongs to: what happens between is in the stream, so
 * no answer that was slow can overwrite a newer event.
 */
async function load(): Promise<void> {
  stream?.close();
  try {
    const place = await refreshEntries();
    await Promise.all([refreshAgents(), refreshCanned(), ...[...threads.value.keys()].map(catchUp)]);
    if (view.value === "bot") await loadTalks();
    lastEventId = place;
    listen();
  } catch (error) {
    recover(error);
  }
}

async function refreshCanned(): Promise<void> {
  canned.value = (await get<{ items: Canned[] }>("canned")).items;
}

async function refreshEntries(): Promise<string> {
  const list = await get<{ items: Entry[]; event_id: string }>("handovers");
  const fresh = new Map(list.items.map((entry) => [entry.id, entry]));
  // An entry that vanished during a gap may have ended; its details say how.
  const vanished = [...entries.value.values()].filter((entry) => !entry.ended_at && !fresh.has(entry.id));
  for (const entry of vanished) if (details.value.has(entry.id)) void loadDetail(entry.id);
  entries.value = fresh;
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
  };
  source.onerror = () => {
    if (stream !== source) return;
    connected.value = false;
    if (source.readyState === EventSource.CLOSED) recover(new Unreachable("stream closed"));
  };
  for (const type of [...DESK_EVENTS, ...ORDINARY_EVENTS]) {
    source.addEventListener(type, (event) => {
      if (stream !== source) return;
      if (event.lastEventId) lastEventId = event.lastEventId;
      batch(() => receive(type, JSON.parse(event.data as string)));
    });
  }
}

/** The stream or first load failed: see whether the session still holds, then try again, ever slower. */
function recover(error: unknown): void {
  if (error instanceof Problem && error.status === 401) return leave("expired");
  connected.value = false;
  const source = stream;
  setTimeout(() => {
    if (phase.value !== "ready" || stream !== source) return;
    get<Me>("me").then(arrive, recover);
  }, retryS * 1000);
  retryS = Math.min(retryS * 2, 15);
}

function receive(type: string, data: unknown): void {
  switch (type) {
    case "desk.resync":
      return void load();
    case "desk.entry":
      return takeEntry((data as { entry: Entry }).entry);
    case "desk.gone":
      entries.value = withKey(entries.value, (data as { handover_id: string }).handover_id, undefined);
      return;
    case "desk.offer": {
      const entry = entries.value.get((data as { handover_id: string }).handover_id);
      spoken.value = t.newOffer(entry?.user.name ?? t.visitor);
      return;
    }
    case "desk.presence":
      return takeAgent((data as { agent: Agent }).agent);
    default:
      return ordinary(data as Happening);
  }
}

function takeEntry(entry: Entry): void {
  entries.value = withKey(entries.value, entry.id, entry);
  if (details.value.has(entry.id)) void loadDetail(entry.id);
}

function takeAgent(agent: Agent): void {
  agents.value = agents.value.map((known) => (known.id === agent.id ? agent : known));
  if (me.value && agent.id === myId.value) me.value = { ...me.value, agent };
}

function ordinary(event: Happening): void {
  const id = event.conversation_id;
  if (!threads.value.has(id) && event.type !== "message.created") return;
  switch (event.type) {
    case "message.created":
      return takeMessage(id, event.data as unknown as Message);
    case "message.delivered":
    case "message.read":
    case "message.failed":
      return takeDelivery(id, event.data["message_id"] as string, event.type.slice(8) as "delivered" | "read" | "failed");
    case "typing.started":
    case "typing.stopped":
      if (event.data["author"] === "user")
        changeThread(id, () => ({ typingUntil: event.type === "typing.started" ? Date.now() + 6000 : 0 }));
      return;
    case "user.connected":
    case "user.disconnected":
      return changeThread(id, () => ({ present: event.type === "user.connected" }));
  }
}

function takeMessage(id: string, message: Message): void {
  const thread = threads.value.get(id);
  const isNew = !thread?.messages.some((known) => known.seq === message.seq);
  if (thread) {
    changeThread(id, (known) => ({
      messages: merge(known.messages, [message]),
      typingUntil: message.author === "user" ? 0 : known.typingUntil,
    }));
  }
  outbox.value = outbox.value.filter((pending) => !isSent(pending, message));
  if (!isNew || message.author !== "user") return;
  const entry = [...entries.value.values()].find((known) => known.conversation_id === id && known.agent?.id === myId.value);
  if (!entry) return;
  spoken.value = t.newMessage(entry.user.name ?? t.visitor);
  if (conversationId.value !== id || document.hidden) unread.value = withKey(unread.value, id, (unread.value.get(id) ?? 0) + 1);
}

function takeDelivery(id: string, messageId: string, state: "delivered" | "read" | "failed"): void {
  changeThread(id, (thread) => ({
    messages: thread.messages.map((message) =>
      message.id === messageId && message.author === "agent" && message.delivery?.state !== "read"
        ? { ...message, delivery: { state, attempts: message.delivery?.attempts ?? 1 } }
        : message,
    ),
  }));
}

/** What came after the last message of a thread that is loaded. */
async function catchUp(id: string): Promise<void> {
  const from = pathOf(id);
  if (!from) return;
  // Deliveries of the last messages may have changed as well, so these are fetched once more.
  let after = Math.max(0, (threads.value.get(id)?.messages.at(-20)?.seq ?? 1) - 1);
  for (;;) {
    const page = await get<{ items: Message[]; next: number | null }>(`${from}/messages?after=${after}&limit=${PAGE}`);
    changeThread(id, (thread) => ({ messages: merge(thread.messages, page.items) }));
    const last = page.items.at(-1);
    if (page.next === null || !last) return;
    after = last.seq;
  }
}

/** Load a conversation's newest messages, or the page before those that are there. */
export async function loadMessages(id: string): Promise<void> {
  const from = pathOf(id);
  if (!from) return;
  const first = threads.value.get(id)?.messages[0]?.seq;
  const before = first === undefined ? "" : `&before=${first}`;
  const page = await get<{ items: Message[]; next: number | null }>(`${from}/messages?limit=${PAGE}${before || "&before=0"}`);
  changeThread(id, (thread) => ({ messages: merge(thread.messages, page.items), more: page.next !== null }));
}

export async function loadDetail(handoverId: string): Promise<void> {
  const [detail, story] = await Promise.all([
    get<Detail>(`handovers/${encodeURIComponent(handoverId)}`),
    get<{ items: Sentence[] }>(`handovers/${encodeURIComponent(handoverId)}/explain`),
  ]);
  batch(() => {
    details.value = withKey(details.value, handoverId, detail);
    stories.value = withKey(stories.value, handoverId, story.items);
    if (entries.value.has(handoverId)) entries.value = withKey(entries.value, handoverId, detail.entry);
  });
}

export async function loadTalks(): Promise<void> {
  talks.value = (await get<{ items: BotTalk[] }>("conversations")).items;
}

/** Where the messages of a conversation are read: through its handover, else directly while the bot has it. */
function pathOf(id: string): string | null {
  const known = [...entries.value.values(), ...[...details.value.values()].map((detail) => detail.entry)];
  const entry = known.filter((candidate) => candidate.conversation_id === id).at(-1);
  return entry ? `handovers/${encodeURIComponent(entry.id)}` : `conversations/${encodeURIComponent(id)}`;
}
