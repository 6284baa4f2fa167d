// The floor from above, x to the right and y up: objects that the run's evidence names, the cameras of a sample whose
// pose they tell, and rays from the cameras to what they see.

function floorMap(sample, reel, named) {
  const plan = sample.map && data.plans[sample.map.plan];
  if (!plan) return null;
  const cameras = reel.map(([, name, frame], index) => ({ index, name, at: plan.cameras[frame] })).filter(one => one.at);
  const asked = (sample.map.objects || []).map(([id, color, image]) => ({ id, image, color: colors[color], box: plan.objects[id] })).filter(one => one.box);
  const meant = new Set([...asked.map(one => one.id), ...(sample.map.ids || [])]);
  const also = [...meant].filter(id => plan.objects[id] && !asked.some(one => one.id === id)).map(id => ({ id, box: plan.objects[id] }));
  const path = sample.map.path || [];
  const spots = [...asked.map(one => one.box.slice(1, 3)), ...also.map(one => one.box.slice(1, 3)), ...cameras.map(one => one.at), ...path];
  if (spots.length < 2) return null;
  const every = Object.values(plan.objects);
  const [xs, ys] = [0, 1].map(axis => [...spots, ...[...asked, ...also].flatMap(one => footprint(one.box))].map(spot => spot[axis]));
  let [left, low, right, high] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const places = every.map(box => box.slice(1, 3)), [wide, deep] = [0, 1].map(axis => places.map(place => place[axis]));
  const whole = Math.max(Math.max(...wide) - Math.min(...wide), Math.max(...deep) - Math.min(...deep), 1e-6);
  const margin = Math.max(0.15 * Math.max(right - left, high - low), 0.12 * whole);
  [left, low, right, high] = [left - margin, low - margin, right + margin, high + margin];
  const unit = Math.max(right - left, high - low) / 340;
  const across = (right - left) / unit, down = Math.max((high - low) / unit, 150);
  const put = ([x, y]) => [(x - left) / unit, down / 2 - (y - (low + high) / 2) / unit];
  const points = spots => spots.map(put).map(spot => spot.map(value => value.toFixed(1)).join(",")).join(" ");
  const isIn = ([, x, y]) => x > left - 9 * margin && x < right + 9 * margin && y > low - 9 * margin && y < high + 9 * margin;

  const layers = every.filter(isIn).map(box => makeSvg("polygon", { points: points(footprint(box)), class: "other" }, makeSvg("title", {}, box[0])));
  const withWedge = sample.video ? cameras.filter(one => named.has(one.name) || asked.some(other => other.image === one.index)) : cameras;
  if (sample.video && cameras.length > 1) layers.push(makeSvg("polyline", { points: points(cameras.map(one => one.at)), class: "walk" }));
  if (path.length) layers.push(makeSvg("polyline", { points: points(path), class: "walk strong" }));
  for (const one of withWedge) layers.push(...wedge(one, plan, put, sample.video));
  for (const { box } of also) layers.push(makeSvg("polygon", { points: points(footprint(box)), class: "also" }, makeSvg("title", {}, box[0])));
  for (const { box, color } of asked) {
    layers.push(makeSvg("polygon", { points: points(footprint(box)), class: "own", style: inColor(color) }));
  }
  for (const { box, color, image } of asked) {
    const camera = cameras.find(one => one.index === image);
    if (camera) layers.push(line(put(camera.at), put(box.slice(1, 3)), "own ray", inColor(color)));
  }
  if (sample.map.between) for (const one of asked.slice(1)) layers.push(line(put(asked[0].box.slice(1, 3)), put(one.box.slice(1, 3)), "between"));
  const names = [...new Map([...asked, ...also].map(one => [one.id, one.box])).values()];
  const taken = [];
  for (const box of names) {
    let [x, y] = put(box.slice(1, 3));
    const reach = Math.min(3.2 * box[0].length, across / 2);
    x = Math.min(Math.max(x, reach + 2), across - reach - 2);
    while (taken.some(other => Math.abs(other.x - x) < other.reach + reach && Math.abs(other.y - y) < 13)) y += 13;
    taken.push({ x, y, reach });
    layers.push(makeSvg("text", { x, y: y + 4, "text-anchor": "middle" }, box[0]));
  }
  if (plan.unit === "m") layers.push(...scaleBar(unit, down));
  const said = `map from above: ${names.map(box => box[0]).join(", ")}; ${cameras.length} camera${cameras.length === 1 ? "" : "s"}`;
  return makeSvg("svg", { viewBox: `0 0 ${across.toFixed(0)} ${down.toFixed(0)}`, role: "img", "aria-label": said }, ...layers);
}

// Corners of a box (label, x, y, width, length, yaw in degrees) on the floor.
function footprint([, x, y, width, length, yaw]) {
  const [c, s] = [Math.cos(yaw * Math.PI / 180), Math.sin(yaw * Math.PI / 180)];
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([a, b]) => [x + (a * width * c - b * length * s) / 2, y + (a * width * s + b * length * c) / 2]);
}

const inColor = color => `--color: ${color || "currentColor"}`;
const line = ([x1, y1], [x2, y2], kind, style) => makeSvg("line", { x1, y1, x2, y2, class: kind, style });

// Where a camera stood, what it saw of the plane, or only its heading where the field of view is not known.
function wedge({ at, index, name }, plan, put, isVideo) {
  const [x, y] = put(at), half = (plan.view_deg || 0) / 2;
  const ends = [-half, half].map(turn => (at[2] + turn) * Math.PI / 180).map(turn => `${x + 38 * Math.cos(turn)},${y - 38 * Math.sin(turn)}`);
  return [makeSvg("polygon", { points: [`${x},${y}`, ...ends].join(" "), class: "wedge" }),
    makeSvg("circle", { cx: x, cy: y, r: 8, class: "camera" }, makeSvg("title", {}, name)),
    makeSvg("text", { x, y: y + 3.5, "text-anchor": "middle", class: "number" }, isVideo ? index : index + 1)];
}

function scaleBar(unit, down) {
  const meters = [0.1, 0.2, 0.5, 1, 2, 5, 10].find(length => length / unit >= 34) || 20;
  return [makeSvg("path", { d: `M8 ${down - 8} h${meters / unit}`, stroke: "currentColor", "stroke-width": 2 }),
    makeSvg("text", { x: 12 + meters / unit, y: down - 4 }, `${meters} m`)];
}
