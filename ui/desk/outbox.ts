// Messages on their way: in order per handover, sent again until the server answers, kept over a reload.
import { isLoggedOut, post, Problem } from "./api";
import { rememberedOutbox, rememberOutbox } from "./memory";
import { changeThread, merge, notice, outbox, threads, type Pending } from "./state";
import { leave } from "./sync";
import { words } from "./problems";
import type { Entry, Message } from "./types";

const sending = new Map<string, Promise<void>>();

export function send(entry: Entry, text: string, note: boolean, files: Pending["files"]): void {
  const pending: Pending = {
    id: crypto.randomUUID(), handoverId: entry.id, conversationId: entry.conversation_id, text, note, files, failed: false,
  };
  outbox.value = [...outbox.value, pending];
  enqueue(pending);
}

export function retry(pending: Pending): void {
  mark(pending, false);
  enqueue(pending);
}

/** Give a message up that was refused. */
export function discard(pending: Pending): void {
  outbox.value = outbox.value.filter((item) => item.id !== pending.id);
}

/** What a reload or log-out left unsent goes out now. */
export function resend(): void {
  for (const pending of outbox.value.filter((item) => !item.failed)) enqueue(pending);
}

export function restoreOutbox(): void {
  outbox.value = rememberedOutbox<Pending[]>([]);
  outbox.subscribe(rememberOutbox);
}

function enqueue(pending: Pending): void {
  const before = sending.get(pending.handoverId) ?? Promise.resolve();
  sending.set(pending.handoverId, before.then(() => deliver(pending)));
}

async function deliver(pending: Pending): Promise<void> {
  const there = () => outbox.value.some((item) => item.id === pending.id && !item.failed);
  for (let waitS = 1; there(); waitS = Math.min(waitS * 2, 10)) {
    try {
      const base = `handovers/${encodeURIComponent(pending.handoverId)}`;
      const files = pending.files.map(({ upload_id }) => ({ upload_id }));
      const body = { id: pending.id, text: pending.text, ...(files.length ? { attachments: files } : {}) };
      const message = await post<Message>(`${base}/${pending.note ? "notes" : "messages"}`, body);
      // A thread that is not loaded yet must not look as if this were all of it.
      if (threads.value.has(pending.conversationId))
        changeThread(pending.conversationId, (thread) => ({ messages: merge(thread.messages, [message]) }));
      discard(pending);
      return;
    } catch (error) {
      if (isLoggedOut(error)) return leave("expired");
      if (error instanceof Problem && error.status < 500 && error.status !== 429) {
        notice.value = words(error, "send");
        return mark(pending, true);
      }
      await new Promise((done) => setTimeout(done, waitS * 1000));
    }
  }
}

function mark(pending: Pending, failed: boolean): void {
  outbox.value = outbox.value.map((item) => (item.id === pending.id ? { ...item, failed } : item));
}
