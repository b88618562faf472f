import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { sent, typed } from "./actions";
import { AnswerList, useAnswers, wordAt } from "./answers";
import { Chosen, useFiles } from "./files";
import { Icon } from "./icon";
import { t } from "./language";
import { draftOf, keepDraft } from "./memory";
import { send } from "./outbox";
import { myId } from "./state";
import type { Entry } from "./types";

const MAX_BYTES = 32 * 1024;
/** From here on the agent sees how much room is left. */
const NEARLY_BYTES = 28 * 1024;

/** Files that were dropped on the conversation, until the composer takes them. */
export const dropped = signal<readonly File[]>([]);
/** A key asked for the field: as a message or as a note. */
export const writeAs = signal<"message" | "note" | null>(null);

/** Where the agent writes. What is unsent is kept for each conversation, also over a reload. */
export function Composer({ entry }: { entry: Entry }) {
  const start = useRef(draftOf(myId.value, entry.id)).current;
  const [text, setText] = useState(start.text);
  // In a colleague's conversation a supervisor rather whispers than talks.
  const [note, setNote] = useState(start.note || (!start.text && entry.agent?.id !== myId.value));
  const files = useFiles(start.files);
  const field = useRef<HTMLTextAreaElement>(null);
  const answers = useAnswers(entry.id);
  const bytes = text.length * 3 > NEARLY_BYTES ? new TextEncoder().encode(text).length : text.length;
  const ready = bytes <= MAX_BYTES && !files.busy && (!!text.trim() || (!note && files.ready.length > 0));

  useLayoutEffect(() => {
    // On a phone the keyboard would cover what has to be read first.
    if (matchMedia("(hover: hover)").matches && !matchMedia("(width <= 760px)").matches) field.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight + 2, 220)}px`;
  }, [text]);
  // At once, not after the next frame: the page may be gone by then.
  useLayoutEffect(() => keepDraft(myId.value, entry.id, { text, note, files: files.ready }), [text, note, files.ready]);
  useEffect(() => {
    if (!dropped.value.length) return;
    files.add(dropped.value);
    dropped.value = [];
    setNote(false);
  }, [dropped.value]);
  useEffect(() => {
    if (!writeAs.value) return;
    setNote(writeAs.value === "note");
    writeAs.value = null;
    field.current?.focus();
  }, [writeAs.value]);

  const change = (value: string) => {
    setText(value);
    answers.open(wordAt(value, field.current?.selectionStart ?? value.length));
    if (!note) typed(entry, value !== "");
  };
  const submit = () => {
    if (!ready) return;
    send(entry, text, note, note ? [] : files.ready);
    setText("");
    if (!note) {
      sent();
      files.clear();
    }
    field.current?.focus();
  };
  /** Put a ready answer where the word was that asked for it. */
  const insert = (words: string) => {
    const at = field.current?.selectionStart ?? text.length;
    const asked = wordAt(text, at);
    const from = asked === null ? at : at - asked.length - 1;
    const next = text.slice(0, from) + words + text.slice(at);
    setText(next);
    answers.close();
    queueMicrotask(() => {
      field.current?.focus();
      field.current?.setSelectionRange(from + words.length, from + words.length);
    });
  };
  const key = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (answers.key(event, insert)) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  };
  const label = note ? t.writeNote : t.write;
  const found = answers.shown;
  return (
    <form
      class="composer"
      data-note={note}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {found && <AnswerList id="answers" found={found} at={answers.at} onChoose={insert} />}
      <div class="kinds" role="group" aria-label={t.kind}>
        <button type="button" aria-pressed={!note} onClick={() => setNote(false)}>{t.message}</button>
        <button type="button" aria-pressed={note} onClick={() => setNote(true)}>{t.note}</button>
        {note && <span class="mark"><Icon name="lock" small />{t.noteTo}</span>}
      </div>
      <textarea
        ref={field}
        rows={2}
        dir="auto"
        value={text}
        aria-label={label}
        placeholder={note ? t.writeNote : t.writeHint}
        aria-autocomplete="list"
        aria-controls={found ? "answers" : undefined}
        aria-activedescendant={found?.length ? `answer-${answers.at}` : undefined}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={key}
        onPaste={(event) => {
          const pasted = [...(event.clipboardData?.files ?? [])];
          if (!pasted.length || note) return;
          event.preventDefault();
          files.add(pasted);
        }}
        onBlur={() => {
          typed(entry, false);
          answers.close();
        }}
      />
      {!note && <Chosen files={files} />}
      <div class="tools">
        {!note && <Attach onChoose={files.add} />}
        <button
          type="button"
          class="plain"
          aria-label={t.canned}
          title={`${t.canned} (/)`}
          aria-expanded={!!found}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => {
            if (found) answers.close();
            else answers.open("");
            field.current?.focus();
          }}
        >
          <Icon name="answers" />
        </button>
        <span class="room" role="status">{bytes > NEARLY_BYTES && (bytes > MAX_BYTES ? t.tooLongBy(bytes - MAX_BYTES) : t.roomLeft(MAX_BYTES - bytes))}</span>
        <span class="unseen" role="status">{found && t.answersFound(found.length)}</span>
        <button type="submit" class="primary" disabled={!ready}>{note ? t.addNote : t.send}</button>
      </div>
    </form>
  );
}

function Attach({ onChoose }: { onChoose: (files: readonly File[]) => void }) {
  return (
    <label class="plain attach" title={t.attach}>
      <Icon name="attach" />
      <span class="unseen">{t.attach}</span>
      <input
        type="file"
        multiple
        onChange={(event) => {
          onChoose([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}
