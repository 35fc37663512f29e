// Python in a worker: it is given all its files, judges one text, and is then ended by the page.
"use strict";

const NOWHERE = "https://runtime.invalid/";
const NETWORK = [
  "fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "WebTransport", "EventSource", "RTCPeerConnection",
  "importScripts", "Worker", "SharedWorker", "caches", "indexedDB", "BroadcastChannel",
];

let python;

/** Whatever Pyodide asks for is among the files that the page has fetched and checked. */
function serve(files) {
  self.fetch = async (url) => {
    const name = String(url).slice(NOWHERE.length);
    return name in files ? new Response(files[name]) : new Response(null, { status: 404 });
  };
}

function run(script) {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  importScripts(url);
  URL.revokeObjectURL(url);
}

/** What is fetched is fetched; the code that is judged has no business with the network, nor with what the page keeps. */
function leaveTheNetwork() {
  for (let scope = self; scope; scope = Object.getPrototypeOf(scope)) {
    for (const name of NETWORK) delete scope[name];
  }
}

async function start({ files, compiled, wheels }) {
  serve({ ...files, "pyodide.asm.wasm": new ArrayBuffer(0) });
  // Compiled once by the page, for all workers after one another.
  WebAssembly.instantiateStreaming = async (_, imports) => ({
    module: compiled,
    instance: await WebAssembly.instantiate(compiled, imports),
  });
  run(files["pyodide.asm.js"]);
  run(files["pyodide.js"]);
  python = await loadPyodide({ indexURL: NOWHERE, stdout: () => {}, stderr: () => {} });
  await python.loadPackage("numpy", { messageCallback: () => {} });
  for (const name of wheels) python.unpackArchive(files[name], "wheel");
  python.runPython("from gru.playground.judge import judged");
  leaveTheNetwork();
  self.postMessage({ kind: "ready" });
}

function check({ source, asked }) {
  const judged = python.globals.get("judged");
  const found = judged(source, asked, (done, total) => self.postMessage({ kind: "progress", done, total }));
  self.postMessage({ kind: "judged", ...found.toJs({ dict_converter: Object.fromEntries }) });
}

self.onmessage = async ({ data }) => {
  try {
    await (data.kind === "start" ? start(data) : check(data));
  } catch (error) {
    self.postMessage({ kind: "failed", text: String(error) });
  }
};
