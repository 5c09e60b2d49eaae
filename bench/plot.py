"""One picture a server, as SVG: a panel for each workload, a pair of bars for each tool."""

from html import escape

FONT = "font-family='DejaVu Sans, Helvetica, Arial, sans-serif'"
PANEL_WIDTH = 590
GAP = 30
MARGIN = 30
NAMES_WIDTH = 136
TEXT_WIDTH = 206
ROW = 30
INK, SOFT_INK, RULE = "#1f2937", "#6b7280", "#e5e7eb"
OURS, PEERS, LIMITS = ("#1d4ed8", "#93b4f5"), ("#b45309", "#f3c98b"), ("#6b7280", "#cbd0d8")


def seconds(value):
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def text(x, y, content, *, size=12, colour=INK, anchor="start", weight="normal"):
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{colour}' text-anchor='{anchor}' "
        f"font-weight='{weight}'>{escape(content)}</text>"
    )


def bar(x, y, width, height, colour):
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 1):.1f}' height='{height}' rx='1.5' fill='{colour}'/>"


def title_of(workload):
    verb, size, count = workload.split("-")
    size = size.replace("KiB", " KiB").replace("MiB", " MiB").replace("GiB", " GiB")
    count = count.rstrip("x").replace("_", ",")
    return f"{verb.capitalize()} {size}" if count == "1" else f"{verb.capitalize()} {count} files of {size}"


def panel(figures, server, workload, x, y, limits):
    tools = figures.tools_of(server, workload)
    rows = {
        tool: [figures.median(server, workload, tool, figure) for figure in ("wall_s", "cpu_s", "rss_mib")]
        for tool in tools
    }
    longest = max(
        max(max(figures.values(server, workload, tool, "wall_s")), row[1]) for tool, row in rows.items()
    )
    left = x + NAMES_WIDTH
    room = PANEL_WIDTH - NAMES_WIDTH - TEXT_WIDTH
    scale = room / longest
    parts = [text(x, y + 14, title_of(workload), size=15, weight="bold")]
    top = y + 28
    parts.append(
        f"<line x1='{left}' y1='{top}' x2='{left}' y2='{top + ROW * len(rows)}' stroke='{RULE}' stroke-width='1'/>"
    )
    for number, (tool, (wall, cpu, rss)) in enumerate(rows.items()):
        at = top + ROW * number + 4
        ours = tool.startswith("ssec")
        dark, light = OURS if ours else LIMITS if tool in limits else PEERS
        walls = figures.values(server, workload, tool, "wall_s")
        parts.append(text(left - 8, at + 14, tool, anchor="end", weight="bold" if ours else "normal"))
        parts.append(bar(left, at, wall * scale, 12, dark))
        parts.append(bar(left, at + 13, cpu * scale, 8, light))
        if len(walls) > 1:
            low, high, middle = left + min(walls) * scale, left + max(walls) * scale, at + 6
            parts.append(f"<path d='M{low:.1f} {middle}H{high:.1f}' stroke='{INK}' stroke-width='1'/>")
            parts.append(f"<path d='M{low:.1f} {at + 3}v6M{high:.1f} {at + 3}v6' stroke='{INK}' stroke-width='1'/>")
        end = left + max(max(walls), cpu) * scale + 8
        told = f"{seconds(wall)} · CPU {seconds(cpu)} · {rss:.0f} MiB"
        parts.append(text(end, at + 14, told, size=11, colour=SOFT_INK))
    return parts, 28 + ROW * len(rows) + 26


def legend(x, y):
    parts = []
    for label, (dark, light) in (("ssec", OURS), ("peers", PEERS), ("limits", LIMITS)):
        parts += [bar(x, y - 11, 22, 7, dark), bar(x, y - 3, 22, 5, light), text(x + 28, y, label)]
        x += 50 + 9 * len(label)
    parts.append(
        text(
            x + 6,
            y,
            "dark: wall time, with the range of the rounds; light: client CPU time; MiB: peak memory",
            colour=SOFT_INK,
        )
    )
    return parts


def svg(figures, server, heading, note, limits):
    width = 2 * PANEL_WIDTH + GAP + 2 * MARGIN
    parts = [text(MARGIN, 40, heading, size=20, weight="bold"), text(MARGIN, 62, note, colour=SOFT_INK)]
    parts += legend(MARGIN, 92)
    y = 116
    workloads = figures.workloads(server)
    for load in dict.fromkeys(workload.split("-", 1)[1] for workload in workloads):
        height = 0
        for column, verb in enumerate(("upload", "download")):
            if f"{verb}-{load}" in workloads:
                x = MARGIN + column * (PANEL_WIDTH + GAP)
                drawn, tall = panel(figures, server, f"{verb}-{load}", x, y, limits)
                parts += drawn
                height = max(height, tall)
        y += height
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{y}' viewBox='0 0 {width} {y}' {FONT}>"
    return "\n".join([head, "<rect width='100%' height='100%' fill='#ffffff'/>", *parts, "</svg>"]) + "\n"
