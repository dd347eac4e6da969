"""Programs that build many directories in one process; see oracle/main.go."""
import os
import select
import subprocess
import time

# No network: what is remote fails at once in the real engine.
OFFLINE = dict(os.environ, HTTP_PROXY="http://127.0.0.1:1",
               HTTPS_PROXY="http://127.0.0.1:1", GIT_TERMINAL_PROMPT="0",
               GIT_SSH_COMMAND="false")


class Server:
    """Starts when it is first asked, and again after it died or hung."""

    def __init__(self, command, timeout=20, env=None):
        self.command = command
        self.timeout = timeout
        self.env = env
        self.process = None

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _read(self, count, deadline):
        """`count` bytes, or a line when it is None."""
        out = self.process.stdout
        while True:
            end = (self.buffer.find(b"\n") + 1 if count is None else
                   count if len(self.buffer) >= count else 0)
            if end or count == 0:
                data, self.buffer = self.buffer[:end], self.buffer[end:]
                return data
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise TimeoutError
            more = out.read1(1 << 20)
            if not more:
                raise EOFError
            self.buffer += more

    def ask(self, directory):
        if self.process is None:
            self.buffer = b""
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=self.env)
        try:
            self.process.stdin.write(directory.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def answer(self):
        """("ok" | "error" | "panic" | "crash" | "timeout", bytes)"""
        deadline = time.monotonic() + self.timeout
        try:
            verdict, length = self._read(None, deadline).decode().split()
            return verdict, self._read(int(length), deadline)
        except TimeoutError:
            self.close()
            return "timeout", b""
        except EOFError:
            self.close()
            return "crash", b""

    def build(self, directory):
        self.ask(directory)
        return self.answer()
