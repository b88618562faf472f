import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { fileSize } from "../shared/time";
import { addFile, send, typed } from "./actions";
import { Dialog } from "./dialog";
import { Icon } from "./icon";
import { locale, t } from "./language";
import { canned } from "./state";
import type { Entry, Upload } from "./types";

/** Where the agent writes. The unsent text of each conversation is kept, also over a reload. */
export function Composer({ entry }: { entry: Entry }) {
  const draft = `openhandover.draft.${entry.id}`;
  const [text, setText] = useState(() => sessionStorage.getItem(draft) ?? "");
  const [note, setNote] = useState(false);
  const [files, setFiles] = useState<Upload[]>([]);
  const [choosing, setChoosing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight + 2, 200)}px`;
  }, [text]);

  const change = (value: string) => {
    setText(value);
    sessionStorage.setItem(draft, value);
    if (!note) typed(entry, value !== "");
  };
  const submit = () => {
    if (!text.trim() && !files.length) return;
    send(entry, text, note, note ? [] : files);
    setText("");
    sessionStorage.removeItem(draft);
    if (!note) setFiles([]);
    field.current?.focus();
  };
  const insert = (words: string) => {
    change(text ? `${text.trimEnd()} ${words}` : words);
    setChoosing(false);
    field.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
    if (event.key === "/" && !text) {
      event.preventDefault();
      setChoosing(true);
    }
  };
  const take = async (chosen: FileList | null) => {
    for (const file of [...(chosen ?? [])]) {
      const added = await addFile(file);
      if (added) setFiles((known) => [...known, added]);
    }
  };
  const label = note ? t.writeNote : t.write;
  return (
    <form
      class="composer"
      data-note={note}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void take(event.dataTransfer?.files ?? null);
      }}
    >
      <div class="tools">
        <div class="kinds" role="group">
          <button type="button" aria-pressed={!note} onClick={() => setNote(false)}>{t.message}</button>
          <button type="button" aria-pressed={note} onClick={() => setNote(true)}>{t.note}</button>
        </div>
        {!note && <Attach onChoose={(chosen) => void take(chosen)} />}
        <button type="button" class="plain" aria-label={t.canned} title={`${t.canned} (/)`} onClick={() => setChoosing(true)}>
          <Icon name="answers" />
        </button>
      </div>
      <div class="write">
        <textarea
          ref={field}
          rows={2}
          dir="auto"
          value={text}
          aria-label={label}
          placeholder={label}
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={key}
          onBlur={() => typed(entry, false)}
        />
        <button type="submit" class="primary" disabled={!text.trim() && !files.length}>{note ? t.addNote : t.send}</button>
      </div>
      {files.length > 0 && (
        <ul class="files">
          {files.map((file) => (
            <li key={file.upload_id}>
              <span dir="auto">{file.name}</span> <small>{fileSize(file.size, locale)}</small>
              <button type="button" class="plain" aria-label={t.removeFile(file.name)} onClick={() => setFiles(files.filter((known) => known !== file))}>×</button>
            </li>
          ))}
        </ul>
      )}
      {choosing && <ReadyAnswers onChoose={insert} onDismiss={() => setChoosing(false)} />}
    </form>
  );
}

function Attach({ onChoose }: { onChoose: (files: FileList | null) => void }) {
  return (
    <label class="plain attach" title={t.attach}>
      <Icon name="attach" />
      <span class="unseen">{t.attach}</span>
      <input
        type="file"
        multiple
        onChange={(event) => {
          onChoose(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}

function ReadyAnswers({ onChoose, onDismiss }: { onChoose: (text: string) => void; onDismiss: () => void }) {
  return (
    <Dialog title={t.canned} onDismiss={onDismiss}>
      {canned.value.length === 0 && <p class="muted">{t.noCanned}</p>}
      <ul class="answers">
        {canned.value.map((answer) => (
          <li key={answer.name}>
            <button type="button" onClick={() => onChoose(answer.text)}>
              <strong>{answer.name}</strong>
              <span dir="auto">{answer.text}</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="buttons">
        <button type="button" class="secondary" onClick={onDismiss}>{t.cancel}</button>
      </div>
    </Dialog>
  );
}
