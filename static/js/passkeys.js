// Passkeys: forms that a device answers. Without JavaScript, or without a device for it, these forms stay hidden.
//   form[data-passkey=get|create]   data-challenge: where the question comes from; the answer goes into its field
//                                   "passkey", then the form is sent like any other

const decoded = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

function encoded(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function question(form) {
  const headers = { "X-CSRFToken": form.querySelector("[name=csrfmiddlewaretoken]").value };
  const answer = await fetch(form.dataset.challenge, { method: "POST", headers });
  const { publicKey } = await answer.json();
  publicKey.challenge = decoded(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = decoded(publicKey.user.id);
  (publicKey.excludeCredentials || []).forEach((one) => { one.id = decoded(one.id); });
  return { publicKey };
}

function inWords(made) {
  const response = { clientDataJSON: encoded(made.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = encoded(made.response[part]);
  }
  return JSON.stringify({ id: made.id, rawId: encoded(made.rawId), type: made.type, response, clientExtensionResults: {} });
}

async function answer(event) {
  const form = event.target;
  const field = form.elements.passkey;
  if (field.value) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // it is not sent yet
  const said = form.querySelector("[data-said]");
  try {
    field.value = inWords(await navigator.credentials[form.dataset.passkey](await question(form)));
    form.requestSubmit();
  } catch {
    said.textContent = "No passkey was used. Try again, or go on another way.";
  }
}

function offer(form) {
  form.hidden = false;
  form.addEventListener("submit", answer);
  document.querySelectorAll("[data-without-passkeys]").forEach((one) => { one.hidden = true; });
}

if (window.PublicKeyCredential) document.querySelectorAll("form[data-passkey]").forEach(offer);
