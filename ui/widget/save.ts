// The conversation as a text file, for the visitor to keep.
import { nameOf } from "./message";
import type { Scene } from "./scene";

/** Offer the whole conversation as a download; its earlier pages are got first. */
export async function save({ chat, view, t, language }: Scene): Promise<void> {
  while (chat.talk.more && view.line === "up") await chat.earlier();
  const times = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const lines = chat.talk.entries.flatMap(({ at, message }) => {
    if (!message) return [];
    const said = [message.text, ...message.attachments.map((file) => `[${file.name}]`)].filter(Boolean).join("\n");
    return `${times.format(new Date(at))} ${nameOf(message, t, view.config)}\n${said}\n`;
  });
  const title = view.config?.title ?? t.title;
  const address = URL.createObjectURL(new Blob([`${title}\n\n${lines.join("\n")}`], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${title}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may still be asking where to put it
}
