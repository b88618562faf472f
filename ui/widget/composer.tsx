// Where the visitor writes. Enter sends, Shift+Enter makes a line; files only while they are allowed.
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ClipIcon, CloseIcon, FileIcon, SendIcon } from "./icons";
import { useScene } from "./scene";
import { errorText, fill } from "./texts";
import type { Upload } from "./uploads";

const NEAR_LIMIT = 0.9;
const NOTHING = /^[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*$/; // also what is there and cannot be seen

/** What had the focus goes away: writing goes on. */
export function toComposer(event: Event): void {
  const root = (event.currentTarget as Element).getRootNode() as ShadowRoot;
  requestAnimationFrame(() => root.querySelector("textarea")?.focus());
}

const bytes = (text: string) => new TextEncoder().encode(text).length;

export function Composer(): JSX.Element {
  const { chat, view, t, language } = useScene();
  const [text, setText] = useState(chat.draft);
  const field = useRef<HTMLTextAreaElement>(null);
  const due = useRef(false);
  chat.draft = text;

  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [text]);

  const { uploads, filesAllowed } = chat;
  useLayoutEffect(() => {
    if (due.current && !view.ended && !uploads.list.some((file) => file.problem)) send();
  }, [uploads.busy]);

  if (view.ended) return <Ended />;
  const limit = view.config?.max_text_bytes ?? 32_768;
  const room = limit - bytes(text);
  const { list } = uploads;
  const something = !NOTHING.test(text) || (filesAllowed && uploads.ready.length > 0);
  const ready = something && room >= 0 && !uploads.busy;
  const problem =
    room < 0 ? t.tooLong : list.length && !filesAllowed ? t.noFiles : uploads.problem && errorText(t, uploads.problem);

  const send = () => {
    due.current = uploads.busy; // then it goes when the last file is there
    if (!ready) return;
    chat.say(text);
    setText("");
    field.current?.focus();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div role="alert">{problem && <p class="problem">{problem}</p>}</div>
      {room >= 0 && room < limit * (1 - NEAR_LIMIT) && (
        <p class="meta">{fill(t.room, new Intl.NumberFormat(language).format(room))}</p>
      )}
      {list.length > 0 && (
        <ul class="chips">
          {list.map((file) => (
            <Chip file={file} />
          ))}
        </ul>
      )}
      <div class="row">
        {filesAllowed && <Attach />}
        <textarea
          ref={field}
          rows={1}
          dir={text ? "auto" : undefined}
          placeholder={t.write}
          aria-label={t.write}
          value={text}
          onInput={(event) => {
            due.current = false;
            setText(event.currentTarget.value);
            chat.type(event.currentTarget.value !== "");
          }}
          onPaste={(event) => {
            const pasted = event.clipboardData?.files;
            if (!pasted?.length) return;
            event.preventDefault();
            chat.attach(pasted);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button class="icon send" type="submit" aria-label={t.send} disabled={!ready}>
          <SendIcon />
        </button>
      </div>
    </form>
  );
}

function Attach(): JSX.Element {
  const { chat, t } = useScene();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          chat.attach([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <button class="icon" type="button" aria-label={t.attach} onClick={() => input.current?.click()}>
        <ClipIcon />
      </button>
    </>
  );
}

function Chip({ file }: { file: Upload }): JSX.Element {
  const { chat, t } = useScene();
  return (
    <li class={file.problem && "failed"}>
      <FileIcon />
      <bdi class="file-name">{file.name}</bdi>
      {file.problem ? (
        <span role="alert">{errorText(t, file.problem)}</span>
      ) : (
        !file.upload_id && <progress value={file.progress} aria-label={file.name} />
      )}
      <button class="icon small" type="button" aria-label={fill(t.remove, file.name)} onClick={() => chat.uploads.remove(file)}>
        <CloseIcon />
      </button>
    </li>
  );
}

function Ended(): JSX.Element {
  const { chat, t } = useScene();
  return (
    <div class="composer ended">
      <p role="status">{t.endedByYou}</p>
      <button
        class="filled"
        type="button"
        onClick={(event) => {
          toComposer(event);
          chat.restart();
        }}
      >
        {t.restart}
      </button>
    </div>
  );
}
