const at = id => document.getElementById(id);
const fill = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node[name] = value;
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
};
const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const makeSvg = (tag, attributes = {}, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
const range = n => [...Array(n).keys()];

const memory = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* private mode: nothing is kept */ } },
};

function say(text) {
  at("said").textContent = text;
  at("said").classList.add("on");
  setTimeout(() => at("said").classList.remove("on"), 1600);
}

at("theme").onclick = () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  memory.set("qagen-theme", root.dataset.theme);
};

// The keys and what they do, except while somebody types. A menu keeps the keys that choose in it.
function bindKeys(actions) {
  document.addEventListener("keydown", event => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !actions[key]) return;
    if (target.matches("textarea, input:not([type=checkbox]):not([readonly])")) return;
    if (target.matches("select") && ["ArrowUp", "ArrowDown", " ", "Enter"].includes(key)) return;
    if (target.matches("button, summary, a, input") && [" ", "Enter"].includes(key)) return;
    if (at("zoom").open && !["ArrowLeft", "ArrowRight", "m"].includes(key)) return;
    actions[key](event);
    event.preventDefault();
  });
}

// --- images: { source(), width, height, name, shapes } ---

function drawShape([kind, color, ...rest]) {
  if (kind === "disc") return [makeSvg("circle", { cx: rest[0], cy: rest[1], r: rest[2], fill: color })];
  if (kind === "region") return [makeSvg("path", { d: rest[0], fill: color, "fill-opacity": 0.35, "fill-rule": "evenodd", stroke: color, "stroke-width": rest[1] })];
  const [x, y, width, height] = rest;
  if (kind === "plate") {
    const [size, ink, text] = rest.slice(4), pad = Math.round(size / 4);
    return [makeSvg("rect", { x, y, width, height, fill: color }),
      makeSvg("text", { x: x + pad, y: y + height / 2, "font-size": size, fill: ink, "dominant-baseline": "central",
        textLength: Math.max(1, width - 2 * pad), lengthAdjust: "spacingAndGlyphs" }, text)];
  }
  const stroke = rest[4], half = stroke / 2;
  if (!stroke) return [makeSvg("rect", { x, y, width, height, fill: color })];
  return [makeSvg("rect", { x: x + half, y: y + half, width: width - stroke, height: height - stroke, fill: "none", stroke: color, "stroke-width": stroke })];
}

function picture(image, { tag = "div", ratio = image.width / image.height, ...attributes } = {}) {
  const layers = [make("img", { src: image.source(), alt: image.name, decoding: "sync", draggable: false })];
  if (image.shapes) layers.push(makeSvg("svg", { viewBox: `0 0 ${image.width} ${image.height}`, preserveAspectRatio: "xMidYMid slice",
    class: "marks", role: "img", "aria-label": "marks" }, ...image.shapes.flatMap(drawShape)));
  return make(tag, { class: "picture", style: `aspect-ratio: ${ratio}`, ...attributes }, ...layers);
}

function figure(images, index, isNamed) {
  const image = images[index];
  const caption = isNamed ? [make("figcaption", {}, image.name)] : [];
  return make("figure", { class: image.shapes || image.isMarked ? "marked" : "" },
    picture(image, { tag: "button", type: "button", "aria-label": `${image.name}: enlarge`, onclick: () => enlarge(images, index) }), ...caption);
}

// Columns in which images of one shape are largest, or nearly so and in fewer rows, and their width.
function bestTile(count, ratio, width, height, caption, gap = 10) {
  return range(count).map(n => n + 1).map(columns => {
    const rows = Math.ceil(count / columns);
    const high = (height - (rows - 1) * gap) / rows - caption;
    return { columns, tile: Math.floor(Math.min((width - (columns - 1) * gap) / columns, high * ratio)) };
  }).reduce((best, one) => one.tile > 0.9 * best.tile ? one : best);
}

// The images of a sample: the large ones as large as they fit, and the frames of a video as a strip, or, where none of
// them is to be looked at first, as a field.
class Stage {
  constructor(images, isVideo, most) {
    this.images = images;
    this.most = most;
    const every = range(images.length);
    this.shown = isVideo ? every.filter(index => images[index].shapes || images[index].isMarked) : every;
    this.large = make("div", { class: "large" }, ...this.shown.map(index => figure(images, index, images.length > 1)));
    const frames = isVideo ? every.map(index => figure(images, index, true)) : [];
    this.strip = make("div", { class: this.shown.length ? "strip" : "large field", role: "group", "aria-label": "frames" }, ...frames);
    this.node = make("div", { class: "stage" }, ...(this.shown.length ? [this.large] : []), ...(isVideo ? [this.strip] : []));
  }

  fit() {
    if (!this.images.length || !this.node.clientWidth) return;
    const isNarrow = matchMedia("(max-width: 760px)").matches, hasStrip = this.shown.length && this.strip.children.length;
    const place = this.shown.length ? this.large : this.strip, some = this.shown.length ? this.shown : range(this.images.length);
    const sizes = some.map(index => this.images[index]);
    const height = Math.max(320, innerHeight - this.node.getBoundingClientRect().top - scrollY - 20 - (hasStrip ? 122 : 0));
    const best = isNarrow ? { columns: this.shown.length ? 1 : 3 }
      : bestTile(some.length, Math.min(...sizes.map(one => one.width / one.height)), this.node.clientWidth, height, this.images.length > 1 ? 18 : 0);
    best.tile ||= Math.floor((this.node.clientWidth - 10 * (best.columns - 1)) / best.columns);
    place.style.setProperty("--columns", best.columns);
    place.style.setProperty("--tile", `${Math.min(best.tile, Math.round(Math.max(...sizes.map(one => one.width)) * this.most))}px`);
    const first = hasStrip && this.strip.children[this.shown[0]];
    if (first) this.strip.scrollLeft = first.offsetLeft - this.strip.offsetLeft - 8;
  }
}

// --- one image over everything ---

let enlarged = null;

function enlarge(images, index) {
  enlarged = { images, index };
  const image = images[index], ratio = image.width / image.height;
  const width = Math.min(innerWidth - 24, (innerHeight - 52) * ratio);
  const frame = picture(image, { tag: "button", type: "button", "aria-label": `${image.name}: close`, onclick: () => at("zoom").close() });
  const box = make("figure", {}, frame, make("figcaption", {}, images.length > 1 ? `${image.name} · ${index + 1} of ${images.length}` : image.name));
  box.style.width = `${Math.floor(width)}px`;
  at("zoom").replaceChildren(box);
  at("zoom").classList.toggle("bare", document.body.classList.contains("bare"));
  if (!at("zoom").open) at("zoom").showModal();
}

function enlargeNext(by) {
  const { images, index } = enlarged;
  enlarge(images, (index + by + images.length) % images.length);
}
at("zoom").onclick = event => { if (event.target === at("zoom")) at("zoom").close(); };

// --- text ---



// Text with a dot before each mark that it names.
function withDots(text) {
  return text.split(/(\(?\b(?:red|blue|green|yellow|magenta|cyan|orange) (?:point|bounding box|box|bbox|mask)\b\)?)/i).map((part, index) => {
    if (index % 2 === 0) return part;
    const [color] = part.toLowerCase().match(/[a-z]+/), [open, name] = part.startsWith("(") ? ["(", part.slice(1)] : ["", part];
    return make("span", { class: "dot" }, open, make("i", { class: /box/i.test(part) ? "box" : "", style: `--dot: ${colors[color]}` }), name);
  });
}
