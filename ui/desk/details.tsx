import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { isWebAddress } from "../shared/text";
import { clock } from "../shared/time";
import { Icon } from "./icon";
import { languageName, locale, t } from "./language";
import { PreviousList } from "./previous";
import { current, currentTalk, details, nameOf, selected, showDetails, stories } from "./state";
import type { Page, User } from "./types";

/** What a flow asked under these names is called as what the visitor brought along. */
const WHO: Record<string, string> = { name: t.name, email: t.email, phone: t.phone };

/** The right side: what is known already, where the visitor is, and what happened so far. */
export function Details() {
  const chosen = selected.value;
  if (!chosen || chosen.kind === "overview") return null;
  const detail = details.value.get(chosen.id);
  const one = current.value ?? currentTalk.value;
  const story = stories.value.get(chosen.id) ?? [];
  const person = known(one?.user);
  const facts = (detail?.facts ?? [])
    .map((fact): [string, string] => [WHO[fact.name ?? ""] ?? fact.label ?? "", fact.value])
    .filter(([, value]) => !person.some(([, there]) => there === value));
  const close = () => (showDetails.value = false);
  return (
    <>
      <div class="veil" onClick={close} />
      <aside class="details" aria-label={t.details} onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), close())}>
        <button class="plain close-details" onClick={close}><Icon name="back" />{t.backToTalk}</button>
        <section class="known">
          <h3>{t.facts}</h3>
          {chosen.kind === "handover" && <p class="muted">{t.factsHint}</p>}
          <dl>
            {[...person, ...facts].map(([label, value]) => <Fact key={`${label} ${value}`} label={label} value={value} />)}
          </dl>
          {!person.length && !facts.length && <p class="muted">{t.noFacts}</p>}
        </section>
        <section>
          <h3>{t.about}</h3>
          <dl class="plain-facts">
            {detail?.page && <PageFact page={detail.page} />}
            <Plain label={t.channel} value={one?.channel ?? ""} />
            <Plain label={t.language} value={one ? languageName(one.language) : ""} />
            {current.value && <Plain label={t.inboxName} value={current.value.inbox} />}
            {one?.user.attributes?.["verified"] === true && <Plain label={t.identity} value={t.verified} />}
          </dl>
        </section>
        {!!detail?.previous?.length && <PreviousList all={detail.previous} userName={nameOf(one)} />}
        {story.length > 0 && (
          <details class="story">
            <summary><Icon name="fold" small /><h3>{t.story}</h3></summary>
            <ol>
              {story.map((sentence, n) => (
                <li key={n}>
                  <time dateTime={sentence.at}>{clock(sentence.at, locale)}</time> <span dir="auto">{sentence.text}</span>
                </li>
              ))}
            </ol>
          </details>
        )}
      </aside>
    </>
  );
}

/** Something known, with a button that copies it. */
function Fact({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard.writeText(value).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  return (
    <Line label={label}>
      <span dir="auto">{value}</span>
      <button class="plain copy" aria-label={t.copy(label)} title={copied ? t.copied : t.copy(label)} onClick={copy}>
        <Icon name={copied ? "check" : "copy"} small />
      </button>
      <span class="unseen" role="status">{copied ? t.copied : ""}</span>
    </Line>
  );
}

function Plain({ label, value }: { label: string; value: string }) {
  return value ? <Line label={label}><span dir="auto">{value}</span></Line> : null;
}

function PageFact({ page }: { page: Page }) {
  return (
    <Line label={t.page}>
      {isWebAddress(page.url) ? (
        <a href={page.url} target="_blank" rel="noopener noreferrer nofollow" title={page.url}>
          <bdi>{page.title || page.url.replace(/^https?:\/\//, "")}</bdi> <Icon name="outside" small />
        </a>
      ) : (
        <span dir="auto">{page.url}</span>
      )}
    </Line>
  );
}

function Line({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function known(user: User | undefined): [string, string][] {
  const all: [string, string | null | undefined][] = [
    [t.name, user?.name],
    [t.email, user?.email],
    [t.phone, user?.phone],
  ];
  return all.filter((pair): pair is [string, string] => !!pair[1]);
}
