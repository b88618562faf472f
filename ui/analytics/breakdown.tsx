// One table for each question: why, how it ended, which type and provider, channel, language, agent. A name narrows the page to it.
import { useState } from "preact/hooks";
import { narrow, query, type Narrowed } from "./address";
import type { Figures, Group, Report } from "./api";
import { count, languageName, mean, percent, stretch } from "./format";
import { fill, t, word } from "./language";
import { useAnswer } from "./load";
import { Csv, Scrolling, Section, Waiting } from "./parts";
import { Ratings } from "./ratings";

const QUESTIONS = ["why", "reason", "type", "provider", "channel", "language", "agent"] as const;
type Question = (typeof QUESTIONS)[number];
const FEW = 6;

/** Contact centres whose names are the same in every language. */
const VENDORS: Record<string, string> = {
  chatwoot: "Chatwoot", eight_by_eight: "8x8", genesys: "Genesys Cloud", livehelperchat: "Live Helper Chat", ringcentral: "RingCentral",
  salesforce_miaw: "Salesforce Messaging", salesforce_chat: "Salesforce Chat",
};

export function Breakdown({ total }: { total: Figures }) {
  return (
    <Section id="breakdown" title={t.breakdown}>
      <div class="cards">
        {QUESTIONS.map((name) => <Card key={name} by={name} />)}
        <Ratings figures={total} />
      </div>
    </Section>
  );
}

/** A value as people read it. */
export function named(by: Narrowed, value: string | null): string {
  if (value === null) return by === "agent" ? t.nobody : by === "reason" ? t.openYet : t.none;
  if (by === "reason") return word(t.reasons, value);
  if (by === "status") return word(t.statuses, value);
  if (by === "type") return VENDORS[value] ?? word(t.types, value);
  if (by === "medium") return word(t.media, value);
  return by === "language" ? languageName(value) : value;
}

function Card({ by }: { by: Question }) {
  const answer = useAnswer<Report>(`handovers?${query({ group_by: by, containment: "false" })}`);
  const [all, setAll] = useState(false);
  const title = t.dimensions[by];
  const items = answer.data?.items ?? [];
  return (
    <div class="card">
      <header>
        <h3>{title}</h3>
        <Csv path={`handovers.csv?${query({ group_by: by })}`} name={title} />
      </header>
      {!answer.data ? <Waiting answer={answer} /> : <Groups by={by} items={all ? items : items.slice(0, FEW)} total={answer.data.total.handovers} />}
      {items.length > FEW && (
        <button type="button" class="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t.showFewer : fill(t.showAll, { count: count(items.length) })}
        </button>
      )}
    </div>
  );
}

function Groups({ by, items, total }: { by: Question; items: Group[]; total: number }) {
  if (!items.length) return <p class="muted">{t.empty}</p>;
  const most = Math.max(...items.map((item) => item.figures.handovers));
  return (
    <Scrolling label={t.dimensions[by]}>
      <table class="groups">
        <caption class="unseen">{t.dimensions[by]}</caption>
        <thead>
          <tr>
            <th scope="col">{t.dimensions[by]}</th>
            <th scope="col">{t.tiles.handovers}</th>
            <th scope="col" class="spare">{t.share}</th>
            <th scope="col" class="spare">{t.gaveUp}</th>
            <th scope="col">{t.wait}</th>
            <th scope="col" class="spare">{t.wait90}</th>
            <th scope="col" class="spare">{t.rating}</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ key, figures }) => (
            <tr key={key}>
              <th scope="row" style={{ "--share": most ? figures.handovers / most : 0 }}><Name by={by} value={key} /></th>
              <td>{count(figures.handovers)}</td>
              <td class="spare">{percent(total ? figures.handovers / total : null)}</td>
              <td class="spare">{percent(figures.abandonment_rate)}</td>
              <td>{stretch(figures.time_to_agent_s.p50)}</td>
              <td class="spare">{stretch(figures.time_to_agent_s.p90)}</td>
              <td class="spare">{mean(figures.rating.mean)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolling>
  );
}

function Name({ by, value }: { by: Question; value: string | null }) {
  const text = named(by, value);
  if (value === null) return <span class="muted">{text}</span>;
  return (
    <button type="button" class="name" title={fill(t.only, { name: text })} onClick={() => narrow(by, value)}>
      <bdi>{text}</bdi>
    </button>
  );
}
