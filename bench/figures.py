"""Medians and spreads of the runs."""

import statistics

FIGURES = ("wall_s", "cpu_s", "rss_mib")


class Figures:
    def __init__(self, runs, tools):
        """TOOLS: all their names, in the order in which they are shown."""
        self.runs = runs
        self.tools = tools

    def servers(self):
        return list(dict.fromkeys(run["server"] for run in self.runs))

    def workloads(self, server):
        return list(dict.fromkeys(run["workload"] for run in self.runs if run["server"] == server))

    def tools_of(self, server, workload):
        ran = {run["tool"] for run in self.runs if (run["server"], run["workload"]) == (server, workload)}
        return [tool for tool in self.tools if tool in ran]

    def rounds(self, server, workload):
        return max(run["round"] for run in self.runs if (run["server"], run["workload"]) == (server, workload))

    def values(self, server, workload, tool, figure):
        return [
            run[figure]
            for run in self.runs
            if run["server"] == server and run["workload"] == workload and run["tool"] == tool
        ]

    def median(self, server, workload, tool, figure):
        """None where the tool did not run."""
        values = self.values(server, workload, tool, figure)
        return statistics.median(values) if values else None

    def best(self, server, workload, tools, figure):
        """The lowest median of several tools, and whose it is; (None, None) where none ran."""
        medians = {tool: self.median(server, workload, tool, figure) for tool in tools}
        medians = {tool: value for tool, value in medians.items() if value is not None}
        if not medians:
            return None, None
        tool = min(medians, key=medians.get)
        return tool, medians[tool]
