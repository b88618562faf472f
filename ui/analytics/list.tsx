// The handovers in view, newest first, a page at a time.
import { useEffect, useState } from "preact/hooks";
import { query } from "./address";
import { get, type Line, type Listed } from "./api";
import { t } from "./language";
import { Lines } from "./lines";
import { reload, useAnswer } from "./load";
import { Csv, Section, Waiting } from "./parts";

const PAGE = "25";

export function List() {
  const first = useAnswer<Listed<Line>>(`list?${query({ limit: PAGE })}`);
  const [more, setMore] = useState<Line[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    setMore([]);
    setNext(first.data?.next ?? null);
  }, [first.data]);
  const onward = (): void => {
    if (next === null) return;
    setBusy(true);
    get<Listed<Line>>(`list?${query({ limit: PAGE, cursor: next })}`)
      .then((page) => {
        setMore([...more, ...page.items]);
        setNext(page.next);
      })
      .catch(reload)
      .finally(() => setBusy(false));
  };
  return (
    <Section id="list" title={t.list} tools={<span class="tools"><Csv path={`list.csv?${query()}`} name={t.list} /></span>}>
      {!first.data ? <Waiting answer={first} /> : first.data.items.length ? <Lines caption={t.list} items={[...first.data.items, ...more]} /> : <p>{t.empty}</p>}
      {next !== null && <button type="button" class="more" disabled={busy} onClick={onward}>{t.listMore}</button>}
    </Section>
  );
}
