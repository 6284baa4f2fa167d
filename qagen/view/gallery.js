const data = JSON.parse(at("data").textContent);
const encoded = JSON.parse(at("images").textContent);
const { samples, reels } = data, words = Object.fromEntries(data.words);
const KEYS = Object.keys(words), CARDS_OF_SHELF = 8, LEAST_OF_SHELF = 3, CARDS_AT_ONCE = 60, MOST_ENLARGED = 1.6;
const title = document.title;
const state = { view: "overview", id: "", q: "", ...Object.fromEntries(KEYS.map(key => [key, ""])) };
let shown = samples, filtered = null, drawn = null, stage = null, isOpen = true;

const byId = new Map();
for (const [number, sample] of samples.entries()) {
  sample.number = number;
  let id = sample.id;
  for (let n = 2; byId.has(id); n++) id = `${sample.id}~${n}`;
  byId.set(sample.key = id, sample);
}

// An image is decoded from the page once, and then shared by all that show it.
const urls = [];
function urlOf(number) {
  if (!urls[number]) {
    const [head, body] = encoded[number].split(",");
    const bytes = Uint8Array.from(atob(body), character => character.charCodeAt(0));
    urls[number] = URL.createObjectURL(new Blob([bytes], { type: head.slice(5, -7) }));
  }
  return urls[number];
}

const reelOf = sample => reels[sample.reel] || [];
const imageOf = (sample, index) => {
  const [number, name] = reelOf(sample)[index], [width, height] = data.sizes[number];
  return { source: () => urlOf(number), width, height, name, shapes: (sample.marks || {})[index], isMarked: namedFrames(sample).has(name) };
};
const turnOf = (sample, speaker) => (sample.turns || []).filter(turn => turn[0] === speaker).map(turn => turn[1]).join("\n");

// Frames of a video that its question names, other than to say how frames are counted.
function namedFrames(sample) {
  if (!sample.video || sample.marks) return new Set();
  const text = turnOf(sample, "human").replace(/[^.?!\n]*\b(start|begin|count|number)[^.?!\n]*Frame-0[^.?!\n]*/gi, "");
  return new Set(text.match(/Frame-\d+/g));
}

// --- filters ---

let haystacks = null;
function haystackOf({ number }) {
  haystacks ||= samples.map(({ key, id, turns = [], evidence = [] }) => [key, id, ...turns.map(turn => turn[1]), ...evidence].join("\n").toLowerCase());
  return haystacks[number];
}

const filters = () => [state.q, ...KEYS.map(key => state[key])].join("\n");

function applyFilters() {
  if (filters() === filtered) return;
  filtered = filters();
  const wanted = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = wanted.length ? samples.filter(sample => wanted.every(word => haystackOf(sample).includes(word))) : samples;
  const fits = (sample, but) => KEYS.every(key => key === but || !state[key] || sample[key] === state[key]);
  shown = found.filter(sample => fits(sample));
  for (const key of KEYS) fillMenu(key, found.filter(sample => fits(sample, key)));
  at("clear").hidden = !state.q && KEYS.every(key => !state[key]);
  if (at("q").value.trim() !== state.q) at("q").value = state.q;
}

// What there is to choose, with the number of samples under the other filters.
const valuesOf = Object.fromEntries(KEYS.map(key => [key, [...new Set(samples.map(sample => sample[key]))].sort()]));
function fillMenu(key, some) {
  const menu = at(key), counts = new Map();
  for (const sample of some) counts.set(sample[key], (counts.get(sample[key]) || 0) + 1);
  menu.hidden = valuesOf[key].filter(Boolean).length < 2;
  const options = valuesOf[key].map(value => make("option", { value }, `${value || "none"} (${counts.get(value) || 0})`));
  menu.replaceChildren(make("option", { value: "" }, `all ${words[key]}s`), ...options);
  menu.value = state[key];
}

// --- overview ---

function card(sample, isNamed) {
  const reel = reelOf(sample), marked = Object.keys(sample.marks || {}).map(Number);
  const index = marked.length ? marked[0] : sample.video ? 11 * sample.number % reel.length : 0;
  const parts = [];
  if (reel.length) {
    const thumb = picture(imageOf(sample, index), { ratio: 4 / 3 });
    const badge = sample.video ? `video, ${reel.length} frames` : reel.length > 1 ? `${reel.length} images` : "";
    if (badge) thumb.append(make("span", { class: "badge" }, badge));
    parts.push(thumb);
  }
  if (isNamed) parts.push(make("span", { class: "small" }, sample.type));
  parts.push(make("span", { class: "ask" }, turnOf(sample, "human").split("\n")[0] || sample.key), make("span", { class: "say" }, turnOf(sample, "gpt")));
  return make("button", { type: "button", class: "thumb", onclick: () => open(sample) }, ...parts);
}

