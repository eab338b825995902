"use strict";
// The page that step_through.py makes: its steps are data, written there; what stands here shows them one at a time.

const { nodes, arrows, steps } = JSON.parse(document.getElementById("steps").textContent);
const part = id => document.getElementById(id);
const pane = part("picture"), svg = pane.querySelector("svg");
const MILLISECONDS = 1200;

// --- the picture's elements ------------------------------------------------------------------------------------------

const boxes = nodes.map(() => []); // of each node: a leaf may be drawn once per use
for (const box of svg.querySelectorAll("g.node:not(.constant)")) boxes[box.dataset.node].push(box);
const edges = [...svg.querySelectorAll("g.edge")];
const written = svg.querySelectorAll("g.derivative")[Symbol.iterator](); // the texts on those arrows that have one
const derivatives = arrows.map(arrow => arrow.text ? written.next().value : null);

const knownAt = nodes.map(() => 0), sweptAt = nodes.map(() => 0);
steps.forEach((step, k) => {
  if (step.phase === "forward") knownAt[step.node] = k;
  if (step.phase === "backward") sweptAt[step.node] = k;
});
const forwardSteps = steps.filter(step => step.phase === "forward").length;

// --- what is shown ---------------------------------------------------------------------------------------------------

let at = 0, pinned = -1, hovered = -1, focused = nodes.length - 1, timer = null;

function mark(elements, name, on) {
  for (const element of elements) if (element) element.classList.toggle(name, on);
}

function placeText(step) {
  if (step.phase === "start") return "start";
  const done = step.phase === "forward" ? at : at - forwardSteps;
  const all = step.phase === "forward" ? forwardSteps : nodes.length;
  return `${step.phase} ${done} of ${all}`;
}

function show(k) {
  at = Math.min(Math.max(k, 0), steps.length - 1);
  const step = steps[at], used = new Set(step.used), carrying = new Set(step.arrows);
  nodes.forEach((node, n) => {
    const known = knownAt[n] <= at, swept = sweptAt[n] <= at;
    mark(boxes[n], "known", known);
    mark(boxes[n], "swept", swept);
    mark(boxes[n], "now", n === step.node);
    mark(boxes[n], "used", used.has(n) && n !== step.node);
    const spoken = `${node.made}, ${known ? `value ${node.value}` : "no value yet"}, ` +
      (swept ? `derivative ${node.total}` : "no derivative yet");
    for (const box of boxes[n]) {
      box.setAttribute("aria-label", spoken);
      if (n === step.node) box.setAttribute("aria-current", "step"); else box.removeAttribute("aria-current");
    }
  });
  edges.forEach((edge, k) => {
    mark([edge, derivatives[k]], "now", carrying.has(k));
    mark([derivatives[k]], "known", knownAt[arrows[k].target] <= at);
  });
  part("rule").textContent = step.text;
  part("place").textContent = placeText(step);
  part("heard").textContent = `Step ${at} of ${steps.length - 1}. ${step.spoken}`;
  part("slider").value = at;
  part("slider").setAttribute("aria-valuetext", placeText(step));
  part("back").disabled = part("first").disabled = at === 0;
  part("forward").disabled = part("last").disabled = at === steps.length - 1;
  if (step.node >= 0) reveal(step.node);
  look();
}

function reveal(n) { // scrolls the pane alone, never the page around it
  const box = boxes[n][0].getBoundingClientRect(), frame = pane.getBoundingClientRect(), room = 30;
  if (box.left < frame.left + room) pane.scrollLeft -= frame.left + room - box.left;
  if (box.right > frame.right - room) pane.scrollLeft += box.right - frame.right + room;
  if (box.top < frame.top + room) pane.scrollTop -= frame.top + room - box.top;
  if (box.bottom > frame.bottom - room) pane.scrollTop += box.bottom - frame.bottom + room;
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text; // never HTML: labels are anybody's text
  return made;
}

function row(tag, cells) {
  const made = document.createElement("tr");
  made.append(...cells.map(cell => element(tag, cell)));
  return made;
}

function look() { // the contributions to the node that is pinned, else hovered, else computed in this step
  const looked = pinned >= 0 ? pinned : hovered, n = looked >= 0 ? looked : steps[at].node;
  const terms = looked >= 0 ? nodes[looked].terms : [], carrying = new Set(terms.map(term => term.arrow));
  nodes.forEach((_, m) => {
    mark(boxes[m], "looked", m === looked);
    for (const box of boxes[m]) box.setAttribute("aria-pressed", String(m === pinned));
  });
  edges.forEach((edge, k) => mark([edge], "looked", carrying.has(k)));
  const details = part("details");
  details.replaceChildren();
  if (n < 0) return;
  const node = nodes[n], coming = sweptAt[n] > at;
  const when = (pinned >= 0 ? " (pinned)" : "") + (coming ? " (still to come)" : "");
  details.append(element("h2", `Contributions to ${node.name}${when}`));
  details.append(element("p", knownAt[n] <= at ? `${node.made} = ${node.value}` : node.made));
  if (looked < 0 && coming) {
    details.append(element("p", `S(${node.name}) comes with the backward sweep`));
  } else if (node.terms.length) {
    const table = document.createElement("table");
    table.append(row("th", ["user", "S(user)", "z", "S(user)·z"]));
    for (const term of node.terms) table.append(row("td", [nodes[term.user].name, term.s, term.z, term.product]));
    details.append(table, element("p", `S(${node.name}) = ${node.total}`));
  } else {
    details.append(element("p", `S(${node.name}) = ${node.total}: ${node.rule}`));
  }
}

