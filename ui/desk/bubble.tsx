import { useState } from "preact/hooks";
import { linked, isWebAddress } from "../shared/text";
import { clock, fileSize } from "../shared/time";
import { Avatar, Icon } from "./icon";
import { languageName, locale, t } from "./language";
import { discard, retry } from "./outbox";
import type { Pending } from "./state";
import type { Attachment, Message } from "./types";

interface Shown {
  message: Message;
  /** Whether it goes on where the one before left off, so that the author needs no telling. */
  follows: boolean;
  /** Whether it is the last that an agent said: only there it matters how far it got. */
  last: boolean;
  userName: string;
}

/** Something that somebody said. */
export function Bubble({ message, follows, last, userName }: Shown) {
  if (message.author === "system") {
    return <p class="system" dir="auto">{message.text}{message.late && ` · ${t.late}`}</p>;
  }
  const note = message.author === "agent" && message.to === "agent";
  const failed = message.delivery?.state === "failed";
  return (
    <article class="said" data-kind={note ? "note" : message.author} data-follows={follows} aria-label={`${author(message, userName)}, ${clock(message.at, locale)}`}>
      {!follows && <Head message={message} note={note} userName={userName} />}
      <div class="bubble" title={new Date(message.at).toLocaleString(locale)}>
        <Words message={message} />
        {message.attachments?.map((file) => <File key={file.id} file={file} />)}
      </div>
      {!!message.buttons?.length && <Offered buttons={message.buttons.map((button) => button.text)} />}
      {message.late && <p class="mark"><Icon name="clock" small />{t.late}</p>}
      {message.author === "agent" && !note && (last || failed) && <Delivery message={message} />}
    </article>
  );
}

function Head({ message, note, userName }: { message: Message; note: boolean; userName: string }) {
  const name = author(message, userName);
  return (
    <header>
      {note ? <span class="avatar" aria-hidden="true"><Icon name="lock" /></span> : <Avatar name={message.author === "bot" ? null : name} kind={message.author === "bot" ? "bot" : "person"} />}
      <strong><bdi>{name}</bdi></strong>
      {note && <span class="mark">{t.noteTo}</span>}
      <time dateTime={message.at}>{clock(message.at, locale)}</time>
    </header>
  );
}

/** The text, with the words that were really written one click away where they were translated. */
function Words({ message }: { message: Message }) {
  const [original, setOriginal] = useState(false);
  const translation = message.translation;
  const foreign = translation && translation.text !== message.text;
  const readsTranslation = foreign && message.author === "user";
  const shown = readsTranslation && !original ? translation.text : !readsTranslation && foreign && original ? translation.text : message.text;
  return (
    <>
      {shown && <p class="text" dir="auto">{linked(shown)}</p>}
      {message.button && message.button !== message.text && <p class="mark">{t.pressed}</p>}
      {foreign && (
        <button class="link quiet" aria-pressed={original} onClick={() => setOriginal(!original)}>
          {original === !!readsTranslation ? t.showTranslation : readsTranslation ? t.translatedFrom(message.language ? languageName(message.language) : "") : t.asSent}
        </button>
      )}
    </>
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

/** Quick replies that the bot gave the visitor to choose from: to be read, not pressed. */
function Offered({ buttons }: { buttons: string[] }) {
  return (
    <ul class="choices" aria-label={t.choices}>
      {buttons.map((text, n) => <li key={n} dir="auto">{text}</li>)}
    </ul>
  );
}

function Delivery({ message }: { message: Message }) {
  const state = message.delivery?.state ?? "pending";
  const words = { pending: t.sent, delivered: t.delivered, read: t.read, failed: t.failed };
  return (
    <p class="delivery" data-state={state}>
      <Icon name={state === "failed" ? "late" : "check"} small />
      {words[state]}
    </p>
  );
}

function File({ file }: { file: Attachment }) {
  if (!isWebAddress(file.url)) return <p class="file"><Icon name="file" />{file.name}</p>;
  const link = new URL(file.url, location.href);
  // A file that we keep is read from where this page came from, whatever name the server has for itself.
  const ours = link.pathname.startsWith("/v1/files/");
  const address = ours ? link.pathname + link.search : link.href;
  const picture = ours && file.content_type.startsWith("image/");
  return (
    <a class="file" data-picture={picture} href={address} target="_blank" rel="noopener noreferrer" download={picture ? undefined : file.name}>
      {picture ? <img src={address} alt="" loading="lazy" /> : <Icon name="file" />}
      <span dir="auto">{file.name}</span>
      {file.size !== null && <small>{fileSize(file.size, locale)}</small>}
    </a>
  );
}

/** What the server does not have yet, or refused. */
export function Unsent({ pending }: { pending: Pending }) {
  return (
    <article class="said unsent" data-kind={pending.note ? "note" : "agent"} data-follows="true">
      <div class="bubble">
        {pending.text && <p class="text" dir="auto">{pending.text}</p>}
        {pending.files.map((file) => <p class="file" key={file.upload_id}><Icon name="file" />{file.name}</p>)}
      </div>
      {pending.failed ? (
        <p class="delivery" data-state="failed">
          <Icon name="late" small />
          {t.failed}
          <button class="link" onClick={() => retry(pending)}>{t.retry}</button>
          <button class="link" onClick={() => void navigator.clipboard.writeText(pending.text).then(() => discard(pending))}>{t.copyAndDiscard}</button>
        </p>
      ) : (
        <p class="delivery">{t.sending}</p>
      )}
    </article>
  );
}
