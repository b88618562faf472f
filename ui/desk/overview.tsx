import { useEffect, useState } from "preact/hooks";
import { attempt, select, setColleague } from "./actions";
import { Icon } from "./icon";
import { stretch, t } from "./language";
import { presentForS } from "./presence";
import { Waited } from "./row";
import { now } from "./clock";
import { nameOf, overview, waiting } from "./state";
import { loadOverview } from "./sync";
import { Transfer } from "./transfer";
import type { Agent, Entry, InboxQueue } from "./types";

const EVERY_MS = 5_000;
const MOST_WAITING = 50;

/** The whole desk, for a supervisor: how today goes, who waits, who is here. */
export function Overview() {
  useEffect(() => {
    void attempt(loadOverview);
    const timer = setInterval(() => !document.hidden && void loadOverview().catch((error: unknown) => console.debug(error)), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const all = overview.value;
  return (
    <main class="talk overview" id="talk" tabIndex={-1}>
      <div class="talk-head">
        <button class="plain back" aria-label={t.back} onClick={() => select(null)}><Icon name="back" /></button>
        <h2>{t.overview}</h2>
      </div>
      <div class="overview-body" tabIndex={0} role="region" aria-label={t.overview}>
        {all && (
          <>
            <dl class="tiles">
              <Tile label={t.waitingNow} value={String(waiting.value.length)} />
              <Tile label={t.todayHandovers} value={String(all.today.handovers)} />
              <Tile label={t.todayAnswered} value={String(all.today.answered)} />
              <Tile label={t.todayAbandoned} value={String(all.today.abandoned)} />
              <Tile label={t.todayWait} value={all.today.p50_wait_ms === null ? "–" : stretch(all.today.p50_wait_ms / 1000)} />
            </dl>
            <Queue all={all.queue} />
            <Waiting all={waiting.value} />
            <Agents all={all.agents} />
          </>
        )}
      </div>
    </main>
  );
}

function Tile({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Queue({ all }: { all: readonly InboxQueue[] }) {
  return (
    <section>
      <h3>{t.queuePerInbox}</h3>
      <table>
        <thead>
          <tr><th scope="col">{t.inboxName}</th><th scope="col" class="figure">{t.waiting}</th><th scope="col" class="figure">{t.longest}</th><th scope="col" class="figure">{t.expectedWait}</th></tr>
        </thead>
        <tbody>
          {all.map((box) => (
            <tr key={box.inbox}>
              <th scope="row">{box.inbox}</th>
              <td class="figure">{box.waiting}</td>
              <td class="figure">{box.oldest_since ? <Waited since={box.oldest_since} /> : "–"}</td>
              <td class="figure">{box.estimated_wait_ms === null ? t.nobodyHere : stretch(box.estimated_wait_ms / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Waiting({ all }: { all: readonly Entry[] }) {
  const [assigning, setAssigning] = useState<Entry | null>(null);
  if (!all.length) return null;
  return (
    <section>
      <h3>{t.waiting}</h3>
      <table class="fixed">
        <thead>
          <tr><th scope="col">{t.name}</th><th scope="col" class="figure">{t.waiting}</th><th scope="col"><span class="unseen">{t.assign}</span></th></tr>
        </thead>
        <tbody>
          {all.slice(0, MOST_WAITING).map((entry) => (
            <tr key={entry.id}>
              <th scope="row">
                <button class="link" onClick={() => select({ kind: "handover", id: entry.id })}><bdi>{nameOf(entry)}</bdi></button>
                <span class="muted last" dir="auto">{entry.last_message?.text}</span>
              </th>
              <td class="figure"><Waited since={entry.waiting_since} /></td>
              <td class="figure"><button class="secondary small" aria-label={t.assignAsk(nameOf(entry))} onClick={() => setAssigning(entry)}>{t.assign}</button></td>
            </tr>
          ))}
        </tbody>
      </table>
      {assigning && <Transfer entry={assigning} onDone={() => setAssigning(null)} />}
    </section>
  );
}

function Agents({ all }: { all: readonly Agent[] }) {
  now.value; // since when moves on
  return (
    <section>
      <h3>{t.agents}</h3>
      <table>
        <thead>
          <tr><th scope="col">{t.name}</th><th scope="col">{t.presenceShort}</th><th scope="col" class="figure">{t.inbox}</th><th scope="col"><span class="unseen">{t.goOffline}</span></th></tr>
        </thead>
        <tbody>
          {all.map((agent) => <AgentLine key={agent.id} agent={agent} />)}
        </tbody>
      </table>
    </section>
  );
}

function AgentLine({ agent }: { agent: Agent }) {
  const forS = presentForS(agent);
  return (
    <tr>
      <th scope="row"><bdi>{agent.name}</bdi> <span class="muted">{[...agent.skills, ...agent.languages].join(", ")}</span></th>
      <td class="there">
        <span class="dot" data-presence={agent.presence} /> {t[agent.presence]}
        {forS !== null && <span class="muted"> {stretch(forS)}{agent.auto && ` (${t.automatic})`}</span>}
      </td>
      <td class="figure">{t.load(agent.open, agent.capacity)}</td>
      <td class="figure">
        {agent.presence !== "offline" && (
          <button class="secondary small" aria-label={t.setOffline(agent.name)} title={t.setOfflineShort} onClick={() => void setColleague(agent, "offline")}>
            <Icon name="gone" /><span>{t.setOfflineShort}</span>
          </button>
        )}
      </td>
    </tr>
  );
}
