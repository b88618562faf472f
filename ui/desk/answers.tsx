// Ready answers: typing "/" opens a list that every further letter narrows.
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "./api";
import { t } from "./language";
import { canned } from "./state";
import { ignoreUnlessLoggedOut } from "./sync";
import type { Canned } from "./types";

const MOST_SHOWN = 50;

/** What was typed after the "/" that the cursor stands behind; null where there is none. */
export function wordAt(text: string, cursor: number): string | null {
  return /(?:^|\s)\/([^\s/]*)$/.exec(text.slice(0, cursor))?.[1] ?? null;
}

export interface Answers {
  /** What fits, or null while the list is closed. */
  shown: readonly Canned[] | null;
  at: number;
  open: (word: string | null) => void;
  close: () => void;
  /** Take a key that is the list's; answers whether it was. */
  key: (event: KeyboardEvent, choose: (text: string) => void) => boolean;
}

/** The list for one conversation; its texts have the conversation's own words filled in. */
export function useAnswers(handoverId: string): Answers {
  const [word, setWord] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const [filled, setFilled] = useState<readonly Canned[] | null>(null);
  const asked = useRef(false);
  useEffect(() => {
    if (word === null || asked.current) return;
    asked.current = true;
    get<{ items: Canned[] }>(`canned?handover=${encodeURIComponent(handoverId)}`).then(
      (page) => setFilled(page.items),
      ignoreUnlessLoggedOut,
    );
  }, [word]);
  const shown = word === null ? null : fitting(filled ?? canned.value, word);
  const open = (next: string | null) => {
    setWord(next);
    setAt(0);
  };
  const close = () => setWord(null);
  const key = (event: KeyboardEvent, choose: (text: string) => void): boolean => {
    if (!shown) return false;
    const chosen = shown[at];
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") setAt(shown.length ? (at + 1) % shown.length : 0);
    else if (event.key === "ArrowUp") setAt(shown.length ? (at + shown.length - 1) % shown.length : 0);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && chosen) choose(chosen.text);
    else return false;
    event.stopPropagation();
    return true;
  };
  return { shown, at, open, close, key };
}

/** Those whose name begins with it first, then those that hold it anywhere. */
function fitting(all: readonly Canned[], word: string): readonly Canned[] {
  const wanted = word.toLocaleLowerCase();
  const names = (answer: Canned) => `${answer.shortcut ?? ""} ${answer.name}`.toLocaleLowerCase();
  const begins = all.filter((answer) => names(answer).split(/\s+/).some((part) => part.startsWith(wanted)));
  const holds = all.filter((answer) => !begins.includes(answer) && `${names(answer)} ${answer.text}`.toLocaleLowerCase().includes(wanted));
  return [...begins, ...holds].slice(0, MOST_SHOWN);
}

export function AnswerList({ id, found, at, onChoose }: { id: string; found: readonly Canned[]; at: number; onChoose: (text: string) => void }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  if (!found.length) return <p class="answers none">{canned.value.length ? t.noAnswerFits : t.noCanned}</p>;
  return (
    <ul class="answers" id={id} role="listbox" aria-label={t.canned} ref={list}>
      {found.map((answer, n) => (
        <li
          key={answer.name}
          id={`answer-${n}`}
          role="option"
          aria-selected={n === at}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(answer.text)}
        >
          <strong>{answer.name}</strong>
          <span dir="auto">{answer.text}</span>
        </li>
      ))}
    </ul>
  );
}
