# SPDX-License-Identifier: Apache-2.0
"""Writes docs/compatibility.md from the results of a run."""
import os
import platform

from .trial import NOT_RUN, WORKS

HEAD = """# Programs that were tried

This page is the output of `compatibility/run --table docs/compatibility.md`; [compatibility/](../compatibility/README.md) says how to
repeat it and how to add a program. Each program did the work of the column "before", was captured, and was made an image; the
checkpoint was removed. The image was launched {launches} times to be timed, and once to do all the work of "after", whose every answer was
checked: it needs the state from before, which a fresh program was shown not to have. Everything ran as an unprivileged user.

"Cold" is the time from the start of the program, through the work of "before", to the first answer of "after"; "launch" is the time from
exec of the image to the same answer. Medians of {colds} and {launches} runs.

{machine}

"""


def machine(date: str) -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.machine())
    with open("/etc/os-release", encoding="utf-8") as info:
        names = dict(line.rstrip().split("=", 1) for line in info if "=" in line)
    system = names.get("PRETTY_NAME", "an unnamed system").strip('"')
    series = ".".join(platform.release().split(".")[:2])
    return f"{model}, {os.cpu_count()} processors, Linux {series}, {system}, {date}."


def milliseconds(value: float) -> str:
    return f"{value:,.1f} ms" if value < 100 else f"{value:,.0f} ms"


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def row(program, result) -> str:
    if result.verdict == WORKS:
        verdict = "🟢 works"
        times = [milliseconds(result.cold_ms), milliseconds(result.launch_ms), f"{result.cold_ms / result.launch_ms:,.0f} x"]
    else:
        verdict = ("⚪ " if result.verdict == NOT_RUN else "🔴 ") + f"{result.verdict}: {result.reason}"
        times = ["", "", ""]
    if program.note and result.verdict != NOT_RUN:
        verdict += f" ({program.note})"
    if program.allow:
        verdict += " (captured with " + " ".join(f"`--allow {what}`" for what in program.allow) + ")"
    cells = [program.title, result.version, program.what(program.before), program.what(program.after), verdict, *times]
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def table(programs, results, launches: int, colds: int, date: str) -> str:
    lines = ["| program | version | before the capture | after it, from the image | verdict | cold | launch | |",
             "| --- | --- | --- | --- | --- | ---: | ---: | ---: |"]
    by_name = {result.name: result for result in results}
    lines += [row(program, by_name[program.name]) for program in programs if program.name in by_name]
    count = {verdict: sum(result.verdict == verdict for result in results) for verdict in sorted({r.verdict for r in results})}
    summary = ", ".join(f"{number} {verdict}" for verdict, number in sorted(count.items(), key=lambda item: -item[1]))
    head = HEAD.format(launches=launches, colds=colds, machine=machine(date))
    return head + "\n".join(lines) + f"\n\n{len(results)} programs: {summary}.\n"
