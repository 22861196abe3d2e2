// SPDX-License-Identifier: Apache-2.0
// Keeps what it was asked, and tells how often that was.
'use strict';

const {parentPort} = require('worker_threads');

let asked = 0;
const squares = new Map();

parentPort.on('message', ({id, number}) => {
  asked++;
  squares.set(number % 1000, number * number);
  parentPort.postMessage({id, answer: {asked, square: squares.get(number % 1000)}});
});
