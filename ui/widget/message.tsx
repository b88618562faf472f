// One message: who, what, with which files, and what became of it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isWebAddress, linked } from "../shared/text";
import { clock, fileSize } from "../shared/time";
import { Avatar } from "./avatar";
import { toComposer } from "./composer";
import { FileIcon } from "./icons";
import type { Unsent } from "./memory";
import { SLOW } from "./outbox";
import type { Attachment, Config, Message } from "./protocol";
import { useScene } from "./scene";
import { errorText, fill, type Texts } from "./texts";

export function nameOf(message: Message, t: Texts, config: Config | null): string {
  const bot = config?.bot?.name ?? t.bot;
  return message.author_name ?? { user: t.you, bot, agent: t.agent, system: "" }[message.author];
}

interface BubbleProps {
  message: Message;
  named: boolean;
  timed: boolean;
  last: boolean;
}

export function Bubble({ message, named, timed, last }: BubbleProps): JSX.Element {
  const { chat, view, t, language } = useScene();
  const own = message.author === "user";
  const name = nameOf(message, t, view.config);
  const picture = message.author_avatar_url ?? (message.author === "bot" ? view.config?.bot?.avatar_url : null);
  const state = chat.talk.state(message);
  const failed = own && state === "failed";
  const text = own ? message.text : (message.translation?.text ?? message.text);
  return (
    <article class={`message ${message.author}`} data-seq={message.seq} aria-live={own ? "off" : undefined} aria-label={name || undefined}>
      {named && !own && name && (
        <p class="name">
          {(message.author === "agent" || picture) && <Avatar url={picture} name={name} />}
          <bdi>{name}</bdi>
        </p>
      )}
      <div class="bubble">
        {text && <p>{linked(text)}</p>}
        {message.attachments.map((file) => (
          <FileLink key={file.id} file={file} />
        ))}
      </div>
      {(timed || failed) && (
        <p class={failed ? "meta failed" : "meta"}>
          <time dateTime={message.at}>{clock(message.at, language)}</time>
          {own && (last || failed) && <span> · {t[state]}</span>}
        </p>
      )}
    </article>
  );
}

const PICTURE = /^image\/(png|jpeg|gif|webp|avif)$/;

function FileLink({ file }: { file: Attachment }): JSX.Element {
  const { chat, language } = useScene();
  const [broken, setBroken] = useState(false);
  const address = chat.address(file.url);
  const shown = PICTURE.test(file.content_type) && chat.isOwn(address) && !broken;
  const label = shown ? (
    <img src={address} alt={file.name} loading="lazy" onError={() => setBroken(true)} />
  ) : (
    <>
      <FileIcon />
      <bdi class="file-name">{file.name}</bdi>
      {file.size !== null && <span class="file-size">{fileSize(file.size, language)}</span>}
    </>
  );
  if (!address || !isWebAddress(address)) return <span class="file">{label}</span>;
  return (
    <a class={shown ? "picture" : "file"} href={address} target="_blank" rel="noopener noreferrer">
      {label}
    </a>
  );
}

/** A message that the server has not taken yet. */
export function Waiting({ message }: { message: Unsent }): JSX.Element {
  const { chat, view, t } = useScene();
  const code = view.failures[message.id];
  const failed = code !== undefined && code !== SLOW;
  return (
    <article class="message user" aria-live="off" aria-label={t.you}>
      <div class={failed ? "bubble" : "bubble waiting"}>
        {message.text && <p>{linked(message.text)}</p>}
        {message.files?.map((file) => (
          <span class="file">
            <FileIcon />
            <bdi class="file-name">{file.name}</bdi>
          </span>
        ))}
      </div>
      {failed ? (
        <p class="meta failed" role="alert">
          {t.failed}. {errorText(t, code)}
          <button class="link" type="button" onClick={() => chat.again(message.id)}>
            {t.again}
          </button>
          <button class="link" type="button" onClick={() => chat.discard(message.id)}>
            {t.discard}
          </button>
        </p>
      ) : (
        <p class="meta">{message.accepted ? t.pending : code ? t.tooFast : t.sending}</p>
      )}
    </article>
  );
}

/** Quick replies of the newest message, until the visitor answers or a person takes over. */
export function Buttons(): JSX.Element | null {
  const { chat, view } = useScene();
  const newest = chat.talk.newest((message) => message.author !== "system");
  const answered = view.unsent.length > 0 || view.floor !== "bot" || view.ended;
  if (!newest?.buttons || newest.author !== "bot" || answered) return null;
  return (
    <div class="buttons">
      {newest.buttons.map((button) => (
        <button
          key={button.value}
          type="button"
          onClick={(event) => {
            toComposer(event);
            chat.say(button.text, button.value);
          }}
        >
          {button.text}
        </button>
      ))}
    </div>
  );
}

export function Typing(): JSX.Element | null {
  const { view, t } = useScene();
  if (!view.typing) return null;
  const name = view.typing === "agent" ? (view.handover?.agent?.name ?? t.agent) : (view.config?.bot?.name ?? t.bot);
  return (
    <p class="typing" aria-live="off">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <bdi>{fill(t.typing, name)}</bdi>
    </p>
  );
}
