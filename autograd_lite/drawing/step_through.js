"use strict";
// The page that step_through.py makes: its steps are data, written there; what stands here shows them one at a time.

const { nodes, steps, views } = JSON.parse(document.getElementById("steps").textContent);
const part = id => document.getElementById(id);
const pane = part("picture");
const MILLISECONDS = 1200;

// --- the pictures' elements --------------------------------------------------------------------------------------------

pane.querySelectorAll(".view").forEach((frame, k) => {
  const view = views[k];
  view.frame = frame;
  view.svg = frame.querySelector("svg");
  view.drawn = [...view.svg.querySelectorAll("g.node:not(.constant)")];
  view.nodesOf = new Map(view.drawn.map((box, b) => [box, view.boxes[b]]));
  view.groupOf = new Map(view.drawn.map((box, b) => [box, view.groups[b]]));
  view.of = nodes.map(() => []); // the boxes of each node: a leaf may be drawn once per use, and a group has many nodes
  view.drawn.forEach((box, b) => view.boxes[b].forEach(n => view.of[n].push(box)));
  view.edges = [...view.svg.querySelectorAll("g.edge")];
  const written = view.svg.querySelectorAll("g.derivative")[Symbol.iterator](); // the texts on those arrows that have one
  view.derivatives = view.texts.map(text => text ? written.next().value : null);
});
let view = views[0];

const knownAt = nodes.map(() => 0), sweptAt = nodes.map(() => 0);
steps.forEach((step, k) => {
  if (step.phase === "forward") knownAt[step.node] = k;
  if (step.phase === "backward") sweptAt[step.node] = k;
});
const forwardSteps = steps.filter(step => step.phase === "forward").length;

// --- what is shown ---------------------------------------------------------------------------------------------------

let at = 0, pinned = -1, hovered = -1, focused = view.drawn.length - 1, timer = null;

function mark(elements, name, on) {
  for (const element of elements) if (element) element.classList.toggle(name, on);
}

function placeText(step) {
  if (step.phase === "start") return "start";
  const done = step.phase === "forward" ? at : at - forwardSteps;
  const all = step.phase === "forward" ? forwardSteps : nodes.length;
  return `${step.phase} ${done} of ${all}`;
}

function drawnArrows(arrows) { // those of this picture that stand for arrows of the whole graph
  return new Set(arrows.map(arrow => view.arrows[arrow]).filter(arrow => arrow >= 0));
}

function spokenNode(node, known, swept) {
  return `${node.made}, ${known ? `value ${node.value}` : "no value yet"}, ` +
    (swept ? `derivative ${node.total}` : "no derivative yet");
}

function spokenGroup(box, own) {
  const count = times => own.filter(n => times[n] <= at).length;
  return `group ${view.groupOf.get(box)} of ${own.length} nodes, ${count(knownAt)} with values, ` +
    `${count(sweptAt)} with derivatives`;
}

