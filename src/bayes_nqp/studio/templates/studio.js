// The theme of the system; the language of the page; the field that was left, found again in a page that was made anew;
// frames no higher than what is in them.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => { document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", paint);
  paint();
  let left = "";
  addEventListener("focusin", event => { left = event.target.id || ""; });
  addEventListener("load", event => {
    const inside = event.target.contentDocument?.body;
    if (inside) event.target.style.maxHeight = `${inside.scrollHeight + 8}px`;
  }, true);
  addEventListener("DOMContentLoaded", () => {
    const $ = window.jQuery;
    $(document).on("shiny:connected", () => {
      Shiny.addCustomMessageHandler("tongue", said => { document.documentElement.lang = said.tag; });
    });
    $(document).on("shiny:disconnected", () => { document.getElementById("lost").hidden = false; });
    $(document).on("shiny:value", () => setTimeout(() => {
      if (left && document.activeElement === document.body) document.getElementById(left)?.focus();
    }));
  });
})();
