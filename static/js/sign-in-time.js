// Warns before the sign-in ends, and keeps what was typed when it does. Without JavaScript the server does the second.
//   dialog[data-seconds]   how long the sign-in lasts if nobody does anything; data-stay: ask and extend; data-keep: send
//                          what was typed; data-sign-in: where to go at the end
// Nothing is kept in the browser. The server alone knows when the sign-in ends; asking (GET) does not extend it.

const WARN_AT = 120; // seconds before the end
const END_AT = 4; // early enough for what was typed to reach the server in time
const LOOK_EVERY_MS = 1000;

const dialog = document.querySelector("dialog[data-seconds]");
const left = dialog.querySelector("[data-left]");
let endsAt = Date.now() + Number(dialog.dataset.seconds) * 1000;
let asking = false;
let touched = null;

const secondsLeft = () => Math.round((endsAt - Date.now()) / 1000);

async function ask(method) {
  const headers = { "X-CSRFToken": dialog.querySelector("[name=csrfmiddlewaretoken]").value };
  const answer = await fetch(dialog.dataset.stay, { method, headers });
  const { seconds } = await answer.json();
  endsAt = Date.now() + seconds * 1000;
}

// Another tab may have been used meanwhile: the server is asked before anybody is disturbed.
async function warn() {
  asking = true;
  try {
    await ask("GET");
    if (secondsLeft() <= WARN_AT && secondsLeft() > END_AT) dialog.showModal();
  } finally {
    asking = false;
  }
}

async function stay(event) {
  event.preventDefault();
  await ask("POST");
  dialog.close();
}

function typed(form) {
  const fields = new FormData(form);
  form.querySelectorAll("input[type=password]").forEach((input) => fields.delete(input.name));
  for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name);
  fields.set("kept_page", location.pathname + location.search);
  fields.set("kept_action", new URL(form.action).pathname + new URL(form.action).search);
  return fields;
}

async function end() {
  asking = true;
  await ask("GET").catch(() => {});
  if (secondsLeft() > END_AT) {
    asking = false;
    return;
  }
  if (touched) await fetch(dialog.dataset.keep, { method: "POST", body: typed(touched) }).catch(() => {});
  document.querySelectorAll("form").forEach((form) => { form.dataset.sent = "yes"; }); // nothing is lost: do not ask
  location.assign(`${dialog.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`);
}

function look() {
  if (asking) return;
  if (secondsLeft() <= END_AT) end();
  else if (secondsLeft() <= WARN_AT && !dialog.open) warn();
  left.textContent = `${Math.max(0, secondsLeft())} seconds`;
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[method=post]");
  if (form) touched = form;
});
dialog.querySelector("form").addEventListener("submit", stay);
setInterval(look, LOOK_EVERY_MS);
