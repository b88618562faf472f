// The analytics page, first version: filters in the address bar, figures in tables.
import { signal } from "@preact/signals";
import { render } from "preact";
import "../shared/tokens.css";
import "./analytics.css";
import { Delivery, Handovers, type DeliveryReport, type HandoversReport } from "./tables";
import { locale, t } from "./texts";

const GROUPS = ["day", "hour", "status", "reason", "provider", "channel", "language", "agent"] as const;
type Group = (typeof GROUPS)[number];

interface Filter {
  from: string;
  to: string;
  by: Group;
}

const state = signal<"loading" | "login" | "ready">("loading");
const error = signal("");
const filter = signal<Filter>(fromAddress());
const handovers = signal<HandoversReport | null>(null);
const delivery = signal<DeliveryReport | null>(null);

function day(offset: number): string {
  const date = new Date(Date.now() + offset * 86_400_000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

function fromAddress(): Filter {
  const query = new URLSearchParams(location.search);
  const by = query.get("by") as Group;
  return { from: query.get("from") ?? day(-6), to: query.get("to") ?? day(0), by: GROUPS.includes(by) ? by : "day" };
}

function query(): string {
  const { from, to, by } = filter.value;
  const tz = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  return new URLSearchParams({ from, to, group_by: by, tz }).toString();
}

async function load(): Promise<void> {
  error.value = "";
  const asked = query();
  const [counts, sent] = await Promise.all(
    ["handovers", "delivery"].map((name) => fetch(`/v1/desk/analytics/${name}?${asked}`)),
  );
  if (asked !== query() || !counts || !sent) return;
  if (counts.status === 401) state.value = "login";
  else if (counts.ok && sent.ok) {
    handovers.value = (await counts.json()) as HandoversReport;
    delivery.value = (await sent.json()) as DeliveryReport;
    state.value = "ready";
  } else {
    error.value = counts.status === 403 ? t.forbidden : t.failedLoad;
    state.value = counts.status === 403 ? "login" : "ready";
  }
}

function reload(): void {
  load().catch(() => {
    error.value = t.failedLoad;
    state.value = "ready";
  });
}

function change(part: Partial<Filter>): void {
  filter.value = { ...filter.value, ...part };
  const { from, to, by } = filter.value;
  history.replaceState(null, "", `?${new URLSearchParams({ from, to, by }).toString()}`);
  reload();
}

async function logIn(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  const body = JSON.stringify({ agent: String(form.get("agent")).trim(), password: form.get("password") });
  const answer = await fetch("/v1/desk/login", { method: "POST", body, headers: { "content-type": "application/json" } });
  if (answer.ok) reload();
  else error.value = answer.status === 401 ? t.wrong : t.failedLoad;
}

function Login() {
  return (
    <main class="login">
      <form onSubmit={(event) => void logIn(event)}>
        <h1>{t.title}</h1>
        <label>{t.agent}<input name="agent" autocomplete="username" autocapitalize="none" required autofocus /></label>
        <label>{t.password}<input name="password" type="password" autocomplete="current-password" required /></label>
        <p class="error" role="alert">{error.value}</p>
        <button type="submit">{t.logIn}</button>
      </form>
    </main>
  );
}

function Filters() {
  const { from, to, by } = filter.value;
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>{t.from}<input type="date" value={from} max={to} onChange={(event) => change({ from: event.currentTarget.value || day(-6) })} /></label>
      <label>{t.to}<input type="date" value={to} min={from} onChange={(event) => change({ to: event.currentTarget.value || day(0) })} /></label>
      <label>
        {t.by}
        <select value={by} onChange={(event) => change({ by: event.currentTarget.value as Group })}>
          {GROUPS.map((name) => <option key={name} value={name}>{t.groups[name]}</option>)}
        </select>
      </label>
      <a href={`/v1/desk/analytics/handovers.csv?${query()}`} download>{t.csv}</a>
    </form>
  );
}

function Page() {
  if (state.value === "loading") return <p class="loading" aria-busy="true">{t.loading}</p>;
  if (state.value === "login") return <Login />;
  return (
    <main class="page">
      <h1>{t.title}</h1>
      <Filters />
      <p class="error" role="alert">{error.value}</p>
      {handovers.value && <Handovers report={handovers.value} heading={t.groups[filter.value.by]} />}
      {delivery.value && <Delivery report={delivery.value} />}
    </main>
  );
}

document.documentElement.lang = locale.slice(0, 2);
document.title = t.title;
const root = document.getElementById("analytics");
if (!root) throw new Error("the page lacks #analytics");
render(<Page />, root);
reload();
