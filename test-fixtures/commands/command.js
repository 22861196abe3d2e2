// SPDX-License-Identifier: Apache-2.0
// A command in Node without bindings/node: docs/commands.md. Tells what it was started with, and ends with FIXTURE_STATUS.
'use strict';
const fs = require('fs');
const { execFileSync } = require('child_process');

const warm = new Map(Array.from({ length: 1001 }, (_, number) => [number, number * number]));
const strings = (name) => fs.readFileSync(`/proc/self/${name}`, 'utf8').split('\0').slice(0, -1);
const ignore = () => {};

const program = fs.readlinkSync('/proc/self/exe');
process.on('SIGUSR2', ignore);
process.kill(process.pid, 'SIGUSR2');
if (fs.readlinkSync('/proc/self/exe') !== program) {
    process.argv.splice(2, Infinity, ...strings('cmdline').slice(1));
    for (const name of Object.keys(process.env)) delete process.env[name];
    for (const text of strings('environ')) process.env[text.split('=', 1)[0]] = text.slice(text.indexOf('=') + 1);
    process.chdir('.');
}
process.off('SIGUSR2', ignore);

const lines = [`warm ${warm.get(999)}`];
for (const argument of process.argv.slice(2)) lines.push(`argument <${argument}>`);
lines.push(`directory ${process.cwd()}`);
for (const name of ['FIXTURE_VALUE', 'FIXTURE_CAPTURE']) lines.push(`variable ${name} <${process.env[name] ?? 'none'}>`);
lines.push(`variable of a child ${execFileSync('sh', ['-c', 'printf "<%s>" "$FIXTURE_VALUE" "$FIXTURE_CAPTURE"'])}`);
const input = fs.readFileSync(0);
process.stdout.write(Buffer.concat([Buffer.from(`${lines.join('\n')}\ninput ${input.length} <`), input, Buffer.from('>\n')]));
process.exitCode = Number(process.env.FIXTURE_STATUS ?? 0);
