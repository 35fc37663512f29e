// The page: an editor, a button, the report. It starts Python in a worker, a new one for every check, and judges nothing.
import { makeEditor } from "./editor.js";

const at = (id) => document.getElementById(id);
const KEPT = "gru.text";
const BEFORE = "gru.before";
const ASKED = "gru.asked";

// What is kept in the browser, which may forbid it.

function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // A private window: the text lives as long as the page.
  }
}

// A text in a link: compressed, in letters that an address can hold.

async function through(stream, bytes) {
  const piped = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(piped).arrayBuffer());
}

async function packed(text) {
  const bytes = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(text));
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpacked(code) {
  const letters = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  return new TextDecoder().decode(await through(new DecompressionStream("deflate-raw"), bytes));
}

async function inTheLink() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!parts.get("code")) return null;
  try {
    return { text: await unpacked(parts.get("code")), asked: parts.get("asked") };
  } catch {
    say("The link is damaged: it holds no code.", true);
    return null;
  }
}

function say(text, bad = false) {
  at("status").textContent = text;
  at("status").classList.toggle("bad", bad);
}

// Python: its files are fetched once, and a worker waits with it ready for the next check.

async function fetched(url, integrity) {
  const answer = await fetch(url, integrity ? { integrity, mode: "cors", credentials: "omit" } : {});
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

async function runtimeLoaded(runtime) {
  const script = await (await fetched("worker.js")).text();
  const names = Object.keys(runtime.files);
  const files = {};
  let done = 0;
  let failed = false;
  const load = async (name) => {
    const { url, integrity } = runtime.files[name];
    files[name] = await (await fetched(url, integrity)).arrayBuffer();
    done += 1;
    if (!failed) say(`Loading Python: ${done} of ${names.length} files…`);
  };
  try {
    await Promise.all(names.map(load));
  } catch (error) {
    // What is still on its way has nothing more to say.
    failed = true;
    throw error;
  }
  const compiled = await WebAssembly.compile(files["pyodide.asm.wasm"]);
  delete files["pyodide.asm.wasm"];
  const worker = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return { worker, start: { kind: "start", files, compiled, wheels: runtime.wheels }, limit: runtime.limit };
}

let runtime;
let standby;

/** A worker that makes Python ready; `ready` fails where that cannot be. */
function newWorker() {
  const worker = new Worker(runtime.worker);
  const ready = new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message || "the worker ended"));
    worker.onmessage = ({ data }) => (data.kind === "ready" ? resolve() : reject(new Error(data.text)));
  });
  ready.catch(() => {});
  worker.postMessage(runtime.start);
  return { worker, ready };
}

/** What Python answers about a text; where it is stopped, or ends, why. The worker is never used again. */
function answerTo(source, asked, worker) {
  return new Promise((resolve) => {
    const seconds = runtime.limit;
    const give = (answer) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(answer);
    };
    const timer = setTimeout(
      () => give({ kind: "stopped", text: `Stopped after ${seconds} s: it has not ended. Is there an endless loop?` }),
      seconds * 1000,
    );
    at("stop").onclick = () => give({ kind: "stopped", text: "Stopped. The code is as it was." });
    worker.onerror = (event) => give({ kind: "failed", text: event.message || "the worker ended" });
    worker.onmessage = ({ data }) => {
      if (data.kind === "progress") say(`Checking: ${data.done} of ${data.total} problems…`);
      else give(data);
    };
    worker.postMessage({ kind: "check", source, asked });
  });
}

async function check() {
  const { worker, ready } = standby;
  at("check").disabled = true;
  at("report").hidden = true;
  say("Making Python ready…");
  try {
    await ready;
    at("stop").hidden = false;
    say("Checking…");
    const answer = await answerTo(editor.text(), at("asked").value, worker);
    if (answer.kind === "judged") show(answer);
    else if (answer.kind === "stopped") say(`${answer.text} No verdict.`, true);
    else say(`Python ended: ${answer.text}. This is no verdict.`, true);
  } catch (error) {
    say(`Python could not be made ready: ${error.message}`, true);
  }
  at("stop").hidden = true;
  standby = newWorker();
  at("check").disabled = false;
}

function show({ said, verdict, html }) {
  say(`${said}.`, verdict !== "right");
  // Without scripts, in a place of its own: the report holds words of the code.
  at("report").srcdoc = html;
  at("report").hidden = false;
}

// The texts

let examples = [];

/** Put a text into the editor; what was there stays to be had. */
function replace(text) {
  const old = editor.text();
  if (old.trim() && old !== text && !examples.some((example) => example.text === old)) {
    keep(BEFORE, old);
    offerBefore();
  }
  editor.replace(text);
}

function offer(value, title) {
  at("examples").add(new Option(title, value));
}

/** Ask for a layer and a form, where the page has it. */
function ask(asked) {
  if ([...at("asked").options].some((option) => option.value === asked)) at("asked").value = asked;
  keep(ASKED, at("asked").value);
}

function offerBefore() {
  if (!at("examples").querySelector('[value="before"]')) offer("before", "what was here before");
}

function choose() {
  const { value } = at("examples");
  at("examples").value = "";
  if (value) replace(value === "before" ? kept(BEFORE) ?? editor.text() : examples[Number(value)].text);
}

async function copyLink() {
  const parts = new URLSearchParams({ code: await packed(editor.text()), asked: at("asked").value });
  const url = new URL(`#${parts}`, location.href).href;
  try {
    await navigator.clipboard.writeText(url);
    say("The link is copied. It holds all of the code.");
  } catch {
    history.replaceState(null, "", url);
    say("The link is in the address bar. It holds all of the code.");
  }
}

async function openLink() {
  const linked = await inTheLink();
  if (linked === null) return;
  replace(linked.text);
  ask(linked.asked);
  // A reload then shows the text as it was left.
  history.replaceState(null, "", location.pathname + location.search);
}

const editor = makeEditor(at("editor"), "A GRU cell in Python", (text) => keep(KEPT, text));

async function main() {
  const about = await (await fetched("runtime.json")).json();
  for (const [asked, title] of Object.entries(about.asked)) at("asked").add(new Option(title, asked));
  ask(kept(ASKED));
  examples = await (await fetched("examples.json")).json();
  examples.forEach(({ title }, number) => offer(String(number), title));
  if (kept(BEFORE) !== null) offerBefore();
  editor.replace(kept(KEPT) ?? examples[0].text);
  await openLink();
  at("examples").onchange = choose;
  at("asked").onchange = () => ask(at("asked").value);
  at("link").onclick = copyLink;
  at("check").onclick = check;
  window.onhashchange = openLink;
  runtime = await runtimeLoaded(about);
  standby = newWorker();
  say("Starting Python…");
  await standby.ready;
  at("check").disabled = false;
  say("Ready.");
}

main().catch((error) => say(`The page could not be started: ${error.message}`, true));
