// The lines between log and composer: no connection, nobody there, the queue, the rating. Each is there only while it
// is true.
import type { JSX } from "preact";
import { clock, dayKey } from "../shared/time";
import { toComposer } from "./composer";
import { useLate } from "./header";
import { Rating } from "./rating";
import { useScene } from "./scene";
import { counted, errorText, fill } from "./texts";

const LONG_MS = 5_000;

export function Strips(): JSX.Element {
  const { view, t } = useScene();
  const long = useLate(view.line === "down", LONG_MS);
  const line = view.line === "refused" ? t.refused : long ? t.offline : null;
  return (
    <div class="strips">
      <div role="status">
        {line ? <p class="strip warn">{line}</p> : <Away />}
      </div>
      <div role="alert">{view.problem && <p class="strip warn">{errorText(t, view.problem)}</p>}</div>
      <Queue />
      <Rating />
    </div>
  );
}

/** Nobody could take over now, and when somebody will. */
function Away(): JSX.Element | null {
  const { chat, view, t, language } = useScene();
  const { desk } = view;
  const waiting = ["requested", "queued", "active"].includes(view.handover?.status ?? "");
  if (desk?.open !== false || view.floor !== "bot" || waiting || view.ended || view.rating) return null;
  const now = Date.now() + chat.clockOffset;
  const at = desk.opens_at && Date.parse(desk.opens_at) > now ? desk.opens_at : null;
  return (
    <p class="strip">
      {t.away} {at && fill(t.back, dayFrom(now, at, language), clock(at, language))}
    </p>
  );
}

/** "today", "tomorrow", "Monday" or "Monday 2 March". */
function dayFrom(now: number, at: string, language: string): string {
  const inDays = (days: number) => dayKey(new Date(now + days * 86_400_000).toISOString());
  const near = [0, 1, 2, 3, 4, 5, 6].findIndex((days) => inDays(days) === dayKey(at));
  if (near === 0 || near === 1) return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(near, "day");
  const date = near < 0 ? ({ day: "numeric", month: "long" } as const) : {};
  return new Date(at).toLocaleDateString(language, { weekday: "long", ...date });
}

function Queue(): JSX.Element | null {
  const { chat, view, t } = useScene();
  const { handover } = view;
  const waiting = handover?.status === "requested" || handover?.status === "queued";
  if (!handover || view.ended || (!waiting && !handover.cancel)) return null;
  const { position = null, estimated_wait_ms: wait = null, alternative_text: instead = null } = handover.queue ?? {};
  const facts = [
    position !== null && counted(t.place, position),
    wait !== null && counted(t.wait, Math.ceil(wait / 60_000)),
  ].filter(Boolean);
  return (
    <div class="strip queue">
      <div role="status">
        {waiting && <strong>{t.waiting}</strong>}
        {waiting && <span>{instead ?? facts.join(" · ")}</span>}
      </div>
      {handover.cancel && (
        <button
          class="quiet"
          type="button"
          onClick={(event) => {
            toComposer(event);
            chat.cancel();
          }}
        >
          {handover.cancel.text}
        </button>
      )}
    </div>
  );
}
