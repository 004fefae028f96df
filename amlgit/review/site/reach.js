// A link of the search leads to a node by its name.
(() => {
  const wanted = /^#node%3D(.*)$/.exec(location.hash) ?? /^#node=(.*)$/.exec(location.hash);
  if (!wanted) return;
  let name = "";
  try { name = decodeURIComponent(wanted[1]); } catch { return; }
  const button = [...document.querySelectorAll(".all .go")].find((each) => each.textContent === name);
  if (button) button.click();
})();
