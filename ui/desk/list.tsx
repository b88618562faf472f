import { computed, signal } from "@preact/signals";
import { select, setPresence } from "./actions";
import { Icon } from "./icon";
import { t } from "./language";
import { folded, sorting, type SectionName, type Sorting } from "./memory";
import { EntryRow, TalkRow } from "./row";
import { lively, me, mine, nameOf, open, others, presence, selected, supervises, waiting, type Selection } from "./state";
import { Windowed, type Steering } from "./windowed";
import type { BotTalk, Entry, LastMessage } from "./types";

/** One line of the list. */
export type Line =
  | { kind: "head"; section: SectionName; count: number }
  | { kind: "empty"; section: SectionName }
  | { kind: "entry"; section: SectionName; entry: Entry }
  | { kind: "talk"; talk: BotTalk };

export const filter = signal("");
/** The line that the keyboard is on, and whether it should get the focus when it is drawn. */
export const cursor = signal("");
export const wantsFocus = signal("");

const isFolded = (section: SectionName): boolean => folded.value.includes(section) && !filter.value;

const lines = computed<readonly Line[]>(() => {
  const all: Line[] = [];
  const add = (section: SectionName, found: Line[], always: boolean) => {
    if (!always && !found.length) return;
    all.push({ kind: "head", section, count: found.length });
    if (isFolded(section)) return;
    if (found.length) all.push(...found);
    else all.push({ kind: "empty", section });
  };
  const entryLines = (section: SectionName, list: readonly Entry[]) =>
    list.filter((entry) => fits(entry, entry.inbox)).map((entry): Line => ({ kind: "entry", section, entry }));
  const searching = filter.value !== "";
  add("waiting", entryLines("waiting", sorting.value === "answer" ? waiting.value : sorted(waiting.value)), !searching);
  add("mine", entryLines("mine", sorted(mine.value)), !searching);
  if (supervises.value) add("others", entryLines("others", sorted(others.value)), false);
  const withPeople = new Set(open.value.map((entry) => entry.conversation_id));
  const withBot = lively.value.filter((talk) => !withPeople.has(talk.id) && fits(talk, ""));
  add("bot", withBot.map((talk): Line => ({ kind: "talk", talk })), !searching);
  return all;
});

/** What the keyboard walks through. */
export const stops = computed(() => lines.value.filter((line) => line.kind === "entry" || line.kind === "talk").map(keyOf));

export function keyOf(line: Line): string {
  if (line.kind === "entry") return `handover:${line.entry.id}`;
  if (line.kind === "talk") return `talk:${line.talk.id}`;
  return `${line.kind}:${line.section}`;
}

/** Whose line this is, as something that can be put on screen. */
export function choiceOf(key: string): Selection {
  const [kind, ...rest] = key.split(":");
  return { kind: kind === "talk" ? "talk" : "handover", id: rest.join(":") };
}

function fits(one: { user: Entry["user"]; last_message: LastMessage | null }, inbox: string): boolean {
  const wanted = filter.value.trim().toLocaleLowerCase();
  if (!wanted) return true;
  const words = [nameOf(one), one.user.email, one.last_message?.text, inbox].join("\n").toLocaleLowerCase();
  return wanted.split(/\s+/).every((word) => words.includes(word));
}

const awaitsAnswer = (entry: Entry): boolean => !entry.ended_at && entry.last_message?.author === "user";

function sorted(list: readonly Entry[]): readonly Entry[] {
  const lastAt = (entry: Entry) => entry.last_message?.at ?? entry.requested_at;
  const order: Record<Sorting, (a: Entry, b: Entry) => number> = {
    // Who waits for an answer first, longest first; then those who have one, newest first.
    answer: (a, b) =>
      Number(awaitsAnswer(b)) - Number(awaitsAnswer(a)) ||
      (awaitsAnswer(a) ? lastAt(a).localeCompare(lastAt(b)) : lastAt(b).localeCompare(lastAt(a))),
    newest: (a, b) => lastAt(b).localeCompare(lastAt(a)),
    name: (a, b) => nameOf(a).localeCompare(nameOf(b)),
  };
  return [...list].sort(order[sorting.value] ?? order.answer);
}

/** The left side: who waits, who is mine, and who talks to the bot. */
export function List() {
  return (
    <nav class="list" id="list" aria-label={t.inbox}>
      <Tools />
      <PresenceHint />
      <Windowed
        items={lines.value}
        keyOf={keyOf}
        guess={guess}
        draw={(line) => <LineView line={line} />}
        hold="start"
        class="lines"
        role="list"
        label={t.inbox}
        steering={steering}
      />
    </nav>
  );
}

/** What the list was last drawn with fills it: a copy from an earlier drawing would not know the newest lines. */
const steering: { current: Steering | null } = { current: null };

/** Put the keyboard on a line, wherever it is. */
export function focusLine(key: string): void {
  cursor.value = key;
  wantsFocus.value = key;
  steering.current?.reveal(key);
}

function guess(line: Line): number {
  if (line.kind === "head") return 38;
  if (line.kind === "empty") return 40;
  return 64;
}

function Tools() {
  return (
    <div class="tools-row" role="search">
      <label class="filter">
        <Icon name="search" />
        <span class="unseen">{t.filter}</span>
        <input
          id="filter"
          type="search"
          placeholder={t.search}
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            const first = stops.value[0];
            if (event.key === "Escape" && !filter.value) event.currentTarget.blur();
            if ((event.key === "ArrowDown" || event.key === "Enter") && first) {
              event.preventDefault();
              focusLine(first);
            }
          }}
        />
      </label>
      <label class="sorting" title={t.sort}>
        <span class="unseen">{t.sort}</span>
        <select value={sorting.value} onChange={(event) => (sorting.value = event.currentTarget.value as Sorting)}>
          <option value="answer">{t.sortAnswer}</option>
          <option value="newest">{t.sortNewest}</option>
          <option value="name">{t.sortName}</option>
        </select>
      </label>
    </div>
  );
}

/** Why nobody is offered, and the one button that changes it. */
function PresenceHint() {
  if (presence.value === "online") return null;
  const auto = me.value?.agent.auto;
  const words = auto && presence.value === "away" ? t.autoAway : presence.value === "offline" ? t.offlineHint : t.pausedHint;
  return (
    <p class="hint">
      <span>{words}</span>
      <button class="link" onClick={() => void setPresence("online")}>{t.goOnline}</button>
    </p>
  );
}

function LineView({ line }: { line: Line }) {
  switch (line.kind) {
    case "head":
      return <Head section={line.section} count={line.count} />;
    case "empty":
      return <p class="empty">{{ waiting: t.nobodyWaits, mine: t.noneMine, others: "", bot: t.noBot }[line.section]}</p>;
    case "entry":
      return <EntryRow entry={line.entry} section={line.section} />;
    case "talk":
      return <TalkRow talk={line.talk} />;
  }
}

function Head({ section, count }: { section: SectionName; count: number }) {
  const title = { waiting: t.waiting, mine: t.mine, others: t.others, bot: t.withBot }[section];
  const isOpen = !isFolded(section);
  const fold = () => {
    folded.value = isOpen ? [...folded.value, section] : folded.value.filter((name) => name !== section);
  };
  return (
    <h2 class="head" data-section={section}>
      <button aria-expanded={isOpen} onClick={fold}>
        <Icon name="fold" small />
        {title} <span class="number">{count}</span>
      </button>
    </h2>
  );
}

/** The line of what is on screen. */
export const selectedKey = computed(() => (selected.value ? `${selected.value.kind}:${selected.value.id}` : ""));
export const openLine = (key: string): void => select(choiceOf(key));
