// The few drawings of the desk, each 20 by 20 in the colour of its text.

const SHAPES = {
  attach: "M13.5 5.5v7.2a3.5 3.5 0 0 1-7 0V5.2a2.4 2.4 0 0 1 4.8 0v7.2a1.2 1.2 0 0 1-2.4 0V6",
  answers: "M4 4.5h12v8.5H9.5L6 16v-3H4zM7 7.5h6M7 10h4",
  info: "M10 9v5M10 6.2v.3M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15",
};

/** A drawing without a name of its own; the button around it has one. */
export function Icon({ name }: { name: keyof typeof SHAPES }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={SHAPES[name]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
