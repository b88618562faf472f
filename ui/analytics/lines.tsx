// A table of single handovers; each opens its story.
import { useState } from "preact/hooks";
import { filter, story, tell } from "./address";
import type { Line } from "./api";
import { count, languageName, moment, stretch } from "./format";
import { fill, t, word } from "./language";
import { Scrolling } from "./parts";

/** With `few` only so many at first. */
export function Lines({ caption, items, few }: { caption: string; items: Line[]; few?: number }) {
  const [all, setAll] = useState(false);
  const shown = few === undefined || all ? items : items.slice(0, few);
  return (
    <>
      <Scrolling label={caption}>
        <table class="lines">
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {[t.asked, t.dimensions.status].map((name) => <th scope="col" key={name}>{name}</th>)}
              <th scope="col" class="spare">{t.dimensions.why}</th>
              <th scope="col" class="figure">{t.waited}</th>
              <th scope="col" class="figure spare">{t.lasted}</th>
              <th scope="col" class="spare">{t.dimensions.agent}</th>
              <th scope="col" class="spare">{t.dimensions.provider}</th>
              <th scope="col" class="rare">{t.dimensions.channel}</th>
              <th scope="col" class="rare">{t.dimensions.language}</th>
              <th scope="col" class="figure rare">{t.rating}</th>
            </tr>
          </thead>
          <tbody>{shown.map((line) => <Row key={line.id} line={line} />)}</tbody>
        </table>
      </Scrolling>
      {few !== undefined && items.length > few && (
        <button type="button" class="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t.showFewer : fill(t.showAll, { count: count(items.length) })}
        </button>
      )}
    </>
  );
}

/** How most end, and what the status says already; in every line they would hide the others. */
const USUAL = ["agent_closed", "transferred"];

function Row({ line }: { line: Line }) {
  const time = moment(line.requested_at, filter.value.tz);
  return (
    <tr class={story.value === line.id ? "chosen" : ""}>
      <th scope="row">
        <button type="button" class="name" aria-label={fill(t.open, { name: time })} onClick={() => tell(line.id)}>{time}</button>
      </th>
      <td>
        <span class={`status ${line.status}`}>{word(t.statuses, line.status)}</span>
        {line.reason && line.ended_at && !USUAL.includes(line.reason) && <small>{word(t.reasons, line.reason)}</small>}
      </td>
      <td class="wrap spare"><bdi>{line.why ?? "–"}</bdi></td>
      <td class="figure">{stretch(line.waited_s)}</td>
      <td class="figure spare">{stretch(line.duration_s)}</td>
      <td class="spare"><bdi>{line.agent ?? "–"}</bdi></td>
      <td class="spare">
        <bdi>{line.provider}</bdi>
        {line.medium === "voice" && <small>{word(t.media, line.medium)}</small>}
      </td>
      <td class="rare"><bdi>{line.channel}</bdi></td>
      <td class="rare">{languageName(line.language)}</td>
      <td class="figure rare">{line.rating ?? "–"}</td>
    </tr>
  );
}
