// System theme, page language, focus after an update of the page, height of frames, uploads of files.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => { document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", paint);
  paint();
  let left = "";
  addEventListener("focusin", event => { left = event.target.id || ""; });
  document.addEventListener("load", event => {
    const inside = event.target.contentDocument?.body;
    if (!inside) return;
    const fit = () => { event.target.style.height = `${inside.scrollHeight + 24}px`; };
    new ResizeObserver(fit).observe(inside);
    fit();
  }, true);
  const show = (name, shown) => { const part = document.getElementById(name); if (part) part.hidden = !shown; };
  const send = file => {
    const large = file.size > Number(document.getElementById("file").dataset.largest);
    show("too_large", large);
    show("not_received", false);
    if (large) return;
    const request = new XMLHttpRequest();
    const ended = key => {
      show("sent", false);
      show("not_received", !key);
      if (key) Shiny.setInputValue("upload", key, { priority: "event" });
    };
    request.upload.onprogress = event => {
      show("sent", true);
      const bar = document.getElementById("sent");
      if (bar && event.total) bar.value = event.loaded / event.total;
    };
    request.onload = () => ended(request.status === 200 && JSON.parse(request.responseText).id);
    request.onerror = () => ended("");
    request.open("POST", `upload?name=${encodeURIComponent(file.name)}`);
    request.send(file);
  };
  addEventListener("change", event => {
    if (event.target.id === "file" && event.target.files[0]) { send(event.target.files[0]); event.target.value = ""; }
  });
  for (const name of ["dragover", "drop"]) addEventListener(name, event => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (name === "drop" && document.getElementById("file")) send(event.dataTransfer.files[0]);
  });
  addEventListener("DOMContentLoaded", () => {
    const $ = window.jQuery;
    $(document).on("shiny:connected", () => {
      Shiny.addCustomMessageHandler("acting", said => { document.querySelector("main").inert = said.now; });
      Shiny.addCustomMessageHandler("tongue", said => {
        document.documentElement.lang = said.tag;
        document.title = document.getElementById("name").textContent = said.name;
      });
    });
    $(document).on("shiny:disconnected", () => { document.getElementById("lost").hidden = false; });
    $(document).on("shiny:value", () => setTimeout(() => {
      if (left && document.activeElement === document.body) document.getElementById(left)?.focus();
    }));
  });
})();
