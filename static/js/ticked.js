// The total of what is ticked in form[data-ticked]: [data-sum] and [data-count] follow the boxes, which carry data-charge
// (dollars at two places). Without JavaScript the page says the total of all, and that it is of all.

const MONEY = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

function follow(form) {
  const ticked = [...form.querySelectorAll("input[data-charge]:checked")];
  const cents = ticked.reduce((sum, box) => sum + Number(box.dataset.charge.replace(".", "")), 0);
  form.querySelector("[data-sum]").textContent = MONEY.format(cents / 100);
  form.querySelector("[data-count]").textContent = ticked.length === 1 ? "1 claim" : `${ticked.length} claims`;
  form.querySelector("[data-if-all]").hidden = true;
}

document.querySelectorAll("form[data-ticked]").forEach((form) => {
  form.addEventListener("change", () => follow(form));
  window.addEventListener("pageshow", () => follow(form)); // a browser may bring the boxes back as they were left
});
