// What the pages do beyond forms and links: the slider of time, dropped files, and answers that come piece by piece.
"use strict";

// Server-sent events in a text: calls back with each whole one, and gives what is left.
function events(text, told) {
  const parts = text.split("\n\n");
  const rest = parts.pop();
  for (const part of parts) {
    let name = "message";
    const data = [];
    for (const line of part.split("\n")) {
      if (line.startsWith("event:")) name = line.slice(6).trim();
      if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
    if (data.length) told(name, JSON.parse(data.join("\n")));
  }
  return rest;
}

// What a page tells of a problem, as a piece for another page.
function problem(html) {
  const notice = new DOMParser().parseFromString(html, "text/html").querySelector("[role=alert]");
  const title = notice?.querySelector("h1");
  if (title) {
    const strong = document.createElement("strong");
    strong.append(...title.childNodes);
    title.replaceWith(strong);
  }
  return notice;
}

// A part of a page that could not be fetched says why in its place.
function failed(event) {
  const notice = problem(event.detail.xhr.responseText || "") ?? document.createElement("p");
  notice.setAttribute("role", "alert");
  notice.textContent ||= document.body.dataset.offline;
  event.detail.target.replaceChildren(notice);
}

// The slider moves the day of the field beside it, and the field the slider.
function slider(label) {
  const range = label.querySelector("input[type=range]");
  const field = label.closest("form").elements.as_of;
  const first = Date.parse(range.dataset.first.padEnd(10, "-01").slice(0, 10) + "T00:00:00Z");
  if (Number.isNaN(first)) return;
  const day = 24 * 3600 * 1000;
  const told = () => range.setAttribute("aria-valuetext", field.value || range.dataset.first);
  label.hidden = false;
  told();
  range.addEventListener("input", () => {
    field.value = new Date(first + range.value * day).toISOString().slice(0, 10);
    told();
  });
  range.addEventListener("change", () => field.dispatchEvent(new Event("change", { bubbles: true })));
  field.addEventListener("change", () => {
    if (field.value) range.value = (Date.parse(field.value + "T00:00:00Z") - first) / day;
    told();
  });
}

// A form that takes a file, sends it, and shows how far it is.
function importer(form) {
  const part = (name) => document.querySelector(`[data-${name}]`);
  const [progress, state, report, drop] = ["progress", "state", "report", "drop"].map(part);
  const bar = progress.querySelector("progress");
  const say = (words, n) => { state.textContent = words.replace("{n}", n); };
  const send = (file) => {
    report.replaceChildren();
    progress.hidden = false;
    part("file").textContent = file.name;
    const request = new XMLHttpRequest();
    let rest = "";
    let read = 0;
    request.open("POST", "/import?" + new URLSearchParams({ person: form.elements.person.value }));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", (sent) => {
      if (!sent.lengthComputable) return;
      bar.value = Math.floor((100 * sent.loaded) / sent.total);
      say(form.dataset.sending, bar.value);
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      say(form.dataset.reading, "");
    });
    const told = (name, data) => {
      if (name === "stored") say(form.dataset.stored, data);
      if (name === "done") {
        progress.hidden = true;
        state.textContent = "";
        report.innerHTML = data;
        report.querySelector("a, [role=alert]")?.focus();
      }
    };
    request.addEventListener("progress", () => {
      rest = events(rest + request.responseText.slice(read), told);
      read = request.responseText.length;
    });
    const ended = () => {
      progress.hidden = true;
      if (!report.childElementCount) say(form.dataset.failed, "");
    };
    request.addEventListener("error", ended);
    request.addEventListener("load", () => {
      // What was refused before it began is a page of its own.
      if (request.status !== 200) report.replaceChildren(problem(request.responseText) ?? "");
      ended();
    });
    request.send(file);
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.file.addEventListener("change", () => {
    if (form.elements.file.files.length) send(form.elements.file.files[0]);
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
  });
}

// A conversation: the reply is heard as it comes, and then takes its whole form.
function talk(form) {
  const log = document.querySelector("[data-log]");
  const field = form.elements.message;
  const button = form.querySelector("button");
  const bubble = (name) => document.querySelector(`template[data-${name}]`).content.firstElementChild.cloneNode(true);
  const put = (html, other) => {
    const piece = document.createElement("template");
    piece.innerHTML = html;
    const element = piece.content.firstElementChild;
    const item = element.matches("li") ? element : document.createElement("li");
    if (item !== element) item.append(element);
    other.replaceWith(item);
    window.htmx?.process(item);
    item.scrollIntoView({ block: "nearest" });
  };
  const send = async () => {
    const message = field.value.trim();
    if (!message || button.disabled) return;
    const body = new URLSearchParams(new FormData(form));
    const own = bubble("own");
    const other = bubble("other");
    const said = other.querySelector(".said");
    own.querySelector(".said").textContent = message;
    log.querySelector("[data-start]")?.remove();
    log.append(own, other);
    other.scrollIntoView({ block: "nearest" });
    button.disabled = true;
    field.value = "";
    let done = false;
    const told = (name, data) => {
      if (name === "piece") {
        other.querySelector(".waiting")?.remove();
        said.textContent += data;
      } else {
        done = true;
        put(data, other);
        if (name === "problem") field.value = message;
      }
    };
    try {
      const answer = await fetch(form.dataset.stream, { method: "POST", body });
      if (!answer.ok) {
        const notice = problem(await answer.text());
        if (notice) told("problem", notice.outerHTML);
      } else {
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        for (;;) {
          const { value, done: over } = await reader.read();
          if (over) break;
          rest = events(rest + value, told);
        }
      }
    } catch {
      // What broke off is told below.
    }
    if (!done) {
      const notice = document.createElement("p");
      notice.setAttribute("role", "alert");
      notice.textContent = form.dataset.failed;
      other.removeAttribute("aria-busy");
      other.querySelector(".waiting")?.remove();
      other.append(notice);
    }
    button.disabled = false;
    field.focus();
  };
  log.lastElementChild?.scrollIntoView({ block: "nearest" });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  // Enter sends, unless it ends the choice of a character.
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  // A number in a reply opens the turns that it leads to.
  log.addEventListener("click", (event) => {
    const why = event.target.closest(".cite")?.closest(".turn").querySelector("details.why");
    if (why) why.open = true;
  });
}

document.addEventListener("htmx:responseError", failed);
document.addEventListener("htmx:sendError", failed);
document.querySelectorAll("[data-slider]").forEach(slider);
document.querySelectorAll("form[data-import]").forEach(importer);
document.querySelectorAll("form[data-talk]").forEach(talk);
