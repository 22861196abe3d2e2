// SPDX-License-Identifier: Apache-2.0
//
// Node programs as commands: warm up, checkpoint(), and go on in every launch with its arguments, environment, directory,
// standard streams and randomness of its own. Plain JavaScript; the checkpoint is taken by `ckpt`, under which the program runs:
//
//     const undump = require('undump');                  // first: it keeps process.stdout and Math.random fresh for launches
//     const tool = require('./tool');
//     for (const sample of samples) undump.rehearse(() => tool.main(sample));
//     undump.checkpoint();                               // without ckpt nothing happens here
//     process.exitCode = tool.main(process.argv.slice(2));
//
// docs/node.md says what else node remembers.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const { Readable, Writable } = require('stream');
const tty = require('tty');

const SIGNAL = 'SIGUSR2';
const UUIDS_KEPT = 128; // lib/internal/crypto/random.js: kBatchSize
const INTEGERS_KEPT = 1024; // the same: randomCache holds 6 KiB of numbers of 6 bytes

/* ---- standard streams ----
 * node chooses the kind of process.stdout (terminal, pipe, file) at the first look at it, for good. So until the launch they are
 * stand-ins, which write or read plainly; whoever keeps one finds the real stream behind it later. */

let settled = false; // whether the real streams may be made
const inUse = new Set();

function writer(fd) {
    const stream = new Writable({
        decodeStrings: true,
        write(chunk, _, done) {
            try {
                for (let at = 0; at < chunk.length; at += fs.writeSync(fd, chunk, at));
                done();
            } catch (error) {
                done(error);
            }
        },
    });
    stream.fd = fd;
    if (tty.isatty(fd)) stream.isTTY = true;
    return stream;
}

function reader(fd) {
    const stream = Readable.from([]); // what is on it belongs to the launch
    stream.fd = fd;
    if (tty.isatty(fd)) stream.isTTY = true;
    return stream;
}

function standIn(name, plain) {
    const { get: real, enumerable } = Object.getOwnPropertyDescriptor(process, name);
    const methods = new Map();
    let replacement = plain;
    const current = () => {
        if (!settled) return replacement;
        inUse.add(name);
        return real.call(process);
    };
    const get = (key) => {
        const value = current()[key];
        if (typeof value !== 'function' || key === 'constructor') return value;
        if (!methods.has(key)) methods.set(key, (...args) => current()[key](...args));
        return methods.get(key);
    };
    const proxy = new Proxy({}, {
        get: (_, key) => get(key),
        set: (_, key, value) => Reflect.set(current(), key, value),
        has: (_, key) => Reflect.has(current(), key),
        deleteProperty: (_, key) => Reflect.deleteProperty(current(), key),
        getPrototypeOf: () => Reflect.getPrototypeOf(current()),
        ownKeys: () => Reflect.ownKeys(current()),
        getOwnPropertyDescriptor: (_, key) => {
            const found = Reflect.getOwnPropertyDescriptor(current(), key);
            return found && { ...found, configurable: true };
        },
    });
    Object.defineProperty(process, name, { get: () => (settled ? current() : proxy), enumerable, configurable: true });
    return { name, swap(stream) {
        const before = replacement;
        replacement = stream;
        return () => { replacement = before; };
    } };
}

standIn('stdin', reader(0));
const stdout = standIn('stdout', writer(1));
const stderr = standIn('stderr', writer(2));

/* ---- randomness ----
 * Math.random continues a sequence that is part of the image. OpenSSL and the kernel are fresh by themselves, node's stocks of their numbers are not. */

const ownRandom = Math.random;
let random = ownRandom;

function freshRandom() {
    const words = new Uint32Array(512);
    let at = words.length;
    return () => {
        if (at === words.length) {
            crypto.randomFillSync(words);
            at = 0;
        }
        return ((words[at++] >>> 5) * 0x4000000 + (words[at++] >>> 6)) / 0x20000000000000; // 53 bits, below 1
    };
}

Object.defineProperty(Math, 'random', {
    value: { random() { return random(); } }.random, writable: true, enumerable: false, configurable: true,
});

