// How messages got through, and which did not at the first call.
import { filter, period, tell } from "./address";
import type { Delivery as Answer, Listed, Trouble } from "./api";
import { count, moment } from "./format";
import { fill, t } from "./language";
import { useAnswer } from "./load";
import { Csv, Scrolling, Section, Waiting } from "./parts";

export function Delivery() {
  const sums = useAnswer<Answer>(`delivery?${period()}`);
  const troubles = useAnswer<Listed<Trouble>>(`troubles?${period()}&limit=50`);
  const tools = <span class="tools"><Csv path={`delivery.csv?${period()}`} name={t.delivery} /></span>;
  return (
    <Section id="delivery" title={t.delivery} hint={t.deliveryHint} tools={tools}>
      {!sums.data ? <Waiting answer={sums} /> : sums.data.items.length ? <Sums answer={sums.data} /> : <p>{t.noMessages}</p>}
      {sums.data && sums.data.items.length > 0 && troubles.data && <Troubles items={troubles.data.items} />}
    </Section>
  );
}

function Sums({ answer }: { answer: Answer }) {
  return (
    <>
      <Scrolling label={t.delivery}>
        <table>
          <caption class="unseen">{t.delivery}</caption>
          <thead>
            <tr>
              <th scope="col">{t.direction}</th>
              {[t.accepted, t.delivered, t.pending, t.failed, t.retries].map((name) => <th scope="col" key={name}>{name}</th>)}
            </tr>
          </thead>
          <tbody>
            {answer.items.map((leg) => (
              <tr key={leg.direction}>
                <th scope="row">{t.directions[leg.direction]}</th>
                {[leg.accepted, leg.delivered, leg.pending, leg.failed, leg.retries].map((many, at) => <td key={at}>{count(many)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
      <p class="pairs">
        <span>{t.duplicates} <b>{count(answer.duplicates_suppressed)}</b></span>
        <span>{t.late} <b>{count(answer.late_events)}</b></span>
      </p>
    </>
  );
}

function Troubles({ items }: { items: Trouble[] }) {
  if (!items.length) return <p class="well">{t.allWell}</p>;
  return (
    <>
      <header>
        <h3>{t.troubles}</h3>
        <Csv path={`troubles.csv?${period()}`} name={t.troubles} />
      </header>
      <p class="muted">{t.troublesHint}</p>
      <Scrolling label={t.troubles}>
        <table class="lines">
          <caption class="unseen">{t.troubles}</caption>
          <thead>
            <tr>{[t.time, t.direction, t.state, t.calls, t.storyOf].map((name) => <th scope="col" key={name}>{name}</th>)}</tr>
          </thead>
          <tbody>{items.map((item) => <Row key={`${item.conversation_id}:${item.seq}:${item.direction}`} item={item} />)}</tbody>
        </table>
      </Scrolling>
    </>
  );
}

function Row({ item }: { item: Trouble }) {
  const time = moment(item.at, filter.value.tz);
  const id = item.handover_id;
  return (
    <tr>
      <th scope="row">{time}</th>
      <td>{t.directions[item.direction]}</td>
      <td><span class={`status ${item.state === "failed" ? "error" : ""}`}>{t.states[item.state]}</span></td>
      <td class="figure">{count(item.calls)}</td>
      <td>
        {id ? <button type="button" class="name" aria-label={fill(t.open, { name: time })} onClick={() => tell(id)}>{t.storyOf}</button> : "–"}
      </td>
    </tr>
  );
}
