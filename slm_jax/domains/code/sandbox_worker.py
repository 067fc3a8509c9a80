"""The process that answers are run in. Started by `sandbox.Sandbox` as a plain script: it imports nothing of this package.

The worker itself never runs an answer. For each one it forks a child, which gives up what it does not need, runs the answer, and says on a pipe what each test expression
came to. The worker keeps the time, ends the child and passes on what it said. What a test expects never enters the child, so there is no verdict to forge.

What holds a child: limits on CPU time, address space, file size, processes and open files; a wall clock; an empty directory; a list of modules and built-in names;
and, on Linux on x86-64 and ARM64, a seccomp filter that leaves it memory, the clock and its open pipe: no file, no process, no socket, no signal to others. Elsewhere the
lists of names stand in for the filter, which is enough for what a model writes and not for what an attacker does.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import gc
import importlib
import json
import os
import platform
import resource
import secrets
import select
import signal
import sys
import time
from multiprocessing.connection import Connection

MODULES = [
    "abc",
    "array",
    "base64",
    "bisect",
    "calendar",
    "cmath",
    "collections",
    "collections.abc",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "numbers",
    "operator",
    "pprint",
    "queue",
    "random",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "time",
    "types",
    "typing",
    "unicodedata",
    "zlib",
]
_BEHIND = ["_strptime", "encodings.idna", "encodings.latin_1", "encodings.ascii", "encodings.utf_16", "locale"]  # what the modules above load when first used
_NOT_FOR_ANSWERS = ["open", "exec", "eval", "compile", "input", "breakpoint", "exit", "quit", "help"]
MAX_SAID = 1 << 20  # bytes that a child may say
_MAX_PARTS, _MAX_TEXT = 10_000, 100_000  # values in one result, characters in one text

# --- the child: what a test expression came to ---


def plain(value: object, room: list[int]) -> object:
    """A value as JSON that tells a list from a tuple. What is no plain value, or too large a one, is ["?", the name of its type]."""
    room[0] -= 1
    if room[0] < 0:
        return ["?", "too much"]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return ["i", hex(value)] if value.bit_length() < 400_000 else ["?", "too large a number"]
    if isinstance(value, float):
        return ["n", float.hex(value)]
    if isinstance(value, str):
        return ["s", str.__str__(value)] if str.__len__(value) <= _MAX_TEXT else ["?", "too long a text"]
    for mark, kind in (("l", list), ("t", tuple), ("u", set), ("u", frozenset)):
        if isinstance(value, kind):
            return [mark, *(plain(part, room) for part in kind.__iter__(value))]
    if isinstance(value, dict):
        return ["d", *([plain(key, room), plain(part, room)] for key, part in dict.items(value))]
    return ["?", type(value).__name__]


def _reason(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:200].rstrip(": ")
    except BaseException:  # noqa: B036  (an exception whose text raises)
        return type(error).__name__


def run_answer(source: str, tests: list, say) -> None:
    """Says ("syntax", why), or ("parsed", None) and for each test ("value", plain value) or ("raised", why), until one raises."""
    try:
        code = compile(source, "answer", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        return say("syntax", _reason(error))
    say("parsed", None)
    names = {"__name__": "answer", "__builtins__": _builtins()}
    try:
        exec(code, names)
        for kind, text in tests:
            if kind == "run":
                exec(compile(text, "test", "exec", dont_inherit=True), names)
                say("value", True)
            else:
                value = eval(compile(text, "test", "eval", dont_inherit=True), names)
                say("value", plain(value if kind == "value" else bool(value), [_MAX_PARTS]))
    except BaseException as error:  # noqa: B036  (SystemExit and KeyboardInterrupt are answers' doing here)
        say("raised", _reason(error))


def _builtins() -> dict:
    known = {name for module in [*MODULES, *_BEHIND] for name in (module, module.split(".")[0])}

    def import_known(name, globals=None, locals=None, fromlist=(), level=0):
        if level or name not in known:
            raise ImportError(f"{name!r} is not available to an answer")
        return builtins.__import__(name, globals, locals, fromlist, level)

    return {name: value for name, value in vars(builtins).items() if name not in _NOT_FOR_ANSWERS} | {"__import__": import_known}


# --- the child: what it gives up ---

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM
# read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn sched_yield mremap madvise getpid exit gettimeofday sigaltstack futex
# restart_syscall clock_gettime exit_group getrandom rseq, by audit architecture (linux/audit.h and the tables of each kernel)
_CALLS = {
    "x86_64": (0xC000003E, (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 28, 39, 60, 96, 131, 202, 219, 228, 231, 318, 334)),
    "aarch64": (0xC00000B7, (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 124, 216, 233, 172, 93, 169, 132, 98, 128, 113, 94, 278, 293)),
}


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction))]


def deny_system_calls() -> bool:
    """Leaves this process the calls above; any other one fails with EPERM. Whether that is so: not on other systems."""
    if sys.platform != "linux" or platform.machine() not in _CALLS or sys.maxsize < 2**32:
        return False
    architecture, calls = _CALLS[platform.machine()]
    load, equal, answer = 0x20, 0x15, 0x06  # BPF_LD+W+ABS, BPF_JMP+JEQ+K, BPF_RET+K
    lines = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, _DENY), (load, 0, 0, 0)]  # seccomp_data: the call's number at 0, the architecture at 4
    for index, call in enumerate(calls):
        lines.append((equal, len(calls) - index, 0, call))
    lines += [(answer, 0, 0, _DENY), (answer, 0, 0, _ALLOW)]
    program = _Program(len(lines), (_Instruction * len(lines))(*(_Instruction(*line) for line in lines)))
    prctl = ctypes.CDLL(None).prctl
    return prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0


def _limit(what: str, amount: int) -> None:
    if hasattr(resource, what):
        kind = getattr(resource, what)
        hard = resource.getrlimit(kind)[1]
        amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows some limits and refuses to set them
            resource.setrlimit(kind, (amount, amount))


def _child(job: dict, pipe: int, nonce: str) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.dup2(pipe, 3)
    os.closerange(4, 256)
    os.setpgid(0, 0)
    signal.alarm(int(job["wall_seconds"]) + 2)  # should the worker be gone
    signal.setitimer(signal.ITIMER_PROF, job["cpu_seconds"])
    _limit("RLIMIT_CPU", int(job["cpu_seconds"]) + 2)
    _limit("RLIMIT_AS", job["memory_mb"] << 20)
    for what in ("RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_CORE"):
        _limit(what, 0)
    _limit("RLIMIT_NOFILE", 4)
    deny_system_calls()

    def say(kind: str, value: object) -> None:
        line = json.dumps([nonce, kind, value]).encode() + b"\n"
        while line:
            line = line[os.write(3, line) :]

    run_answer(job["source"], job["tests"], say)


# --- the worker ---


def run(job: dict) -> dict:
    """{"ended": "done" | "timeout" | "output" | "crash", "said": [[kind, value], ...]} of one answer."""
    nonce = secrets.token_hex(8)
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _child(job, theirs, nonce)
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    said, ended, deadline = bytearray(), "", time.monotonic() + job["wall_seconds"]
    while not ended:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([ours], [], [], left)[0]:
            ended = "timeout"
        elif not (some := os.read(ours, 65536)):
            ended = "done"
        else:
            said += some
            ended = "output" if len(said) > MAX_SAID else ""
    os.close(ours)
    if ended != "done":
        os.kill(child, signal.SIGKILL)
    # The pipe may be closed while the child lives on, so that waiting needs a deadline too.
    status = _reap(child, max(deadline, time.monotonic() + 0.2))
    if ended == "done" and status != 0:
        ended = "timeout" if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGXCPU, signal.SIGALRM) else "crash"
    return {"ended": ended, "said": _lines(bytes(said), nonce)}


def _reap(child: int, deadline: float) -> int:
    pause = 0.0002
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(pause)
        pause = min(0.05, 2 * pause)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return int(signal.SIGALRM)  # a signal that means: out of time


def _lines(said: bytes, nonce: str) -> list:
    """What the child said under its nonce; anything else on the pipe is an answer's doing and not heard."""
    heard = []
    for line in said.split(b"\n"):
        try:
            mark, kind, value = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            continue
        if mark == nonce:
            heard.append([str(kind), value])
    return heard


def main() -> None:
    pipe = Connection(os.dup(0))
    for name in [*MODULES, *_BEHIND]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # children share the pages
    pipe.send_bytes(json.dumps({"filter": _filter_works()}).encode())
    while True:
        try:
            job = json.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            return
        pipe.send_bytes(json.dumps(run(job)).encode())


def _filter_works() -> bool:
    child = os.fork()
    if child == 0:
        os._exit(0 if deny_system_calls() else 1)
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    main()
