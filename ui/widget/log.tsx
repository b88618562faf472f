// Everything said so far, in order, with days, names and what became of the visitor's own messages.
import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isWebAddress, linked } from "../shared/text";
import { clock, day, dayKey, fileSize } from "../shared/time";
import type { Notice } from "./chat";
import { FileIcon } from "./icons";
import type { Unsent } from "./memory";
import type { Attachment, Message } from "./protocol";
import { useScene } from "./scene";
import { errorText } from "./texts";

const NEAR_END_PX = 80;
type Item = { at: string; message: Message } | { at: string; notice: Notice };

export function Log(): JSX.Element {
  const { chat, t, language } = useScene();
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useSignal(true);
  const items = inOrder(chat.messages.value, chat.notices.value);
  const lastOwn = chat.messages.value.findLast((message) => message.author === "user");

  useSignalEffect(() => {
    if (chat.unsent.value.some((message) => !message.accepted)) follows.value = true; // writing goes to the end
  });
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (follows.peek() && box.current) box.current.scrollTop = box.current.scrollHeight;
    });
    for (const element of [box.current, content.current]) if (element) observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return (
    <div
      class="log"
      ref={box}
      role="log"
      aria-live="polite"
      aria-label={t.log}
      tabIndex={0}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        follows.value = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
      }}
    >
      <div ref={content}>
        {chat.renewed.value && <p class="notice">{t.renewed}</p>}
        {items.length === 0 && chat.unsent.value.length === 0 && <p class="notice greeting">{t.greeting}</p>}
        {items.map((item, index) => {
          const before = items[index - 1];
          const newDay = !before || dayKey(before.at) !== dayKey(item.at);
          return (
            <>
              {newDay && (
                <p key={`day ${item.at}`} class="day">
                  {day(item.at, language)}
                </p>
              )}
              {"notice" in item ? (
                <NoticeLine key={`notice ${item.notice.seq}`} notice={item.notice} />
              ) : (
                <Bubble
                  key={item.message.id}
                  message={item.message}
                  named={newDay || !sameAuthor(before, item.message)}
                  timed={!sameMinute(items[index + 1], item.message)}
                  last={item.message === lastOwn && chat.unsent.value.length === 0}
                />
              )}
            </>
          );
        })}
        {chat.unsent.value.map((message) => (
          <Waiting key={message.id} message={message} />
        ))}
        <Buttons />
        <Typing />
      </div>
    </div>
  );
}

function inOrder(messages: Message[], notices: Notice[]): Item[] {
  const all = [
    ...messages.map((message) => ({ seq: message.seq, at: message.at, message })),
    ...notices.map((notice) => ({ seq: notice.seq, at: notice.at, notice })),
  ];
  return all.sort((one, other) => one.seq - other.seq);
}

function sameAuthor(before: Item | undefined, message: Message): boolean {
  if (!before || "notice" in before) return false;
  return before.message.author === message.author && before.message.author_name === message.author_name;
}

/** Whether the next message goes on where this one ends, so that one time is enough for both. */
function sameMinute(after: Item | undefined, message: Message): boolean {
  return sameAuthor(after, message) && after?.at.slice(0, 16) === message.at.slice(0, 16);
}

function NoticeLine({ notice }: { notice: Notice }): JSX.Element {
  const { t } = useScene();
  const name = notice.name ?? t.agent;
  const text = { joined: t.joined, left: t.left, ended: t.talked }[notice.kind](name);
  return <p class="notice">{text}</p>;
}

interface BubbleProps {
  message: Message;
  named: boolean;
  timed: boolean;
  last: boolean;
}

function Bubble({ message, named, timed, last }: BubbleProps): JSX.Element {
  const { t, language } = useScene();
  const own = message.author === "user";
  const name = message.author_name ?? { user: t.you, bot: t.bot, agent: t.agent, system: "" }[message.author];
  const state = message.delivery.state;
  const text = own ? message.text : (message.translation?.text ?? message.text);
  return (
    <article class={`message ${message.author}`} aria-label={name || undefined}>
      {named && !own && name && <p class="name">{name}</p>}
      <div class="bubble">
        {text && <p dir="auto">{linked(text)}</p>}
        {message.attachments.map((file) => (
          <FileLink key={file.id} file={file} />
        ))}
      </div>
      {(timed || (own && state === "failed")) && (
        <p class={own && state === "failed" ? "meta failed" : "meta"}>
          <time dateTime={message.at}>{clock(message.at, language)}</time>
          {own && (last || state === "failed") && <span> · {t[state]}</span>}
        </p>
      )}
    </article>
  );
}

function FileLink({ file }: { file: Attachment }): JSX.Element {
  const { chat, language } = useScene();
  const address = chat.address(file.url);
  const label = (
    <>
      <FileIcon />
      <span class="file-name">{file.name}</span>
      {file.size !== null && <span class="file-size">{fileSize(file.size, language)}</span>}
    </>
  );
  if (!address || !isWebAddress(address)) return <span class="file">{label}</span>;
  return (
    <a class="file" href={address} target="_blank" rel="noopener noreferrer">
      {label}
    </a>
  );
}

function Waiting({ message }: { message: Unsent }): JSX.Element {
  const { chat, t } = useScene();
  const failure = chat.failures.value[message.id];
  return (
    <article class="message user" aria-label={t.you}>
      <div class={failure ? "bubble" : "bubble waiting"}>
        {message.text && <p dir="auto">{linked(message.text)}</p>}
        {message.files?.map((file) => (
          <span class="file">
            <FileIcon />
            <span class="file-name">{file.name}</span>
          </span>
        ))}
      </div>
      {failure ? (
        <p class="meta failed" role="alert">
          {t.failed}. {errorText(t, failure)}
          <button class="link" type="button" onClick={() => chat.again(message.id)}>
            {t.again}
          </button>
          <button class="link" type="button" onClick={() => chat.discard(message.id)}>
            {t.discard}
          </button>
        </p>
      ) : (
        <p class="meta">{message.accepted ? t.pending : t.sending}</p>
      )}
    </article>
  );
}

/** Quick replies of the newest message, until the visitor answers or a person takes over. */
function Buttons(): JSX.Element | null {
  const { chat } = useScene();
  const newest = chat.messages.value.findLast((message) => message.author !== "system");
  const answered = chat.unsent.value.length > 0 || chat.floor.value !== "bot" || chat.ended.value;
  if (!newest?.buttons || newest.author !== "bot" || answered) return null;
  return (
    <div class="buttons">
      {newest.buttons.map((button) => (
        <button key={button.value} type="button" dir="auto" onClick={() => chat.say(button.text, { button: button.value })}>
          {button.text}
        </button>
      ))}
    </div>
  );
}

function Typing(): JSX.Element | null {
  const { chat, t } = useScene();
  if (!chat.typing.value) return null;
  const name = chat.typing.value === "agent" ? (chat.handover.value?.agent?.name ?? t.agent) : t.bot;
  return (
    <p class="typing">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span class="hidden">{t.typing(name)}</span>
    </p>
  );
}
