// Where the visitor writes. Enter sends, Shift+Enter makes a line; files only while they are allowed.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { SentFile } from "./chat";
import { ClipIcon, CloseIcon, FileIcon, SendIcon } from "./icons";
import { useScene } from "./scene";
import { errorText } from "./texts";

const bytes = (text: string) => new TextEncoder().encode(text).length;

export function Composer({ autoFocus }: { autoFocus: boolean }): JSX.Element {
  const { chat, t } = useScene();
  const text = useSignal("");
  const files = useSignal<SentFile[]>([]);
  const uploading = useSignal(0);
  const problem = useSignal("");
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (autoFocus) field.current?.focus();
  }, []);
  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text.value]);

  if (chat.ended.value) return <Ended />;
  const limit = chat.config.value?.max_text_bytes ?? 32_768;
  const tooLong = bytes(text.value) > limit;
  const ready = (text.value.trim() !== "" || files.value.length > 0) && !tooLong && uploading.value === 0;

  const send = () => {
    if (!ready) return;
    chat.say(text.value, { files: files.value });
    text.value = "";
    files.value = [];
    problem.value = "";
    field.current?.focus();
  };
  const attach = async (chosen: FileList | null) => {
    problem.value = "";
    for (const file of chosen ?? []) {
      if (file.size > (chat.config.value?.max_file_bytes ?? Infinity)) {
        problem.value = errorText(t, "too_large");
        continue;
      }
      uploading.value++;
      const answer = await chat.upload(file);
      uploading.value--;
      if ("upload_id" in answer) files.value = [...files.value, { ...answer, name: file.name, size: file.size }];
      else problem.value = errorText(t, answer.code);
    }
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div role="alert">{(tooLong || problem.value) && <p class="problem">{tooLong ? t.tooLong : problem.value}</p>}</div>
      <Chips files={files.value} uploading={uploading.value > 0} onRemove={(left) => (files.value = left)} />
      <div class="row">
        {chat.filesAllowed.value && <Attach onFiles={attach} />}
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          placeholder={t.write}
          aria-label={t.write}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            chat.type(text.value !== "");
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

function Attach({ onFiles }: { onFiles: (files: FileList | null) => void }): JSX.Element {
  const { t } = useScene();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          onFiles(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
      <button class="icon" type="button" aria-label={t.attach} onClick={() => input.current?.click()}>
        <ClipIcon />
      </button>
    </>
  );
}

interface ChipsProps {
  files: SentFile[];
  uploading: boolean;
  onRemove: (left: SentFile[]) => void;
}

function Chips({ files, uploading, onRemove }: ChipsProps): JSX.Element | null {
  const { t } = useScene();
  if (files.length === 0 && !uploading) return null;
  return (
    <ul class="chips">
      {files.map((file) => (
        <li key={file.upload_id}>
          <FileIcon />
          <span class="file-name">{file.name}</span>
          <button
            class="icon small"
            type="button"
            aria-label={t.remove(file.name)}
            onClick={() => onRemove(files.filter((other) => other !== file))}
          >
            <CloseIcon />
          </button>
        </li>
      ))}
      {uploading && <li role="status">{t.uploading}</li>}
    </ul>
  );
}

function Ended(): JSX.Element {
  const { chat, t } = useScene();
  return (
    <div class="composer ended">
      <p role="status">{t.endedByYou}</p>
      <button class="filled" type="button" onClick={() => chat.restart()}>
        {t.restart}
      </button>
    </div>
  );
}
