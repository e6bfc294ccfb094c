"""Markdown tables: medians with ranges, and what each peer does of another's."""

import statistics

from .loads import Figures


def median(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def spread(runs, field, form="{:,.0f}"):
    """`median (least–most)`."""
    values = [getattr(run, field) for run in runs]
    middle = form.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def ratio(runs, others, field="rate"):
    """Of two peers measured in turns: the median over the rounds of what one did of the other, with its range."""
    each = [getattr(a, field) / getattr(b, field) for a, b in zip(runs, others) if getattr(b, field)]
    if not each:
        return None, "–"
    middle = statistics.median(each)
    return middle, f"{middle:.2f}" if len(each) == 1 else f"{middle:.2f} ({min(each):.2f}–{max(each):.2f})"


def rates(title, results, baselines, unit="req/s", cpu="CPU µs/request", latency=True, growth=False):
    """Prints one measure: `results` maps a peer's name to its runs, in the order of the rounds."""
    columns = [title, unit] + (["p50 ms", "p99 ms"] if latency else []) + [cpu] + (["memory growth MiB"] if growth else [])
    columns += [f"× {name}" for name in baselines if name in results] + [f"CPU × {name}" for name in baselines[:1] if name in results]
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for name, runs in results.items():
        cells = [name + (" (errors!)" if any(run.errors for run in runs) else ""), spread(runs, "rate")]
        if latency:
            cells += [spread(runs, "p50", "{:.2f}"), spread(runs, "p99", "{:.2f}")]
        cells.append(spread(runs, "cpu", "{:.1f}"))
        if growth:
            cells.append(f"{max(run.growth for run in runs) / (1 << 20):.0f}")
        cells += [ratio(runs, results[other])[1] if other != name else "1" for other in baselines if other in results]
        cells += [ratio(runs, results[other], "cpu")[1] if other != name else "1" for other in baselines[:1] if other in results]
        print("| " + " | ".join(cells) + " |")
    print(flush=True)


class Aims:
    """What issue and design ask for, and whether this run met it."""

    def __init__(self):
        self.rows = []

    def add(self, what, wanted, found, met):
        self.rows.append((what, wanted, found, met))

    def at_least(self, what, results, name, other, factor):
        if name in results and other in results:
            middle, text = ratio(results[name], results[other])
            if middle is not None:
                self.add(what, f"≥ {factor} × {other}", text, middle >= factor)

    def print(self):
        if self.rows:
            print("| aim | wanted | measured | met |\n|---|---|---|---|")
            for what, wanted, found, met in self.rows:
                print(f"| {what} | {wanted} | {found} | {'yes' if met else '**no**'} |")
            print()


__all__ = ["Aims", "Figures", "median", "rates", "ratio", "spread"]