function show(k) {
  at = Math.min(Math.max(k, 0), steps.length - 1);
  const step = steps[at], used = new Set(step.used), carrying = drawnArrows(step.arrows);
  for (const box of view.drawn) {
    const own = view.nodesOf.get(box), now = own.includes(step.node);
    const known = own.every(n => knownAt[n] <= at), swept = own.every(n => sweptAt[n] <= at);
    mark([box], "known", known);
    mark([box], "swept", swept);
    mark([box], "now", now);
    mark([box], "used", !now && own.some(n => used.has(n)));
    box.setAttribute("aria-label", view.groupOf.get(box) ? spokenGroup(box, own) : spokenNode(nodes[own[0]], known, swept));
    if (now) box.setAttribute("aria-current", "step"); else box.removeAttribute("aria-current");
  }
  view.edges.forEach((edge, k) => {
    mark([edge, view.derivatives[k]], "now", carrying.has(k));
    mark([view.derivatives[k]], "known", view.textFrom[k] <= at);
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
  const box = view.of[n][0].getBoundingClientRect(), frame = pane.getBoundingClientRect(), room = 30;
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
  const terms = looked >= 0 ? nodes[looked].terms : [], carrying = drawnArrows(terms.map(term => term.arrow));
  for (const box of view.drawn) {
    const own = view.nodesOf.get(box);
    mark([box], "looked", own.includes(looked));
    box.setAttribute("aria-pressed", String(own.includes(pinned)));
  }
  view.edges.forEach((edge, k) => mark([edge], "looked", carrying.has(k)));
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

let found = [], foundGroups = [], shownFound = -1;
function search() {
  const text = part("search").value.trim().toLowerCase();
  found = text ? nodes.map((_, n) => n).filter(n => nodes[n].name.toLowerCase().includes(text)) : [];
  foundGroups = text ? views.filter(other => other.group.toLowerCase().includes(text)) : [];
  shownFound = -1;
  markFound();
  const groups = foundGroups.length ? `, and ${foundGroups.length} groups` : "";
  part("found").textContent = text ? `${found.length} found${groups}` : "";
}
function markFound() {
  for (const box of view.drawn) mark([box], "found", view.nodesOf.get(box).some(n => found.includes(n)));
}
part("search").addEventListener("input", search);
part("search").addEventListener("keydown", event => {
  if (event.key === "Enter" && !found.length && foundGroups.length) openView(views.indexOf(foundGroups[0]));
  if (event.key !== "Enter" || !found.length) return;
  shownFound = (shownFound + (event.shiftKey ? -1 + found.length : 1)) % found.length;
  pinned = found[shownFound];
  part("found").textContent = `${shownFound + 1} of ${found.length}: ${nodes[pinned].made}`;
  reveal(pinned);
  look();
});

function boxOf(event) {
  return event.target.closest && event.target.closest("g.node:not(.constant)");
}

function nodeOf(event) { // of a group none
  const box = boxOf(event);
  return box && !view.groupOf.get(box) ? view.nodesOf.get(box)[0] : -1;
}

function focusOn(b) {
  view.drawn[focused].setAttribute("tabindex", "-1");
  focused = b;
  view.drawn[b].setAttribute("tabindex", "0");
}

function act(box) { // opens a group, keeps a node
  if (view.groupOf.get(box)) openView(views.findIndex(other => other.group === view.groupOf.get(box)));
  else pin(view.nodesOf.get(box)[0]);
}

function openView(k) {
  const inside = view.frame.contains(document.activeElement); // who came by the keyboard goes on from there
  view.frame.hidden = true;
  view = views[k < 0 ? views.length - 1 : k]; // what has no picture of its own is in that of all nodes
  view.frame.hidden = false;
  part("view").value = views.indexOf(view);
  hovered = -1;
  focused = view.drawn.findIndex(box => box.getAttribute("tabindex") === "0");
  markFound();
  show(at);
  if (inside) view.drawn[focused].focus({ preventScroll: true });
}
part("view").addEventListener("change", event => openView(Number(event.target.value)));

for (const { svg } of views) {
  svg.addEventListener("pointerover", event => { hovered = nodeOf(event); look(); });
  svg.addEventListener("pointerleave", () => { hovered = -1; look(); });
  svg.addEventListener("click", event => {
    const box = boxOf(event);
    if (box) { focusOn(view.drawn.indexOf(box)); act(box); }
  });
  svg.addEventListener("focusin", event => { hovered = nodeOf(event); look(); });
  svg.addEventListener("focusout", () => { hovered = -1; look(); });
  svg.addEventListener("keydown", event => {
    const box = boxOf(event), move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!box) return;
    const next = view.order.indexOf(box) + move;
    if (move && view.order[next]) {
      focusOn(view.drawn.indexOf(view.order[next]));
      reveal(view.nodesOf.get(view.order[next])[0]);
      view.order[next].focus({ preventScroll: true });
    } else if (event.key === "Enter" || event.key === " ") act(box);
    else if (!move) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

const KEYS = {
  " ": play, "ArrowRight": () => go(at + 1), "ArrowLeft": () => go(at - 1),
  "Home": () => go(0), "End": () => go(steps.length - 1),
  "/": () => part("search").focus(), "Escape": () => { if (pinned < 0 && views.length > 1) openView(0); pinned = -1; look(); },
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in KEYS)) return;
  const own = event.target.closest("button, select, input"); // what these keys do there stays
  if (own && event.key !== "Escape" && !(own.tagName === "BUTTON" && event.key !== " ")) return;
  event.preventDefault();
  KEYS[event.key]();
});

// --- the beginning: what needs a script appears with it -----------------------------------------------------------------

for (const [v, { name, svg, drawn, nodesOf, of }] of views.entries()) {
  svg.classList.add("live");
  const width = svg.width.baseVal.value; // a picture somewhat too wide is scaled, one much too wide is scrolled
  svg.style.width = `clamp(${Math.round(0.65 * width)}px, 100%, ${width}px)`;
  svg.style.height = "auto";
  svg.setAttribute("role", "group");
  for (const box of drawn) box.setAttribute("role", "button");
  // Of the copies of a leaf the keys stop at one; the order is that of the nodes.
  views[v].order = drawn.filter(box => of[nodesOf.get(box)[0]][0] === box).sort((a, b) => nodesOf.get(a)[0] - nodesOf.get(b)[0]);
  views[v].order.forEach(box => box.setAttribute("tabindex", box === drawn[drawn.length - 1] ? "0" : "-1"));
  const option = element("option", name);
  option.value = v;
  part("view").append(option);
}
part("views").hidden = part("unfolding").hidden = views.length === 1;
part("slider").max = steps.length - 1;
for (const hidden of document.querySelectorAll("[data-live]")) hidden.hidden = false;
show(0);
