#!/usr/bin/env python3
"""What a system costs that has nothing to do: CPU and memory of both programs with two registered telephones, and how
long they took to start. Prints a line for each program."""

import argparse
import os
import pathlib
import re
import time

from scripted import ScriptedPhone
from stand import Stand

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, as /proc/<pid>/stat has it."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def started_within(log: str) -> str:
    """How long the program took until it served, as it says itself."""
    found = re.search(r" serves ms=(\d+)| ready .*after=([\d.]+)", log)
    return f"{float(found.group(1) or found.group(2)):.0f} ms" if found else "?"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=20)
    seconds = arguments.parse_args().seconds
    stand = Stand().start()
    phones = [ScriptedPhone(stand.accounts[name], stand.sip) for name in ("alice", "bob")]
    for phone in phones:
        assert phone.register().status == 200
    time.sleep(3)  # the sounds are loaded
    pids = stand.describe()["pids"]
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    for name, pid in pids.items():
        share = 100 * (cpu_seconds(pid) - before[name]) / seconds
        memory, start = resident_mb(pid), started_within(stand.log(name))
        print(f"{name:10} {share:.2f} % of a core, {memory:.1f} MB resident, ready after {start}")
    for phone in phones:
        phone.stop()
    stand.stop()


if __name__ == "__main__":
    main()
