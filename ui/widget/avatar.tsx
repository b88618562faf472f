// Whose words these are: their picture, or where there is none (or it does not load) their initials.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useScene } from "./scene";

export function Avatar({ url, name }: { url?: string | null | undefined; name: string }): JSX.Element {
  const { chat } = useScene();
  const [broken, setBroken] = useState("");
  const address = url ? chat.address(url) : "";
  return address && address !== broken ? (
    <img class="avatar" src={address} alt="" referrerpolicy="no-referrer" onError={() => setBroken(address)} />
  ) : (
    <span class="avatar" aria-hidden="true">
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [words[0], words.length > 1 ? words.at(-1) : ""];
  return first.map((word) => Array.from(word ?? "")[0]?.toLocaleUpperCase() ?? "").join("");
}
