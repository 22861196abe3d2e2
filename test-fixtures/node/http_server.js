// SPDX-License-Identifier: Apache-2.0
// An HTTP server with state, a timer and a worker thread; what it answers shows whether all of them go on.
'use strict';

const http = require('http');
const path = require('path');
const {PerformanceObserver, constants} = require('perf_hooks');
const {Worker} = require('worker_threads');

const entries = new Map();
const kept = [];
const counts = {requests: 0, ticks: 0, collections: 0, fullCollections: 0};
const waiting = new Map();
let question = 0;

for (let i = 0; i < 50000; i++) {
  kept.push({number: i, text: 'kept ' + i, list: [i, i / 2, -i]});
}
setInterval(() => counts.ticks++, 10);

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    counts.collections++;
    if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) {
      counts.fullCollections++;
    }
  }
}).observe({entryTypes: ['gc']});

const worker = new Worker(path.join(__dirname, 'http_server_worker.js'));
worker.on('message', ({id, answer}) => {
  waiting.get(id)(answer);
  waiting.delete(id);
});

function askWorker(number) {
  return new Promise((resolve) => {
    waiting.set(++question, resolve);
    worker.postMessage({id: question, number});
  });
}

// Whether what was there at the capture is as it was.
function keptIsWhole() {
  return kept.every((entry, i) => entry.number === i && entry.text === 'kept ' + i && entry.list[1] === i / 2);
}

// Garbage of all kinds, and a function that the compilers have not seen before.
function work(seed) {
  const garbage = [];
  for (let i = 0; i < 500; i++) {
    garbage.push({seed, i, text: 'garbage ' + seed + ' ' + i, array: new Float64Array(16).fill(seed)});
  }
  const large = new Uint32Array(1 << 16);
  const fresh = large.every((value) => value === 0);
  large.fill(seed);
  const compiled = new Function('n', 'let sum = ' + seed + '; for (let i = 0; i < n; i++) sum += i; return sum;');
  let sum = 0;
  for (let i = 0; i < 20; i++) {
    sum = compiled(1000);
  }
  return fresh && sum === seed + 499500 && garbage[499].array[15] === seed && large[large.length - 1] === seed;
}

async function answer(url) {
  const number = Number(url.searchParams.get('number'));
  switch (url.pathname) {
    case '/put':
      entries.set(url.searchParams.get('key'), number);
      return {size: entries.size};
    case '/get':
      return {value: entries.get(url.searchParams.get('key')) ?? null};
    case '/work':
      return {correct: work(number), answer: await askWorker(number)};
    case '/state':
      return {...counts, size: entries.size, whole: keptIsWhole()};
    default:
      return null;
  }
}

const server = http.createServer({keepAliveTimeout: 60000}, async (request, response) => {
  counts.requests++;
  const result = await answer(new URL(request.url, 'http://localhost'));
  response.writeHead(result === null ? 404 : 200, {'Content-Type': 'application/json'});
  response.end(JSON.stringify(result));
});
server.listen(Number(process.argv[2]), '127.0.0.1');

process.on('SIGTERM', async () => {
  await worker.terminate();
  server.closeAllConnections();
  server.close(() => process.exit(0));
});
