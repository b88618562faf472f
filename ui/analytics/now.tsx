// What is open at this moment; asks again every ten seconds while somebody can see it.
import { useEffect, useState } from "preact/hooks";
import { filter, narrowed } from "./address";
import { get, type Now as Answer } from "./api";
import { clock, count, stretch } from "./format";
import { fill, t } from "./language";
import { Lines } from "./lines";
import { round } from "./load";
import { Csv, Section } from "./parts";

const EVERY_MS = 10_000;

export function Now() {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [stale, setStale] = useState(false);
  // How it ended is no question here.
  const { status: _status, reason: _reason, ...others } = narrowed();
  const path = `now?${new URLSearchParams(others).toString()}`;
  const turn = round.value;
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    const ask = (): void => {
      clearTimeout(timer);
      if (document.visibilityState === "hidden") return;
      get<Answer>(path, abort.signal)
        .then((found) => {
          setAnswer(found);
          setStale(false);
        })
        .catch(() => setStale(!abort.signal.aborted))
        .finally(() => {
          if (!abort.signal.aborted) timer = setTimeout(ask, EVERY_MS);
        });
    };
    ask();
    document.addEventListener("visibilitychange", ask);
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [path, turn]);
  if (!answer) return null;
  const time = clock(answer.at, filter.value.tz);
  return (
    <Section id="now" title={t.now.title} tools={<span class="tools"><Csv path={path.replace("now?", "now.csv?")} name={t.now.title} /></span>}>
      {answer.open === 0 ? <p>{t.now.nothing}</p> : <Open answer={answer} />}
      <p class="muted" role={stale ? "status" : undefined}>{fill(stale ? t.now.stale : t.now.updated, { time })}</p>
    </Section>
  );
}

function Open({ answer }: { answer: Answer }) {
  return (
    <>
      <p class="now">
        <span><strong>{count(answer.waiting)}</strong> {t.now.waiting}</span>
        <span><strong>{count(answer.active)}</strong> {t.now.active}</span>
        {answer.longest_wait_s !== null && <span>{fill(t.now.longest, { time: stretch(answer.longest_wait_s) })}</span>}
      </p>
      <Lines caption={t.now.title} items={answer.items} few={5} />
      {answer.open > answer.items.length && <p class="muted">{fill(t.now.more, { count: count(answer.items.length) })}</p>}
    </>
  );
}
