// The page of the supervisor: asks for the state twice a second, shows it, and sends what is pressed.
"use strict";

const COLUMNS = ["accepted", "delivered", "pending", "told", "lost", "repeated", "misordered"];
const FLAWS = ["lost", "repeated", "misordered"];
const WHO = ["people", "proof"];
const numbers = new Intl.NumberFormat(LOCALE);
const exact = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const times = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const seconds = (ms) => `${exact.format(ms / 1000)}\u00a0s`;
const byId = (id) => document.getElementById(id);

/** An element with text; the text is never HTML. */
function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Write only what has changed, so that nothing is announced twice. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const cells = new Map();
let latest = null;
const narrow = matchMedia("(max-width: 60rem)");

function heading(scope, text) {
  const head = element("th", text);
  head.scope = scope;
  return head;
}

/** The table of counts: who counts in rows, on a narrow screen in columns. */
function buildTable() {
  const [rows, columns] = narrow.matches ? [COLUMNS, WHO] : [WHO, COLUMNS];
  const head = element("tr");
  head.append(element("td"), ...columns.map((column) => heading("col", T[column])));
  const body = rows.map((row) => {
    const line = element("tr");
    line.append(heading("row", T[row]));
    for (const column of columns) {
      const cell = element("td", "0");
      cells.set(narrow.matches ? `${column} ${row}` : `${row} ${column}`, cell);
      line.append(cell);
    }
    return line;
  });
  const top = element("thead");
  const rest = element("tbody");
  top.append(head);
  rest.append(...body);
  const table = byId("counts");
  table.replaceChildren(table.caption, top, rest);
  table.classList.toggle("tall", narrow.matches);
  if (latest) showCounts(latest.counts);
}

function build() {
  wordPage();
  buildTable();
  narrow.addEventListener("change", buildTable);
  for (const name of FLAWS) {
    const box = element("div");
    const figure = element("dd", "0");
    box.append(element("dt", T[name]), figure);
    cells.set(name, figure);
    byId("flaws").append(box);
  }
}

function showCounts(counts) {
  for (const who of WHO) {
    for (const name of COLUMNS) {
      const cell = cells.get(`${who} ${name}`);
      write(cell, numbers.format(counts[who][name]));
      cell.classList.toggle("bad", FLAWS.includes(name) && counts[who][name] !== 0);
    }
  }
  for (const name of FLAWS) {
    const worst = Math.max(counts.people[name], counts.proof[name]);
    write(cells.get(name), numbers.format(worst));
    cells.get(name).parentElement.classList.toggle("bad", worst !== 0);
  }
}

function showServer(server) {
  byId("status").classList.toggle("up", server.up);
  write(byId("status").querySelector(".words"), server.up ? T.up : T.down);
  document.querySelector('[data-do="kill"]').disabled = !server.up;
  const longest = server.kills > 1 ? T.longest(seconds(server.longest_ms)) : "";
  const last = server.downtime_ms === null ? "" : ` ${T.away(seconds(server.downtime_ms))}${longest}.`;
  write(byId("downtime"), server.kills ? T.killed(server.kills, numbers.format(server.kills)) + last : T.alone);
}

function showFaults(faults) {
  for (const box of document.querySelectorAll("[data-switch]")) box.checked = faults[box.dataset.switch];
  for (const choice of document.querySelectorAll('[name="down"]')) choice.checked = choice.value === faults.down;
}

/** What happened as a sentence. */
function sentence({ what, values }) {
  const { count, flaw, ms } = values;
  return T.log[what]({ ...values, count: count && numbers.format(count), flaw: T[flaw]?.toLowerCase(), seconds: ms && seconds(ms) });
}

let newest = 0;
function showLog(lines) {
  const log = byId("log");
  for (const line of lines) {
    if (line.number <= newest) continue;
    newest = line.number;
    const item = element("li");
    const time = element("time", times.format(new Date(line.at)));
    time.dateTime = line.at;
    item.append(time, element("span", sentence(line), line.kind));
    log.prepend(item);
  }
  while (log.children.length > 200) log.lastElementChild.remove();
  byId("empty").hidden = log.children.length > 0;
}

function show(state) {
  latest = state;
  for (const name of ["chat", "desk", "analytics"]) byId(name).href = state.links[name];
  showCounts(state.counts);
  showServer(state.server);
  showFaults(state.faults);
  showLog(state.log);
  const { arrived, finished } = state.visitors;
  write(byId("traffic"), T.traffic(...[state.handovers, finished, arrived - finished].map(numbers.format)));
  const { webhooks, repeats, shuffled, dropped } = state.broken;
  write(byId("broken"), T.broken(...[webhooks, repeats, shuffled, dropped].map(numbers.format)));
}

async function ask(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  show(await answer.json());
}

function tell(body) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  ask("/do", options).catch(gone);
}

function gone() {
  byId("status").classList.remove("up");
  write(byId("status").querySelector(".words"), T.silent);
}

async function follow() {
  await ask("/state").catch(gone);
  setTimeout(follow, 500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button) tell({ do: button.dataset.do });
});
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.dataset.switch) tell({ do: "switch", name: box.dataset.switch, on: box.checked });
  else if (box.name === "down") tell({ do: "desk", down: box.value });
});
build();
follow();
