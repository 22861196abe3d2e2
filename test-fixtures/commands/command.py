# SPDX-License-Identifier: Apache-2.0
# A command in Python without the undump package: docs/commands.md. Tells what it was started with, and ends with FIXTURE_STATUS.
import os
import signal
import subprocess
import sys

warm = {number: number * number for number in range(1, 1001)}


def strings(path):
    with open(path, "rb") as file:
        return [os.fsdecode(text) for text in file.read().split(b"\0")[:-1]]


program = os.readlink("/proc/self/exe")
signal.signal(signal.SIGUSR2, signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGUSR2)
if os.readlink("/proc/self/exe") != program:
    sys.argv[1:] = strings("/proc/self/cmdline")[1:]
    os.environ.clear()
    os.environ.update(text.split("=", 1) for text in strings("/proc/self/environ"))

print("warm", warm[999])
for argument in sys.argv[1:]:
    print(f"argument <{argument}>")
print("directory", os.getcwd())
for name in "FIXTURE_VALUE", "FIXTURE_CAPTURE":
    print(f"variable {name} <{os.environ.get(name, 'none')}>")
child = subprocess.run(["printf", "<%s>", os.environ.get("FIXTURE_VALUE", ""), os.environ.get("FIXTURE_CAPTURE", "")], stdout=subprocess.PIPE, check=True)
print("variable of a child", child.stdout.decode())
text = sys.stdin.buffer.read()
sys.stdout.flush()
sys.stdout.buffer.write(b"input %d <%s>\n" % (len(text), text))
sys.stdout.flush()
sys.exit(int(os.environ.get("FIXTURE_STATUS", "0")))
