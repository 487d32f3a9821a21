/* The page of a batch checks its own proof: every record is hashed here, followed up to the signed root, and the
   signature is tried. Fetched by app.js when the section comes into view. Hashes: RFC 9162; signature: Ed25519. */

const encoder = new TextEncoder();
const bytes = (base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
const same = (a, b) => a.length === b.length && a.every((value, at) => value === b[at]);

async function hash(mark, ...parts) {
  const data = new Uint8Array(await new Blob([new Uint8Array([mark]), ...parts]).arrayBuffer());
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

const leafHash = (content) => hash(0, encoder.encode(content));

export async function isIncluded(leaf, position, size, path, root) {
  if (!(position >= 0 && position < size) || [leaf, root, ...path].some((one) => one.length !== 32)) return false;
  let at = position;
  let last = size - 1;
  let found = leaf;
  for (const one of path) {
    if (last === 0) return false;
    if (at % 2 || at === last) {
      found = await hash(1, one, found);
      while (at % 2 === 0 && at > 0) { at /= 2; last = Math.floor(last / 2); }
    } else {
      found = await hash(1, found, one);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(found, root);
}

/* true, false, or null where the browser does not know Ed25519. */
async function isSigned(note, key) {
  const [body, signatures] = note.split("\n\n");
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
  for (const line of signatures.split("\n")) {
    const signature = line.startsWith("— ") ? bytes(line.split(" ")[2]).slice(4) : [];
    if (signature.length === 64 && await crypto.subtle.verify("Ed25519", imported, signature, encoder.encode(body + "\n"))) return true;
  }
  return false;
}

/* "good", "unsigned" (nothing is wrong, but the signature could not be tried), or "bad". */
export async function judge(proof, wanted, key) {
  const [, size, root] = proof.checkpoint.split("\n");
  const records = new Map(proof.records.map((record) => [record.position, record]));
  for (const position of wanted) {
    const record = records.get(position);
    if (!record || record.content === null) return "bad";
    const leaf = await leafHash(record.content);
    if (!same(leaf, bytes(record.leafHash))) return "bad";
    if (!await isIncluded(leaf, position, Number(size), record.proof.map(bytes), bytes(root))) return "bad";
  }
  const signed = await isSigned(proof.checkpoint, key);
  return signed === null ? "unsigned" : signed ? "good" : "bad";
}

export async function check(section) {
  const say = section.querySelector(".proof-result");
  if (!globalThis.crypto?.subtle) return;
  let verdict = "none";
  try {
    const answer = await fetch(section.dataset.proof);
    if (answer.ok) {
      const wanted = [...section.querySelectorAll("[data-position]")].map((line) => Number(line.dataset.position));
      verdict = await answer.json().then((proof) => judge(proof, wanted, bytes(section.dataset.key))).catch(() => "bad");
    }
  } catch { /* no line just now */ }
  say.lastElementChild.textContent = say.dataset[verdict];
  say.classList.add({ good: "notice-good", bad: "notice-bad" }[verdict] ?? "notice-wait");
  say.hidden = false;
}
