/* The API page: sends the example, and copies lines. The token stays in its field: it is not stored,
   and goes to the API of this site only. No cookie is sent along, as with any program. */
"use strict";

const form = document.getElementById("try");

/* --- Copying -------------------------------------------------------------------------------- */

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.copied;
    } catch {
      window.getSelection().selectAllChildren(source);
    }
  });
}

/* --- The example ---------------------------------------------------------------------------- */

if (form) start();

function start() {
  const field = (name) => document.getElementById(`try-${name}`);
  const address = form.dataset.address;

  const say = (text) => {
    field("state").textContent = text;
  };

  const show = (answer) => {
    field("answer").hidden = answer === null;
    field("answer").textContent = answer === null ? "" : JSON.stringify(answer, null, 2);
  };

  const ask = async (path, options = {}) => {
    show(null);
    say(form.dataset.waiting);
    try {
      const response = await fetch(`${address}${path}`, {
        ...options,
        credentials: "omit",
        headers: {
          Authorization: `Bearer ${field("token").value.trim()}`,
          "Accept-Language": document.documentElement.lang,
          ...options.headers,
        },
      });
      const answer = await response.json();
      say(`${response.status} ${response.ok ? response.statusText : answer.title}`);
      show(answer);
      return response.ok ? answer : null;
    } catch {
      say(form.dataset.lost);
      return null;
    }
  };

  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    field("key").value = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const load = async () => {
    const found = await ask("/characteristics?writable=true");
    if (!found) return;
    // What the page was opened for stays chosen; its description says if the token does not reach it.
    const before = [...field("characteristic").options].filter((one) => one.selected && one.value);
    const others = found.items.filter((one) => !before.some((kept) => kept.value === String(one.id)));
    const options = others.map((one) => new Option(`${one.name} · ${one.team} · ${one.id}`, one.id));
    options.unshift(...before);
    field("characteristic").replaceChildren(...options);
    if (options.length === 0) say(form.dataset.none);
    else await describe();
  };

  const describe = async () => {
    const found = await ask(`/characteristics/${field("characteristic").value}`);
    if (!found) return;
    field("body").value = JSON.stringify(found.example, null, 2);
    newKey();
  };

  const chosen = () => {
    if (!field("characteristic").value) say(form.dataset.choose);
    return field("characteristic").value;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!chosen()) return;
    ask(`/characteristics/${chosen()}/observations`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": field("key").value },
      body: field("body").value,
    });
  });

  field("load").addEventListener("click", load);
  field("characteristic").addEventListener("change", describe);
  field("new-key").addEventListener("click", newKey);
  field("status").addEventListener("click", () => {
    if (chosen()) ask(`/characteristics/${chosen()}/status`);
  });
  newKey();
}
