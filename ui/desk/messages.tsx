import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clock, day, dayKey } from "../shared/time";
import { attempt } from "./actions";
import { Bubble, Unsent } from "./bubble";
import { now } from "./clock";
import { Icon } from "./icon";
import { locale, t } from "./language";
import { isSent, outbox, threads, type Pending } from "./state";
import { loadMessages } from "./sync";
import type { Entry, Message } from "./types";
import { Windowed, type Steering } from "./windowed";

/** One thing in the talk, in reading order. */
type Item =
  | { kind: "edge"; more: boolean }
  | { kind: "day"; at: string }
  | { kind: "requested"; at: string; why: string }
  | { kind: "message"; message: Message; follows: boolean; last: boolean }
  | { kind: "pending"; pending: Pending }
  | { kind: "typing" }
  | { kind: "end" };

const TOGETHER_MS = 180_000;
let loading = "";

/** The talk from its first message on, with the handover marked in it. */
export function Messages({ id, entry, userName }: { id: string; entry: Entry | undefined; userName: string }) {
  const thread = threads.value.get(id);
  const messages = thread?.messages ?? [];
  const steering = useRef<Steering>(null);
  const [atEnd, setAtEnd] = useState(true);
  const seenAtEnd = useRef(0);
  const lastSeq = messages.at(-1)?.seq ?? 0;
  if (atEnd) seenAtEnd.current = lastSeq;
  const fresh = messages.reduce((n, message) => n + Number(message.seq > seenAtEnd.current && message.author !== "system"), 0);

  const said = useMemo(() => arrange(messages, entry, !!thread?.more), [messages, entry?.id, entry?.requested_at, entry?.reason, thread?.more]);
  const pending = outbox.value.filter((item) => item.conversationId === id && !messages.some((known) => isSent(item, known)));
  const typing = !entry?.ended_at && !!thread && thread.typingUntil > now.value;
  const lastPending = pending.at(-1)?.id;
  const items = useMemo(() => {
    const all: Item[] = [...said, ...pending.map((item): Item => ({ kind: "pending", pending: item }))];
    if (typing) all.push({ kind: "typing" });
    all.push({ kind: "end" });
    return all;
  }, [said, typing, outbox.value]);
  // Who sends wants to see it sent.
  useEffect(() => {
    if (lastPending) steering.current?.toEnd();
  }, [lastPending]);

  const earlier = () => {
    if (!thread?.more || !messages.length || loading === id) return;
    loading = id;
    void attempt(() => loadMessages(id), "read").then(() => (loading = ""));
  };
  return (
    <div class="messages" aria-busy={!thread}>
      <Windowed
        key={id}
        items={items}
        keyOf={keyOf}
        guess={guess}
        draw={(item) => draw(item, userName)}
        hold="end"
        class="log"
        role="log"
        label={t.conversation}
        steering={steering}
        onStart={earlier}
        onEnd={setAtEnd}
        focusable
      />
      {!atEnd && (
        <button class="to-end" onClick={() => steering.current?.toEnd()}>
          <Icon name="down" small />
          {fresh > 0 ? t.newMessages(fresh) : t.toEnd}
        </button>
      )}
    </div>
  );
}

function arrange(messages: readonly Message[], entry: Entry | undefined, more: boolean): Item[] {
  const items: Item[] = [];
  // Once it has ended, the reason is that of the end.
  const why = (!entry?.ended_at && entry?.reason) || "";
  const lastOwn = messages.findLast((message) => message.author === "agent" && message.to !== "agent");
  if (messages.length) items.push({ kind: "edge", more });
  let before: Message | undefined;
  for (const message of messages) {
    const newDay = !before || dayKey(before.at) !== dayKey(message.at);
    if (newDay) items.push({ kind: "day", at: message.at });
    const crosses = entry && message.at >= entry.requested_at && (!before || before.at < entry.requested_at) && (before || !more);
    if (crosses) items.push({ kind: "requested", at: entry.requested_at, why });
    items.push({ kind: "message", message, follows: !newDay && !crosses && follows(before, message), last: message === lastOwn });
    before = message;
  }
  if (entry && before && before.at < entry.requested_at) items.push({ kind: "requested", at: entry.requested_at, why });
  return items;
}

function keyOf(item: Item): string {
  switch (item.kind) {
    case "message":
      return `m${item.message.seq}`;
    case "pending":
      return item.pending.id;
    case "day":
      return `day ${dayKey(item.at)} ${item.at}`;
    default:
      return item.kind;
  }
}

function guess(item: Item): number {
  if (item.kind === "end") return 12;
  if (item.kind !== "message") return 36;
  const rows = Math.ceil(item.message.text.length / 64) + (item.message.text.match(/\n/g)?.length ?? 0);
  return rows * 21 + (item.follows ? 18 : 44) + (item.message.attachments?.length ?? 0) * 60;
}

function draw(item: Item, userName: string) {
  switch (item.kind) {
    case "edge":
      return <p class="edge">{item.more ? t.loadingEarlier : t.beginning}</p>;
    case "day":
      return <p class="divider"><span>{day(item.at, locale)}</span></p>;
    case "requested":
      return <p class="divider strong"><span>{t.handedOver(clock(item.at, locale))}{item.why && <> · <bdi>{item.why}</bdi></>}</span></p>;
    case "message":
      return <Bubble message={item.message} follows={item.follows} last={item.last} userName={userName} />;
    case "pending":
      return <Unsent pending={item.pending} />;
    case "end":
      return <p class="end" />;
    case "typing":
      return <p class="typing"><span class="dots" aria-hidden="true"><i /><i /><i /></span>{t.typing(userName)}</p>;
  }
}

/** A message close after one by the same author needs no name again. */
function follows(before: Message | undefined, message: Message): boolean {
  return (
    !!before &&
    before.author === message.author &&
    before.author_name === message.author_name &&
    (before.to === "agent") === (message.to === "agent") &&
    Date.parse(message.at) - Date.parse(before.at) < TOGETHER_MS
  );
}
