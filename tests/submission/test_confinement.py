"""Attacks on the examiner: each fails, and has its true reason.

A submission here is wrong in (10), or has no cell at all, and would gain by what it tries. The ones that
need the kernel are skipped where it has no Landlock or no seccomp.
"""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gru
from gru.examiner import Examination, examine
from gru.report.sentences import all_said
from gru.submission.confinement import Confinement, ConfinementError, Isolation, confinement, packages
from gru.submission.listener import FROM_OUTSIDE
from gru.submission.process import SubmissionProcess
from gru.submission.worker import lockdown
from tests.waiting import until

EXAMPLES = Path(__file__).parents[2] / "examples" / "submissions"
RIGHT = (EXAMPLES / "right.py").read_text(encoding="utf-8")
WRONG = RIGHT.replace("* h_p * self.r", "* self.r")

TIME_LIMIT = 2.0
"""Seconds, for what never ends."""

LEVEL = confinement("auto").level
confined = pytest.mark.skipif(LEVEL != "landlock+seccomp", reason=f"the kernel gives {LEVEL} only")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for the submission; what is beside it is none of its business."""
    folder = tmp_path / "submission"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("the answer")
    return folder


@pytest.fixture(autouse=True, params=["forked", pytest.param("alone", marks=pytest.mark.full)])
def starts(request: pytest.FixtureRequest) -> None:
    """Every attack is made from a fork, as in a class, and from a worker that is started for it alone."""
    if request.param == "alone":
        request.getfixturevalue("started_alone")


def examined(folder: Path, contents: str, isolation: Isolation = "auto", **limits: Any) -> Examination:
    file = folder / "cell.py"
    file.write_text(contents, encoding="utf-8")
    with SubmissionProcess(file, isolation=isolation, **limits) as process:
        return examine(process, effort="quick")


def at_import(code: str) -> str:
    """The file with code that its class needs: what no class needs is left out where it raises."""
    indented = "".join(f"    {line}\n" for line in code.splitlines())
    return f"def begin():\n{indented}\n\nbegun = begin()\n\n{WRONG}".replace(
        "class GRUCell:\n", "class GRUCell:\n    ready = begun\n\n"
    )


def in_forward(code: str) -> str:
    indented = "".join(f"        {line}\n" for line in code.splitlines())
    return WRONG.replace("        self.x = x\n", f"        self.x = x\n{indented}")


PLACES = pytest.mark.parametrize("placed", [at_import, in_forward], ids=["import", "call"])


def found_out(examination: Examination) -> str:
    """What is said of a submission that did not get through with it."""
    assert examination.verdict != "right"
    return f"{examination.reason}: {examination.text} {all_said(examination.outcome('interface').facts)}"


# What the kernel forbids

FORBIDDEN = {
    "a secret file": ("open({secret!r}).read()", "PermissionError"),
    "the folder around": ("import os; os.listdir({around!r})", "PermissionError"),
    "its own file written": ("open({own!r}, 'w')", "PermissionError"),
    "a new file": ("open({own!r} + '.json', 'w')", "PermissionError"),
    "a new folder": ("import os; os.mkdir({around!r} + '/new')", "PermissionError"),
    "a file removed": ("import os; os.remove({own!r})", "PermissionError"),
    "a file renamed": ("import os; os.rename({own!r}, {own!r} + '~')", "PermissionError"),
    "a file's mode": ("import os; os.chmod({own!r}, 0o777)", "PermissionError"),
    "a file's times": ("import os; os.utime({own!r})", "PermissionError"),
    "a link": ("import os; os.symlink('/etc', {around!r} + '/link')", "PermissionError"),
    "a temporary file": ("import tempfile; tempfile.TemporaryFile()", "FileNotFoundError"),
    "shared memory": ("from multiprocessing import shared_memory as m; m.SharedMemory('a', True, 8)", "Error"),
    "the oracle's source": ("open({oracle!r}).read()", "PermissionError"),
    "the environment of the parent": (
        "open(f'/proc/{{__import__(\"os\").getppid()}}/environ').read()",
        "PermissionError",
    ),
    "the memory of the parent": ("open('/proc/{parent}/mem', 'rb')", "PermissionError"),
    "a shell": ("import subprocess; subprocess.run(['sh', '-c', 'true'], check=True)", "PermissionError"),
    "a shell of os.system": ("import os; assert os.system('true') == 0", "AssertionError"),
    "a fork": ("import os; os.fork()", "PermissionError"),
    "a spawned process": ("import multiprocessing as m; p = m.Process(target=print); p.start()", "Error"),
    "exec": ("import os, sys; os.execv(sys.executable, ['python', '-c', ''])", "PermissionError"),
    "TCP to loopback": ("import socket; socket.create_connection(('127.0.0.1', {port}), 1)", "PermissionError"),
    "UDP to loopback": ("import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", "PermissionError"),
    "a Unix socket": ("import socket; socket.socket(socket.AF_UNIX)", "PermissionError"),
    "a pair of sockets": ("import socket; socket.socketpair()", "PermissionError"),
    "killing the parent": ("import os; os.kill(os.getppid(), 9)", "PermissionError"),
    "killing the group of the parent": ("import os; os.killpg(os.getpgid(os.getppid()), 9)", "PermissionError"),
    "killing everything": ("import os; os.kill(-1, 9)", "PermissionError"),
    "killing itself": ("import os; os.kill(os.getpid(), 9)", "PermissionError"),
    "killing a thread of its own": ("import signal, threading as t; signal.pthread_kill(t.get_ident(), 9)", "Error"),
    "ending itself as from outside": ("import signal; signal.raise_signal(signal.SIGTERM)", "PermissionError"),
    "a lock on a file of Python's": (
        "import fcntl, os; fcntl.flock(open(os.__file__), fcntl.LOCK_EX)",
        "PermissionError",
    ),
    "a lock on a part of it": ("import fcntl, os; fcntl.lockf(open(os.__file__), fcntl.LOCK_SH)", "PermissionError"),
    "memory that is locked": ("import ctypes, mmap; assert ctypes.CDLL(None).mlockall(3) == 0", "AssertionError"),
    "a page that is locked": (
        "import ctypes; b = ctypes.create_string_buffer(64); assert ctypes.CDLL(None).mlock(b, 64) == 0",
        "AssertionError",
    ),
    "a mapping that is locked": ("import mmap; mmap.mmap(-1, 2**20, flags=0x2000 | 0x20 | 0x2)", "Error"),
    "a larger pipe": ("import fcntl, os; fcntl.fcntl(os.pipe()[0], fcntl.F_SETPIPE_SZ, 2**20)", "PermissionError"),
    "merged pages": ("import mmap; mmap.mmap(-1, 8192).madvise(mmap.MADV_MERGEABLE)", "PermissionError"),
    "poisoned pages": ("import mmap; mmap.mmap(-1, 8192).madvise(100)", "PermissionError"),
    "a timer that kills": (
        "import ctypes as c; assert c.CDLL(None).timer_create(1, None, c.byref(c.c_long())) == 0",
        "AssertionError",
    ),
    "a session of its own": ("import os; os.setsid()", "PermissionError"),
    "another user": ("import os; os.setuid(0)", "PermissionError"),
    "more memory": ("import resource as r; r.setrlimit(r.RLIMIT_AS, (-1, -1))", "not allowed"),
    "the owner of a pipe": ("import fcntl; fcntl.fcntl(2, fcntl.F_SETOWN, 1)", "PermissionError"),
    "ptrace": ("import ctypes; assert ctypes.CDLL(None).ptrace(16, {parent}, 0, 0) == 0", "AssertionError"),
}


@pytest.mark.one_in(6)
@confined
@pytest.mark.parametrize(("code", "error"), FORBIDDEN.values(), ids=list(FORBIDDEN))
def test_the_kernel_forbids_it(code: str, error: str, place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = {
            "secret": str(place.parent / "secret.txt"),
            "around": str(place.parent),
            "own": str(place / "cell.py"),
            "oracle": str(Path(gru.__file__).with_name("oracle") / "sequence.py"),
            "port": server.getsockname()[1],
            "parent": os.getpid(),
        }
        examination = examined(place, at_import(code.format(**told)))
    assert examination.reason == "import_failed"
    assert error in found_out(examination)
    assert sorted(path.name for path in place.parent.iterdir()) == ["secret.txt", "submission"]
    assert sorted(path.name for path in place.iterdir()) == ["cell.py"]


SYSTEM_CALLS = {
    "clone without CLONE_THREAD": (56, 17, 0, 0, 0, 0),
    "clone3": (435, 0, 0, 0, 0, 0),
    "vfork": (58, 0, 0, 0, 0, 0),
    "execveat": (322, -100, 0, 0, 0, 0),
    "process_vm_readv": (310, os.getpid(), 0, 0, 0, 0),
    "process_vm_writev": (311, os.getpid(), 0, 0, 0, 0),
    "io_uring_setup": (425, 1, 0, 0, 0, 0),
    "userfaultfd": (323, 0, 0, 0, 0, 0),
    "pidfd_open": (434, os.getpid(), 0, 0, 0, 0),
    "bpf": (321, 0, 0, 0, 0, 0),
    "keyctl": (250, 0, 0, 0, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "unshare": (272, 0x10000000, 0, 0, 0, 0),
    "prctl PR_SET_PDEATHSIG": (157, 1, 0, 0, 0, 0),
    "fchmodat2": (452, -100, 0, 0, 0, 0),
    "a call that no kernel has yet": (999, 0, 0, 0, 0, 0),
}


@pytest.mark.one_in(8)
@confined
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86-64")
@pytest.mark.parametrize("call", SYSTEM_CALLS.values(), ids=list(SYSTEM_CALLS))
def test_a_system_call_that_computing_does_not_need_is_refused(call: tuple[int, ...], place: Path) -> None:
    code = f"import ctypes; libc = ctypes.CDLL(None, use_errno=True); libc.syscall{call}"
    code += "\nraise OSError(ctypes.get_errno(), 'no')"
    refused = "PermissionError" if call[0] != 435 else "OSError: [Errno 38]"
    assert refused in found_out(examined(place, at_import(code)))


@confined
def test_a_flood_of_threads_is_stopped_by_the_memory_that_is_allowed(place: Path) -> None:
    flood = (
        "import threading, time\n"
        "threading.stack_size(2**16)\n"
        "for _ in range(10_000):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    assert "can't start new thread" in found_out(examined(place, at_import(flood)))


@confined
def test_some_threads_are_allowed(place: Path) -> None:
    threads = (
        "import threading\n"
        "threads = [threading.Thread(target=print) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]"
    )
    assert examined(place, f"{threads}\n{RIGHT}").verdict == "right"


@confined
def test_what_is_read_and_imported_lies_in_the_root_that_is_given(place: Path) -> None:
    (place / "other.py").write_text(RIGHT)
    (place / "inner").mkdir()
    file = place / "inner" / "cell.py"
    file.write_text("from other import GRUCell")
    for root, verdict in ((place, "right"), (None, "not_examined")):
        with SubmissionProcess(file, root=root) as process:
            assert examine(process, effort="quick").verdict == verdict


# What is out of sight


@pytest.mark.one_in(6)
@pytest.mark.parametrize("isolation", ["auto", "process"])
@pytest.mark.parametrize("package", ["gru", "tests", "pytest", "hypothesis", "click", "pip"])
def test_no_package_but_numpy_and_scipy_can_be_imported(package: str, isolation: Isolation, place: Path) -> None:
    code = f"import {package}\nraise RuntimeError(type({package}.__spec__.loader).__module__)"
    # Where it may be done without, another thing stands in its place.
    found = found_out(examined(place, at_import(code), isolation))
    assert re.search("ModuleNotFoundError|RuntimeError: _beside.worker.absent", found)


def test_the_packages_are_those_of_this_interpreter() -> None:
    assert set(packages()) == {"numpy", "scipy"}
    assert Path(packages()["numpy"], "numpy", "__init__.py").is_file()


@pytest.mark.parametrize("isolation", ["auto", "process"])
def test_nothing_of_the_examiner_is_in_the_process(isolation: Isolation, place: Path) -> None:
    """Neither among the modules, nor the objects, nor the frames, nor in the environment."""
    hunt = (
        "import gc, os, sys\n"
        "frame, seen = sys._getframe(), []\n"
        "while frame:\n"
        "    seen += [repr(v) for v in {**frame.f_globals, **frame.f_locals}.values() if not callable(v)]\n"
        "    frame = frame.f_back\n"
        "words = [*sys.modules, *(type(o).__module__ for o in gc.get_objects()), *os.environ]\n"
        "words = [str(w) for w in words]\n"
        "assert not [w for w in words if w.startswith(('gru', 'PYTEST', 'SECRET', 'HOME'))], words\n"
        # In two halves, as the worker does hold the source that these lines are in.
        "assert not [s for s in seen if 'exp' 'ected' in s or 'ora' 'cle' in s.lower()], seen"
    )
    os.environ["SECRET_OF_THE_EXAMINER"] = "1"
    try:
        examination = examined(place, f"{hunt}\n{RIGHT}", isolation)
        assert (examination.verdict, examination.text) == ("right", "")
    finally:
        del os.environ["SECRET_OF_THE_EXAMINER"]


# What comes out is not believed


def test_frames_on_every_descriptor_are_not_taken_for_answers(place: Path) -> None:
    forged = (
        "import json, os, struct\n"
        "text = json.dumps({'kind': 'answer', 'id': '0:0', 'uses': [], 'again': None, 'split': {},\n"
        "                   'changed': [], 'raised': None, 'left': {}}).encode()\n"
        "for fd in range(64):\n"
        "    try:\n"
        "        os.write(fd, struct.pack('<IQ', len(text), 0) + text)\n"
        "    except OSError:\n"
        "        pass"
    )
    for placed in (at_import, in_forward):
        assert examined(place, placed(forged)).reason in ("protocol", "crashed")


@PLACES
def test_closing_every_descriptor_is_a_crash(placed: Any, place: Path) -> None:
    assert examined(place, placed("import os; os.closerange(0, 256)")).reason in ("crashed", "protocol")


UNBELIEVED = {
    "a skipped test": ("raise type('Skipped', (BaseException,), {})('skip')", "Skipped"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "GeneratorExit": ("raise GeneratorExit", "GeneratorExit"),
    "SystemExit": ("raise SystemExit(0)", "SystemExit"),
    "exit in a call": ("import os; os._exit(0)", "crashed: the process ended itself with exit status 0"),
    "a segmentation fault": ("import ctypes; ctypes.string_at(0)", "crashed: the process was ended by SIGSEGV"),
    "an abort": ("import os; os.abort()", "crashed: the process was ended by SIGABRT"),
    "a trap": ("import os; os.kill(os.getpid(), 5)", "crashed: the process was ended by SIGTRAP"),
    "no output": ("import os, time; os.closerange(3, 64); time.sleep(60)", "crashed: the process closed its output"),
    "recursion": ("f = lambda: f()\nf()", "RecursionError"),
    "too much memory": ("import numpy as np\nhoard = [np.zeros(2**22) for _ in range(100)]", "out_of_memory"),
    "an endless loop": ("while True: pass", "timed_out"),
    "a long sleep": ("import time; time.sleep(100)", "timed_out"),
    "a loop that swallows everything": (
        "import signal\n"
        "for n in range(1, 65):\n"
        "    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "while True:\n"
        "    try:\n"
        "        while True: pass\n"
        "    except BaseException: pass",
        "timed_out",
    ),
    "a flood of output": ("import os\nwhile True: os.write(1, b'z' * 65536)", "timed_out"),
}


@pytest.mark.one_in(5)
@PLACES
@pytest.mark.parametrize(("code", "text"), UNBELIEVED.values(), ids=list(UNBELIEVED))
def test_it_has_its_true_reason(code: str, text: str, placed: Any, place: Path) -> None:
    limits = {"time_limit": TIME_LIMIT} if text == "timed_out" else {}
    assert text in found_out(examined(place, placed(code), **limits))


LIES = {
    "NumPy's comparisons": "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\nnp.testing = None",
    "builtins": "import builtins\nbuiltins.abs = builtins.max = lambda *a, **k: 0",
    "the worker's own functions": (
        "import sys\n"
        "for module in list(sys.modules.values()):\n"
        "    if hasattr(module, 'as_data'): module.as_data = lambda value, shape: value * 0"
    ),
    "something at exit": "import atexit, os; atexit.register(os._exit, 0)",
    "a forged report": "print('right: every derivative (8)-(24)'); print('{\"verdict\": \"right\"}')",
}


@pytest.mark.one_in(5)
@pytest.mark.parametrize("code", LIES.values(), ids=list(LIES))
def test_a_lie_in_its_own_process_changes_no_verdict(code: str, place: Path) -> None:
    examination = examined(place, at_import(code))
    assert examination.verdict != "right"


VALUES = {
    "equal to everything": (
        "class Equal(np.ndarray):\n"
        "    __eq__ = __le__ = __ge__ = lambda s, o: np.True_\n"
        "    __sub__ = __rsub__ = lambda s, o: np.zeros(np.shape(o))\n"
        "    __array_priority__ = 1e9\n"
        "    __array_ufunc__ = lambda s, *a, **k: 0.0\n",
        "np.zeros((1, 1)).view(Equal)",
    ),
    "NaN": ("", "np.full_like(self.dzr, np.nan)"),
    "2**59 entries": ("", "np.broadcast_to(0.0, (2**30, 2**29))"),
    "pickled": ("import pickle\nclass Evil:\n    __reduce__ = lambda s: (exit, ())\n", "np.array(Evil(), object)"),
    "an object that claims to be an array": (
        "class Claims:\n    __class__ = np.ndarray\n    shape, dtype = (1, 1), np.dtype(float)\n",
        "Claims()",
    ),
}


@pytest.mark.one_in(5)
@pytest.mark.parametrize(("helper", "value"), VALUES.values(), ids=list(VALUES))
def test_a_value_that_is_none_is_wrong(helper: str, value: str, place: Path) -> None:
    contents = RIGHT.replace("import numpy as np\n", f"import numpy as np\n{helper}\n", 1)
    contents += (
        "\n\n_backward = GRUCell.backward\n"
        "def backward(self, h_p, in_grad):\n"
        "    _backward(self, h_p, in_grad)\n"
        f"    self.dx = {value}\n"
        "GRUCell.backward = backward\n"
    )
    examination = examined(place, contents)
    assert examination.verdict == "wrong"
    assert examination.outcome("equation-24").status == "wrong"


def test_arguments_set_to_zero_are_noticed(place: Path) -> None:
    zero = RIGHT.replace(
        "        self.x = x\n", "        if h_p.flags.writeable:\n            h_p[:] = 0\n        self.x = x\n"
    )
    assert examined(place, zero).outcome("state").status == "wrong"


def test_the_next_submission_is_judged_as_ever(place: Path) -> None:
    for code in ("import os; os._exit(0)", "import os; os.closerange(0, 256)", "raise SystemExit"):
        examined(place, at_import(code))
        assert examined(place, RIGHT).verdict == "right"


# What is left behind


def processes_of_session(session: int) -> list[int]:
    """The processes that are alive in this session, but for the leader."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z" and int(stat.parent.name) != session:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_an_ordinary_process_has_started_does_not_outlive_it(place: Path) -> None:
    """Without a filter a submission can fork; a child in the same group holds the pipes open, and is ended too."""
    file = place / "cell.py"
    file.write_text(f"import os, time\nif not os.fork():\n    time.sleep(10**6)\n    os._exit(0)\n{RIGHT}")
    with SubmissionProcess(file, isolation="process") as process:
        assert examine(process, effort="quick").verdict == "right"
        assert process.pid is not None
        session = process.pid
        assert len(processes_of_session(session)) == 1
    until(lambda: not processes_of_session(session))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise")
