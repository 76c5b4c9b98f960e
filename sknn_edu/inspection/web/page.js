// What the pages share: reading their data, following the theme, fitting the frame around them.

"use strict";
const $ = id => document.getElementById(id);

async function unpack() {  // what Python has packed: JSON, and the bytes behind it
  const packed = Uint8Array.from(atob($("payload").textContent), c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0);
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))), bytes.slice(4 + length)];
}

function followTheme(changed) {  // of the page around this one, if it has one; else of the system
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let around = null;
  try { around = window.parent !== window ? window.parent.document.documentElement : null; } catch { /* another site */ }
  const apply = () => {
    document.documentElement.dataset.theme = around?.dataset.theme || (dark.matches ? "dark" : "light");
    changed();
  };
  dark.addEventListener("change", apply);
  if (around) new MutationObserver(apply).observe(around, { attributes: true, attributeFilter: ["data-theme"] });
  apply();
}

function fitFrame() {  // a frame around this page becomes as high as the page
  try {
    if (window.frameElement) window.frameElement.style.height = document.body.offsetHeight + 4 + "px";
  } catch { /* another site */ }
}

function onResize(redraw) {
  let width = 0;
  new ResizeObserver(([panels]) => {
    if (panels.contentRect.width === width) return;
    width = panels.contentRect.width;
    redraw();
  }).observe(document.querySelector(".panels"));
  new ResizeObserver(fitFrame).observe(document.body);
}

function spacePlays() {
  document.addEventListener("keydown", event => {
    if (event.key !== " " || /^(BUTTON|SELECT|INPUT|SUMMARY|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "range") return;
    event.preventDefault();
    $("play").click();
  });
}

function failed(error) {
  $("summary").textContent = `This page cannot be shown: ${error.message}. It needs a browser of 2023 or newer.`;
}
