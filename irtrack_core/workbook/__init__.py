"""What every notebook's first cell calls, `workbook.start`; `python -m irtrack_core.workbook` runs notebooks in batch."""

from irtrack_core.workbook.book import Workbook, find_root, folders, progress, show_source, start

__all__ = ["Workbook", "find_root", "folders", "progress", "show_source", "start"]