// Some of a list, evenly spread over it.
const spread = (list, most) => list.length <= most ? list : range(most).map(n => list[Math.floor(n * list.length / most)]);

function shelf(type, some) {
  const formats = new Map();
  for (const sample of some) formats.set(sample.format, (formats.get(sample.format) || 0) + 1);
  const told = [...formats].map(([name, count]) => `${name} ${count.toLocaleString("en")}`).join(" · ");
  return make("section", { class: "shelf" }, make("header", {}, make("h2", {}, type || "none"), make("span", { class: "small" }, told),
    make("button", { type: "button", class: "quiet", onclick: () => go({ type }) }, `All ${some.length.toLocaleString("en")} →`)),
    make("div", { class: "cards" }, ...spread(some, CARDS_OF_SHELF).map(sample => card(sample, false))));
}

let cards = 0, flat = null;
const sentinel = make("div");
const watcher = new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) addCards(); }, { rootMargin: "1200px" });
watcher.observe(sentinel);
function addCards() {
  if (!flat) return;
  flat.append(...shown.slice(cards, cards + CARDS_AT_ONCE).map(sample => card(sample, !state.type)));
  cards += CARDS_AT_ONCE;
  sentinel.hidden = cards >= shown.length;
  watcher.unobserve(sentinel);  // so that it is told again where the end is still in view
  watcher.observe(sentinel);
}

function drawOverview() {
  if (filtered === drawn) return;
  drawn = filtered;
  const byType = new Map(shown.map(sample => [sample.type, []]));
  for (const sample of shown) byType.get(sample.type).push(sample);
  const scenes = new Set(shown.map(sample => sample.scene)).size;
  const all = shown.length === samples.length ? "" : ` of ${samples.length.toLocaleString("en")}`;
  at("count").textContent = shown.length
    ? `${shown.length.toLocaleString("en")}${all} samples · ${byType.size} type${byType.size > 1 ? "s" : ""} · ${scenes} scene${scenes > 1 ? "s" : ""}`
    : samples.length ? "No sample fits these filters." : "None.";
  flat = byType.size === 1 || shown.length < LEAST_OF_SHELF * byType.size ? make("div", { class: "cards" }) : null;
  cards = 0;
  at("shelves").replaceChildren(...(flat ? [flat, sentinel] : [...byType].map(([type, some]) => shelf(type, some))));
  addCards();
}

// --- one sample ---

function drawSample(sample) {
  const reel = reelOf(sample);
  stage = new Stage(range(reel.length).map(index => imageOf(sample, index)), sample.video, MOST_ENLARGED);
  const first = make("div", { class: "card stack first" });
  for (const [speaker, text] of sample.turns || []) {
    first.append(speaker === "human" ? make("p", { class: "text question" }, ...withDots(text)) : make("p", { class: "text answer" }, text));
  }
  const chips = KEYS.filter(key => sample[key] && (valuesOf[key].length > 1 || key !== "split")).map(key =>
    make("button", { type: "button", title: `only this ${words[key]}`, onclick: () => go({ view: "overview", [key]: sample[key] }) }, sample[key]));
  const facts = make("div", { class: "card stack" }, make("div", { class: "chips" }, ...chips, make("span", {}, sample.id)));
  if (sample.checks) first.append(checksTable(sample));
  const map = floorMap(sample, reel, namedFrames(sample));
  if (map) facts.append(make("div", { class: "map" }, map));
  for (const [word, lines] of [["Evidence", sample.evidence], ["Steps", sample.steps]]) {
    if (!lines) continue;
    const part = make("details", { open: isOpen }, make("summary", {}, word),
      make("ul", { class: "notes small" }, ...lines.map(text => make("li", {}, text))));
    part.ontoggle = () => { isOpen = part.open; };
    facts.append(part);
  }
  document.title = `${sample.type} ${sample.key} · ${title}`;
  at("shown").classList.toggle("bare-text", !reel.length);
  at("shown").replaceChildren(...(reel.length ? [stage.node] : []), make("div", { class: "told" }, first, facts));
  stage.fit();
  const position = shown.indexOf(sample);
  at("place").textContent = position < 0 ? "not among the filtered" : `${(position + 1).toLocaleString("en")} of ${shown.length.toLocaleString("en")}`;
}

