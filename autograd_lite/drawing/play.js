// The widget of playing.py: sliders, and a picture whose texts and colours the kernel sends anew when one is moved.

const PATIENCE = 3000; // milliseconds without an answer, after which the reader is told, and the next move is sent all the same

const STYLE = `
:host { display: block; color: inherit; font: 14px/1.4 system-ui, sans-serif; }
* { box-sizing: border-box; }
.sliders { display: grid; grid-template-columns: max-content minmax(6rem, 28rem) 8.5rem; gap: .3rem .7rem; align-items: center;
  margin: .3rem 0; }
.sliders span { text-align: right; max-width: 14rem; overflow-wrap: anywhere; }
input { font: inherit; color: inherit; margin: 0; width: 100%; accent-color: #2f7fb5; }
input[type=number] { background: transparent; border: 1px solid currentColor; border-radius: 4px; padding: .1rem .35rem; }
input:focus-visible { outline: 2px solid #2f7fb5; outline-offset: 2px; }
input[aria-invalid=true] { border-style: dashed; }
.message { margin: .3rem 0; min-height: 1.4em; overflow-wrap: anywhere; }
.message.wrong { border-left: 4px solid #d55e00; padding-left: .5rem; }
.picture { overflow: auto; max-height: 80vh; }
.picture svg { display: block; }
.picture.old { opacity: .45; }
`;

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// --- the picture -----------------------------------------------------------------------------------------------------

// A text that takes its natural width, or less where there is no room for it.
function fitted(element, room) {
  const width = Number(element.getAttribute("textLength")), unit = width / [...element.textContent].length;
  return text => {
    element.textContent = text;
    element.setAttribute("textLength", Math.min(unit * [...text].length, room || width).toFixed(1));
  };
}

class Picture {
  constructor(text) {
    const read = new DOMParser().parseFromString(text, "image/svg+xml"); // as XML, which has no scripts to run on the way
    this.svg = document.importNode(read.documentElement, true);
    const all = selector => [...this.svg.querySelectorAll(selector)];
    this.boxes = all("g.node:not(.constant)").map(group => {
      const texts = [...group.querySelectorAll("text")];
      const room = Math.max(...texts.map(text => Number(text.getAttribute("textLength"))));
      const [value, grad] = texts.slice(-2).map(text => fitted(text, room));
      return { group, value, grad, frame: group.querySelector(".box") };
    });
    this.texts = all("g.derivative text").map(text => fitted(text));
    this.paths = all("g.edge path").filter(path => !path.classList.contains("quiet"));
    for (const edge of all("g.edge")) delete edge.dataset.derivative; // of the numbers for which room was made
    for (const { group } of this.boxes) { delete group.dataset.value; delete group.dataset.grad; }
  }

  show({ title, boxes, arrows }) {
    this.svg.setAttribute("aria-label", title);
    this.svg.querySelector("title").textContent = title;
    for (const [k, value, grad, fill] of boxes) {
      this.boxes[k].value(value);
      this.boxes[k].grad(grad);
      const [colour, dark] = fill.split(" ");
      this.boxes[k].frame.setAttribute("fill", colour);
      if (dark) this.boxes[k].frame.style.setProperty("--dark", dark);
    }
    for (const [k, text, flows] of arrows) {
      this.texts[k](text);
      this.paths[k].classList.toggle("blocked", !flows);
    }
  }
}

// --- the sliders -----------------------------------------------------------------------------------------------------

function slider({ name, low, high, step }, moved) {
  const range = made("input", { type: "range", min: low, max: high, step, "aria-label": name });
  const exact = made("input", { type: "number", min: low, max: high, step: "any", "aria-label": `${name}, from ${low} to ${high}` });
  const put = x => { range.value = exact.value = x; exact.setAttribute("aria-invalid", false); };
  range.addEventListener("input", () => { put(range.value); moved(Number(range.value)); });
  exact.addEventListener("input", () => {
    const right = exact.value !== "" && exact.validity.valid;
    exact.setAttribute("aria-invalid", !right);
    if (right) { range.value = exact.value; moved(Number(exact.value)); }
  });
  return { parts: [made("span", { "aria-hidden": "true" }, name), range, exact], put };
}

function render({ model, el }) {
  const { sliders, first } = model.get("setup");
  const view = Math.random().toString(36).slice(2);
  const root = made("div"), inside = root.attachShadow({ mode: "open" }); // keeps the picture's styles from the notebook's
  const message = made("p", { class: "message", role: "status", "aria-live": "polite" });
  const pane = made("div", { class: "picture" });
  let picture = null, graph = -1, position = [...first.position];
  let waiting = false, wanted = false, timer = null;

  const rows = sliders.map((given, k) => slider(given, x => { position[k] = x; wanted = true; ask(); }));
  const group = made("div", { class: "sliders", role: "group", "aria-label": "Leaves" }, ...rows.flatMap(row => row.parts));
  inside.append(made("style", {}, STYLE), group, message, pane);
  el.append(root);

  // One move is under way at a time: what the sliders did meanwhile is one further move, sent when its answer is there.
  function ask() {
    if (waiting || !wanted) return;
    waiting = true;
    wanted = false;
    timer = setTimeout(() => { say("The kernel has not answered yet.", true); waiting = false; ask(); }, PATIENCE);
    model.send({ position, view });
  }

  function say(text, wrong) {
    message.textContent = text;
    message.classList.toggle("wrong", wrong);
    pane.classList.toggle("old", wrong);
  }

  function show(answer) {
    if (answer.svg && answer.graph !== graph) {
      picture = new Picture(answer.svg);
      graph = answer.graph;
      pane.replaceChildren(picture.svg);
    }
    if (answer.graph === graph) picture.show(answer);
    else if (answer.graph !== undefined) model.send({ whole: true, view }); // this view has missed a picture
    if (answer.position && answer.view !== view && !waiting && !wanted) {
      position = [...answer.position];
      rows.forEach((row, k) => row.put(position[k]));
    }
    say(answer.message || answer.title, Boolean(answer.message));
  }

  function heard(answer) {
    if (answer.view === view && waiting) {
      waiting = false;
      clearTimeout(timer);
    }
    if (!answer.message || answer.view === view) show(answer);
    ask();
  }

  show(first);
  model.on("msg:custom", heard);
  model.send({ whole: true, view: "" }); // the sliders may have been moved since
  return () => { clearTimeout(timer); model.off("msg:custom", heard); };
}

export default { render };
