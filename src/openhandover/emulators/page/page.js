"use strict"
// The page where a person is the agent of an emulated vendor. It asks /emulator/state, which waits until something is new.

const $ = id => document.getElementById(id)
const STATES = { bot: "with the bot", waiting: "waiting", active: "with you", ended: "ended" }
const AUTHORS = { user: "User", bot: "Bot", agent: "You", note: "Private note", system: "" }
const RETRY_MS = 1000
const TYPING_MS = 4000
const drafts = new Map()
const page = { state: null, chosen: null, calls: false, typing: 0, atEnd: true, room: 0 }

function element(tag, text = "", className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className })
}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  const told = await answer.json()
  $("note").textContent = answer.ok ? "" : told.error
  return answer.ok ? told : null
}

const act = (name, body = {}) => post(`chats/${encodeURIComponent(page.chosen)}/${name}`, body)
const can = verb => page.state.verbs.includes(verb)
const writesAs = () => new FormData($("reply")).get("as")
const chats = () => page.state?.chats ?? []
const chosen = () => chats().find(chat => chat.id === page.chosen)
const visitorOf = chat => (page.state.visitors ?? []).find(visitor => visitor.chat === chat.id)
const time = at => new Date(at < 1e11 ? at * 1000 : at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false })

function choose(id, calls = false) {
  if (page.chosen) drafts.set(page.chosen, $("text").value)
  Object.assign(page, { chosen: id, calls })
  $("text").value = drafts.get(id) ?? ""
  $("note").textContent = ""
  document.body.classList.toggle("open", Boolean(id) || calls)
  show()
  if (calls) showCalls()
  else if (id) scrollDown()
}

function show() {
  const { state } = page
  $("title").textContent = state.title
  $("visitor").hidden = !state.visitors
  $("online").ariaPressed = String(state.online)
  $("offline").ariaPressed = String(!state.online)
  const waiting = chats().filter(chat => chat.state === "waiting").length
  document.title = `${waiting ? `(${waiting}) ` : ""}${state.title}, emulated`
  $("none").hidden = chats().length > 0
  $("none").textContent = `No chats yet. ${state.online ? "One appears here when somebody asks for a person." : "Go online, so that people can be handed over to you."}`
  showList()
  $("nothing").hidden = Boolean(chosen()) || page.calls
  $("calls").hidden = !page.calls
  $("chat").hidden = !chosen() || page.calls
  if (chosen() && !page.calls) showChat(chosen())
}

function showList() {
  const rows = new Map([...$("chats").children].map(row => [row.dataset.id, row]))
  for (const chat of chats()) {
    const row = rows.get(chat.id) ?? newRow(chat.id)
    const [button] = row.children, last = chat.lines.at(-1)
    row.dataset.state = chat.state
    button.ariaCurrent = String(chat.id === page.chosen && !page.calls)
    button.querySelector("b").textContent = chat.name
    button.querySelector(".tag").textContent = STATES[chat.state]
    button.querySelector(".last").textContent = last ? last.text : "nothing said yet"
  }
}

function newRow(id) {
  const row = element("li"), button = element("button"), first = element("span", "", "first")
  first.append(element("b"), element("span", "", "tag"))
  button.type = "button"
  button.append(first, element("span", "", "last"))
  button.onclick = () => choose(id)
  row.dataset.id = id
  row.append(button)
  $("chats").prepend(row)
  return row
}

function showChat(chat) {
  const mine = ["waiting", "active"].includes(chat.state)
  $("name").textContent = chat.name
  $("state").textContent = STATES[chat.state]
  $("end").hidden = !mine
  $("join").hidden = chat.state !== "waiting" || !can("joins")
  $("leave").hidden = chat.state !== "active" || !can("leaves")
  $("transfer").hidden = !can("transfers")
  $("queue").hidden = !can("queue")
  for (const figure of ["position", "wait_s"]) $(figure).hidden = !page.state.queue_figures.includes(figure)
  $("reads").hidden = !can("reads")
  $("unknown").hidden = !can("unknown")
  $("more").hidden = !mine || ![..."transfers queue reads unknown".split(" ")].some(can)
  $("facts").querySelector("dl").replaceChildren(
    ...Object.entries(chat.facts).flatMap(([name, value]) => [element("dt", name), element("dd", value || "(empty)")]))
  showLines(chat)
  const visitor = visitorOf(chat)
  $("as").hidden = !visitor && !(mine && can("notes"))
  $("as-visitor").hidden = !visitor
  $("as-note").hidden = !can("notes")
  if ($("as").hidden || (writesAs() === "visitor" && !visitor)) $("reply").elements.as.value = "agent"
  const asVisitor = writesAs() === "visitor"
  $("text").placeholder = asVisitor ? "What the visitor writes" : chat.state === "ended" ? "This chat has ended" : !mine ? "This chat is not with you" : writesAs() === "note" ? "For agents only" : "Your answer"
  $("attach").hidden = asVisitor || !can("sends-file")
  $("text").disabled = $("attach").disabled = $("reply").querySelector("[type=submit]").disabled = !mine && !asVisitor
}

function showLines(chat) {
  const list = $("lines")
  if (list.dataset.chat !== chat.id) list.replaceChildren()
  list.dataset.chat = chat.id
  const { atEnd } = page
  for (const line of chat.lines.slice(list.childElementCount)) {
    const row = element("div", "", line.author)
    if (line.author !== "system") row.append(element("span", `${AUTHORS[line.author]}, ${time(line.at)}`, "by"))
    row.append(line.text, ...(line.files ?? []).map(fileLink))
    row.dir = "auto"
    list.append(row)
  }
  if (atEnd) scrollDown()
}

