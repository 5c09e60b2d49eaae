"""Run a command once and print what it took, as JSON.

launch.py SECONDS LOG COMMAND [ARGUMENT...]

A process of its own and a small one: to the kernel a new process begins as large as the one that starts it, and
the peak memory of a small client could not be seen under the bench's. After SECONDS the command is killed.
"""

import os
import signal
import sys
import time

seconds, log = int(sys.argv[1]), sys.argv[2]
command = sys.argv[3:]

pid = 0
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
actions = [
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    (os.POSIX_SPAWN_DUP2, 1, 2),
]
start = time.perf_counter()
pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
signal.alarm(seconds)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - start

exit_code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
cpu = usage.ru_utime + usage.ru_stime
print(f'{{"exit": {exit_code}, "wall_s": {wall:.4f}, "cpu_s": {cpu:.4f}, "rss_mib": {usage.ru_maxrss / 1024:.1f}}}')
