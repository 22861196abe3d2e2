# SPDX-License-Identifier: Apache-2.0
"""What a result has to be read with: the machine, the versions, and what there is room for."""
from __future__ import annotations

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time
from typing import Optional

from .samples import Skipped

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def first_line(*command: object) -> Optional[str]:
    """What a program says of its version; None when it is not there."""
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return lines[0] if done.returncode == 0 and lines else None


def file_system(folder: pathlib.Path) -> str:
    """The type of the file system that a folder is on."""
    device = os.stat(folder).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.split()[2] == wanted:
            return line.split(" - ", 1)[1].split()[0]
    return first_line("stat", "-f", "-c", "%T", folder) or "unknown"


def available_mebibytes() -> int:
    """Memory that can be had without swapping."""
    text = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    return int(re.search(r"^MemAvailable: +(\d+) kB", text, re.MULTILINE)[1]) >> 10


def facts(folder: pathlib.Path) -> dict:
    """Facts about the machine that do not change meanwhile."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    model = re.search(r"^model name\s*: (.*)$", cpuinfo, re.MULTILINE)
    return {"architecture": platform.machine(), "cpu": model[1].strip() if model else "unknown",
            "cpu_count": len(os.sched_getaffinity(0)), "kernel": ".".join(platform.release().split(".")[:2]),
            "page_size": os.sysconf("SC_PAGE_SIZE"), "file_system": file_system(folder),
            "memory_mebibytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20}


def versions(bin_folder: pathlib.Path) -> dict:
    """What was measured and with what; None is not installed."""
    return {"commit": first_line("git", "-C", ROOT, "describe", "--always", "--dirty"),
            "undump": first_line(bin_folder / "undump", "--version"), "ckpt": first_line(bin_folder / "ckpt", "--version"),
            "libc": " ".join(platform.libc_ver()), "gcc": first_line("gcc", "--version"),
            "java": first_line("java", "--version"), "node": first_line("node", "--version"),
            "python": platform.python_version() or sys.version}


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def load() -> float:
    return os.getloadavg()[0]


def require(folder: pathlib.Path, disk_mebibytes: int, memory_mebibytes: int) -> None:
    """Skips what is too big for this machine at this moment, instead of filling its disk or its memory."""
    free = shutil.disk_usage(folder).free >> 20
    if free < disk_mebibytes:
        raise Skipped(f"needs {disk_mebibytes} MiB of disk in {folder}, {free} MiB are free")
    available = available_mebibytes()
    if available < memory_mebibytes:
        raise Skipped(f"needs {memory_mebibytes} MiB of memory, {available} MiB are available")
