// A long list of which only what is near the view is drawn. Heights are guessed until they were measured; the reader is
// held where they are (at the start, at the end, or at the thing they look at), whatever is added, removed or grows.
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";

/** So many pixels above and below the view are drawn as well. */
const MARGIN = 700;
/** Closer to an edge than this counts as being there. */
const EDGE = 24;

type Anchor = { at: "start" | "end" } | { at: "item"; key: string; shift: number };

/** What a page can ask of the list. */
export interface Steering {
  toEnd: () => void;
  /** Bring an item into view, if it is not. */
  reveal: (key: string) => void;
}

interface Props<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  /** Its height in CSS pixels as long as nobody measured it. */
  guess: (item: T) => number;
  draw: (item: T) => ComponentChildren;
  hold: "start" | "end";
  class: string;
  role: "list" | "log";
  label: string;
  steering?: RefObject<Steering | null>;
  /** The reader came near the start. */
  onStart?: () => void;
  /** Whether the reader is at the end now. */
  onEnd?: (there: boolean) => void;
  focusable?: boolean;
}

export function Windowed<T>(props: Props<T>) {
  const { items, keyOf, guess, draw, hold } = props;
  const box = useRef<HTMLDivElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const heights = useRef(new Map<string, number>()).current;
  const anchor = useRef<Anchor>({ at: hold });
  const drawn = useRef({ from: 0, to: 0 });
  const room = useRef(0);
  const wasAtEnd = useRef(true);
  const [, redraw] = useReducer((n: number) => n + 1, 0);

  const keys = useMemo(() => items.map(keyOf), [items]);
  const guesses = useMemo(() => items.map(guess), [items]);
  const tops = new Float64Array(items.length + 1);
  for (let n = 0; n < items.length; n += 1) tops[n + 1] = (tops[n] ?? 0) + (heights.get(keys[n] ?? "") ?? guesses[n] ?? 0);
  const total = tops[items.length] ?? 0;
  const height = box.current?.clientHeight || 800;
  const top = place(anchor.current, keys, tops, height, box.current?.scrollTop ?? 0);
  const first = indexAt(tops, top - MARGIN);
  const last = Math.min(items.length, indexAt(tops, top + height + MARGIN) + 1);
  drawn.current = { from: tops[first] ?? 0, to: tops[last] ?? 0 };
  const visible = range(first, last);
  // What holds the focus stays, even out of sight, or the keyboard would fall off the page.
  const focused = keys.indexOf(keyWithin(box.current));
  if (focused >= 0 && (focused < first || focused >= last)) visible.push(focused);

  const measure = () => {
    let changed = false;
    for (const element of sheet.current?.children ?? []) {
      const key = (element as HTMLElement).dataset["key"] ?? "";
      const measured = (element as HTMLElement).offsetHeight;
      if (measured && heights.get(key) !== measured) {
        heights.set(key, measured);
        changed = true;
      }
    }
    if (changed) redraw(0);
  };
  const watch = useRef<ResizeObserver | null>(null);
  useLayoutEffect(() => {
    watch.current = new ResizeObserver(() => {
      measure();
      redraw(0);
    });
    if (box.current) watch.current.observe(box.current);
    return () => watch.current?.disconnect();
  }, []);
  useLayoutEffect(() => {
    for (const element of sheet.current?.children ?? []) watch.current?.observe(element);
    measure();
    const element = box.current;
    if (element && Math.abs(element.scrollTop - top) >= 1) element.scrollTop = top;
    room.current = element?.clientHeight ?? 0;
    if (top < height && items.length) props.onStart?.();
    tellEnd();
  });

  const tellEnd = () => {
    const there = anchor.current.at === "end";
    if (there !== wasAtEnd.current) {
      wasAtEnd.current = there;
      props.onEnd?.(there);
    }
  };
  const scrolled = () => {
    const element = box.current;
    if (element?.clientHeight !== room.current) return; // less room is told after the scroll, and is nobody's scrolling
    const at = element.scrollTop;
    const fromEnd = element.scrollHeight - element.clientHeight - at;
    if (hold === "end" && fromEnd <= EDGE) anchor.current = { at: "end" };
    else if (hold === "start" && at <= 1) anchor.current = { at: "start" };
    else {
      const n = indexAt(tops, at);
      anchor.current = { at: "item", key: keys[n] ?? "", shift: at - (tops[n] ?? 0) };
    }
    tellEnd();
    const { from, to } = drawn.current;
    if ((at - MARGIN / 2 < from && from > 0) || (at + height + MARGIN / 2 > to && to < total)) redraw(0);
    else if (at < height) props.onStart?.();
  };
  if (props.steering) {
    props.steering.current = {
      toEnd: () => {
        anchor.current = { at: "end" };
        redraw(0);
      },
      reveal: (key) => {
        const n = keys.indexOf(key);
        const [start = 0, end = 0, at = 0] = [tops[n], tops[n + 1], box.current?.scrollTop];
        if (n < 0 || (start >= at && end <= at + height)) return;
        const wanted = start < at ? start : end - height;
        const held = indexAt(tops, Math.max(0, wanted));
        anchor.current = { at: "item", key: keys[held] ?? "", shift: Math.max(0, wanted) - (tops[held] ?? 0) };
        redraw(0);
      },
    };
  }
  return (
    <div
      ref={box}
      class={`windowed ${props.class}`}
      role={props.role}
      aria-label={props.label}
      aria-live="off"
      tabIndex={props.focusable ? 0 : -1}
      onScroll={scrolled}
    >
      <div ref={sheet} class="sheet" role="presentation" style={{ height: `${total}px` }}>
        {visible.map((n) => (
          <div key={keys[n]} data-key={keys[n]} class="slot" role={props.role === "list" ? "listitem" : undefined} style={{ top: `${tops[n] ?? 0}px` }}>
            {draw(items[n] as T)}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Where the view has to begin. */
function place(anchor: Anchor, keys: readonly string[], tops: Float64Array, height: number, now: number): number {
  const furthest = Math.max(0, (tops.at(-1) ?? 0) - height);
  if (anchor.at === "start") return 0;
  if (anchor.at !== "item") return furthest;
  const n = keys.indexOf(anchor.key);
  return Math.min(furthest, n < 0 ? now : (tops[n] ?? 0) + anchor.shift);
}

/** The item that covers this height. */
function indexAt(tops: Float64Array, y: number): number {
  let [low, high] = [0, tops.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return Math.min(low, Math.max(0, tops.length - 2));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
}

function keyWithin(box: HTMLElement | null): string {
  const focused = document.activeElement;
  if (!box || !focused || !box.contains(focused)) return "";
  return focused.closest<HTMLElement>("[data-key]")?.dataset["key"] ?? "";
}
