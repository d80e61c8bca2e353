"""What every notebook's first cell calls, `workbook.start`; `python -m irtrack_core.workbook` runs notebooks in batch."""

__all__ = ["Workbook", "find_root", "folders", "progress", "show_source", "start"]


def __getattr__(name):
    # loaded when it is asked for: the command line answers a wrong word without it
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from irtrack_core.workbook import book

    return getattr(book, name)
