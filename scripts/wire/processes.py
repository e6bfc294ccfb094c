"""What a process and its children cost: CPU time, memory, descriptors. Read from /proc."""

import os
import pathlib
import threading

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and its living descendants."""
    found = [pid]
    for parent in found:
        for task in pathlib.Path(f"/proc/{parent}/task").glob("*"):
            try:
                found += [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue  # The thread has ended meanwhile.
    return found


def cpu_seconds(pid):
    """User and system time of the tree so far."""
    ticks = 0
    for member in tree(pid):
        # The name may hold blanks and parentheses; the fields begin after the last one.
        fields = pathlib.Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def _status(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) << 10
    return 0


def resident(pid):
    """Resident memory of the tree now, in bytes. Pages that its processes share count once for each."""
    return sum(_status(member, "VmRSS") for member in tree(pid))


def peak(pid):
    return sum(_status(member, "VmHWM") for member in tree(pid))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class PeakMemory:
    """`with PeakMemory(pid) as memory: …; memory.growth`: the most bytes above where it began."""

    def __init__(self, pid):
        self.pid = pid
        self.growth = 0

    def __enter__(self):
        self.before = self.most = resident(self.pid)
        self._done = threading.Event()
        # The kernel keeps the peak exactly where it may be reset; else samples come close.
        self._exact = self._reset()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        if not self._exact:
            self._thread.start()
        return self

    def _reset(self):
        try:
            for member in tree(self.pid):
                pathlib.Path(f"/proc/{member}/clear_refs").write_text("5")
            return True
        except OSError:
            return False

    def _sample(self):
        while not self._done.wait(0.02):
            self.most = max(self.most, resident(self.pid))

    def __exit__(self, *_):
        self._done.set()
        if self._exact:
            self.most = peak(self.pid)
        else:
            self._thread.join()
        self.growth = self.most - self.before
