// SPDX-License-Identifier: Apache-2.0
// What node does beyond JavaScript goes on: WebAssembly with its traps, waiting workers, work in the thread pool, a stream in the
// middle of its file, watches, children.
'use strict';

const assert = require('assert');
const {execFileSync} = require('child_process');
const crypto = require('crypto');
const dns = require('dns/promises');
const fs = require('fs');
const os = require('os');
const path = require('path');
const {promisify} = require('util');
const {Worker} = require('worker_threads');
const zlib = require('zlib');

// (memory 1 16), store(at, value), load(at): both trap outside of the memory, which V8 finds out by a fault.
const MODULE = Uint8Array.from([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 11, 2, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 1, 0x7f, 1, 0x7f,
  3, 3, 2, 0, 1,
  5, 4, 1, 1, 1, 16,
  7, 25, 3, 6, 109, 101, 109, 111, 114, 121, 2, 0, 5, 115, 116, 111, 114, 101, 0, 0, 4, 108, 111, 97, 100, 0, 1,
  10, 19, 2, 9, 0, 0x20, 0, 0x20, 1, 0x36, 2, 0, 0x0b, 7, 0, 0x20, 0, 0x28, 2, 0, 0x0b,
]);
const PAGE = 65536;
const ROUNDS = 300000;

const shared = new Int32Array(new SharedArrayBuffer(8));
const sleeper = new Worker(
    `const {parentPort, workerData} = require('worker_threads');
     Atomics.store(workerData, 1, 1);
     Atomics.notify(workerData, 1);
     parentPort.postMessage(Atomics.wait(workerData, 0, 0));`,
    {eval: true, workerData: shared});
const woken = new Promise((resolve) => sleeper.once('message', resolve));

const folder = fs.mkdtempSync(path.join(process.cwd(), 'node-'));
const file = path.join(folder, 'text');
const content = Array.from({length: 40000}, (_, i) => 'line ' + i + '\n').join('');

function checkMemory(wasm, pages) {
  const {memory, store, load} = wasm.exports;
  assert.strictEqual(memory.buffer.byteLength, pages * PAGE);
  assert.strictEqual(load(pages * PAGE - 4), pages);
  for (const outside of [pages * PAGE, 1 << 30, -4]) {
    assert.throws(() => load(outside), WebAssembly.RuntimeError);
  }
  assert.strictEqual(memory.grow(1), pages);
  assert.strictEqual(load(pages * PAGE), 0);
  store((pages + 1) * PAGE - 4, pages + 1);
}

async function rest(stream, head) {
  let text = head;
  for await (const chunk of stream) {
    text += chunk;
  }
  return text;
}

async function seen(watcher, name) {
  for await (const event of watcher) {
    if (event.filename === name) {
      return;
    }
  }
}

async function main() {
  const wasm = new WebAssembly.Instance(new WebAssembly.Module(MODULE));
  wasm.exports.store(PAGE - 4, 1);
  checkMemory(wasm, 1);

  fs.writeFileSync(file, content);
  const stream = fs.createReadStream(file, {encoding: 'utf8', highWaterMark: 4096});
  const iterator = stream[Symbol.asyncIterator]();
  const head = (await iterator.next()).value;
  const watcher = require('fs/promises').watch(folder);

  const gzip = zlib.createGzip();
  const packed = [];
  gzip.on('data', (chunk) => packed.push(chunk));
  gzip.write(content.slice(0, 100000));

  Atomics.wait(shared, 1, 0);
  const derived = promisify(crypto.pbkdf2)('secret', 'salt', ROUNDS, 32, 'sha256'); // runs at the capture, most likely
  const start = process.hrtime.bigint();
  const timer = new Promise((resolve) => setTimeout(resolve, 1500));

  console.log('READY');
  await new Promise((resolve) => process.stdin.once('data', resolve));

  checkMemory(wasm, 2);
  Atomics.store(shared, 0, 1);
  Atomics.notify(shared, 0);
  assert.strictEqual(await woken, 'ok');
  assert.deepStrictEqual(await derived, crypto.pbkdf2Sync('secret', 'salt', ROUNDS, 32, 'sha256'));
  assert.strictEqual(await rest({[Symbol.asyncIterator]: () => iterator}, head), content);
  gzip.end(content.slice(100000));
  await new Promise((resolve) => gzip.once('end', resolve));
  assert.strictEqual(zlib.gunzipSync(Buffer.concat(packed)).toString(), content);

  const name = 'of ' + process.pid;
  const event = seen(watcher, name);
  fs.writeFileSync(path.join(folder, name), '');
  await event;
  assert.strictEqual((await dns.lookup('127.0.0.1')).address, '127.0.0.1');
  assert.strictEqual(execFileSync('echo', ['from', 'a', 'child']).toString(), 'from a child\n');
  assert.ok(os.cpus().length > 0);
  await timer;
  assert.ok(process.hrtime.bigint() - start >= 1500000000n);
  console.log('PASS');
  process.exit(0);
}

main().catch((error) => {
  console.log('FAIL: ' + error.stack);
  process.exit(1);
});
