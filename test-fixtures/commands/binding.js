// SPDX-License-Identifier: Apache-2.0
// bindings/node: warms up in every way that a launch must not notice, then tells what it was started with as one line of JSON.
'use strict';
const undump = require('../../bindings/node/undump.js');
const crypto = require('crypto');
const fs = require('fs');
const { execFileSync } = require('child_process');

const { stdout: keptStdout } = process;
const { random: keptRandom } = Math;
const { log: keptLog } = console;
const keptWrite = process.stdout.write;

function use(words) {
    keptLog('to nobody', ...words);
    process.stdout.write('to nobody\n');
    process.stderr.write('to nobody\n');
    process.env.FIXTURE_REHEARSAL = 'is over';
    process.argv.push('rehearsed');
    process.chdir('/');
    process.exit(7);
}

const rehearsed = undump.rehearse(() => use(['a', 1]));
if (rehearsed.status !== 7 || rehearsed.stdout !== 'to nobody a 1\nto nobody\n' || rehearsed.stderr !== 'to nobody\n') throw new Error(JSON.stringify(rehearsed));
if (process.env.FIXTURE_REHEARSAL || process.argv.includes('rehearsed') || process.cwd() === '/' || process.exitCode) throw new Error('a rehearsal left something behind');
crypto.randomUUID();
crypto.webcrypto.randomUUID();
for (let i = 0; i < 700; i++) crypto.randomInt(100);
crypto.randomBytes(10);
for (let i = 0; i < 100; i++) Math.random();
new Date().toString();

const launched = undump.checkpoint();

const many = (give) => Array.from({ length: 300 }, give);
const input = process.argv.includes('stdin') ? fs.readFileSync(0, 'utf8') : '';
const told = {
    launched, isLaunch: undump.isLaunch(), arguments: process.argv.slice(2), directory: process.cwd(), input,
    variables: { value: process.env.FIXTURE_VALUE, capture: process.env.FIXTURE_CAPTURE, child: execFileSync('sh', ['-c', 'echo "$FIXTURE_VALUE$FIXTURE_CAPTURE"']).toString() },
    zone: new Date(0).toString(),
    pid: process.pid === Number(fs.readlinkSync('/proc/self')), ppid: process.ppid,
    kinds: [process.stdin, process.stdout, process.stderr].map((stream) => `${stream.constructor.name}${stream.isTTY ? ' terminal' : ''} ${stream.fd}`),
    same: keptStdout.fd === process.stdout.fd && keptStdout instanceof process.stdout.constructor,
    random: { kept: many(() => keptRandom()), math: many(Math.random), uuids: many(() => crypto.randomUUID()), integers: many(() => crypto.randomInt(2 ** 40)),
        bytes: crypto.randomBytes(32).toString('hex'), values: [...crypto.webcrypto.getRandomValues(new Uint32Array(8))] },
};
if (![...told.random.kept, ...told.random.math].every((number) => number >= 0 && number < 1)) throw new Error('Math.random() is out of range');
keptStdout.write(`${JSON.stringify(told)}\n`);
keptLog('told');
keptWrite('written\n');
console.error('to stderr');
let closed = false;
try {
    undump.checkpoint();
} catch (error) {
    closed = /in use already/.test(error.message);
}
process.exitCode = closed ? 5 : 6;
