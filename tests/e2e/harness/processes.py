"""The programs under test, and what keeps them on a leash."""

import http.client
import os
import signal
import subprocess
import time
from pathlib import Path

from .git_servers import free_port


class Program:
    """One child process with a log file."""

    def __init__(self, name, arguments, folder, env=None, preexec=None):
        self.name = name
        self.arguments = [str(a) for a in arguments]
        self.log_path = Path(folder) / f"{name}.log"
        self.env = dict(os.environ, **(env or {}))
        self.preexec = preexec
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.arguments, stdout=log, stderr=log, env=self.env,
                stdin=subprocess.DEVNULL, start_new_session=True,
                preexec_fn=self.preexec)
        return self

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9."""
        if self.is_running():
            self.process.kill()
        if self.process:
            self.process.wait()

    def stop(self, seconds=10):
        """SIGTERM; returns the exit code."""
        if not self.process:
            return None
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return "killed: it did not stop on SIGTERM"
        return self.process.returncode

    def memory(self, key="VmRSS"):
        """Kilobytes: VmRSS now, VmHWM at the highest."""
        try:
            text = Path(f"/proc/{self.pid}/status").read_text(
                encoding="utf-8")
        except OSError:
            return 0
        for line in text.splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        return 0

    def reset_peak(self):
        """Starts VmHWM anew."""
        try:
            Path(f"/proc/{self.pid}/clear_refs").write_text("5",
                                                            encoding="utf-8")
        except OSError:
            pass

    def tail(self, lines=8):
        try:
            text = self.log_path.read_text(encoding="utf-8",
                                           errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def answers(address, path):
    host, _, port = address.partition(":")
    try:
        connection = http.client.HTTPConnection(host, int(port), timeout=2)
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False


class Controller(Program):
    """A controller with health address; `start` returns when it is ready."""

    def __init__(self, program, name, arguments, folder, env=None,
                 preexec=None):
        self.health = f"127.0.0.1:{free_port()}"
        self.metrics = f"127.0.0.1:{free_port()}"
        super().__init__(name, [
            program, f"--health-addr={self.health}",
            f"--metrics-addr={self.metrics}", *arguments], folder, env,
            preexec)

    def start(self, wait=True):
        super().start()
        if wait:
            self.await_ready()
        return self

    def await_ready(self, seconds=30):
        deadline = time.monotonic() + seconds
        while not answers(self.health, "/readyz"):
            if not self.is_running():
                raise RuntimeError(
                    f"{self.name} exited with {self.process.returncode}: "
                    f"{self.tail()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} was not ready within "
                                   f"{seconds} s: {self.tail()}")
            time.sleep(0.02)
