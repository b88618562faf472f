import { useEffect, useState } from "preact/hooks";
import { get } from "./api";
import { Bubble } from "./bubble";
import { Dialog } from "./dialog";
import { locale, t } from "./language";
import { words } from "./problems";
import type { Message, Previous } from "./types";

const LAST = 50;

/** Earlier handovers of the same visitor, each to be opened and read. */
export function PreviousList({ all, userName }: { all: readonly Previous[]; userName: string }) {
  const [open, setOpen] = useState<Previous | null>(null);
  return (
    <section>
      <h3>{t.previous}</h3>
      <ul class="previous">
        {all.map((one) => (
          <li key={one.handover_id}>
            <button onClick={() => setOpen(one)}>
              <span><time dateTime={one.ended_at}>{moment(one.ended_at)}</time>{agentOf(one) && <> · <bdi>{agentOf(one)}</bdi></>}</span>
              <span class="muted" dir="auto">{wordsOf(one) || outcomeOf(one)}</span>
            </button>
          </li>
        ))}
      </ul>
      {open && <Earlier one={open} userName={userName} onDismiss={() => setOpen(null)} />}
    </section>
  );
}

function Earlier({ one, userName, onDismiss }: { one: Previous; userName: string; onDismiss: () => void }) {
  const [messages, setMessages] = useState<Message[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    get<{ items: Message[] }>(`handovers/${encodeURIComponent(one.handover_id)}/messages?before=0&limit=${LAST}`).then(
      (page) => setMessages(page.items),
      (error: unknown) => setProblem(words(error, "read")),
    );
  }, [one.handover_id]);
  const rating = ratingOf(one);
  return (
    <Dialog title={moment(one.ended_at)} onDismiss={onDismiss} wide>
      <dl class="plain-facts">
        <div class="fact"><dt>{t.outcome}</dt><dd>{statusWords(one)}</dd></div>
        {agentOf(one) && <div class="fact"><dt>{t.agent}</dt><dd dir="auto">{agentOf(one)}</dd></div>}
        {rating !== null && <div class="fact"><dt>{t.rating}</dt><dd>{t.ratingOf(rating)}</dd></div>}
        {wordsOf(one) && <div class="fact"><dt>{t.summary}</dt><dd dir="auto">{wordsOf(one)}</dd></div>}
      </dl>
      {problem && <p class="muted" role="status">{t.notYoursToRead}</p>}
      {messages && (
        <div class="earlier-talk" tabIndex={0} role="group" aria-label={t.conversation}>
          {messages.map((message) => <Bubble key={message.seq} message={message} follows={false} last={false} userName={userName} />)}
        </div>
      )}
      <div class="buttons">
        <button class="secondary" autofocus onClick={onDismiss}>{t.dismiss}</button>
      </div>
    </Dialog>
  );
}

/** Several on one day are told apart by their time. */
const moment = (at: string): string => new Date(at).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });

const agentOf = (one: Previous): string => (typeof one.agent === "string" ? one.agent : (one.agent?.name ?? ""));

/** What a language model made of it. */
const wordsOf = (one: Previous): string => (one.worded && one.summary) || "";

const ratingOf = (one: Previous): number | null => (typeof one.rating === "number" ? one.rating : (one.rating?.score ?? null));

function outcomeOf(one: Previous): string {
  const rating = ratingOf(one);
  return rating === null ? statusWords(one) : `${statusWords(one)} · ${t.rating} ${t.ratingOf(rating)}`;
}

function statusWords(one: Previous): string {
  const nobody: Record<string, string> = { logged: t.reasonLogged, ticket: t.reasonTicket };
  const known: Record<string, string> = { completed: t.statusCompleted, cancelled: t.statusCancelled, error: t.statusError, transferred: t.statusTransferred };
  return nobody[one.reason ?? ""] ?? known[one.status] ?? one.status;
}
