import { useLayoutEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { accept, takeOver } from "./actions";
import { now } from "./clock";
import { Avatar, Icon } from "./icon";
import { languageName, locale, stretch, t } from "./language";
import { cursor, openLine, selectedKey, stops, wantsFocus } from "./list";
import type { SectionName } from "./memory";
import { myId, nameOf, unread } from "./state";
import type { BotTalk, Entry, LastMessage } from "./types";

/** Who waits longer than this wants attention; than the second, at once. In s. */
const LONG_S = 120;
const TOO_LONG_S = 300;

export function EntryRow({ entry, section }: { entry: Entry; section: SectionName }) {
  const news = section === "mine" ? (unread.value.get(entry.conversation_id) ?? 0) : 0;
  const waits = section === "waiting";
  return (
    <Row id={`handover:${entry.id}`} name={nameOf(entry)} known={!!(entry.user.name || entry.display_name || entry.user.email)} last={entry.last_message} news={news > 0} chips={<Chips entry={entry} section={section} />} offered={waits && entry.offer?.agent === myId.value}>
      {waits ? <WaitingSide entry={entry} /> : <HeldSide entry={entry} news={news} />}
    </Row>
  );
}

export function TalkRow({ talk }: { talk: BotTalk }) {
  return (
    <Row id={`talk:${talk.id}`} name={nameOf(talk)} known={!!(talk.user.name || talk.display_name || talk.user.email)} last={talk.last_message} news={false} offered={false}>
      <span class="when"><Ago at={talk.updated_at} /></span>
      <button class="secondary small" onClick={() => void takeOver(talk.id)}>{t.takeOver}</button>
    </Row>
  );
}

interface Shown {
  id: string;
  name: string;
  known: boolean;
  last: LastMessage | null;
  news: boolean;
  offered: boolean;
  chips?: ComponentChildren;
  children: ComponentChildren;
}

/** Avatar, name and last words; at the end how long, and what can be done. One line at a time is in the tab order. */
function Row({ id, name, known, last, news, offered, chips, children }: Shown) {
  const button = useRef<HTMLButtonElement>(null);
  const isCurrent = selectedKey.value === id;
  const stop = cursor.value && stops.value.includes(cursor.value) ? cursor.value : (stops.value.includes(selectedKey.value) ? selectedKey.value : stops.value[0]);
  useLayoutEffect(() => {
    if (wantsFocus.value !== id) return;
    wantsFocus.value = "";
    button.current?.focus({ preventScroll: true });
  });
  return (
    <div
      class="item"
      data-current={isCurrent}
      data-news={news}
      data-offered={offered}
      onClick={(event) => !(event.target as Element).closest("button") && openLine(id)}
    >
      <Avatar name={known ? name : null} />
      <button
        ref={button}
        class="choose"
        tabIndex={stop === id ? 0 : -1}
        aria-current={isCurrent}
        onFocus={() => (cursor.value = id)}
        onClick={() => openLine(id)}
      >
        <span class="name" dir="auto">{name}</span>
        <span class="last" dir="auto">{last ? `${speaker(last)}${last.text}` : t.noMessages}</span>
        {chips}
      </button>
      <div class="side">{children}</div>
    </div>
  );
}

const speaker = (last: LastMessage): string =>
  last.author === "user" ? "" : `${last.author === "bot" ? t.bot : t.agent}: `;

function WaitingSide({ entry }: { entry: Entry }) {
  const offerS = entry.offer ? Math.ceil((Date.parse(entry.offer.expires_at) - now.value) / 1000) : 0;
  const forMe = entry.offer?.agent === myId.value && offerS > 0;
  return (
    <>
      <Waited since={entry.waiting_since} />
      <button class={forMe ? "primary small" : "secondary small"} onClick={() => void accept(entry)}>
        {t.accept}
        {forMe && <span class="countdown" aria-label={t.offered(offerS)}>{offerS}</span>}
      </button>
    </>
  );
}

function HeldSide({ entry, news }: { entry: Entry; news: number }) {
  const last = entry.last_message;
  return (
    <>
      {last?.author === "user" && !entry.ended_at ? <Waited since={last.at} /> : <span class="when">{last && <Ago at={last.at} />}</span>}
      {news > 0 && <span class="count" aria-label={t.unread(news)}>{news}</span>}
    </>
  );
}

/** How long somebody waits; long waits say so with a sign as well as with a colour. */
export function Waited({ since }: { since: string }) {
  const seconds = Math.max(0, (now.value - Date.parse(since)) / 1000);
  const level = seconds >= TOO_LONG_S ? "late" : seconds >= LONG_S ? "long" : "fine";
  return (
    <span class="when" data-level={level}>
      {level !== "fine" && <Icon name={level === "late" ? "late" : "clock"} small />}
      <span class="unseen">{level === "late" ? t.waitsTooLong : level === "long" ? t.waitsLong : t.waits}</span>
      {stretch(seconds)}
    </span>
  );
}

/** Only what tells one conversation from the others. */
function Chips({ entry, section }: { entry: Entry; section: SectionName }) {
  const priority = entry.priority !== "none" && entry.priority !== "medium" ? t[entry.priority] : "";
  const foreign = entry.language.slice(0, 2) !== locale.slice(0, 2);
  const chips = [
    section === "waiting" && entry.reason && <span class="chip" key="reason" dir="auto">{entry.reason}</span>,
    entry.inbox !== "default" && <span class="chip" key="inbox">{entry.inbox}</span>,
    ...(section === "waiting" ? entry.skills.map((skill) => <span class="chip" key={`skill ${skill}`}>{skill}</span>) : []),
    foreign && <span class="chip" key="language">{languageName(entry.language)}</span>,
    section === "others" && entry.agent && <span class="chip" key="agent"><Icon name="person" small /><bdi>{entry.agent.name}</bdi></span>,
    entry.ended_at && <span class="chip" key="ended">{t.endedShort}</span>,
  ].filter(Boolean);
  if (!priority && !chips.length) return null;
  return (
    <span class="chips">
      {priority && <span class="chip" data-priority={entry.priority}>{priority}</span>}
      {chips}
    </span>
  );
}

export function Ago({ at }: { at: string }) {
  const seconds = Math.max(0, (now.value - Date.parse(at)) / 1000);
  if (seconds >= 86400) return <time dateTime={at}>{new Date(at).toLocaleDateString(locale, { day: "numeric", month: "short" })}</time>;
  return <time dateTime={at}>{seconds < 60 ? t.justNow : stretch(seconds)}</time>;
}
