// One script tag: <script src="https://…/widget.js" data-channel="web" async></script>
// Puts the chat into a shadow root, so that neither the page's style nor ours reaches the other.
import { render } from "preact";
import tokens from "../shared/tokens.css?inline";
import { App } from "./app";
import { Chat } from "./chat";
import frame from "./frame.css?inline";
import talk from "./talk.css?inline";

const script = document.currentScript as HTMLScriptElement;
const channel = script.dataset.channel;

function begin(): void {
  const host = document.createElement("openhandover-chat");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(tokens + frame + talk);
  root.adoptedStyleSheets = [sheet];
  document.body.append(host);
  const language = script.dataset.language ?? document.documentElement.lang ?? "";
  const base = new URL(script.src).origin;
  const chat = new Chat(base, channel ?? "", language || navigator.language);
  render(<App chat={chat} fullPage={script.dataset.mode === "page"} language={language || navigator.language} />, root);
}

if (!channel) console.error("openhandover: the script tag needs data-channel, the name of a channel of type webchat");
else if (document.body) begin();
else addEventListener("DOMContentLoaded", begin);
