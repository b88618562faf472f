// What each event of the stream changes.
import { alertMessage, alertOffer } from "./alerts";
import { serverTime } from "./clock";
import { t } from "./language";
import {
  agents,
  called,
  changeThread,
  conversationId,
  details,
  entries,
  isSent,
  leaving,
  me,
  merge,
  myId,
  nameOf,
  notice,
  onPage,
  outbox,
  selected,
  spoken,
  threads,
  unread,
  withKey,
} from "./state";
import { ignoreUnlessLoggedOut, loadDetail } from "./sync";
import type { Agent, DeliveryState, Entry, Happening, Message } from "./types";

const TYPING_MS = 6_000;

export const EVENTS = [
  "desk.resync", "desk.entry", "desk.gone", "desk.offer", "desk.offer_lapsed", "desk.presence", "desk.assigned", "desk.logged_out",
  "message.created", "message.delivered", "message.read", "message.failed", "typing.started", "typing.stopped",
  "user.connected", "user.disconnected", "floor.changed", "handover.requested", "handover.queued", "handover.queue_updated",
  "handover.agent_joined", "handover.active", "handover.agent_changed", "handover.agent_left", "handover.completed",
  "handover.cancelled", "handover.error", "handover.transferred", "handover.returned",
];

export function receive(type: string, data: unknown): void {
  switch (type) {
    case "desk.entry":
      return takeEntry((data as { entry: Entry }).entry);
    case "desk.gone":
      return takeGone((data as { handover_id: string }).handover_id);
    case "desk.offer":
      return takeOffer((data as { handover_id: string }).handover_id);
    case "desk.assigned":
      return takeAssigned(data as Assigned);
    case "desk.offer_lapsed":
      return;
    case "desk.presence":
      return takeAgent((data as { agent: Agent }).agent);
    default:
      return ordinary(data as Happening);
  }
}

function takeEntry(entry: Entry): void {
  const before = entries.value.get(entry.id);
  entries.value = withKey(entries.value, entry.id, entry);
  const given = untold.get(entry.id);
  if (given) takeAssigned(given);
  // The details change with the handover, not with every message.
  const moved = before?.status !== entry.status || before.agent?.id !== entry.agent?.id || before.ended_at !== entry.ended_at;
  if (details.value.has(entry.id) && moved) void loadDetail(entry.id).catch(ignoreUnlessLoggedOut);
}

function takeGone(handoverId: string): void {
  const entry = entries.value.get(handoverId);
  entries.value = withKey(entries.value, handoverId, undefined);
  if (entry) unread.value = withKey(unread.value, entry.conversation_id, undefined);
  if (entry && selected.value?.id === handoverId) {
    // What is on screen must not stay as if it could still be answered.
    details.value = withKey(details.value, handoverId, undefined);
    selected.value = null;
    if (!leaving.delete(handoverId)) notice.value = spoken.value = t.movedOn(nameOf(entry));
  }
}

interface Assigned {
  handover_id: string;
  from?: { name: string } | null;
}

/** Assignments of handovers that this agent could not see before: told when it is known whose they are. */
const untold = new Map<string, Assigned>();

/** It is this agent's without their having accepted it. */
function takeAssigned(given: Assigned): void {
  const entry = entries.value.get(given.handover_id);
  if (!entry) {
    untold.set(given.handover_id, given);
    return;
  }
  untold.delete(given.handover_id);
  const words = given.from ? t.passedToYou(given.from.name, nameOf(entry)) : t.givenToYou(nameOf(entry));
  called.value = words;
  if (selected.value?.id !== given.handover_id) notice.value = words;
  alertOffer(entry, words);
}

function takeOffer(handoverId: string): void {
  const entry = entries.value.get(handoverId);
  const words = t.newOffer(nameOf(entry));
  called.value = words;
  if (entry) alertOffer(entry, words);
}

function takeAgent(agent: Agent): void {
  agents.value = agents.value.map((known) => (known.id === agent.id ? agent : known));
  if (me.value && agent.id === myId.value) me.value = { ...me.value, agent };
}

function ordinary(event: Happening): void {
  const id = event.conversation_id;
  if (event.type === "user.connected" || event.type === "user.disconnected") {
    onPage.value = withKey(onPage.value, id, event.type === "user.connected");
    return;
  }
  if (!threads.value.has(id) && event.type !== "message.created") return;
  switch (event.type) {
    case "message.created":
      return takeMessage(id, event.data as unknown as Message);
    case "message.delivered":
    case "message.read":
    case "message.failed":
      return takeDelivery(id, event.data["message_id"] as string, event.type.slice(8) as DeliveryState);
    case "typing.started":
    case "typing.stopped":
      if (event.data["author"] === "user")
        changeThread(id, () => ({ typingUntil: event.type === "typing.started" ? serverTime() + TYPING_MS : 0 }));
      return;
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
  spoken.value = conversationId.value === id ? `${nameOf(entry)}: ${message.text}` : t.newMessage(nameOf(entry));
  if (conversationId.value !== id || document.hidden) {
    unread.value = withKey(unread.value, id, (unread.value.get(id) ?? 0) + 1);
    alertMessage(entry, message.text);
  }
}

function takeDelivery(id: string, messageId: string, state: DeliveryState): void {
  changeThread(id, (thread) => ({
    messages: thread.messages.map((message) =>
      message.id === messageId && message.author === "agent" && message.delivery?.state !== "read"
        ? { ...message, delivery: { state, attempts: message.delivery?.attempts ?? 1 } }
        : message,
    ),
  }));
}
