# SPDX-License-Identifier: Apache-2.0
"""Debian packages of the programs: looked for, installed when root, else named."""
import os
import pathlib
import shutil
import subprocess

APT = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "-qq"]


class Missing(Exception):
    """Packages are missing and cannot be installed; the message names them in one line."""


def is_there(probe: str) -> bool:
    """An absolute path must exist, anything else must be a command."""
    if probe.startswith("/"):
        return pathlib.Path(probe).exists()
    return shutil.which(probe, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/games") is not None


def missing(packages: dict) -> list:
    return [package for package, probe in packages.items() if not is_there(probe)]


class Installer:
    """Installs packages by apt; asks for the lists of packages once."""

    def __init__(self):
        self.updated = False

    def provide(self, packages: dict) -> None:
        """Missing when something is not there and cannot be got."""
        lacking = missing(packages)
        if not lacking:
            return
        install = f"apt-get install -y --no-install-recommends {' '.join(lacking)}"
        if os.geteuid() != 0:
            raise Missing(f"needs {' '.join(lacking)}: run \"{install}\" as root")
        if not shutil.which("apt-get"):
            raise Missing(f"needs {' '.join(lacking)} (Debian's names), and there is no apt-get")
        if not self.updated:
            self.apt("update")
            self.updated = True
        done = self.apt("install", "-y", "--no-install-recommends", *lacking)
        lacking = missing(packages)
        if lacking:
            lines = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
            why = lines[0] if lines else f"no {packages[lacking[0]]} is there after it"
            raise Missing(f"needs {' '.join(lacking)}, which \"{install}\" did not bring: {why}")

    @staticmethod
    def apt(*words) -> subprocess.CompletedProcess:
        return subprocess.run([*APT, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
