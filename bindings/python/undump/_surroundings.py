# SPDX-License-Identifier: Apache-2.0
"""Whether a launch can be served by what a warm interpreter has loaded. Where it differs from what a new interpreter would load or
how it would be set up, the new one has to take over."""
from __future__ import annotations

import _locale
import dataclasses
import importlib.machinery
import os
import site
import sys
from typing import Dict, FrozenSet, Mapping, Optional, Tuple

# Read by the running program, or followed at launch.
_FOLLOWED = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONSTARTUP", "PYTHONBREAKPOINT"}
_C_LOCALES = ("C", "POSIX")
_LENIENT_LOCALES = (*_C_LOCALES, "C.UTF-8", "C.utf8", "UTF-8")  # Python/initconfig.c, PEP 538

Identity = Optional[Tuple[int, int, int, int]]


def _identity(path: str) -> Identity:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """Where and from what a warm interpreter was made."""

    variables: Dict[str, str]           # PYTHON*
    locale: str                         # name that the environment gave
    user_site: Optional[str]            # None: not asked for
    directory: str
    files: Dict[str, Identity]          # the interpreter, and the first file of each package that it does not bring along
    imported: Dict[str, str]            # top-level modules that a new interpreter has not loaded, and where they lie

    def difference(self, environ: Mapping[str, str], path0: Optional[str]) -> Optional[str]:
        """What a launch with this environment, and this first folder of sys.path, has that a new interpreter is needed for."""
        return (self._other_variable(environ) or self._other_locale(environ) or self._other_user_site(environ)
                or self._other_files() or self._shadowed(path0))

    def _other_variable(self, environ: Mapping[str, str]) -> Optional[str]:
        if sys.flags.ignore_environment:
            return None
        now = python_variables(environ)
        for name in sorted((set(now) | set(self.variables)) - _FOLLOWED):
            if now.get(name) != self.variables.get(name):
                return f"{name} is another one"
        folders = now.get("PYTHONPATH", "")
        if folders and not all(map(os.path.isabs, folders.split(os.pathsep))) and _directory() != self.directory:
            return "PYTHONPATH depends on the working directory"
        return None

    def _other_locale(self, environ: Mapping[str, str]) -> Optional[str]:
        name = locale_name(environ)
        if name == self.locale:
            return None
        if self.variables.get("PYTHONUTF8") or self.variables.get("PYTHONCOERCECLOCALE"):
            return "the locale is another one"
        if (name in _C_LOCALES) != bool(sys.flags.utf8_mode):
            return f"the locale is {name}, and was {self.locale}"
        try:
            _locale.setlocale(_locale.LC_CTYPE, "C.UTF-8" if name in _C_LOCALES and not environ.get("LC_ALL") else name)
        except _locale.Error:
            return f"there is no locale {name}"
        if not sys.flags.utf8_mode and _locale.nl_langinfo(_locale.CODESET) != "UTF-8":
            return f"the locale {name} is not of UTF-8"
        return None

    def _other_user_site(self, environ: Mapping[str, str]) -> Optional[str]:
        if self.user_site is None:
            return None
        now = user_site(environ)
        if now != self.user_site and (os.path.isdir(now) or os.path.isdir(self.user_site)):
            return f"packages of the user are in {now}"
        return None

    def _other_files(self) -> Optional[str]:
        for path, before in self.files.items():
            now = _identity(path)
            if now is not None and now != before:  # an image works where the files are not
                return f"{path} is another one"
        return None

    def _shadowed(self, path0: Optional[str]) -> Optional[str]:
        """A script's folder comes first in sys.path, and may hold modules of these names."""
        if path0 is None:
            return None
        try:
            names = os.listdir(path0 or ".")
        except OSError:
            return None  # a zip file or nothing
        for name in names:
            path = os.path.join(os.path.abspath(path0), name)
            place = self.imported.get(name.partition(".")[0])
            if place is not None and place != path and _is_module(path):
                return f"{path} comes first"
        return None


def _is_module(path: str) -> bool:
    """A folder without __init__ does not come before a module further behind."""
    if os.path.isdir(path):
        return any(name.startswith("__init__.") for name in os.listdir(path))
    return path.endswith(tuple(importlib.machinery.all_suffixes()))


def look(environ: Mapping[str, str], plain: FrozenSet[str]) -> Surroundings:
    """The surroundings of this process, whose environment is given as it was at its start; plain: modules of a new interpreter."""
    imported = {name: _place(name) for name in {name.partition(".")[0] for name in sys.modules}
                - {name.partition(".")[0] for name in plain} - {"__main__", "undump"}}
    files = {sys.executable: _identity(sys.executable)}
    for name in imported:
        path = getattr(sys.modules.get(name), "__file__", None)
        if path and os.path.isabs(path) and not _belongs_to_interpreter(path):
            files[path] = _identity(path)
    return Surroundings(python_variables(environ), locale_name(environ), user_site(environ) if _has_user_site() else None,
                        _directory(), files, imported)


def _place(name: str) -> str:
    """The module's file, or the folder of a package."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None) or ""
    return os.path.dirname(file) if hasattr(module, "__path__") else file


def _belongs_to_interpreter(path: str) -> bool:
    """Whether it comes and goes with the interpreter, whose own file is looked at."""
    return os.path.dirname(path) in (os.path.dirname(os.__file__), os.path.dirname(os.path.dirname(os.__file__)) + "/lib-dynload")


def python_variables(environ: Mapping[str, str]) -> Dict[str, str]:
    """An empty one is none, Python/initconfig.c."""
    return {name: value for name, value in {**environ, **without_package(environ)}.items()
            if name.startswith("PYTHON") and value}


def without_package(environ: Mapping[str, str]) -> Dict[str, str]:
    """PYTHONPATH, if there is one, without the folder that this package was found by: that is loaded in any case."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = environ.get("PYTHONPATH")
    if not folders:
        return {}
    return {"PYTHONPATH": os.pathsep.join(folder for folder in folders.split(os.pathsep)
                                          if os.path.abspath(folder) != own)}


def locale_name(environ: Mapping[str, str]) -> str:
    return environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C"


def coerced(environ: Mapping[str, str]) -> Dict[str, str]:
    """What an interpreter sets in its own environment, PEP 538."""
    if locale_name(environ) in _C_LOCALES and not environ.get("LC_ALL") and environ.get("PYTHONCOERCECLOCALE") != "0":
        return {"LC_CTYPE": "C.UTF-8"}
    return {}


def stream_errors(environ: Mapping[str, str]) -> Optional[str]:
    """How stdin and stdout treat what is no text; None: as the interpreter was told when it was made."""
    if environ.get("PYTHONIOENCODING"):
        return None
    return "surrogateescape" if sys.flags.utf8_mode or locale_name(environ) in _LENIENT_LOCALES else "strict"


def _has_user_site() -> bool:
    return bool(site.ENABLE_USER_SITE) and not sys.flags.no_user_site


def user_site(environ: Mapping[str, str]) -> str:
    """site.getusersitepackages() for another environment."""
    base = environ.get("PYTHONUSERBASE") or os.path.join(_home(environ), ".local")
    return f"{base}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def _home(environ: Mapping[str, str]) -> str:
    if "HOME" in environ:
        return environ["HOME"].rstrip("/") or "/"
    import pwd
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "~"


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""
