import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
  title: string;
  onDismiss: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

/** A modal dialog of the browser: focus stays inside, Escape and a click beside it dismiss it. */
export function Dialog({ title, onDismiss, wide = false, children }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog
      ref={element}
      class={wide ? "wide" : ""}
      aria-labelledby={heading}
      onClose={onDismiss}
      onClick={(event) => event.target === element.current && onDismiss()}
    >
      <div class="dialog">
        <h2 id={heading}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
