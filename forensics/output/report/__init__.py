"""Report: an answer as one HTML file that works offline and sends no request.

Content of logs is always text: the template escapes every value, the data is JSON that cannot end its script, and the
script of the page only sets text. The Content-Security-Policy forbids every other script, style and request.
"""

from forensics.output.report.page import report_page

__all__ = ["report_page"]
