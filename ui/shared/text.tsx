// Message text for a page: links become anchors, everything else stays text. No HTML from anybody is ever parsed.
import type { JSX } from "preact";

const LINK = /https?:\/\/[^\s<>"']+/g;
const TRAILING = /[.,;:!?)\]}»”’]+$/;

/** The text with its http(s) addresses made into links that tell the other site nothing about this page. */
export function linked(text: string): (string | JSX.Element)[] {
  const parts: (string | JSX.Element)[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(TRAILING, "");
    if (!isWebAddress(address)) continue;
    parts.push(text.slice(from, match.index));
    parts.push(
      <a href={address} target="_blank" rel="noopener noreferrer nofollow">
        {address}
      </a>,
    );
    from = match.index + address.length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Whether an address from outside may be put into a link. */
export function isWebAddress(address: string): boolean {
  try {
    return ["http:", "https:"].includes(new URL(address, location.href).protocol);
  } catch {
    return false;
  }
}
