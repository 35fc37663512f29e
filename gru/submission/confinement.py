"""What the kernel can keep a submission from, and what it is told to allow: files to read, system calls.

It decides on the examining side what `lockdown` does in the worker. It starts no process.
"""

import errno
import importlib.util
import os
import re
import sysconfig
import tempfile
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Isolation = Literal["auto", "strict", "process"]
"""What is asked for: what the kernel gives, that or nothing, or an ordinary process."""

PACKAGES = ("numpy", "scipy")
"""What a submission can import beside the standard library and the files in its folder."""

FULL = "landlock+seccomp"
"""The level at which a submission reaches no other process."""

OTHER_PACKAGES = ("site-packages", "dist-packages")
"""Folders of the standard library's that hold what is not of it."""

DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/etc/ld.so.cache")

CALLS = """
    read write pread64 pwrite64 readv writev preadv pwritev lseek _llseek close close_range open openat openat2
    creat access faccessat faccessat2 readlink readlinkat getdents getdents64 stat fstat lstat newfstatat stat64
    fstat64 lstat64 fstatat64 statx statfs fstatfs getcwd chdir fchdir dup dup2 dup3 fadvise64 fsync
    fdatasync umask mkdir mkdirat unlink unlinkat rmdir rename renameat renameat2 symlink symlinkat link linkat
    truncate ftruncate pipe pipe2 poll ppoll select _newselect pselect6 epoll_create epoll_create1 epoll_ctl
    epoll_wait epoll_pwait eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime signalfd signalfd4
    sendfile splice tee brk munmap mprotect mremap mincore msync membarrier mbind
    get_mempolicy set_mempolicy pkey_alloc pkey_free pkey_mprotect rt_sigaction rt_sigprocmask rt_sigreturn
    rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack sigreturn futex futex_waitv set_robust_list
    get_robust_list set_tid_address rseq arch_prctl set_thread_area exit exit_group restart_syscall pause
    sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_get_priority_max
    sched_get_priority_min getpriority nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time
    times alarm getitimer setitimer getpid getppid gettid getpgid getpgrp getsid getuid geteuid getgid getegid
    getgroups getresuid getresgid getrlimit ugetrlimit getrusage sysinfo uname getcpu getrandom wait4 waitid
"""
"""The system calls that Python, NumPy and SciPy make in a process that only computes and reads.

Those that make and remove files are among them, because Landlock forbids the files; a submission is
then told so in the usual words. What is not here fails with EPERM, future kernels' calls included.
"""

MAP_STACK, LEAST_STACK = 0x20000, 2**21
"""A mapping for a thread's stack, and its least size: so many threads as find room in the memory allowed."""

FILES = "read and write your files"
CALLING = "use the network, start programs and end others"
"""What is not stopped without Landlock, and without seccomp."""

CLONE_THREAD = 0x10000
PR_SET_NAME = 15
FCNTL = (0, 1, 2, 3, 4, 1030, 1032)
"""Duplicates, flags and how much a pipe holds.

Not locks, which would keep others waiting who use the same files of Python; not the size of a pipe, which is
memory outside the limit; not the owner of a descriptor, who may be sent signals.
"""

MADVISE = (0, 1, 2, 3, 4, 8, 14, 15)
"""Advice that the allocators of C, Python and NumPy give: how memory is used, that it is free, and large pages."""

OWN_SIGNALS = (0, 4, 5, 6, 7, 8, 10, 11, 12, 14)
"""The signals that a submission may send itself: ILL, TRAP, ABRT, BUS, FPE, USR1, SEGV, USR2 and ALRM.

Not SIGKILL and what else is sent from outside, as by a kernel short of memory: so that what ends a worker that way
was no submission's doing.
"""

IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""Whether it is a terminal and how large, how much there is to read, blocking, close-on-exec."""


class ConfinementError(Exception):
    """This machine does not give the isolation that is asked for."""


@dataclass(frozen=True)
class Confinement:
    """What shuts a worker in: the `level` by its name, and why a part of it is `missing`."""

    landlock: str | None
    seccomp: bool
    missing: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """`landlock+seccomp`, one of the two, or `process`."""
        parts = [name for name, has in (("landlock", self.landlock is not None), ("seccomp", self.seccomp)) if has]
        return "+".join(parts) or "process"

    @property
    def warning(self) -> str | None:
        """What is not stopped, where a part is missing; None where nothing is, or nothing was asked for."""
        if not self.missing:
            return None
        open_to = [text for has, text in ((self.landlock, FILES), (self.seccomp, CALLING)) if not has]
        return f"a submission can {' and '.join(open_to)} here: {'; '.join(self.missing)}"

    @property
    def files(self) -> dict[str, Any] | None:
        """The arguments of `lockdown.Files`, the same for every worker; None without Landlock."""
        if self.landlock is None:
            return None
        return {"landlock": self.landlock, "readable": [str(path) for path in _of_the_interpreter()]}

    def settings(self, folder: Path, pid: int) -> dict[str, Any]:
        """The arguments of `lockdown.shut` for a worker with this process id, which may read this folder too."""
        readable = _without(folder, _own())
        return {
            "readable": [str(path) for path in readable] if self.landlock else [],
            "listable": [str(folder)] if self.landlock else [],
            "seccomp": _filter(pid).hex() if self.seccomp else None,
        }


def confinement(isolation: Isolation = "auto") -> Confinement:
    """What this machine gives of what is asked for. Raises ConfinementError where `strict` asks for more."""
    if isolation == "process":
        return Confinement(None, False)
    found = _of_the_kernel()
    if isolation == "strict" and found.missing:
        raise ConfinementError(f"isolation strict is not available here: {'; '.join(found.missing)}")
    return found


def packages() -> dict[str, str]:
    """For each of `PACKAGES` that is installed, the folder that it is in."""
    return {name: str(folder.parent) for name, folder in _package_folders().items()}


@cache
def _of_the_kernel() -> Confinement:
    missing = []
    landlock, seccomp = None, False
    try:
        import py_landlock

        py_landlock.get_abi_version()
        landlock = str(Path(py_landlock.__file__).parent)
    except ImportError:
        missing.append("the package py-landlock is not installed")
    except (OSError, py_landlock.LandlockError) as error:
        missing.append(f"the kernel has no Landlock: {error}")
    try:
        _filter(os.getpid())
        seccomp = Path("/proc/sys/kernel/seccomp").exists()
    except ImportError:
        missing.append("the package pyseccomp is not installed")
    except (OSError, RuntimeError) as error:
        missing.append(f"no filter can be made: {error}")
    else:
        if not seccomp:
            missing.append("the kernel has no seccomp")
    return Confinement(landlock, seccomp, tuple(missing))


def _filter(pid: int) -> bytes:
    """The seccomp filter of a worker with this process id: what `CALLS` names, and some calls in part."""
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))

    def allow(call: str, *conditions: tuple[int, int, int] | tuple[int, int, int, int]) -> None:
        number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, call)
        # Negative: another architecture's.
        if number >= 0:
            rules.add_rule(pyseccomp.ALLOW, number, *(pyseccomp.Arg(*condition) for condition in conditions))

    for call in CALLS.split():
        allow(call)
    for command in FCNTL:
        allow("fcntl", (1, pyseccomp.EQ, command))
    for command in IOCTL:
        allow("ioctl", (1, pyseccomp.EQ, command))
    allow("prctl", (0, pyseccomp.EQ, PR_SET_NAME))
    allow("prlimit64", (2, pyseccomp.EQ, 0))
    for number in OWN_SIGNALS:
        allow("kill", (0, pyseccomp.EQ, pid), (1, pyseccomp.EQ, number))
        allow("tgkill", (0, pyseccomp.EQ, pid), (2, pyseccomp.EQ, number))
    for advice in MADVISE:
        allow("madvise", (2, pyseccomp.EQ, advice))
    allow("mmap", (3, pyseccomp.MASKED_EQ, MAP_STACK, 0))
    allow("mmap", (1, pyseccomp.GE, LEAST_STACK))
    allow("clone", (0, pyseccomp.MASKED_EQ, CLONE_THREAD, CLONE_THREAD))
    # A filter cannot look into its arguments; without it, glibc takes clone.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


@cache
def _of_the_interpreter() -> tuple[Path, ...]:
    """What Python, NumPy and SciPy read, and no other package."""
    standard = Path(sysconfig.get_path("stdlib")).resolve()
    places = list(_without(standard, {standard / name for name in OTHER_PACKAGES}))
    for folder in _package_folders().values():
        places += [path for path in (folder, folder.with_name(f"{folder.name}.libs")) if path.exists()]
    for folder in _library_folders():
        if set(places).isdisjoint((folder, *folder.parents)):
            places += _without(folder, {path.resolve() for path in folder.glob("python*")})
    return (*places, *(path for path in map(Path, DEVICES) if path.exists()))


def _library_folders() -> set[Path]:
    """Where the libraries are that this interpreter has loaded: others of the system's are beside them."""
    try:
        mapped = Path("/proc/self/maps").read_text()
    except OSError:
        return set()
    # Each is mapped several times.
    libraries = set(re.findall(r"(/\S+\.so(?:\.\S*)?)$", mapped, re.MULTILINE))
    return {Path(path).resolve().parent for path in libraries}


@cache
def _package_folders() -> dict[str, Path]:
    specs = {name: importlib.util.find_spec(name) for name in PACKAGES}
    return {name: Path(spec.origin).resolve().parent for name, spec in specs.items() if spec and spec.origin}


def _own() -> set[Path]:
    """This package, and its tests where they are beside it."""
    package = Path(__file__).resolve().parent.parent
    return {package, package.with_name("tests")}


def _without(folder: Path, hidden: Set[Path]) -> Iterator[Path]:
    """The fewest paths that have in them what is in the folder, but nothing that is hidden."""
    return _open_in(folder, hidden, {above for path in hidden for above in path.parents})


def _open_in(folder: Path, hidden: Set[Path], above: Set[Path]) -> Iterator[Path]:
    """As `_without`, given all folders that something hidden lies in."""
    if folder in hidden:
        return
    if folder not in above:
        yield folder
    elif folder.is_dir():
        for entry in sorted(folder.iterdir()):
            # A link may lead to something hidden, or outside.
            if not entry.is_symlink():
                yield from _open_in(entry, hidden, above)
