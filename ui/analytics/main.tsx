// The analytics page: what a head of support asks on Monday.
import { render } from "preact";
import "../shared/tokens.css";
import "./analytics.css";
import "./parts.css";
import "./touch.css";
import { filter, followAddress, query, reset, type Narrowed } from "./address";
import { access, type Report } from "./api";
import { Breakdown } from "./breakdown";
import { Delivery } from "./delivery";
import { Filters, InWords } from "./filters";
import { dateIn, range } from "./format";
import { Hours } from "./hours";
import { fill, locale, rtl, t } from "./language";
import { List } from "./list";
import { refused, reload, useAnswer } from "./load";
import { Login } from "./login";
import { Now } from "./now";
import { OverTime, scale } from "./over-time";
import { Section, Waiting } from "./parts";
import { probe } from "./probe";
import { Story } from "./story";
import { comparable, Tiles } from "./tiles";

function Page() {
  if (access.value === "unknown") return <main class="login"><p class="muted" aria-busy="true">{t.loading}</p></main>;
  if (access.value !== "open") return <Login />;
  return (
    <>
      <a class="skip" href="#content">{t.skip}</a>
      <header class="top">
        <h1>{t.title}</h1>
        <a href="/desk">{t.desk}</a>
      </header>
      <main id="content" tabIndex={-1}>
        <InWords />
        <Filters />
        {refused.value ? <Refused path={refused.value.path} /> : <Everything />}
      </main>
      <Story />
    </>
  );
}

function Everything() {
  const answer = useAnswer<Report>(`handovers?${query({ group_by: scale(), compare: "previous" })}`);
  return (
    <>
      <Now />
      <Overview answer={answer} />
      {answer.data && answer.data.total.handovers > 0 && (
        <>
          {scale() === "day" && <Hours />}
          <Breakdown total={answer.data.total} />
          <List />
        </>
      )}
      <Delivery />
    </>
  );
}

function Overview({ answer }: { answer: ReturnType<typeof useAnswer<Report>> }) {
  const { from, to, tz } = filter.value;
  const report = answer.data;
  if (!report) return <Section id="figures" title={t.overview}><Waiting answer={answer} /></Section>;
  const { previous } = report;
  const any = report.total.handovers > 0 || (report.total.conversations ?? 0) > 0;
  const before = comparable(previous)
    ? fill(t.compared, { period: range(dateIn(previous.from, tz), dateIn(Date.parse(previous.to) - 1, tz)) })
    : any && t.noBefore;
  const hint = [range(from, to), before].filter(Boolean).join(" · ");
  return (
    <Section id="figures" title={t.overview} hint={hint}>
      {report.total.handovers === 0 && <p class="empty"><strong>{t.empty}</strong> {t.emptyHint}</p>}
      {any && (
        <div class={answer.busy ? "stale" : ""}>
          <Tiles report={report} />
        </div>
      )}
      {report.total.handovers > 0 && <OverTime report={report} />}
    </Section>
  );
}

const PERIOD_NAMES: Record<string, string> = { from: t.from, to: t.to, tz: t.zone, agent_name: t.dimensions.agent };

function Refused({ path }: { path: string }) {
  const name = PERIOD_NAMES[path] ?? t.dimensions[path as Narrowed] ?? path;
  const begin = (): void => {
    reset();
    reload();
  };
  return (
    <div class="refused" role="alert">
      <p>{fill(t.invalid, { name })}</p>
      <button type="button" class="primary" onClick={begin}>{t.reset}</button>
    </div>
  );
}

document.documentElement.lang = locale;
document.documentElement.dir = rtl ? "rtl" : "ltr";
document.title = t.title;
followAddress();
filter.subscribe(() => {
  refused.value = null;
});
const root = document.getElementById("analytics");
if (!root) throw new Error("the page lacks #analytics");
render(<Page />, root);
probe().catch(() => {
  access.value = "open";
});
