import { locale, t } from "./texts";

interface Times {
  p50: number | null;
  p90: number | null;
}

interface Figures {
  handovers: number;
  open: number;
  completed: number;
  cancelled: number;
  error: number;
  transferred: number;
  abandonment_rate: number | null;
  containment_rate: number | null;
  time_to_agent_s: Times;
  time_to_first_reply_s: Times;
  duration_s: Times;
  rating: { mean: number | null; count: number };
}

export interface HandoversReport {
  total: Figures;
  items: { key: string | null; figures: Figures }[];
}

export interface DeliveryReport {
  duplicates_suppressed: number;
  late_events: number;
  items: { direction: keyof typeof t.directions; accepted: number; delivered: number; failed: number; retries: number }[];
}

const whole = new Intl.NumberFormat(locale);
const share = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const mean = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

function unit(value: number, name: "second" | "minute" | "hour"): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 1 }).format(value);
}

function seconds(value: number | null): string {
  if (value === null) return "–";
  if (value < 60) return unit(Math.round(value), "second");
  return value < 3600 ? unit(value / 60, "minute") : unit(value / 3600, "hour");
}

const percent = (value: number | null): string => (value === null ? "–" : share.format(value));

/** The figures of the period, and of each group in a row. */
export function Handovers({ report, heading }: { report: HandoversReport; heading: string }) {
  if (!report.total.handovers && !report.items.length) return <p>{t.none}</p>;
  return (
    <>
      <Tiles figures={report.total} />
      <div class="scroll" tabIndex={0} role="region" aria-label={t.handovers}>
        <table>
          <thead>
            <tr>
              <th scope="col">{heading}</th>
              {[t.handovers, t.open, t.completed, t.cancelled, t.error, t.transferred, t.abandoned, t.contained].map((name) => (
                <th scope="col" key={name}>{name}</th>
              ))}
              {[t.toAgent, t.toReply, t.duration].map((name) => (
                <th scope="col" key={name}>{name}<small>{t.half} / {t.most}</small></th>
              ))}
              <th scope="col">{t.rating}</th>
            </tr>
          </thead>
          <tbody>
            {report.items.map((group) => <Row key={group.key} name={group.key ?? "–"} figures={group.figures} />)}
          </tbody>
          <tfoot>
            <Row name={t.total} figures={report.total} />
          </tfoot>
        </table>
      </div>
    </>
  );
}

function Tiles({ figures }: { figures: Figures }) {
  const tiles: [string, string, string][] = [
    [t.handovers, whole.format(figures.handovers), ""],
    [t.open, whole.format(figures.open), ""],
    [t.contained, percent(figures.containment_rate), ""],
    [t.abandoned, percent(figures.abandonment_rate), ""],
    [t.toAgent, seconds(figures.time_to_agent_s.p50), `${t.most} ${seconds(figures.time_to_agent_s.p90)}`],
    [t.duration, seconds(figures.duration_s.p50), `${t.most} ${seconds(figures.duration_s.p90)}`],
    [t.rating, figures.rating.mean === null ? "–" : mean.format(figures.rating.mean), `${whole.format(figures.rating.count)} ×`],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}{more && <small>{more}</small>}</dd>
        </div>
      ))}
    </dl>
  );
}

function Row({ name, figures }: { name: string; figures: Figures }) {
  const counts = [figures.handovers, figures.open, figures.completed, figures.cancelled, figures.error, figures.transferred];
  const times = [figures.time_to_agent_s, figures.time_to_first_reply_s, figures.duration_s];
  return (
    <tr>
      <th scope="row"><bdi>{name}</bdi></th>
      {counts.map((count, n) => <td key={n}>{whole.format(count)}</td>)}
      <td>{percent(figures.abandonment_rate)}</td>
      <td>{percent(figures.containment_rate)}</td>
      {times.map((time, n) => <td key={n}>{seconds(time.p50)} / {seconds(time.p90)}</td>)}
      <td>{figures.rating.mean === null ? "–" : mean.format(figures.rating.mean)}</td>
    </tr>
  );
}

/** How messages got through. */
export function Delivery({ report }: { report: DeliveryReport }) {
  return (
    <section>
      <h2>{t.delivery}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={t.delivery}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.delivery}</th>
              {[t.accepted, t.delivered, t.failed, t.retries].map((name) => <th scope="col" key={name}>{name}</th>)}
            </tr>
          </thead>
          <tbody>
            {report.items.map((leg) => (
              <tr key={leg.direction}>
                <th scope="row">{t.directions[leg.direction]}</th>
                {[leg.accepted, leg.delivered, leg.failed, leg.retries].map((count, n) => <td key={n}>{whole.format(count)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="muted">
        {t.duplicates}: {whole.format(report.duplicates_suppressed)}. {t.late}: {whole.format(report.late_events)}.
      </p>
    </section>
  );
}
