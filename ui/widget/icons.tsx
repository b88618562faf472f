// The few pictures, drawn with the colour of their text.
import type { JSX } from "preact";

function icon(path: string): () => JSX.Element {
  return () => (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none" stroke="currentColor">
      <path d={path} stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

export const ChatIcon = icon("M4 5.5h16v11H9.5L4 20.5z");
export const CloseIcon = icon("M6 6l12 12M18 6L6 18");
export const SendIcon = icon("M12 20V5M5.5 11.5L12 5l6.5 6.5");
export const ClipIcon = icon("M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L9.8 17a1.6 1.6 0 0 1-2.3-2.3l7.7-7.7");
export const FileIcon = icon("M6 3h8l4 4v14H6zM14 3v4h4");
export const MenuIcon = icon("M12 5v.01M12 12v.01M12 19v.01");
export const DownIcon = icon("M12 5v14M6 13l6 6 6-6");
export const CheckIcon = icon("M5 13l4.5 4.5L19 7");