function pin(n) {
  pinned = pinned === n ? -1 : n;
  look();
}

// --- playing ---------------------------------------------------------------------------------------------------------

function stop() {
  clearInterval(timer);
  timer = null;
  part("play").textContent = "Play";
}

function play() {
  if (timer !== null) return stop();
  if (at === steps.length - 1) show(0);
  part("play").textContent = "Pause";
  const tick = () => {
    show(at + 1);
    if (at === steps.length - 1) stop();
  };
  timer = setInterval(tick, MILLISECONDS / Number(part("speed").value));
}

function go(k) {
  stop();
  show(k);
}

// --- the controls ----------------------------------------------------------------------------------------------------

part("play").addEventListener("click", play);
part("first").addEventListener("click", () => go(0));
part("back").addEventListener("click", () => go(at - 1));
part("forward").addEventListener("click", () => go(at + 1));
part("last").addEventListener("click", () => go(steps.length - 1));
part("slider").addEventListener("input", event => go(Number(event.target.value)));
part("speed").addEventListener("change", () => { if (timer !== null) { stop(); play(); } });

let found = [], shownFound = -1;
function search() {
  const text = part("search").value.trim().toLowerCase();
  found = text ? nodes.map((_, n) => n).filter(n => nodes[n].name.toLowerCase().includes(text)) : [];
  shownFound = -1;
  nodes.forEach((_, n) => mark(boxes[n], "found", found.includes(n)));
  part("found").textContent = text ? `${found.length} found` : "";
}
part("search").addEventListener("input", search);
part("search").addEventListener("keydown", event => {
  if (event.key !== "Enter" || !found.length) return;
  shownFound = (shownFound + (event.shiftKey ? -1 + found.length : 1)) % found.length;
  pinned = found[shownFound];
  part("found").textContent = `${shownFound + 1} of ${found.length}: ${nodes[pinned].made}`;
  reveal(pinned);
  look();
});

function nodeOf(event) {
  const box = event.target.closest && event.target.closest("g.node:not(.constant)");
  return box ? Number(box.dataset.node) : -1;
}

function focusOn(n) {
  boxes[focused][0].setAttribute("tabindex", "-1");
  focused = n;
  boxes[n][0].setAttribute("tabindex", "0");
}

svg.addEventListener("pointerover", event => { hovered = nodeOf(event); look(); });
svg.addEventListener("pointerleave", () => { hovered = -1; look(); });
svg.addEventListener("click", event => { const n = nodeOf(event); if (n >= 0) { focusOn(n); pin(n); } });
svg.addEventListener("focusin", event => { hovered = nodeOf(event); look(); });
svg.addEventListener("focusout", () => { hovered = -1; look(); });
svg.addEventListener("keydown", event => {
  const n = nodeOf(event), move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (n < 0) return;
  if (move && boxes[n + move]) {
    focusOn(n + move);
    reveal(n + move);
    boxes[n + move][0].focus({ preventScroll: true });
  } else if (event.key === "Enter" || event.key === " ") pin(n);
  else if (!move) return;
  event.preventDefault();
  event.stopPropagation();
});

const KEYS = {
  " ": play, "ArrowRight": () => go(at + 1), "ArrowLeft": () => go(at - 1),
  "Home": () => go(0), "End": () => go(steps.length - 1),
  "/": () => part("search").focus(), "Escape": () => { pinned = -1; look(); },
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in KEYS)) return;
  const own = event.target.closest("button, select, input"); // what these keys do there stays
  if (own && event.key !== "Escape" && !(own.tagName === "BUTTON" && event.key !== " ")) return;
  event.preventDefault();
  KEYS[event.key]();
});

// --- the beginning: what needs a script appears with it -----------------------------------------------------------------

svg.classList.add("live");
const width = svg.width.baseVal.value; // a picture somewhat too wide is scaled, one much too wide is scrolled
svg.style.width = `clamp(${Math.round(0.65 * width)}px, 100%, ${width}px)`;
svg.style.height = "auto";
for (const [name, value] of [["markerUnits", "userSpaceOnUse"], ["markerWidth", 8], ["markerHeight", 8]]) {
  svg.querySelector("marker").setAttribute(name, value); // a thick arrow's tip must not cover its text
}
svg.setAttribute("role", "group");
boxes.forEach((copies, n) => copies.forEach((box, copy) => {
  box.setAttribute("role", "button");
  if (!copy) box.setAttribute("tabindex", n === focused ? "0" : "-1");
}));
part("slider").max = steps.length - 1;
for (const hidden of document.querySelectorAll("[data-live]")) hidden.hidden = false;
show(0);
