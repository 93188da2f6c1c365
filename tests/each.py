"""A long test of many names, one after the other: a line for each, and "N passed, N failed" at the end."""


def each(names, figures_of):
    """`figures_of(name)` is what is told of it, or raises. Returns the exit status."""
    passed = failed = 0
    for name in names:
        try:
            figures = figures_of(name)
            print(f"{name}: " + ", ".join(f"{value} {what}" for what, value in figures.items()), flush=True)
            passed += 1
        except BaseException as fault:  # pytest's own are no Exception
            if isinstance(fault, KeyboardInterrupt):
                raise
            print(f"{name}: FAILED: {fault}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