function checksTable(sample) {
  const rows = sample.checks.map(([what, stated, found, verdict]) =>
    make("tr", { class: verdict }, make("td", {}, what), make("td", {}, stated), make("td", {}, found), make("td", {}, verdict)));
  const head = make("tr", {}, ...["quantity", "stated", "recomputed", ""].map(word => make("th", {}, word)));
  return make("div", { class: "checks small" }, make("p", {}, sample.where), make("table", {}, head, ...rows));
}

// --- where one is ---

function hashOf(next) {
  const kept = Object.entries(next).filter(([key, value]) => value && !(key === "view" && value !== "statistics"));
  return kept.length ? `#${new URLSearchParams(kept)}` : "#";
}

let scrolled = 0;
function go(change, isStep = false) {
  const next = { ...state, id: "", view: "overview", ...change };
  history[isStep ? "replaceState" : "pushState"](null, "", hashOf(next));
  update();
}
const open = (sample, isStep) => go({ id: sample.key }, isStep);

function update() {
  const told = new URLSearchParams(location.hash.slice(1));
  const before = state.view;
  for (const key of ["id", "q", ...KEYS]) state[key] = told.get(key) || "";
  for (const key of KEYS) if (!valuesOf[key].includes(state[key])) state[key] = "";
  const sample = byId.get(state.id);
  state.view = sample ? "sample" : told.get("view") === "statistics" && at("statistics") ? "statistics" : "overview";
  if (before === "overview" && state.view !== "overview") scrolled = scrollY;
  applyFilters();
  for (const name of ["overview", "sample", "statistics"]) if (at(name)) at(name).hidden = name !== state.view;
  for (const name of ["overview", "statistics"]) if (at(`to-${name}`)) at(`to-${name}`).setAttribute("aria-selected", name === state.view);
  document.body.className = `is-${state.view}${document.body.classList.contains("bare") ? " bare" : ""}`;
  const isSame = before === state.view;
  if (state.view === "overview") {
    const isNew = drawn !== null && filtered !== drawn;
    drawOverview();
    scrollTo(0, isNew || isSame ? 0 : scrolled);
  } else {
    scrollTo(0, 0);
  }
  document.title = title;
  if (state.view === "sample") drawSample(sample);
  if (state.view === "sample" && !isSame) at("shown").focus({ preventScroll: true });
}

function step(by) {
  if (state.view === "statistics" || !shown.length) return;
  const position = shown.indexOf(byId.get(state.id));
  const next = state.view === "overview" ? (by > 0 ? 0 : shown.length - 1) : (position + by + shown.length) % shown.length;
  open(shown[next], state.view === "sample");
}

function toggleMarks() {
  const isBare = document.body.classList.toggle("bare");
  at("zoom").classList.toggle("bare", isBare);
  at("marks").setAttribute("aria-pressed", !isBare);
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    const box = make("textarea", {}, location.href);
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  say("Link copied");
}

let waiting = 0;
at("q").oninput = () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => go({ q: at("q").value.trim() }, true), 120);
};
for (const key of KEYS) at(key).onchange = () => go({ [key]: at(key).value }, true);
at("filters").onreset = () => go({ q: "", ...Object.fromEntries(KEYS.map(key => [key, ""])) });
at("filters").onsubmit = event => event.preventDefault();
at("q").onkeydown = event => { if (["Escape", "Enter"].includes(event.key)) at("q").blur(); };
at("back").onclick = at("to-overview").onclick = () => go({});
if (at("to-statistics")) at("to-statistics").onclick = () => go({ view: "statistics" });
at("previous").onclick = () => step(-1);
at("next").onclick = () => step(1);
at("marks").onclick = toggleMarks;
at("link").onclick = copyLink;
addEventListener("popstate", update);
new ResizeObserver(() => { if (stage && state.view === "sample") stage.fit(); }).observe(document.querySelector("main"));
const sideways = by => at("zoom").open ? enlargeNext(by) : step(by);
bindKeys({
  ArrowRight: () => sideways(1), ArrowLeft: () => sideways(-1), j: () => step(1), k: () => step(-1),
  m: toggleMarks,
  g: () => go({}),
  "/": () => { at("q").focus(); at("q").select(); },
  Escape: () => { if (state.view !== "overview") go({}); },
  e: () => { isOpen = !isOpen; document.querySelectorAll("#shown details").forEach(part => { part.open = isOpen; }); },
});
history.scrollRestoration = "manual";
update();
