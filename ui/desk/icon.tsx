// The few drawings of the desk, each 20 by 20 in the colour of its text.

const SHAPES = {
  attach: "M13.5 5.5v7.2a3.5 3.5 0 0 1-7 0V5.2a2.4 2.4 0 0 1 4.8 0v7.2a1.2 1.2 0 0 1-2.4 0V6",
  answers: "M4 4.5h12v8.5H9.5L6 16v-3H4zM7 7.5h6M7 10h4",
  info: "M10 9v5M10 6.2v.3M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15",
  back: "M12 4.5 6.5 10l5.5 5.5",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  search: "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M13 13l4 4",
  lock: "M5.5 9h9v7h-9zM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9",
  bot: "M4.5 7.5h11v8h-11zM10 7.5v-3M8 11v1M12 11v1M2.8 10.5v2M17.2 10.5v2",
  person: "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6M4 16.5c.6-3 3-4.5 6-4.5s5.400 1.500 6 4.500",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M10 6v4l2.700 1.800",
  late: "M10 3.200 17.500 16.500h-15zM10 8v4M10 14.200v.2",
  copy: "M7.500 7.500h8v8h-8zM12.500 7.500v-3h-8v8h3",
  check: "M4.500 10.500 8.500 14.500 15.500 6",
  down: "M10 4v11M5.500 10.500 10 15l4.500-4.500",
  fold: "M6 8l4 4 4-4",
  pass: "M3.500 7h12M12 3.500 15.500 7 12 10.500M16.500 13h-12M8 9.500 4.500 13 8 16.500",
  more: "M5 10h.1M10 10h.1M15 10h.1",
  file: "M5.500 3h6l3.500 3.500V17h-9.500zM11.500 3v3.500H15",
  gone: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M5.200 14.800 14.800 5.200",
  outside: "M8 4.500H4.500v11h11V12M11 4.500h4.500V9M15.500 4.500 9 11",
};

export type IconName = keyof typeof SHAPES;

/** A drawing without a name of its own; the button or text around it has one. */
export function Icon({ name, small = false }: { name: IconName; small?: boolean }) {
  const size = small ? 14 : 20;
  return (
    <svg class="icon" data-icon={name} viewBox="0 0 20 20" width={size} height={size} aria-hidden="true">
      <path
        d={SHAPES[name]}
        fill="none"
        stroke="currentColor"
        stroke-width={name === "more" ? 2.4 : small ? 1.9 : 1.5}
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** Somebody's initials, or what they are when nobody knows a name. */
export function Avatar({ name, kind = "person", address }: { name?: string | null; kind?: "person" | "bot"; address?: string | null }) {
  const letters = initials(name ?? "");
  if (address && /^https:/.test(address)) return <img class="avatar" src={address} alt="" referrerpolicy="no-referrer" />;
  return (
    <span class="avatar" data-kind={kind} aria-hidden="true">
      {letters || <Icon name={kind} />}
    </span>
  );
}

function initials(name: string): string {
  const words = name.split(/[\s@.]+/).filter((word) => /\p{L}/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => /\p{L}/u.exec(word ?? "")?.[0] ?? "").join("").toLocaleUpperCase();
}
