// The figures of the period in a row, each with what has changed since the period before, in words.
import type { Figures, Report } from "./api";
import { count, counted, mean, percent, stretch } from "./format";
import { fill, t } from "./language";

type Words = [higher: string, lower: string];

/** Whether there was anything before. */
export function comparable(previous: Report["previous"]): previous is NonNullable<Report["previous"]> {
  return !!(previous?.total.handovers || previous?.total.conversations);
}

export function Tiles({ report }: { report: Report }) {
  const { total, previous } = report;
  const before = comparable(previous) ? previous.total : null;
  const share = (figures: Figures): number | null => (figures.handovers ? figures.answered / figures.handovers : null);
  return (
    <dl class="tiles">
      <Tile name={t.tiles.handovers} value={count(total.handovers)} change={change(total.handovers, before?.handovers, count, [t.more, t.fewer], 1)} />
      <Tile name={t.tiles.answered} value={percent(share(total))} change={change(share(total), before && share(before), points, [t.higher, t.lower], 0.005)} />
      <Tile
        name={t.tiles.abandoned}
        value={percent(total.abandonment_rate)}
        change={change(total.abandonment_rate, before?.abandonment_rate, points, [t.higher, t.lower], 0.005)}
      />
      {total.conversations !== null && (
        <Tile
          name={t.tiles.contained}
          value={percent(total.containment_rate)}
          more={fill(t.of, { count: count(total.conversations) })}
          change={change(total.containment_rate, before?.containment_rate, points, [t.higher, t.lower], 0.005)}
        />
      )}
      <Tile name={t.tiles.toAgent} {...time(total.time_to_agent_s, before?.time_to_agent_s)} />
      <Tile name={t.tiles.toReply} {...time(total.time_to_first_reply_s, before?.time_to_first_reply_s)} />
      <Tile name={t.tiles.duration} {...time(total.duration_s, before?.duration_s)} />
      <Tile
        name={t.tiles.rating}
        value={mean(total.rating.mean)}
        more={counted(t.ratings, total.rating.count)}
        change={change(total.rating.mean, before?.rating.mean, mean, [t.higher, t.lower], 0.05)}
      />
    </dl>
  );
}

function Tile({ name, value, more, change: changed }: { name: string; value: string; more?: string; change: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="value">{value}</dd>
      {more && <dd>{more}</dd>}
      {changed && <dd class="change">{changed}</dd>}
    </div>
  );
}

function time(now: Figures["duration_s"], before: Figures["duration_s"] | undefined): { value: string; more: string; change: string } {
  return {
    value: stretch(now.p50),
    more: now.p90 === null ? "" : fill(t.most, { time: stretch(now.p90) }),
    change: change(now.p50, before?.p50, stretch, [t.longer, t.shorter], 1),
  };
}

const points = (share: number): string => counted(t.points, Math.round(share * 100));

/** "12 more than before", "as before"; nothing where there is no figure now or was none. */
function change(now: number | null, before: number | null | undefined, format: (value: number) => string, [higher, lower]: Words, least: number): string {
  if (now === null || before === null || before === undefined) return "";
  const by = now - before;
  if (Math.abs(by) < least) return t.same;
  return fill(by > 0 ? higher : lower, { amount: format(Math.abs(by)) });
}
