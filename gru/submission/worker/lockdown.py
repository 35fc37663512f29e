"""How the worker shuts itself in, before it runs a line of a submission: limits, Landlock, seccomp, for good.

Standard library only, and `py_landlock` by its path: the worker sees no packages. What is allowed is
decided on the other side, in `confinement`.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION, CAP_DAC_READ_SEARCH = 0x20080522, 1 << 2
INSTRUCTION = 8
"""Bytes of one instruction of a seccomp filter."""


class Packages(MetaPathFinder):
    """Finds the packages of the given names in the given folders, and no others."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """As any finder's: a package's modules are found by the package's own path."""
        if name in self._places:
            return PathFinder.find_spec(name, [self._places[name]], target)
        return None


def limit(memory: int, seconds: int | None) -> None:
    """Bound the address space (in MiB) and the time of the processor, and allow no file to be written.

    Nothing where the system has no such limits; macOS has none of memory.
    """
    try:
        import resource
    except ImportError:
        return
    limits = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0, "RLIMIT_MEMLOCK": 0, "RLIMIT_NOFILE": 64}
    limits["RLIMIT_AS"] = memory * 2**20
    if seconds is not None:
        limits["RLIMIT_CPU"] = seconds
    for name, most in limits.items():
        # At the first limit of time comes SIGXCPU, which says what it is; SIGKILL could come from anywhere.
        hard = 2 * most if name == "RLIMIT_CPU" else most
        try:
            resource.setrlimit(getattr(resource, name), (most, hard))
        except (AttributeError, ValueError, OSError):
            continue


def die_with(parent: int) -> None:
    """Have the kernel end this process as soon as the one that started it is gone. Linux only."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


class Files:
    """What this process will be allowed to read. Nothing is in force before `shut`, and no fork shares it.

    Args:
        landlock: The folder of py_landlock.
        readable: What is readable for every submission: to find out what these paths are takes most of the time.
    """

    def __init__(self, landlock: str, readable: Iterable[str]) -> None:
        self._landlock = _package(landlock)
        self._rules = self._landlock.Landlock(strict=False)
        self.allow(readable)

    def allow(self, readable: Iterable[str], listable: Iterable[str] = ()) -> None:
        """Allow reading these too, and listing the folders that are `listable`."""
        for path in readable:
            access = self._landlock.AccessFs.READ_FILE
            if Path(path).is_dir():
                access |= self._landlock.AccessFs.READ_DIR
            self._rules.add_path_rule(path, access=access)
        for path in listable:
            self._rules.add_path_rule(path, access=self._landlock.AccessFs.READ_DIR)

    def shut(self) -> None:
        """Allow no more than that, for good."""
        self._rules.apply()


def shut(files: Files | None, readable: Iterable[str], listable: Iterable[str], seccomp: str | None) -> None:
    """Allow this process to read `files` and what is `readable`, and no more; then the filter's system calls only.

    `seccomp` is a filter in hexadecimal; None leaves that part out, as it does `files`. Where the examiner is root,
    its capabilities are given up too. Raises OSError where the kernel refuses.
    """
    if files is not None or seccomp is not None:
        _give_up_capabilities()
    if files is not None:
        files.allow(readable, listable)
        files.shut()
    if seccomp is not None:
        _shut_calls(bytes.fromhex(seccomp))


def _package(folder: str) -> Any:
    """The package in this folder, which no import finds."""
    name = Path(folder).name
    spec = spec_from_file_location(name, Path(folder, "__init__.py"), submodule_search_locations=[folder])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _give_up_capabilities() -> None:
    """Keep none of root's powers but to read another user's files: the submission may be one of them."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capget(ctypes.byref(header), ctypes.byref(sets)) == 0:
        for word in range(6):
            # Effective, permitted and inheritable, of the lower 32 and then of the others.
            sets[word] &= CAP_DAC_READ_SEARCH if word in (0, 1) else 0
        if libc.capset(ctypes.byref(header), ctypes.byref(sets)) == 0:
            return
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _shut_calls(instructions: bytes) -> None:
    program = _Program(len(instructions) // INSTRUCTION, instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program))):
        if libc.prctl(*call, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
