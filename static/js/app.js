/* Small comforts. Every page works without them. */
(() => {
  const root = document.documentElement;
  const all = (selector) => document.querySelectorAll(selector);
  root.classList.add("js");

  // Browsers that cannot show a closed menu on a wide screen get an open one.
  if (!CSS.supports("selector(::details-content)") && matchMedia("(min-width: 64rem)").matches) {
    all("details[data-wide-open]").forEach((details) => { details.open = true; });
  }

  // Shared pages know nobody: how many packs are in the cart stands in a cookie of its own.
  const packs = document.cookie.match(/(?:^|; )gio-so=(\d+)/)?.[1];
  if (packs > 0) all("[data-cart-count]").forEach((place) => { place.textContent = packs; place.hidden = false; });

  // What is wrong with the form is read first.
  document.querySelector(".error-summary")?.focus();

  // The label of a file field says what was chosen; what is too large is not sent over a bad line first.
  all(".file input").forEach((input) => {
    const names = input.parentNode.querySelector(".file-names");
    const say = () => {
      const chosen = [...input.files].map((file) => file.name).join(", ");
      names.textContent = chosen || names.dataset.none;
      const { most, tooLarge } = input.parentNode.dataset;
      const isLarge = most && [...input.files].some((file) => file.size > Number(most));
      input.setCustomValidity(isLarge ? tooLarge : "");
      if (isLarge) input.reportValidity();
    };
    names.dataset.none = names.textContent;
    input.addEventListener("change", say);
    say();
  });

  // Sharing is offered where the browser can share.
  all("[data-share]").forEach((button) => {
    if (!navigator.share) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.share({ title: document.title, url: button.dataset.share || location.href }).catch(() => {});
    });
  });

  all("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });

  // A proof is fetched and checked when its section comes into view: who does not read so far pays nothing for it.
  all("[data-proof]").forEach((section) => {
    new IntersectionObserver(([seen], observer) => {
      if (!seen.isIntersecting) return;
      observer.disconnect();
      import(section.dataset.script).then((proof) => proof.check(section)).catch(() => {});
    }).observe(section);
  });

  // Lists that lie over the page close by Escape and by a tap beside them.
  const close = (details) => { if (details.open) { details.open = false; return true; } return false; };
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const details = event.target.closest?.("details[data-over]");
    if (details && close(details)) details.querySelector("summary").focus();
  });
  addEventListener("click", (event) => {
    all("details[data-over]").forEach((details) => { if (!details.contains(event.target)) close(details); });
  });
})();
