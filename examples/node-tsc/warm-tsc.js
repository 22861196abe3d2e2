// SPDX-License-Identifier: Apache-2.0
//
// tsc as a command that is warm: compiles the samples until V8 has optimised the compiler, then takes the checkpoint.
//
//     ckpt -o tsc.ckpt node warm-tsc.js [ROUNDS [FOLDER OF TYPESCRIPT]]       undump --out tsc tsc.ckpt       ./tsc --strict file.ts
'use strict';
const undump = require('../../bindings/node/undump.js');
const fs = require('fs');
const Module = require('module');
const os = require('os');
const path = require('path');

const rounds = Number(process.argv[2] ?? 12);
const typescript = path.resolve(process.argv[3] ?? '/usr/share/nodejs/typescript');

/** Loads the compiler as bin/tsc does, but for its last statement, which compiles. */
function loadCompiler() {
    const file = path.join(typescript, 'lib/tsc.js');
    const text = fs.readFileSync(file, 'utf8');
    const start = /^(if \(ts\.sys\.setBlocking\) \{\n[^}]*\}\n)?ts\.executeCommandLine\(ts\.sys, ts\.noop, ts\.sys\.args\);\s*$/m;
    if (!start.test(text)) throw new Error(`${file} does not end as tsc of TypeScript 4 does: this example has to be adapted to it`);
    const compiler = new Module(file, module);
    compiler.filename = file;
    compiler.paths = Module._nodeModulePaths(path.dirname(file));
    compiler._compile(text.replace(start, 'module.exports = ts;\n'), file);
    return compiler.exports;
}

const ts = loadCompiler();
ts.sys.getCurrentDirectory = () => process.cwd(); // it remembers the first answer

function compile(args) {
    ts.sys.args = args;
    ts.executeCommandLine(ts.sys, ts.noop, args);
}

/** Writes some thousand lines of all sorts of TypeScript in modules that use each other, with errors in one of them. */
function writeSamples(folder) {
    const part = fs.readFileSync(path.join(__dirname, 'sample.ts'), 'utf8');
    for (let number = 0; number < 8; number++) {
        const before = number > 0 ? `import { Store as Earlier, describe as earlier } from './sample${number - 1}';\nexport const chained = new Earlier<string>();\nexport const told = earlier({ kind: 'circle', radius: ${number} });\n` : '';
        fs.writeFileSync(path.join(folder, `sample${number}.ts`), before + part);
    }
    fs.writeFileSync(path.join(folder, 'wrong.ts'), `${part}\nconst wrong: number = 'text';\nmissing(wrong.length);\nexport const too: Shape = { kind: 'circle' };\n`);
    fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({
        compilerOptions: { strict: true, target: 'es2020', module: 'commonjs', outDir: 'out', declaration: true, sourceMap: true }, include: ['sample*.ts'],
    }));
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'warm-tsc-'));
try {
    writeSamples(folder);
    const calls = [['-p', '.'], ['--strict', '--target', 'es5', '--lib', 'es2020,dom', '--outDir', 'old', 'sample1.ts'], ['--pretty', 'wrong.ts'], ['wrong.ts', '--noEmit'], ['--help'], ['--version']];
    for (let round = 0; round < rounds; round++) {
        for (const call of calls) undump.rehearse(() => { process.chdir(folder); compile(call); });
    }
} finally {
    fs.rmSync(folder, { recursive: true });
}

undump.checkpoint();

const args = undump.isLaunch() ? process.argv.slice(2) : process.argv.slice(4);
if (ts.sys.setBlocking) ts.sys.setBlocking();
compile(args);
