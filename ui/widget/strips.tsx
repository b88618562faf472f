// The lines between log and composer: no connection, the queue, the rating. Each is there only while it is true.
import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import type { Handover } from "./protocol";
import { useScene } from "./scene";

const CALM_MS = 2_000;

export function Strips(): JSX.Element {
  const { chat } = useScene();
  const handover = chat.handover.value;
  return (
    <div class="strips">
      <Line />
      {handover && <Queue handover={handover} />}
      {handover?.rating && <Rating key={handover.id} handover={handover} />}
    </div>
  );
}

/** A break that mends itself within two seconds is nobody's concern. */
function Line(): JSX.Element {
  const { chat, t } = useScene();
  const late = useSignal(false);
  useSignalEffect(() => {
    late.value = false;
    if (chat.lineState.value !== "down") return;
    const timer = setTimeout(() => (late.value = true), CALM_MS);
    return () => clearTimeout(timer);
  });
  const text = chat.lineState.value === "refused" ? t.refused : late.value ? t.offline : null;
  return (
    <div role="status">
      {text && <p class="strip warn">{text}</p>}
    </div>
  );
}

function Queue({ handover }: { handover: Handover }): JSX.Element | null {
  const { chat, t } = useScene();
  const waiting = handover.status === "requested" || handover.status === "queued";
  if (chat.ended.value || (!waiting && !handover.cancel)) return null;
  const { position = null, estimated_wait_ms: wait = null, alternative_text: instead = null } = handover.queue ?? {};
  const facts = [
    position !== null && t.place(position),
    wait !== null && t.wait(Math.max(1, Math.round(wait / 60_000))),
  ].filter((fact) => fact !== false);
  return (
    <div class="strip queue">
      <div role="status">
        {waiting && <strong>{t.waiting}</strong>}
        {waiting && <span>{instead ?? facts.join(" · ")}</span>}
      </div>
      {handover.cancel && (
        <button class="quiet" type="button" onClick={() => chat.cancel()}>
          {handover.cancel.text}
        </button>
      )}
    </div>
  );
}

function Rating({ handover }: { handover: Handover }): JSX.Element | null {
  const { chat, t } = useScene();
  const score = useSignal(0);
  const comment = useSignal("");
  const done = useSignal(false);
  if (done.value) return null;
  const send = (event: Event) => {
    event.preventDefault();
    chat.rate(handover.id, score.value, comment.value);
    done.value = true;
  };
  return (
    <form class="strip rating" onSubmit={send}>
      <fieldset>
        <legend>{handover.rating?.text || t.rate}</legend>
        {[1, 2, 3, 4, 5].map((value) => (
          <label key={value} class={score.value === value ? "chosen" : ""}>
            <input
              type="radio"
              name="score"
              value={value}
              aria-label={t.stars(value)}
              checked={score.value === value}
              onChange={() => (score.value = value)}
            />
            {value}
          </label>
        ))}
        <button class="quiet" type="button" onClick={() => (done.value = true)}>
          {t.later}
        </button>
      </fieldset>
      {score.value > 0 && (
        <div class="comment">
          <input
            type="text"
            dir="auto"
            maxLength={1000}
            placeholder={t.comment}
            aria-label={t.comment}
            onInput={(event) => (comment.value = event.currentTarget.value)}
          />
          <button class="filled" type="submit">
            {t.rateSend}
          </button>
        </div>
      )}
    </form>
  );
}