/** Uses up the stocks: each is filled anew on the way. */
function drainStocks() {
    for (let i = 0; i < UUIDS_KEPT; i++) crypto.randomUUID();
    for (let i = 0; i < INTEGERS_KEPT; i++) crypto.randomInt(2);
}

/* ---- what the process was called with ---- */

function strings(file) {
    const texts = fs.readFileSync(`/proc/self/${file}`, 'utf8').split('\0');
    texts.pop(); // each ends with a zero byte
    return texts;
}

function readCall() {
    process.argv.splice(2, Infinity, ...strings('cmdline').slice(1));
    const variables = new Map(strings('environ').map((text) => {
        const end = text.indexOf('=', 1);
        return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
    }));
    for (const name of Object.keys(process.env)) if (!variables.has(name)) delete process.env[name];
    for (const [name, value] of variables) if (process.env[name] !== value) process.env[name] = value;
    process.chdir('.'); // process.cwd() is remembered until then
    Object.defineProperty(process, 'pid', { value: Number(fs.readlinkSync('/proc/self')), writable: false, enumerable: true, configurable: true });
}

/* ---- the checkpoint ---- */

let launched = false;

/**
 * Takes a checkpoint when the program runs under `ckpt`.
 *
 * In a launch, process.argv, process.env, process.cwd(), process.pid, the standard streams and random numbers are the launch's on return.
 *
 * @returns {boolean} true in every launch; false in the program that goes on, or that does not run under ckpt
 * @throws {Error} when a standard stream is in use already, whose kind could not change any more; in a worker thread; in a launch without /proc
 */
function checkpoint() {
    if (!require('worker_threads').isMainThread) throw new Error('undump: checkpoint() has to be called in the main thread');
    if (inUse.size > 0) {
        throw new Error(`undump: process.${[...inUse].join(' and process.')} is in use already and cannot become that of a launch: `
            + 'take the checkpoint before, and only once');
    }
    const program = fs.readlinkSync('/proc/self/exe');
    const ignore = () => {};
    drainStocks(); // so that it is compiled
    process.on(SIGNAL, ignore);
    try {
        process.kill(process.pid, SIGNAL);
        launched = fs.readlinkSync('/proc/self/exe') !== program;
    } finally {
        process.off(SIGNAL, ignore);
    }
    settled = true;
    if (launched) {
        readCall();
        drainStocks();
        random = freshRandom();
    } else {
        random = ownRandom;
    }
    return launched;
}

/** Returns whether this process is a launch of an image. */
function isLaunch() {
    return launched;
}

class Exit extends Error {}

/**
 * Runs a function for practice: what it writes to the standard streams is collected, process.exit() ends only the function, and arguments, variables,
 * directory and process.exitCode are afterwards what they were.
 *
 * @param {Function} act may return a promise
 * @returns {{status: number, stdout: string, stderr: string} | Promise} what it gave; a promise of it when act returned one
 */
function rehearse(act) {
    if (settled) throw new Error('undump: rehearse() is for the time before checkpoint()');
    const collected = { stdout: [], stderr: [] };
    const collector = (name) => new Writable({ write(chunk, _, done) { collected[name].push(chunk); done(); } });
    const undo = [stdout, stderr].map((stream) => stream.swap(collector(stream.name)));
    const { exit, argv, exitCode } = process;
    const [variables, directory] = [{ ...process.env }, process.cwd()];
    let status = 0;
    process.argv = argv.slice();
    process.exitCode = undefined;
    process.exit = (code) => {
        if (code !== undefined) process.exitCode = code;
        throw new Exit('process.exit() in a rehearsal');
    };
    const finish = (error) => {
        status = Number(process.exitCode ?? 0);
        Object.assign(process, { exit, argv });
        process.exitCode = exitCode;
        for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name];
        Object.assign(process.env, variables);
        process.chdir(directory);
        undo.forEach((back) => back());
        if (error && !(error instanceof Exit)) throw error;
        return { status, stdout: Buffer.concat(collected.stdout).toString(), stderr: Buffer.concat(collected.stderr).toString() };
    };
    let result;
    try {
        result = act();
    } catch (error) {
        return finish(error);
    }
    return typeof result?.then === 'function' ? result.then(() => finish(), finish) : finish();
}

module.exports = { checkpoint, isLaunch, rehearse };
