// What the pages gain with JavaScript; every page works without it.
//   form[method=post]      is sent once, however often the button is pressed
//   form[data-guard]       asks before typed text is lost
//   [data-undo]            gains a dismiss button and leaves by itself after data-undo seconds, unless somebody is on it
//   [data-focus]           takes the focus when the page opens (the error summary)
//   [data-copies=id]       is a button that copies the text of that field
//   details[data-menu]     closes on Escape and on a click elsewhere

const SENT_FOR_MS = 8000; // after this a form may be sent again: its answer may have been a download

function sendOnce(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const buttons = form.querySelectorAll("button:not([type=button])");
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  setTimeout(() => release(form), SENT_FOR_MS);
}

function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll("button[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
}

// The back button may bring a page back as it was left, with its forms still marked as sent.
function releaseAll(event) {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
}

function guard(event) {
  const forms = [...document.querySelectorAll("form[data-guard]")];
  if (forms.some((form) => form.dataset.touched && !form.dataset.sent)) event.preventDefault();
}

// The browser would keep what was sent beside the page that answered, to send it again on a reload, and write it into its
// own folder. Asked anew, the page is opened and nothing is sent; a form that was not taken is asked about first.
function forgetWhatWasSent() {
  history.replaceState(history.state, "", location.href);
  document.querySelectorAll("form[data-guard]:has(.usa-form-group--error)").forEach((form) => {
    form.dataset.touched = "yes";
  });
}

function touch(event) {
  const form = event.target.closest("form[data-guard]");
  if (form) form.dataset.touched = "yes";
}

function watchUndo(toast) {
  const dismiss = toast.querySelector("[data-dismiss]");
  dismiss.hidden = false;
  dismiss.addEventListener("click", () => leave(toast));
  const timer = setInterval(() => {
    if (toast.matches(":hover, :focus-within")) return;
    clearInterval(timer);
    leave(toast);
  }, Number(toast.dataset.undo) * 1000);
}

// Focus must not fall back to the top of the page when the toast that held it goes.
function leave(toast) {
  const held = toast.matches(":focus-within");
  toast.remove();
  if (held) document.getElementById("main").focus();
}

function offerCopy(button) {
  if (!navigator.clipboard) return; // only where the connection is safe
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).value);
    button.textContent = "Copied";
  });
}

function closeMenus(except) {
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (!menu.contains(except)) menu.open = false;
  });
}

function closeOnEscape(event) {
  const menu = event.key === "Escape" && event.target.closest("details[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

document.addEventListener("submit", sendOnce);
document.addEventListener("input", touch);
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", closeOnEscape);
window.addEventListener("beforeunload", guard);
window.addEventListener("pageshow", releaseAll);
forgetWhatWasSent();
document.querySelectorAll("[data-undo]").forEach(watchUndo);
document.querySelectorAll("[data-copies]").forEach(offerCopy);
document.querySelector("[data-focus]")?.focus();
