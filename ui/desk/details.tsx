import { locale, t } from "./language";
import { clock } from "../shared/time";
import { conversationId, current, details, selected, showDetails, stories, talks } from "./state";
import type { User } from "./types";

/** The right side: what is known already, and what happened so far. */
export function Details() {
  const chosen = selected.value;
  if (!chosen) return null;
  const detail = details.value.get(chosen.id);
  const talk = talks.value.find((known) => known.id === conversationId.value);
  const user = current.value?.user ?? talk?.user;
  const story = stories.value.get(chosen.id) ?? [];
  const channel = current.value?.channel ?? talk?.channel;
  return (
    <aside class="details" aria-label={t.details}>
      <button class="plain close-details" onClick={() => (showDetails.value = false)}>← {t.backToTalk}</button>
      <section>
        <h3>{t.facts}</h3>
        {chosen.kind === "handover" && <p class="muted">{t.factsHint}</p>}
        <dl>
          {person(user).map(([name, value]) => <Fact key={name} name={name} value={value} />)}
          {detail?.facts.map((fact) => <Fact key={`fact ${fact.name}`} name={fact.name} value={fact.value} />)}
          {channel && <Fact name={t.channel} value={channel} />}
          <Fact name={t.language} value={languageName(current.value?.language ?? talk?.language ?? "")} />
        </dl>
      </section>
      {story.length > 0 && (
        <section>
          <h3>{t.story}</h3>
          <ol class="story">
            {story.map((sentence, n) => (
              <li key={n}>
                <time dateTime={sentence.at}>{clock(sentence.at, locale)}</time> <span>{sentence.text}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </aside>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd dir="auto">{value}</dd>
    </div>
  );
}

function person(user: User | undefined): [string, string][] {
  return [
    [t.name, user?.name ?? ""],
    [t.email, user?.email ?? ""],
    [t.phone, user?.phone ?? ""],
  ];
}

function languageName(tag: string): string {
  if (!/^[a-z]{2,3}(-|$)/i.test(tag)) return tag;
  return new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? tag;
}