def test_the_worker_ends_with_the_examiner(place: Path) -> None:
    (place / "cell.py").write_text("while True:\n    pass\n")
    program = (
        "import time\n"
        "from gru.submission.process import SubmissionProcess\n"
        f"process = SubmissionProcess({str(place / 'cell.py')!r}).__enter__()\n"
        "process._listener.frame(process._keeper.channel); print(process.pid, flush=True); time.sleep(10**6)\n"
    )
    root = Path(gru.__file__).parent.parent
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root) as examiner:
        assert examiner.stdout is not None
        worker = Path("/proc", examiner.stdout.readline().strip())
        assert worker.exists()
        examiner.kill()

    def has_ended() -> bool:
        try:
            return worker.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    until(has_ended)


# What is asked for, and what there is


def test_strict_is_refused_where_the_kernel_gives_less(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    bare = Confinement(None, False, ("the kernel has no Landlock: too old",))
    monkeypatch.setattr("gru.submission.confinement._of_the_kernel", lambda: bare)
    with pytest.raises(ConfinementError, match="too old"):
        SubmissionProcess(place / "cell.py", isolation="strict")
    (place / "cell.py").write_text(RIGHT)
    with SubmissionProcess(place / "cell.py") as process:
        assert process.confinement.level == "process"
        assert "read and write your files" in str(process.confinement.warning)
        assert examine(process, effort="quick").verdict == "right"


@confined
@pytest.mark.parametrize(("isolation", "level"), [("auto", LEVEL), ("strict", LEVEL), ("process", "process")])
def test_the_level_is_told(isolation: Isolation, level: str, place: Path) -> None:
    found = SubmissionProcess(place / "cell.py", isolation=isolation).confinement
    assert (found.level, found.warning) == (level, None)


CAPABILITIES = """
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from gru.submission.worker import lockdown
from gru.submission.confinement import confinement
lockdown.shut(lockdown.Files(confinement().landlock, []), ["/"], [], None)
print(int(Path("/proc/self/status").read_text().partition("CapEff:")[2].split()[0], 16))
"""


@confined
def test_of_root_s_powers_only_reading_is_left() -> None:
    program = CAPABILITIES.format(root=str(Path(gru.__file__).parent.parent))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) & ~lockdown.CAP_DAC_READ_SEARCH == 0


@confined
@pytest.mark.parametrize("signal", FROM_OUTSIDE)
def test_no_submission_can_end_itself_as_a_worker_is_ended_from_outside(signal: int, place: Path) -> None:
    assert "PermissionError" in found_out(examined(place, at_import(f"import os; os.kill(os.getpid(), {signal})")))


@confined
def test_a_file_beside_the_package_does_not_see_it(tmp_path: Path) -> None:
    """A submission in the project's own folder can import what is beside it, but not the examiner."""
    settings = confinement().settings(Path(gru.__file__).parent.parent / "cell.py", os.getpid())
    files = confinement().files
    assert files is not None
    package = Path(gru.__file__).parent
    for path in map(Path, (*files["readable"], *settings["readable"])):
        assert not package.is_relative_to(path)
        assert not path.is_relative_to(package)
    json.dumps([files, settings])
