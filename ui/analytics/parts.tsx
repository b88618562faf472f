// Small parts that every section is made of.
import type { ComponentChildren } from "preact";
import { link } from "./api";
import { fill, t } from "./language";
import { reload, type Loaded } from "./load";

/** A section with a heading of its own; `tools` stand beside the heading. */
export function Section(props: { id: string; title: string; hint?: string; tools?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section>
      <header>
        <h2 id={props.id}>{props.title}</h2>
        {props.tools}
      </header>
      {props.hint && <p class="muted">{props.hint}</p>}
      {props.children}
    </section>
  );
}

/** What to show while a part is loading or could not be loaded. */
export function Waiting({ answer }: { answer: Loaded<unknown> }) {
  if (!answer.failed) return <p class="muted" aria-busy="true">{t.loading}</p>;
  return (
    <p class="muted" role="status">
      {t.failedLoad} <button type="button" class="quiet" onClick={reload}>{t.again}</button>
    </p>
  );
}

/** The link under which a table is downloaded. */
export function Csv({ path, name }: { path: string; name: string }) {
  return <a class="csv" href={link(path)} download aria-label={fill(t.csvOf, { name })}>{t.csv}</a>;
}

/** A table that scrolls sideways where it is too wide. */
export function Scrolling({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="scroll" tabIndex={0} role="region" aria-label={label}>{children}</div>;
}
