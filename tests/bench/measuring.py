"""Child processes whose processor time, peak memory and moments are measured."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from processes import die_with_parent  # noqa: E402

_MIB = 1024 * 1024
_SAMPLE_EVERY = 0.05


class Child:
    """A process that is measured; its lines are read by the caller. It is killed after `timeout` seconds."""

    def __init__(self, command: list, directory: Path, *, timeout: float, reads: str = "stdout",
                 output: Path | None = None):
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": None}
        if output is not None:
            streams["stdout"] = output.open("wb")
        else:
            streams[reads] = subprocess.PIPE
        self.name = Path(command[0]).name
        self._process = subprocess.Popen([str(word) for word in command], cwd=directory, text=True,
                                         preexec_fn=die_with_parent, **streams)
        self.pid = self._process.pid
        self._lines = self._process.stdout or self._process.stderr
        self._peak_kib = 0
        self._is_over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        self._watchdog = threading.Timer(timeout, self.kill)
        self._watchdog.daemon = True
        self._watchdog.start()

    def wait_for(self, pattern: str) -> re.Match:
        """Reads lines until one matches."""
        assert self._lines is not None
        read = []
        for line in self._lines:
            if match := re.search(pattern, line):
                return match
            read.append(line)
        raise SystemExit(f"{self.name} has ended before it said {pattern!r}:\n{''.join(read[-20:])}")

    def kill(self) -> None:
        if not self._is_over.is_set():
            self._process.kill()

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def peak_mib(self) -> float:
        """Of resident memory, up to now."""
        self._read_peak()
        return self._peak_kib / 1024

    def mapped_mib(self, name: str) -> float:
        """What is resident now of the mappings whose file name contains `name`."""
        total = 0
        is_meant = False
        for line in Path(f"/proc/{self.pid}/smaps").read_text().splitlines():
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                is_meant = name in line
            elif is_meant and line.startswith("Rss:"):
                total += int(line.split()[1])
        return total / 1024

    def anonymous_mib(self, size_mib: float) -> float:
        """The same of anonymous mappings that are at least so large."""
        total = 0
        is_meant = False
        for line in Path(f"/proc/{self.pid}/smaps").read_text().splitlines():
            if match := re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+\s*$", line):
                is_meant = int(match[2], 16) - int(match[1], 16) >= size_mib * _MIB
            elif re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                is_meant = False
            elif is_meant and line.startswith("Rss:"):
                total += int(line.split()[1])
        return total / 1024

    def resident_mib(self) -> float:
        return _status_kib(self.pid, "VmRSS") / 1024

    def cpu_seconds(self) -> float:
        """Used until now by all threads that still run, to the nanosecond."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def finish(self) -> float:
        """Waits for its end and returns the processor time that it used, user and system."""
        if self._lines is not None:
            self._lines.read()
        _, status, usage = os.wait4(self.pid, 0)
        self._is_over.set()
        self._watchdog.cancel()
        self._sampler.join()
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if self._process.returncode != 0:
            raise SystemExit(f"{self.name} has ended with {self._process.returncode}")
        return usage.ru_utime + usage.ru_stime

    def _sample(self) -> None:
        while not self._is_over.wait(_SAMPLE_EVERY):
            self._read_peak()

    def _read_peak(self) -> None:
        try:
            self._peak_kib = max(self._peak_kib, _status_kib(self.pid, "VmHWM"))
        except (OSError, KeyError):
            pass  # it is at its end


def _status_kib(pid: int, field: str) -> int:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields[field].split()[0])