function fileLink({ name, url }) {
  const safe = /^https?:/.test(new URL(url, location.href).protocol)
  return Object.assign(element(safe ? "a" : "span", name || url, "file"), safe ? { href: url, target: "_blank", rel: "noreferrer" } : {})
}

function scrollDown() {
  $("lines").scrollTop = $("lines").scrollHeight
  page.atEnd = true
}

// What opens above or below, such as a keyboard, takes room: whoever read the newest line goes on reading it. The browser
// tells of a scroll before it tells of less room, so a scroll counts only in the room it was made in.
$("lines").onscroll = ({ target }) => {
  if (target.clientHeight === page.room) page.atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 40
}
new ResizeObserver(() => {
  page.room = $("lines").clientHeight
  if (page.atEnd) scrollDown()
}).observe($("lines"))

async function showCalls() {
  const [came, went] = await Promise.all(["requests", "callbacks"].map(async name => (await (await fetch(name)).json())[name]))
  const calls = [
    ...came.map((one, n) => ({ key: `in-${n}`, at: one.at, way: "→ in", name: `${one.method} ${one.endpoint}`, path: one.path, statuses: [one.status || "cut"], texts: [one.body, one.answer] })),
    ...went.map((one, n) => ({ key: `out-${n}`, at: one.at, way: "← out", name: one.kind, path: one.url, statuses: one.attempts.map(status => status || "unreachable"), texts: [one.body] })),
  ].sort((one, other) => one.at - other.at)
  const known = new Map([...$("log").children].map(row => [row.dataset.key, row]))
  $("no-calls").hidden = calls.length > 0
  calls.forEach((one, n) => {
    const row = known.get(one.key) ?? newCall(one), there = $("log").children[n]
    if (row !== there) $("log").insertBefore(row, there ?? null) // one that is moved loses the focus, and a press on it
    showStatus(row.querySelector(".status"), one.statuses)
  })
  while ($("log").childElementCount > calls.length) $("log").lastElementChild.remove()
}

function newCall({ key, at, way, name, path, texts }) {
  const row = element("li"), more = element("details"), head = element("summary")
  head.append(element("span", time(at), "muted"), element("span", way, "way"), element("span", "", "status"), element("b", name), element("span", path, "muted path"))
  more.append(head, ...texts.filter(Boolean).map(text => element("pre", pretty(text))))
  row.dataset.key = key
  row.append(more)
  return row
}

function showStatus(field, statuses) {
  field.textContent = statuses.join(", ") || "under way"
  field.classList.toggle("bad", statuses.length > 0 && !/^2/.test(String(statuses.at(-1))))
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2) } catch { return text }
}

$("online").onclick = () => post("presence", { online: true })
$("offline").onclick = () => post("presence", { online: false })
$("end").onclick = () => act("ends")
$("join").onclick = () => act("joins")
$("leave").onclick = () => act("leaves")
$("reads").onclick = () => act("reads")
$("unknown").onclick = () => act("unknown")
$("transfer").onsubmit = event => {
  event.preventDefault()
  act("transfers", { name: event.target.elements.name.value })
}
$("queue").onsubmit = event => {
  event.preventDefault()
  const told = page.state.queue_figures.map(figure => [figure, event.target.elements[figure].valueAsNumber])
  act("queue", Object.fromEntries(told.filter(([, number]) => !Number.isNaN(number))))
}
$("attach").onclick = () => $("file").click()
$("file").onchange = async () => {
  const [file] = $("file").files
  $("file").value = ""
  const bytes = new Uint8Array(await file.arrayBuffer())
  const content = btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))
  await act("sends-file", { name: file.name, content_type: file.type || "application/octet-stream", content })
}
$("calls-open").onclick = () => choose(null, true)
document.querySelectorAll(".back").forEach(button => { button.onclick = () => choose(null) })
$("as").onchange = show
$("visitor").onclick = async () => {
  const made = await post(`visitors/visitor-${page.state.visitors.length + 1}/says`, { text: "Hello", name: `Visitor ${page.state.visitors.length + 1}` })
  if (!made) return
  $("reply").elements.as.value = "visitor"
  choose(made.chat)
}
$("text").onkeydown = event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault()
    $("reply").requestSubmit()
  }
}
$("text").oninput = () => {
  const chat = chosen(), now = Date.now()
  if (!chat || chat.state !== "active" || writesAs() !== "agent" || !can("types") || now - page.typing < TYPING_MS) return
  page.typing = now
  act("types", { on: true })
}
$("reply").onsubmit = async event => {
  event.preventDefault()
  const text = $("text").value.trim(), chat = chosen()
  if (!text || !chat) return
  page.typing = 0
  const asVisitor = visitorOf(chat) && writesAs() === "visitor"
  const said = asVisitor ? post(`visitors/${encodeURIComponent(visitorOf(chat).id)}/says`, { text }) : act(writesAs() === "note" ? "notes" : "says", { text })
  if (await said) {
    if ($("text").value.trim() === text) $("text").value = "" // else it is the next message already
    drafts.delete(chat.id)
  }
  $("text").focus()
}

async function follow() {
  for (;;) {
    try {
      const answer = await fetch(`state${page.state ? `?after=${page.state.version}` : ""}`)
      page.state = await answer.json()
      $("lost").hidden = true
      show()
      if (page.calls) await showCalls()
    } catch {
      $("lost").hidden = false
      if (page.state) page.state.version = -1
      await new Promise(later => setTimeout(later, RETRY_MS))
    }
  }
}
follow()
