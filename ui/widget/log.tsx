// Everything said so far, in order, with days and names. Of a long talk only a part is in the page at a time: it moves
// along when somebody scrolls, and what they look at stays where it is.
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { day, dayKey } from "../shared/time";
import { DownIcon } from "./icons";
import { Bubble, Buttons, Typing, Waiting } from "./message";
import type { Message } from "./protocol";
import { useScene } from "./scene";
import type { Entry } from "./talk";
import { fill } from "./texts";

const NEAR_END_PX = 80;
const NEAR_EDGE_PX = 400;
const STEP = 50;
const MOST = 150;

/** The numbers of the first and the last entry that are in the page. */
interface Part {
  first: number;
  last: number;
}

const NEWEST: Part = { first: -1, last: Infinity };

export function Log(): JSX.Element {
  const { chat, view, t } = useScene();
  const { entries } = chat.talk;
  const count = entries.length; // at this drawing: the list grows meanwhile
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [part, setPart] = useState(NEWEST);
  const to = view.atEnd || part.last === Infinity ? count : entries.findLastIndex((each) => each.seq <= part.last) + 1;
  const from = view.atEnd ? Math.max(0, to - MOST) : Math.max(0, entries.findIndex((each) => each.seq >= part.first));
  const shown = entries.slice(from, to);
  const drawn = useRef({ from, to, count, part });
  drawn.current = { from, to, count, part }; // what `look` finds in the page, also when it is called late
  const lastOwn = chat.talk.newest((message) => message.author === "user");
  const live = view.atEnd && chat.isCaughtUp ? "polite" : "off"; // what is loaded is not read aloud, only what comes
  const anchor = useRef<[HTMLElement, number] | null>(null);
  anchor.current = view.atEnd ? null : firstInSight(box.current); // as it is before this change

  const size = useRef("");
  useLayoutEffect(hold);
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      anchor.current = null;
      hold();
    });
    for (const element of [box.current, content.current]) if (element) observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => look(false), [count, from]);

  /** Keep in sight what is in sight: the end, or else the first entry that was there. */
  function hold(): void {
    const log = box.current;
    if (!log) return;
    if (view.atEnd) log.scrollTop = log.scrollHeight;
    else if (anchor.current) log.scrollTop += anchor.current[0].getBoundingClientRect().top - anchor.current[1];
    size.current = sizeOf(log);
  }

  /** Move the part along with what is in sight. Only who scrolls leaves the end, or comes to it. */
  function look(scrolled: boolean): void {
    const log = box.current;
    const { from, to, count, part } = drawn.current;
    if (!log) return;
    const below = log.scrollHeight - log.scrollTop - log.clientHeight;
    const isWhole = to === count;
    if (scrolled && size.current === sizeOf(log)) view.atEnd = isWhole && below < NEAR_END_PX; // not a window that shrinks
    if (view.atEnd) setPart(NEWEST);
    if (log.scrollTop < NEAR_EDGE_PX && chat.isCaughtUp) {
      if (from > 0) move(Math.max(0, from - STEP), Math.min(to, Math.max(0, from - STEP) + MOST));
      else void chat.earlier();
    } else if (below < NEAR_EDGE_PX && !isWhole) move(Math.max(from, to + STEP - MOST), to + STEP);
    else if (part.first === -1 && !view.atEnd) move(from, to);
  }

  function move(first: number, end: number): void {
    const last = end >= drawn.current.count ? Infinity : (entries[end - 1]?.seq ?? Infinity);
    setPart({ first: entries[first]?.seq ?? -1, last });
  }

  return (
    <div class="log-frame">
      <div class="log" ref={box} role="log" aria-live={live} aria-label={t.log} tabIndex={0} onScroll={() => look(true)}>
        <div ref={content}>
          {view.renewed && <p class="notice">{t.renewed}</p>}
          {from === 0 && chat.talk.more && <p class="notice">…</p>}
          {count === 0 && view.unsent.length === 0 && <p class="notice greeting">{t.greeting}</p>}
          {shown.map((entry, index) => (
            <Line key={entry.seq} entry={entry} before={shown[index - 1]} after={shown[index + 1]} lastOwn={lastOwn} />
          ))}
          {to === count && (
            <>
              {view.unsent.map((message) => (
                <Waiting key={message.id} message={message} />
              ))}
              <Buttons />
              <Typing />
            </>
          )}
        </div>
      </div>
      {!view.atEnd && (
        <button class="icon newest" type="button" aria-label={t.newest} onClick={() => (view.atEnd = true)}>
          <DownIcon />
          {chat.unread > 0 && <span class="badge">{chat.unread}</span>}
        </button>
      )}
    </div>
  );
}

interface LineProps {
  entry: Entry;
  before: Entry | undefined;
  after: Entry | undefined;
  lastOwn: Message | undefined;
}

function Line({ entry, before, after, lastOwn }: LineProps): JSX.Element {
  const { chat, view, t, language } = useScene();
  const { message, notice, at } = entry;
  const newDay = !before || dayKey(before.at) !== dayKey(at);
  return (
    <>
      {newDay && <p class="day">{day(at, language, Date.now() + chat.clockOffset)}</p>}
      {message ? (
        <Bubble
          message={message}
          named={newDay || !sameAuthor(before, message)}
          timed={!sameAuthor(after, message) || after?.at.slice(0, 16) !== at.slice(0, 16)}
          last={message === lastOwn && view.unsent.length === 0}
        />
      ) : (
        <p class="notice" data-seq={entry.seq}>
          <bdi>{fill(t[notice.kind], notice.agent?.name ?? t.agent)}</bdi>
        </p>
      )}
    </>
  );
}

function sameAuthor(other: Entry | undefined, message: Message): boolean {
  return other?.message?.author === message.author && other.message.author_name === message.author_name;
}

function sizeOf(log: HTMLElement): string {
  return `${log.clientHeight} ${log.scrollHeight}`;
}

/** The topmost entry that is at least partly in sight, and where it is. */
function firstInSight(log: HTMLElement | null): [HTMLElement, number] | null {
  if (!log) return null;
  const top = log.getBoundingClientRect().top;
  for (const element of log.querySelectorAll<HTMLElement>("[data-seq]")) {
    const place = element.getBoundingClientRect();
    if (place.bottom > top) return [element, place.top];
  }
  return null;
}
