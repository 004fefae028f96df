"use strict";
// Runs in the head of every page: light or dark before anything is drawn; the rest when the page is there.
(() => {
  const root = document.documentElement, KEY = "amlgit-theme";
  const kept = { get: () => { try { return localStorage.getItem(KEY); } catch { return null; } }, set: (value) => { try { localStorage.setItem(KEY, value); } catch { /* no store here */ } } };
  const theme = kept.get();
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  new MutationObserver(() => root.dataset.theme && kept.set(root.dataset.theme)).observe(root, { attributes: true, attributeFilter: ["data-theme"] });

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const made = (name, text = "", className = "") => {
    const found = document.createElement(name);
    found.textContent = text;
    if (className) found.className = className;
    return found;
  };
  const address = (path, fragment = "") => path.split("/").map(encodeURIComponent).join("/") + (fragment ? `#${encodeURIComponent(fragment)}` : "");

  // --- the search

  const entries = [];
  window.amlgitFound = (entry) => entries.push(entry);

  const MOST = 60, MOST_NODES = 6, AROUND = 60;

  const isWhole = (text, word) => {
    const isLetter = (place) => /[\p{L}\p{N}_]/u.test(text.charAt(place));
    for (let place = text.indexOf(word); place >= 0; place = text.indexOf(word, place + 1)) {
      if (!isLetter(place - 1) && !isLetter(place + word.length)) return true;
    }
    return false;
  };

  // the line that has most of the words, of several the one that has more of them whole, else the first
  const best = (lines, words) => {
    let found, most = 0;
    for (const line of lines) {
      const text = line.toLowerCase(), has = words.filter((word) => text.includes(word));
      if (!has.length) continue;
      const weight = has.length * (words.length + 1) + has.filter((word) => isWhole(text, word)).length;
      if (weight > most) [found, most] = [line, weight];
    }
    return found;
  };

  class Search {
    constructor(input) {
      this.input = input;
      this.section = document.querySelector(".answers");
      this.list = document.getElementById("answers");
      this.status = document.getElementById("answered");
      this.galleries = all(".gallery, .empty");
      input.addEventListener("focus", () => this.load());
      input.addEventListener("input", () => { clearTimeout(this.wait); this.wait = setTimeout(() => this.ask(), 120); });
      input.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && input.value) { input.value = ""; this.ask(); }
        if (event.key === "Enter") this.ask();
        if (event.key === "ArrowDown") this.list.querySelector("a")?.focus();
      });
      addEventListener("hashchange", () => this.follow());
      this.follow();
    }

    follow() {
      if (!location.hash.startsWith("#q=")) return;
      const typed = location.hash.slice(3).replaceAll("+", " ");
      let words = typed;
      try { words = decodeURIComponent(typed); } catch { /* typed by hand: as it is */ }
      if (words === this.input.value.trim() && words) return;
      this.input.value = words;
      this.input.focus();
      this.ask();
    }

    load() {
      this.loading ??= new Promise((resolve) => {
        const script = document.createElement("script");
        script.src = `${document.body.dataset.root}assets/search.js`;
        script.onload = () => resolve(true);
        script.onerror = () => resolve(false);
        document.head.append(script);
      });
      return this.loading;
    }

    async ask() {
      const asked = this.input.value.trim();
      history.replaceState(null, "", asked ? `#q=${encodeURIComponent(asked)}` : location.pathname + location.search);
      const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
      this.section.hidden = !words.length;
      for (const gallery of this.galleries) gallery.hidden = words.length > 0;
      if (!words.length) { this.list.replaceChildren(); this.status.textContent = ""; return; }
      if (!(await this.load())) { this.status.textContent = "assets/search.js can't be read"; return; }
      if (asked !== this.input.value.trim()) return;
      const found = entries.map((entry) => this.match(entry, words)).filter(Boolean).sort((one, other) => other.weight - one.weight);
      this.list.replaceChildren(...found.slice(0, MOST).map((each) => this.shown(each, words)));
      const more = found.length > MOST ? `, the first ${MOST} are shown` : "";
      this.status.textContent = found.length ? `found in ${found.length} of ${entries.length}${more}` : `nothing found in the newest versions of ${entries.length}`;
    }

    // every word stands somewhere in one node, or in what is said of the whole
    match(entry, words) {
      entry.head ??= [entry.t, entry.u, ...entry.o].join("\n").toLowerCase();
      entry.nodes ??= entry.n.map((node) => node.flat().join("\n").toLowerCase());
      const inHead = words.every((word) => entry.head.includes(word));
      const nodes = entry.n.filter((_, number) => words.every((word) => entry.nodes[number].includes(word) || entry.head.includes(word))
        && words.some((word) => entry.nodes[number].includes(word)));
      if (!inHead && !nodes.length) return null;
      const title = entry.t.toLowerCase();
      const weight = (words.every((word) => title.includes(word)) ? 1000 : 0) + (inHead ? 100 : 0) + Math.min(nodes.length, 50);
      return { entry, nodes, weight };
    }

    shown({ entry, nodes }, words) {
      const item = made("li"), heading = made("h3"), link = made("a", entry.t || "untitled");
      link.href = address(entry.u);
      heading.append(link, made("span", entry.k, "kind"));
      item.append(heading);
      const told = best(entry.o, words);
      if (told) item.append(this.line(told, words, "p"));
      if (nodes.length) {
        const list = made("ul");
        for (const [name, comment, values, scripts] of nodes.slice(0, MOST_NODES)) {
          const one = made("li"), go = made("a", name);
          go.href = address(entry.v, `node=${name}`);
          one.append(go);
          const lines = [comment, ...values, ...scripts.flatMap((text) => text.split("\n"))];
          const hit = best(lines, words.filter((word) => !name.toLowerCase().includes(word)));
          if (hit) one.append(" ", this.line(hit, words, "span"));
          list.append(one);
        }
        if (nodes.length > MOST_NODES) list.append(made("li", `and ${nodes.length - MOST_NODES} more`, "soft"));
        item.append(list);
      }
      return item;
    }

    // a line with the words marked, cut around the first
    line(text, words, name) {
      const lower = text.toLowerCase();
      const first = Math.min(...words.map((word) => lower.indexOf(word)).filter((place) => place >= 0));
      const start = Math.max(0, first - AROUND);
      const shown = `${start ? "…" : ""}${text.slice(start, first + 2 * AROUND)}${text.length > first + 2 * AROUND ? "…" : ""}`;
      const found = made(name, "", "soft");
      let rest = shown;
      while (rest) {
        const low = rest.toLowerCase();
        const next = words.map((word) => [low.indexOf(word), word.length]).filter(([place]) => place >= 0).sort(([one], [other]) => one - other)[0];
        if (!next || low.length !== rest.length) { found.append(rest); break; }
        found.append(rest.slice(0, next[0]), made("mark", rest.slice(next[0], next[0] + next[1])));
        rest = rest.slice(next[0] + next[1]);
      }
      return found;
    }
  }

  // --- the order of the gallery

  const sort = (button) => {
    const gallery = button.closest(".gallery"), list = gallery.querySelector(".cards");
    gallery.inOrder ??= all(".card", list);
    for (const other of all("[data-sort]", gallery)) other.setAttribute("aria-pressed", String(other === button));
    const by = button.dataset.sort;
    const cards = by === "newest" ? gallery.inOrder : [...gallery.inOrder].sort((one, other) => Number(one.dataset[by]) - Number(other.dataset[by]));
    list.append(...cards);
  };

  // a text of a script that a link leads to is opened
  const open = () => {
    const wanted = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (wanted && wanted.tagName === "DETAILS") { wanted.open = true; wanted.scrollIntoView(); }
  };

  addEventListener("DOMContentLoaded", () => {
    for (const hidden of all(".tools, .asked, .sorts")) hidden.hidden = false;
    const isGraph = document.body.classList.contains("version");
    const turn = () => {
      const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = isDark ? "light" : "dark";
    };
    const input = document.getElementById("q");
    if (input) new Search(input);
    for (const button of all("[data-sort]")) button.addEventListener("click", () => sort(button));
    open();
    addEventListener("hashchange", open);
    if (isGraph) return; // the graph's own script listens
    document.getElementById("theme")?.addEventListener("click", turn);
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input")) return;
      if (event.key === "t") turn();
      if (event.key === "/") {
        event.preventDefault();
        if (input) input.focus();
        else location.href = document.querySelector(".find").href;
      }
    });
  });
})();
