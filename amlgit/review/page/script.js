"use strict";
// The picture and the list are there without this script; it moves the one, and finds, filters and shows things in both.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const WIDTH = 190, HEIGHT = 46, FAR = 0.42, NEAREST = 3, BAR = 34, READ = 0.85, NAMES = 200;
  const NARROW = matchMedia("(max-width:860px)");

  const made = (name, text = "", className = "") => {
    const found = document.createElement(name);
    found.textContent = text;
    found.className = className;
    return found;
  };

  const heading = (change) => {
    if (change.classList.contains("conflict")) return "What clashes";
    if (!change.classList.contains("by")) return "What changed";
    return change.closest(".settled") ? "Settled already" : "What merged";
  };

  class View {
    constructor(section) {
      this.section = section;
      this.canvas = one(".canvas", section);
      this.graph = one(".graph", section);
      this.stage = one(".stage", section);
      this.panel = one(".panel", section);
      this.overview = one(".overview", section);
      this.chosen = one(".chosen", section);
      this.minimap = one(".minimap", section);
      this.window = one(".window", this.minimap);
      const box = this.graph.viewBox.baseVal;
      [this.left, this.top, this.width, this.height] = [box.x, box.y, box.width, box.height];
      const ratio = Math.max(0.2, Math.min(5, this.width / this.height));
      this.minimap.style.width = `${Math.min(200, 220 * ratio)}px`;
      this.minimap.style.height = `${Math.min(220, 200 / ratio)}px`;
      this.changes = all(".change", section);
      this.step = undefined;
      this.at = -1;
      this.classes = new Set();
      this.words = "";
      this.pointers = new Map();
      this.listen();
    }

    get data() {
      this.parsed ??= JSON.parse(one("script.data", this.section).textContent);
      return this.parsed;
    }

    node(number) { return document.getElementById(`${this.section.id}n${number}`); }

    // --- where we look: a point of the graph at the left top corner of the canvas, and pixels for one of the graph's units

    show() {
      const size = this.canvas.getBoundingClientRect();
      if (size.width === 0) return;
      const isNew = !this.size;
      this.size = size;
      if (isNew) this.begin();
      else this.draw();
      if (isNew && this.graph.classList.contains("large")) this.name();
    }

    // the names of a large graph: those in sight at once, the rest when the picture is there
    name(start = 0) {
      const { boxes } = this.data;
      if (start === 0) this.nearby();
      for (let number = start - NAMES; start && number < Math.min(start, boxes.length); number++) this.node(number)?.classList.add("near");
      if (start < boxes.length) requestAnimationFrame(() => setTimeout(() => this.name(start + NAMES)));
      else this.graph.classList.remove("large");
    }

    nearby() {
      const [right, bottom] = [this.x + this.size.width / this.scale + WIDTH, this.y + this.size.height / this.scale + HEIGHT];
      this.data.boxes.forEach(({ at: [x, y] }, number) => {
        if (x > this.x - WIDTH && y > this.y - HEIGHT && x < right && y < bottom) this.node(number)?.classList.add("near");
      });
    }

    begin() {
      this.fit();
      // a large graph is seen as a whole in the minimap; the picture begins where something changed, large enough to be read
      if (this.scale < FAR) {
        const first = this.changes.find((change) => change.dataset.box);
        const number = first ? this.numberOf(first) : 0;
        this.scale = READ;
        if (this.data.boxes.length > 0) {
          const [x, y] = this.data.boxes[number].at;
          this.center(x, y);
          // from the graph's top, where the change is still in sight then
          if (y + HEIGHT < this.top + this.size.height / this.scale) this.y = this.top;
        }
      }
    }

    // room for what lies over the canvas: filters above, buttons below; on a narrow screen they have strips of their own
    get whole() {
      const bar = NARROW.matches ? 0 : BAR;
      return Math.min(this.size.width / this.width, (this.size.height - 2 * bar) / this.height, 1.25);
    }

    fit() {
      this.scale = this.whole;
      this.center(this.left + this.width / 2, this.top + this.height / 2);
    }

    center(x, y) {
      this.x = x - this.size.width / this.scale / 2;
      this.y = y - this.size.height / this.scale / 2;
      this.draw();
    }

    move(x, y) {
      this.x -= x / this.scale;
      this.y -= y / this.scale;
      this.draw();
    }

    zoom(factor, x = this.size.width / 2, y = this.size.height / 2) {
      const least = Math.min(this.whole, 1) / 2;
      const scale = Math.max(least, Math.min(NEAREST, this.scale * factor));
      this.x += x / this.scale - x / scale;
      this.y += y / this.scale - y / scale;
      this.scale = scale;
      this.draw();
    }

    // a frame draws once, however often the pointer moved; while it moves the picture is one layer that is only shifted
    draw() {
      this.canvas.classList.add("moving");
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.canvas.classList.remove("moving"), 160);
      this.frame ??= requestAnimationFrame(() => {
        this.frame = undefined;
        const x = (this.left - this.x) * this.scale, y = (this.top - this.y) * this.scale;
        this.graph.style.transform = `translate(${x}px,${y}px) scale(${this.scale})`;
        this.stage.classList.toggle("far", this.scale < FAR);
        this.stage.classList.toggle("farther", this.scale < FAR / 4);
        const width = this.size.width / this.scale, height = this.size.height / this.scale;
        const isAll = this.x <= this.left && this.y <= this.top && this.x + width >= this.left + this.width && this.y + height >= this.top + this.height;
        this.minimap.hidden = isAll;
        for (const [name, value] of Object.entries({ x: this.x, y: this.y, width, height })) this.window.setAttribute(name, value);
      });
    }

    // --- choosing

    numberOf(element) { return Number(element.dataset.box.slice(this.section.id.length + 1)); }

    choose(number, { isFocused = false } = {}) {
      const box = this.data.boxes[number];
      this.unmark();
      this.at = number;
      this.node(number)?.classList.add("at");
      this.marks(number);
      const shown = { x: (box.at[0] - this.x) * this.scale, y: (box.at[1] - this.y) * this.scale };
      const isInside = shown.x > 110 && shown.y > 60 && shown.x < this.size.width - 110 && shown.y < this.size.height - 60;
      if (this.scale < FAR) this.scale = READ;
      if (!isInside || this.stage.classList.contains("far")) this.center(...box.at);
      this.tell(number);
      if (isFocused) this.chosen.focus();
    }

    unmark() {
      if (this.at >= 0) this.node(this.at)?.classList.remove("at");
      one(".marks", this.section).replaceChildren();
      this.at = -1;
      this.step = undefined;
      one(".pointed", this.section)?.classList.remove("pointed");
    }

    marks(number) {
      const marks = one(".marks", this.section);
      for (const wire of this.data.wires) {
        if (wire[4] === "removed" || (wire[0] !== number && wire[2] !== number)) continue;
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("d", this.curve(wire));
        marks.append(path);
      }
    }

    curve([source, out, target, into, , ways = []]) {
      const [from, to] = [this.data.boxes[source], this.data.boxes[target]];
      const across = (port, count) => Math.round((WIDTH * (port + 1)) / (Math.max(count, 1) + 1)) - WIDTH / 2;
      const start = [from.at[0] + across(out, from.n[1]), from.at[1] + HEIGHT / 2];
      const end = [to.at[0] + across(into, to.n[0]), to.at[1] - HEIGHT / 2];
      const bend = ([x, y], [u, v], isDown, arrivesDown) => {
        const isAhead = isDown === arrivesDown && v > y === isDown;
        const room = isAhead ? Math.max(18, Math.min(70, Math.floor(Math.abs(v - y) / 2))) : isDown && arrivesDown ? 60 : 36;
        return `C${x} ${y + (isDown ? room : -room)} ${u} ${v - (arrivesDown ? room : -room)} ${u} ${v}`;
      };
      let path = `M${start[0]} ${start[1]}`, here = start, isDown = true;
      for (const [x, first, last] of ways) {
        path += `${bend(here, [x, first], isDown, last > first)}V${last}`;
        [here, isDown] = [[x, last], last > first];
      }
      return path + bend(here, end, isDown, true);
    }

    back() {
      const before = this.at;
      this.unmark();
      this.chosen.hidden = true;
      this.overview.hidden = false;
      this.panel.scrollTop = this.scrolled ?? 0;
      const button = before >= 0 && one(`.change [data-box="${this.section.id}n${before}"]`, this.section);
      (button || this.canvas).focus({ preventScroll: true });
    }

    tell(number) {
      const box = this.data.boxes[number];
      const back = made("button", this.section.classList.contains("single") ? "‹ All boxes" : "‹ All changes", "go back");
      back.type = "button";
      back.addEventListener("click", () => this.back());
      const parts = [back, made("h2", box.t)];
      if (box.k) parts.push(made("p", box.m, "note"));
      if (box.d) parts.push(made("p", `A module whose name is not known: ${box.d}`, "note"));
      // a comment that both sides changed stands with what clashes or was settled
      if (box.c && !Object.hasOwn({ ...box.x, ...box.y }, "comment")) parts.push(made("p", box.c, "comment"));
      const changes = this.changes.filter((found) => found.dataset.box && this.numberOf(found) === number);
      for (const change of changes) {
        const copy = change.cloneNode(true);
        one("h3", copy).remove();
        for (const told of all(".comment", copy)) told.remove();
        parts.push(made("h3", heading(change)), copy);
      }
      if (!changes.length && box.st !== "same") parts.push(made("p", box.st, "note"));
      if (box.xw) parts.push(made("p", "In conflict as a whole; what follows is as the picture has it, and not decided.", "hint"));
      const values = this.values(box);
      if (values.length) parts.push(made("h3", "Parameters"), this.parameters(values, box));
      for (const [title, ports] of [["Inputs", box.i], ["Outputs", box.o]]) {
        if (ports?.length) parts.push(made("h3", title), this.ports(ports, title === "Inputs" ? box : {}));
      }
      for (const [name, language, text] of box.s ?? []) {
        const script = made("details");
        const whose = box.xs ? "; in conflict, this is ours" : "";
        script.append(made("summary", `${name} (${language}, ${text.split("\n").length - 1} lines${whose})`), made("pre", text));
        script.open = !changes.length;
        parts.push(made("h3", "Script"), script);
      }
      if (this.chosen.hidden) this.scrolled = this.panel.scrollTop;
      this.chosen.replaceChildren(...parts);
      this.chosen.hidden = false;
      this.overview.hidden = true;
      this.panel.scrollTop = 0;
    }

    // the parameters, and those in conflict that the picture's side no longer has
    values(box) {
      const known = new Set([...(box.p ?? []), ...(box.i ?? []), ["comment"]].map(([name]) => name));
      return [...(box.p ?? []), ...Object.keys(box.x ?? {}).filter((name) => !known.has(name)).map((name) => [name, ""])];
    }

    // what both sides changed: in conflict, or decided in a file that the picture does not follow
    sides(name, { x = {}, y = {} }) {
      const isOpen = Object.hasOwn(x, name);
      if (!isOpen && !Object.hasOwn(y, name)) return null;
      const value = made("dd", "", "sides-of"), list = made("dl");
      for (const [side, text] of isOpen ? x[name] : y[name]) list.append(made("dt", side, side), made("dd", text));
      value.append(isOpen ? made("span", "conflict", "tag conflict") : made("span", "settled already", "tag"), list);
      return value;
    }

    parameters(found, box) {
      const list = made("dl");
      for (const [name, words, old] of found) {
        const both = this.sides(name, box);
        if (both) { list.append(made("dt", name), both); continue; }
        const value = made("dd");
        if (old !== undefined) value.append(made("del", old || "(empty)"), " → ", made("ins", words || "(empty)"));
        else value.textContent = words || "(empty)";
        list.append(made("dt", name), value);
      }
      return list;
    }

    ports(found, box) {
      const list = made("dl");
      for (const [name, ends] of found) {
        const both = this.sides(name, box);
        if (both) { list.append(made("dt", name), both); continue; }
        const value = made("dd", ends.length ? "" : "nothing");
        for (const [number, port] of ends) {
          const end = made("div");
          if (number < 0) end.append(port);
          else {
            const button = made("button", this.data.boxes[number].t, "go");
            button.type = "button";
            button.dataset.box = `${this.section.id}n${number}`;
            end.append(button, " ", made("span", port, "note"));
          }
          value.append(end);
        }
        list.append(made("dt", name), value);
      }
      return list;
    }

    walk(by) {
      const isMerge = this.section.classList.contains("merging");
      // of a merge the conflicts, also those that are at no box; unless something else is asked for
      const isStep = (change) => (isMerge ? this.classes.size > 0 || change.classList.contains("conflict") : change.dataset.box);
      const shown = this.changes.filter((change) => !change.hidden && isStep(change));
      if (!shown.length) return;
      const current = shown.findIndex((change) => (this.step ? change === this.step : change.dataset.box && this.numberOf(change) === this.at));
      const next = current < 0 ? (by > 0 ? 0 : shown.length - 1) : (current + by + shown.length) % shown.length;
      const change = shown[next];
      if (change.dataset.box) this.choose(this.numberOf(change));
      else this.point(change);
      this.step = change;
      say(`${next + 1} of ${shown.length}: ${one("h3", change).lastChild.textContent}`);
    }

    // what belongs to no box stands in the list alone
    point(change) {
      if (!this.chosen.hidden) this.back();
      this.unmark();
      change.classList.add("pointed");
      change.scrollIntoView({ block: "nearest" });
      change.focus({ preventScroll: true });
    }

    // --- finding

    filter() {
      for (const change of this.changes) {
        const classes = change.dataset.classes.split(" ");
        change.hidden = this.classes.size > 0 && !classes.some((name) => this.classes.has(name));
        for (const item of all("[data-class]", change)) item.hidden = this.classes.size > 0 && !this.classes.has(item.dataset.class);
      }
      // a part of a merge's list with nothing left in it goes with its heading
      for (const part of all(".changes", this.section)) part.hidden = all(".change", part).every((change) => change.hidden);
      for (const next of all(".next", this.section)) next.hidden = this.classes.size > 0 && !this.classes.has("conflict");
      one(".ghosts", this.section).classList.toggle("asked", this.classes.has("layout"));
      this.dim();
    }

    dim() {
      const isAsked = this.classes.size > 0 || this.words !== "";
      this.graph.classList.toggle("dim", isAsked);
      this.hits = [];
      for (const hit of all(".n.hit", this.graph)) hit.classList.remove("hit");
      if (!isAsked) return say("");
      const changed = new Set(this.changes.filter((change) => !change.hidden && change.dataset.box).map((change) => this.numberOf(change)));
      const layout = this.classes.has("layout");
      this.data.boxes.forEach((box, number) => {
        const node = this.node(number);
        if (this.classes.size && !changed.has(number) && !(layout && node.classList.contains("moved"))) return;
        if (this.words && !this.text(box).includes(this.words)) return;
        this.hits.push(number);
        node.classList.add("hit");
      });
      say(`${this.hits.length} ${this.hits.length === 1 ? "box" : "boxes"}`);
    }

    text(box) {
      box.text ??= [box.t, box.m, box.c, ...(box.p ?? []).flat(), ...(box.s ?? []).flat(), ...Object.values(box.x ?? {}).flat(2)].join("\n").toLowerCase();
      return box.text;
    }

    next() {
      if (!this.hits?.length) return;
      const current = this.hits.indexOf(this.at);
      this.choose(this.hits[(current + 1) % this.hits.length]);
    }

    // --- hands

    listen() {
      const { canvas } = this;
      canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        if (event.shiftKey) return this.move(-event.deltaY, 0);
        const lines = event.deltaMode === 1 ? 24 : 1;
        this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - this.size.left, event.clientY - this.size.top);
      }, { passive: false });
      canvas.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        this.pointers.set(event.pointerId, event);
        this.travelled = 0;
        this.pressed = event.target.closest(".n");
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        const before = this.pointers.get(event.pointerId);
        if (!before) return;
        const others = [...this.pointers.values()].filter((pointer) => pointer.pointerId !== event.pointerId);
        if (others.length) {
          const far = (pointer) => Math.hypot(pointer.clientX - others[0].clientX, pointer.clientY - others[0].clientY) || 1;
          this.zoom(far(event) / far(before), (event.clientX + others[0].clientX) / 2 - this.size.left, (event.clientY + others[0].clientY) / 2 - this.size.top);
        } else this.move(event.clientX - before.clientX, event.clientY - before.clientY);
        this.travelled += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
        this.pointers.set(event.pointerId, event);
      });
      const up = (event) => {
        if (!this.pointers.delete(event.pointerId) || event.type === "pointercancel" || this.travelled > 6) return;
        if (this.pressed) this.choose(Number(this.pressed.id.slice(this.section.id.length + 1)));
        else if (!this.chosen.hidden) this.back();
      };
      canvas.addEventListener("pointerup", up);
      canvas.addEventListener("pointercancel", up);
      canvas.addEventListener("keydown", (event) => {
        const way = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
        if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        this.move(...way);
      });
      this.section.addEventListener("click", (event) => {
        const button = event.target.closest("[data-box].go");
        if (button) this.choose(this.numberOf(button), { isFocused: true });
        const zoom = event.target.closest("[data-zoom]")?.dataset.zoom;
        if (zoom) zoom === "fit" ? this.fit() : this.zoom(zoom === "in" ? 1.4 : 1 / 1.4);
        const copied = event.target.closest("[data-copy]");
        if (copied) copy(copied);
        const step = event.target.closest("[data-step]");
        if (step) this.walk(Number(step.dataset.step));
        const chip = event.target.closest(".filters [data-class]");
        if (chip) {
          const isOn = chip.getAttribute("aria-pressed") !== "true";
          chip.setAttribute("aria-pressed", String(isOn));
          isOn ? this.classes.add(chip.dataset.class) : this.classes.delete(chip.dataset.class);
          this.filter();
        }
      });
      const steer = (event) => {
        if (!event.buttons) return;
        const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(one("svg", this.minimap).getScreenCTM().inverse());
        this.center(at.x, at.y);
      };
      this.minimap.addEventListener("pointerdown", steer);
      this.minimap.addEventListener("pointermove", steer);
    }
  }

  // --- the page

  const found = document.getElementById("found"), search = document.getElementById("search"), keys = document.getElementById("keys");
  const say = (text) => { found.textContent = text; };
  // where the clipboard is out of reach, the line is selected for the reader to copy
  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say("Copied");
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    } catch {
      getSelection().selectAllChildren(one("code", button.parentElement));
      say("Selected");
    }
  };
  const views = all(".entry").map((section) => new View(section));
  let current = views[0];

  const open = (view) => {
    for (const other of views) other.section.hidden = other !== view;
    for (const link of all(".tabs a")) link.hash === `#${view.section.id}` ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    current = view;
    view.words = search.value.trim().toLowerCase();
    view.show();
    view.filter();
  };

  const turn = () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  };

  const actions = {
    n: () => current?.walk(1), j: () => current?.walk(1), p: () => current?.walk(-1), k: () => current?.walk(-1),
    f: () => current?.fit(), 0: () => current?.fit(), "+": () => current?.zoom(1.4), "=": () => current?.zoom(1.4), "-": () => current?.zoom(1 / 1.4),
    "/": () => search.focus(), t: turn, "?": () => keys.showModal(),
    Escape: () => current && !current.chosen.hidden && current.back(),
  };

  root.classList.add("js");
  for (const hidden of all(".tools, .zoom, .filters, .copy")) hidden.hidden = false;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    if (event.target === search) {
      if (event.key === "Enter") current?.next();
      if (event.key === "Escape") { search.value = ""; search.dispatchEvent(new Event("input")); current?.canvas.focus(); }
      return;
    }
    if (event.target.closest("summary") && event.key === " ") return;
    if (actions[event.key]) { event.preventDefault(); actions[event.key](); }
  });
  search.addEventListener("input", () => {
    if (!current) return;
    current.words = search.value.trim().toLowerCase();
    current.dim();
  });
  document.getElementById("theme").addEventListener("click", turn);
  document.getElementById("help").addEventListener("click", () => keys.showModal());
  one(".close", keys).addEventListener("click", () => keys.close());
  const go = () => open(views.find((view) => `#${view.section.id}` === location.hash) ?? views.find((view) => "first" in view.section.dataset) ?? views[0]);
  if (views.length) {
    addEventListener("hashchange", go);
    new ResizeObserver(() => current.show()).observe(one("main"));
    go();
  }
})();
