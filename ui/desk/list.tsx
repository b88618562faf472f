import type { ComponentChildren } from "preact";
import { accept, select, setPresence, showTalks, takeOver } from "./actions";
import { locale, stretch, t } from "./language";
import { me, mine, myId, now, others, presence, selected, talks, unread, view, waiting } from "./state";
import type { BotTalk, Entry, LastMessage } from "./types";

/** The left side: who waits, who is mine, and who talks to the bot. */
export function List() {
  const inbox = view.value === "inbox";
  return (
    <nav class="list" aria-label={t.inbox}>
      <div class="tabs" role="group">
        <button aria-pressed={inbox} onClick={() => (view.value = "inbox")}>{t.inbox}</button>
        <button aria-pressed={!inbox} onClick={openTalks}>{t.withBot}</button>
      </div>
      {presence.value === "offline" && inbox && (
        <p class="hint">
          {t.offlineHint} <button class="link" onClick={() => void setPresence("online")}>{t.goOnline}</button>
        </p>
      )}
      {inbox ? <Inbox /> : <Talks />}
    </nav>
  );
}

function openTalks(): void {
  view.value = "bot";
  void showTalks();
}

function Inbox() {
  return (
    <>
      <Section title={t.waiting} count={waiting.value.length} empty={t.nobodyWaits}>
        {waiting.value.map((entry) => <WaitingItem key={entry.id} entry={entry} />)}
      </Section>
      <Section title={t.mine} count={mine.value.length} empty={t.noneMine}>
        {mine.value.map((entry) => <OwnItem key={entry.id} entry={entry} />)}
      </Section>
      {me.value?.agent.role === "supervisor" && others.value.length > 0 && (
        <Section title={t.others} count={others.value.length} empty="">
          {others.value.map((entry) => <OwnItem key={entry.id} entry={entry} />)}
        </Section>
      )}
    </>
  );
}

function Section({ title, count, empty, children }: { title: string; count: number; empty: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>
        {title} {count > 0 && <span class="count">{count}</span>}
      </h2>
      {count ? <ul>{children}</ul> : <p class="empty">{empty}</p>}
    </section>
  );
}

function WaitingItem({ entry }: { entry: Entry }) {
  const waitS = (now.value - Date.parse(entry.waiting_since)) / 1000;
  const offerS = entry.offer ? Math.ceil((Date.parse(entry.offer.expires_at) - now.value) / 1000) : 0;
  const forMe = entry.offer?.agent === myId.value && offerS > 0;
  return (
    <li class={forMe ? "item offered" : "item"}>
      <Choose id={entry.id} kind="handover" user={entry.user.name} last={entry.last_message}>
        <span class="when">{t.waits(stretch(waitS))}</span>
        <Tags entry={entry} />
      </Choose>
      <div class="act">
        {forMe && <span class="for-me">{t.offered(offerS)}</span>}
        <button class={forMe ? "primary" : "secondary"} onClick={() => void accept(entry)}>{t.accept}</button>
      </div>
    </li>
  );
}

function OwnItem({ entry }: { entry: Entry }) {
  const news = unread.value.get(entry.conversation_id) ?? 0;
  return (
    <li class="item">
      <Choose id={entry.id} kind="handover" user={entry.user.name} last={entry.last_message}>
        <span class="when">
          {news > 0 ? <span class="count" aria-label={t.unread(news)}>{news}</span> : entry.last_message && <Ago at={entry.last_message.at} />}
        </span>
        {entry.agent && entry.agent.id !== myId.value && <span class="tags"><span class="tag">{entry.agent.name}</span></span>}
      </Choose>
    </li>
  );
}

function Talks() {
  return (
    <Section title={t.withBot} count={talks.value.length} empty={t.noBot}>
      {talks.value.map((talk) => <TalkItem key={talk.id} talk={talk} />)}
    </Section>
  );
}

function TalkItem({ talk }: { talk: BotTalk }) {
  return (
    <li class="item">
      <Choose id={talk.id} kind="talk" user={talk.user.name} last={talk.last_message}>
        <span class="when"><Ago at={talk.updated_at} /></span>
      </Choose>
      <div class="act">
        <button class="secondary" onClick={() => void takeOver(talk.id)}>{t.takeOver}</button>
      </div>
    </li>
  );
}

interface Chosen {
  id: string;
  kind: "handover" | "talk";
  user: string | undefined;
  last: LastMessage | null;
  children: ComponentChildren;
}

function Choose({ id, kind, user, last, children }: Chosen) {
  const isCurrent = selected.value?.id === id;
  return (
    <button class="choose" aria-current={isCurrent} onClick={() => select({ kind, id })}>
      <span class="name"><bdi>{user || t.visitor}</bdi></span>
      {last && (
        <span class="last" dir="auto">
          {last.author !== "user" && `${last.author === "bot" ? t.bot : t.agent}: `}
          {last.text}
        </span>
      )}
      {children}
    </button>
  );
}

function Tags({ entry }: { entry: Entry }) {
  const urgent = entry.priority !== "none" && t[entry.priority];
  return (
    <span class="tags">
      {urgent && <span class="tag" data-priority={entry.priority}>{urgent}</span>}
      {entry.inbox !== "default" && <span class="tag">{entry.inbox}</span>}
      {entry.skills.map((skill) => <span class="tag" key={skill}>{skill}</span>)}
      <span class="tag">{entry.language}</span>
    </span>
  );
}

function Ago({ at }: { at: string }) {
  const seconds = (now.value - Date.parse(at)) / 1000;
  if (seconds >= 86400) return <time dateTime={at}>{new Date(at).toLocaleDateString(locale)}</time>;
  return <time dateTime={at}>{stretch(seconds)}</time>;
}
