import { Fragment } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { linked, isWebAddress } from "../shared/text";
import { clock, day, dayKey, fileSize } from "../shared/time";
import { attempt, retry } from "./actions";
import { locale, t } from "./language";
import { isSent, myId, now, outbox, threads, type Pending } from "./state";
import { loadMessages } from "./sync";
import type { Attachment, Entry, Message } from "./types";

/** The talk from its first message on, with the handover marked in it. */
export function Messages({ id, entry, userName }: { id: string; entry: Entry | undefined; userName: string }) {
  const box = useRef<HTMLDivElement>(null);
  const fromEnd = useRef(0);
  const thread = threads.value.get(id);
  const messages = thread?.messages ?? [];
  const pending = outbox.value.filter((item) => item.conversationId === id && !messages.some((known) => isSent(item, known)));
  const typing = !!thread && thread.typingUntil > now.value;
  const last = messages.at(-1)?.seq;

  // Stay at the end unless the agent scrolled up to read; earlier messages and images that load late must not
  // push away what is being read.
  const hold = () => {
    const element = box.current;
    if (element) element.scrollTop = element.scrollHeight - element.clientHeight - fromEnd.current;
  };
  useLayoutEffect(hold, [last, messages.length, pending.length, typing]);
  useLayoutEffect(() => {
    fromEnd.current = 0;
    hold();
    const watch = new ResizeObserver(hold);
    for (const element of [box.current, box.current?.firstElementChild]) if (element) watch.observe(element);
    return () => watch.disconnect();
  }, [id]);

  const scrolled = () => {
    const element = box.current;
    if (!element) return;
    const distance = element.scrollHeight - element.clientHeight - element.scrollTop;
    fromEnd.current = distance < 40 ? 0 : distance;
  };
  return (
    <div class="messages" ref={box} onScroll={scrolled} role="log" aria-label={t.message} tabIndex={0}>
      <div class="column">
        {thread?.more && messages.length > 0 && (
          <button class="link earlier" onClick={() => void attempt(() => loadMessages(id))}>{t.earlier}</button>
        )}
        {messages.map((message, n) => (
          <Fragment key={message.seq}>
            <Dividers message={message} before={messages[n - 1]} entry={entry} />
            <Bubble message={message} follows={follows(messages[n - 1], message)} userName={userName} />
          </Fragment>
        ))}
        {entry && messages.length > 0 && (messages.at(-1)?.at ?? "") < entry.requested_at && <Requested entry={entry} />}
        {pending.map((item) => <Unsent key={item.id} pending={item} />)}
        {typing && <p class="typing">{t.typing(userName)}</p>}
      </div>
    </div>
  );
}

function Dividers({ message, before, entry }: { message: Message; before: Message | undefined; entry: Entry | undefined }) {
  const newDay = !before || dayKey(before.at) !== dayKey(message.at);
  const crosses = entry && message.at >= entry.requested_at && (!before || before.at < entry.requested_at);
  return (
    <>
      {newDay && <p class="divider">{day(message.at, locale)}</p>}
      {crosses && <Requested entry={entry} />}
    </>
  );
}

function Requested({ entry }: { entry: Entry }) {
  return <p class="divider strong">{t.handedOver(clock(entry.requested_at, locale))}</p>;
}

/** A message close after one by the same author needs no name again. */
function follows(before: Message | undefined, message: Message): boolean {
  return (
    !!before &&
    before.author === message.author &&
    before.author_name === message.author_name &&
    isNote(before) === isNote(message) &&
    Date.parse(message.at) - Date.parse(before.at) < 120_000
  );
}

const isNote = (message: Message): boolean => message.author === "agent" && message.to === "agent";

function Bubble({ message, follows, userName }: { message: Message; follows: boolean; userName: string }) {
  if (message.author === "system") return <p class="system" dir="auto">{message.text}</p>;
  const note = isNote(message);
  const kind = note ? "note" : message.author;
  const shown = message.author === "user" && message.translation ? message.translation.text : message.text;
  return (
    <article class="bubble" data-kind={kind} data-follows={follows}>
      {!follows && <header>{note ? `${message.author_name ?? t.agent} · ${t.noteTo}` : author(message, userName)}</header>}
      {shown && <p class="text" dir="auto">{linked(shown)}</p>}
      {shown !== message.text && (
        <details>
          <summary>{t.original}</summary>
          <p class="text" dir="auto">{linked(message.text)}</p>
        </details>
      )}
      {message.attachments?.map((file) => <File key={file.id} file={file} />)}
      <footer>
        <time dateTime={message.at}>{clock(message.at, locale)}</time>
        {message.late && <span>{t.late}</span>}
        {message.author === "agent" && !note && <Delivery message={message} />}
      </footer>
    </article>
  );
}

function author(message: Message, userName: string): string {
  switch (message.author) {
    case "user":
      return userName;
    case "agent":
      return message.author_name ?? t.agent;
    case "bot":
      return t.bot;
    case "system":
      return t.system;
  }
}

function Delivery({ message }: { message: Message }) {
  const state = message.delivery?.state ?? "pending";
  const words = { pending: t.sent, delivered: t.delivered, read: t.read, failed: t.failed };
  return <span data-state={state}>{words[state]}</span>;
}

function File({ file }: { file: Attachment }) {
  if (!isWebAddress(file.url)) return <p class="file">{file.name}</p>;
  const link = new URL(file.url, location.href);
  // A file that we keep is read from where this page came from, whatever name the server has for itself.
  const ours = link.pathname.startsWith("/v1/files/");
  const address = ours ? link.pathname + link.search : link.href;
  return (
    <a class="file" href={address} target="_blank" rel="noopener noreferrer" download={file.name}>
      {ours && file.content_type.startsWith("image/") && <img src={address} alt="" loading="lazy" />}
      <span dir="auto">{file.name}</span>
      {file.size !== null && <small>{fileSize(file.size, locale)}</small>}
    </a>
  );
}

function Unsent({ pending }: { pending: Pending }) {
  return (
    <article class="bubble unsent" data-kind={pending.note ? "note" : "agent"} data-from={myId.value}>
      {pending.text && <p class="text" dir="auto">{pending.text}</p>}
      {pending.files.map((file) => <p class="file" key={file.upload_id}>{file.name}</p>)}
      <footer>
        {pending.failed ? (
          <>
            <span data-state="failed">{t.failed}</span>
            <button class="link" onClick={() => retry(pending)}>{t.retry}</button>
          </>
        ) : (
          <span>{t.sending}</span>
        )}
      </footer>
    </article>
  );
}
