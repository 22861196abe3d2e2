// SPDX-License-Identifier: Apache-2.0
// A Node with its usual modules loaded and warm code: prints READY, then waits until it runs in another process.
'use strict';
const fs = require('fs');
for (const name of ['assert', 'crypto', 'events', 'http', 'https', 'net', 'os', 'path', 'stream', 'url', 'util', 'zlib'])
    require(name);

const table = new Map();
for (let number = 0; number < 100000; number++)
    table.set(number, JSON.stringify({ number, text: String(number) }));

// A shared library as argument is loaded instead; it waits and says so in this program's place.
if (process.argv.length > 2)
    process.dlopen({ exports: {} }, process.argv[2]);

// process.pid is read once at start; the link is read by the kernel each time.
const pid = fs.readlinkSync('/proc/self');
fs.writeSync(1, 'READY\n');
while (fs.readlinkSync('/proc/self') === pid)
    continue;
fs.writeSync(1, 'on\n');
process.reallyExit(0);
