"""The Markdown report."""

from demands import PEERS
from figures import FIGURES


def table(rows, to_the_right):
    """The lines of a Markdown table; the columns TO_THE_RIGHT hold figures."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = ["-" * (width - 1) + (":" if column in to_the_right else "-") for column, width in enumerate(widths)]
    for row in (rows[0], rule, *rows[1:]):
        cells = (
            cell.rjust(width) if column in to_the_right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        yield f"| {' | '.join(cells)} |"


def against(value, base):
    return "" if value is None or not base else f"{value / base:.2f}"


def workload_table(figures, server, workload):
    tools = figures.tools_of(server, workload)
    best = {figure: figures.best(server, workload, PEERS, figure)[1] for figure in FIGURES}
    own = {figure: figures.median(server, workload, "ssec", figure) for figure in FIGURES}
    count = int(workload.split("-")[2].rstrip("x"))
    rows = [["", "wall s", "from, to", "client CPU s", "peak RSS MiB", "wall, CPU to ssec's", "to the best peer's"]]
    if count > 1:
        rows[0].append("objects/s")
    for tool in tools:
        wall, cpu, rss = (figures.median(server, workload, tool, figure) for figure in FIGURES)
        walls = figures.values(server, workload, tool, "wall_s")
        rows.append(
            [
                tool,
                f"{wall:.3f}",
                f"{min(walls):.3f}, {max(walls):.3f}",
                f"{cpu:.3f}",
                f"{rss:.0f}",
                f"{against(wall, own['wall_s'])}, {against(cpu, own['cpu_s'])}".strip(", "),
                f"{against(wall, best['wall_s'])}, {against(cpu, best['cpu_s'])}".strip(", "),
            ]
            + ([f"{count / wall:.0f}"] if count > 1 else [])
        )
    return table(rows, range(1, len(rows[0])))


def markdown(result, figures, plots):
    """RESULT as it goes into the JSON file; PLOTS: a picture's file for each server."""
    lines = [f"# {result['when'][:16].replace('T', ' ')} UTC", ""]
    lines += [f"{result['machine']}; load average at the start {result['load']:.2f}; files {result['files']}."]
    lines += ["Medians of interleaved rounds.", ""]
    lines += [f"- {name}: {version}" for name, version in result["versions"].items()]
    lines += [f"- {name}: {why}" for name, why in result["missing"].items()]
    if result["left_out"]:
        lines += ["", "Left out:", ""]
        lines += ["- {tool}, {server}, {workload}: {why}".format(**left) for left in result["left_out"]]
    if result["demands"]:
        rows = [["server", "demand", "limit", "value", "met"], *(list(row.values()) for row in result["demands"])]
        lines += ["", "## Demands", "", *table(rows, ())]
    for server in figures.servers():
        lines += ["", f"## {result['servers'][server]['title']}", "", f"![{server}]({plots[server]})"]
        for workload in figures.workloads(server):
            rounds = figures.rounds(server, workload)
            lines += ["", f"### {workload} (rounds: {rounds})", "", *workload_table(figures, server, workload)]
    return "\n".join(lines) + "\n"
