"""Report: an answer as one file for a browser, that opens offline and asks nobody for anything.

Whatever a log holds is text in it: the template escapes every value, the data is JSON that cannot end its script, and
the page's own script sets text and nothing else. Its policy lets no other script, style or request be.
"""

from forensics.output.report.page import report_page

__all__ = ["report_page"]
