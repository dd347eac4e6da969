"""Wall time, processor time and peak memory of programs, for scripts that compare two."""
import os
import resource
import subprocess
import sys
import time


def run(command, output):
    """Wall seconds, peak MiB and processor seconds of one run, whose standard
    output goes to the file `output`."""
    start = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, output,
                                        os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                                        0o644)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit("%s failed" % " ".join(command))
    peak = usage.ru_maxrss
    if peak <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        # What this interpreter had in memory when it started the program.
        peak = peak_under_time(command)
    return wall, peak / 1024, usage.ru_utime + usage.ru_stime


def run_within(command, output, seconds):
    """As run, and whether it ended within so many seconds of processor time;
    after them it is killed."""
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                            0o644), 1)
            os.execv(command[0], command)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start
    cpu = usage.ru_utime + usage.ru_stime
    if status != 0 and not os.WIFSIGNALED(status):
        sys.exit("%s failed" % " ".join(command))
    return wall, usage.ru_maxrss / 1024, cpu, status == 0


def peak_under_time(command):
    """Peak KiB of one run that GNU time, which is small, starts."""
    done = subprocess.run(["time", "-f", "%M"] + command,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=True, text=True)
    return int(done.stderr.split()[-1])
