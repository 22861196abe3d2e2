// SPDX-License-Identifier: Apache-2.0
// V8's heap under load: it grows, is collected and shrinks; objects, strings and typed arrays keep their contents.
'use strict';

const KEPT = 100000;
const ROUNDS_LEAST = 3;

function check(condition, message) {
  if (!condition) {
    console.log('FAIL: ' + message);
    process.exit(1);
  }
}

function build(from, count) {
  const table = new Map();
  for (let i = from; i < from + count; i++) {
    table.set('key ' + i, {number: i, list: [i, i + 1, i + 0.5], text: 'text ' + i});
  }
  return table;
}

function verify(table, from, count) {
  check(table.size === count, table.size + ' entries');
  for (let i = from; i < from + count; i++) {
    const value = table.get('key ' + i);
    check(value && value.number === i && value.list[2] === i + 0.5 && value.text === 'text ' + i, 'entry ' + i);
  }
}

function buffers(seed) {
  const list = [];
  for (let i = 0; i < 16; i++) {
    const array = new Uint32Array(1 << 20);
    for (let k = 0; k < array.length; k += 256) {
      check(array[k] === 0, 'fresh memory holds ' + array[k]);
      array[k] = seed + k;
    }
    list.push(array);
  }
  return list;
}

function round(seed) {
  const table = build(seed, KEPT);
  const list = buffers(seed);
  verify(table, seed, KEPT);
  for (const array of list) {
    for (let k = 0; k < array.length; k += 256) {
      check(array[k] === seed + k, 'a typed array changed');
    }
  }
  // Code that is new to the compiler each time.
  const compiled = new Function('n', 'let sum = ' + seed + '; for (let i = 0; i < n; i++) sum += i; return sum;');
  check(compiled(100000) === seed + 4999950000, 'compiled code');
}

const kept = build(0, KEPT);
round(1);
global.gc();
console.log('READY');
process.stdin.once('data', (line) => {
  const told = /^load (\d+)/.exec(line.toString());
  const end = Date.now() + (told ? Number(told[1]) : 0) * 1000;
  let done = 0;
  function step() {
    round(++done + 1);
    global.gc();
    verify(kept, 0, KEPT);
    if (done < ROUNDS_LEAST || Date.now() < end) {
      setTimeout(step, 1);
    } else {
      console.log('PASS');
      process.exit(0);
    }
  }
  step();
});
