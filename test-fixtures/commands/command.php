<?php
// SPDX-License-Identifier: Apache-2.0
// A command in PHP: docs/commands.md. Tells what it was started with, and ends with FIXTURE_STATUS.
$warm = array_map(fn($number) => $number * $number, range(0, 1000));

// What stat found is kept, under a path that may mean something else in a launch.
is_dir('../capture');
$program = readlink('/proc/self/exe');
pcntl_signal(SIGUSR2, SIG_IGN);
posix_kill(getmypid(), SIGUSR2);
if (readlink('/proc/self/exe') !== $program) {
    $argv = array_slice(explode("\0", file_get_contents('/proc/self/cmdline')), 0, -1);
    $argc = count($argv);
    clearstatcache(true);
    foreach (getenv() as $name => $value) putenv($name);
    foreach (array_slice(explode("\0", file_get_contents('/proc/self/environ')), 0, -1) as $variable) putenv($variable);
}

echo "warm $warm[999]\n";
foreach (array_slice($argv, 1) as $argument) echo "argument <$argument>\n";
echo 'directory ', getcwd(), is_dir('../capture') ? ' beside that of the capture' : '', "\n";
foreach (['FIXTURE_VALUE', 'FIXTURE_CAPTURE'] as $name) echo "variable $name <", getenv($name) === false ? 'none' : getenv($name), ">\n";
echo 'variable of a child ', shell_exec('printf "<%s>" "$FIXTURE_VALUE" "$FIXTURE_CAPTURE"'), "\n";
$input = stream_get_contents(STDIN);
echo 'input ', strlen($input), " <$input>\n";
exit((int) getenv('FIXTURE_STATUS'));
