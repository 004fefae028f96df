"use strict";
// The nodes of a chain stand in files of their own, once for all versions; a page only says which of them it shows.
(() => {
  const nodes = window.amlgitKnown ?? {};
  const STATES = ["same", "added", "removed", "changed", "rewired"];
  const REMOVED = 2;
  for (const element of document.querySelectorAll("script.data")) {
    const { b, w, o } = JSON.parse(element.textContent);
    const boxes = b.map(([x, y, state, what, kind, below, inputs, outputs], number) => {
      const place = { at: [x, y], st: STATES[state] };
      if (typeof what !== "number") return { ...place, t: what, k: kind === "node" ? "" : kind, m: below, n: [inputs, outputs], i: [], o: [] };
      const node = nodes[what] ?? { t: "", m: "", d: "", c: "", p: [], s: [], i: [], o: [] };
      const before = o[number] ?? {};
      const values = node.p.map(([name, words]) => (Object.hasOwn(before, name) ? [name, words, before[name]] : [name, words]));
      return { ...place, ...node, k: "", p: values, n: [node.i.length, node.o.length], names: [node.i, node.o] };
    });
    // what a port is connected to is told by the wires
    for (const box of boxes) if (box.names) [box.i, box.o] = box.names.map((names) => names.map((name) => [name, []]));
    for (const [source, out, target, into, state] of w) {
      if (state === REMOVED && STATES[REMOVED] !== boxes[source].st && STATES[REMOVED] !== boxes[target].st) continue;
      boxes[source].o[out]?.[1].push([target, boxes[target].names?.[0][into] ?? ""]);
      boxes[target].i[into]?.[1].push([source, boxes[source].names?.[1][out] ?? ""]);
    }
    element.textContent = JSON.stringify({ boxes, wires: w.map(([source, out, target, into, state, ...ways]) => [source, out, target, into, STATES[state], ...ways]) });
  }
})();
