"""Lines: text laid out for the width of a terminal.

A line folds at spaces only, so a key, an ARN or an event ID is never split and can be copied. Its further rows have
their own indentation. Every part of a line is escaped here, so that no renderer can forget it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from forensics.output.escape import for_screen, for_terminal

Span = tuple[str, str]
"""A text and its style, one of the keys of _CODES."""

_CODES = {"bold": "1", "dim": "2", "good": "32", "warn": "33", "bad": "1;31"}
_WIDE = {"W", "F"}
_WIDEST = 300
# never split between a date and its time
_SPACE = re.compile(r"(?<!\d{4}-\d\d-\d\d) ")


@dataclass(frozen=True, slots=True)
class Line:
    """A line to fold. `first` and `rest` are the prefixes of its first row and of the others; they are not escaped.

    `is_command`: each span is one word of a shell command. It folds between words only, with a backslash, so that the
    rows can be pasted.
    """

    spans: tuple[Span, ...] = ()
    first: str = ""
    rest: str = ""
    is_command: bool = False


BLANK = Line()
_CONTINUED = " \\"  # at the end of each row of a command but the last
# words of a POSIX shell, quoted as `shlex.quote` does; an option has its value beside it
_SHELL_WORD = re.compile(r"""(?:--[a-z-]+ )?(?:[^\s'"]|'[^']*'|"[^"]*")+""")


def line(*parts: str | Span, indent: int = 0, hang: int | None = None) -> Line:
    """Return a line, indented by `indent` spaces; its rows after the first are indented by `hang` spaces."""
    spans = tuple((part, "") if isinstance(part, str) else part for part in parts)
    return Line(spans, " " * indent, " " * (indent + 2 if hang is None else hang))


def command_line(command: str, *, indent: int = 0) -> Line:
    """Return a shell command whose rows can be pasted, unless it has invisible characters. Its options have values."""
    words = tuple((for_terminal(word), "bold") for word in _SHELL_WORD.findall(command))
    return Line(words, " " * indent, " " * (indent + 2), is_command=True)


def heading(text: str) -> Line:
    """Return a line in bold."""
    return line((text, "bold"))


def labelled(label: str, *parts: str | Span, width: int = 10) -> Line:
    """Return a line of text after a dim label of `width` columns."""
    return line((label.ljust(width), "dim"), *parts, indent=2, hang=2 + width)


def part(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    """Return a blank line, the title and the indented lines; nothing if there are no lines."""
    content = list(lines)
    if content:
        yield from (BLANK, heading(title), *(with_prefix(one, "  ", "  ") for one in content))


def and_more(number: str, *, indent: int = 0) -> Line:
    """Return the last line of a shortened list. `number`: the items that are not shown, such as `3 more`."""
    return line((f"and {number}; --format json lists them all", "dim"), indent=indent)


def with_prefix(content: Line, first: str, rest: str) -> Line:
    """Return the line with a prefix before its first row and its other rows."""
    return replace(content, first=first + content.first, rest=rest + content.rest)


def lay_out(lines: Iterable[Line], width: int | None, *, color: bool = False) -> str:
    """Return the lines as text, folded at `width` columns; with None they do not fold."""
    return lay_out_styled(lines, width, _colored if color else _plain)


def lay_out_styled(lines: Iterable[Line], width: int | None, styled: Callable[[Span], str]) -> str:
    """Return the lines as text. `styled`: formats each span; prefixes have the style `dim`."""
    return "".join(f"{row}\n" for content in lines for row in _rows(content, width, styled))


def table(columns: Sequence[str], rows: Sequence[Sequence[str | Span]], *, indent: int = 2) -> Iterator[Line]:
    """Return the rows under the column names, numbers right-aligned. Only the last column may fold.

    In the other columns a text much longer than any ID or ARN is truncated, because it would widen every row.
    """
    spans = [[_cell(part, is_last=place == len(row)) for place, part in enumerate(row, start=1)] for row in rows]
    widths = [max([cells(name), *(cells(row[index][0]) for row in spans)]) for index, name in enumerate(columns)]
    numbers = [_are_numbers([row[index][0] for row in spans]) for index in range(len(columns))]
    hang = indent + sum(widths[:-1]) + 2 * len(widths[:-1])
    widths[-1] = widths[-1] if numbers[-1] else 0
    for row in [[(name, "dim") for name in columns], *spans]:
        parts: list[Span] = []
        for (text, style), width, right in zip(row, widths, numbers, strict=True):
            padding = (" " * (width - cells(text)), "")
            parts += [padding, (text, style)] if right else [(text, style), padding]
            parts.append(("  ", ""))
        yield line(*parts, indent=indent, hang=hang)


def _cell(part: str | Span, *, is_last: bool) -> Span:
    text, style = (part, "") if isinstance(part, str) else part
    shown = for_screen(text)
    return shown if is_last else cut(shown, _WIDEST), style


def cells(text: str) -> int:
    """Return the number of terminal columns of a text."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in _WIDE else 1 for c in text)


def cut(text: str, width: int) -> str:
    """Return the text, truncated with `…` if it is longer than `width`. For prose only, never for an ID."""
    return text if cells(text) <= width else f"{text[: max(width - 1, 0)]}…"


def _are_numbers(texts: Iterable[str]) -> bool:
    """Return whether a column contains counts; IDs made of digits all have one length."""
    found = list(texts)
    return all(text.replace(",", "").isdigit() for text in found) and len({len(text) for text in found}) > 1


def _rows(content: Line, width: int | None, styled: Callable[[Span], str]) -> Iterator[str]:
    prefix = content.first
    rows = list(_fold(content, width))
    for place, words in enumerate(rows, start=1):
        text = " ".join("".join(styled(span) for span in word) for word in words)
        end = _CONTINUED if content.is_command and place < len(rows) else ""
        yield f"{styled((prefix, 'dim')) if prefix.strip() else prefix}{text}{end}".rstrip()
        prefix = content.rest


def _fold(content: Line, width: int | None) -> Iterator[list[list[Span]]]:
    words = [[span] for span in content.spans] if content.is_command else _words(content.spans)
    room = None if width is None else width - (len(_CONTINUED) if content.is_command else 0)
    while words and not words[-1]:
        words.pop()
    row: list[list[Span]] = []
    begin = cells(content.rest)
    end = cells(content.first) - 1  # of the current row
    for word in words:
        length = sum(cells(text) for text, _ in word)
        too_long = room is not None and end + 1 + length > room
        if too_long and length and any(row) and end + 1 > begin:
            yield _without_trailing_spaces(row)
            row, end = [word], begin + length
        else:
            row.append(word)
            end += 1 + length
    yield _without_trailing_spaces(row)


def _words(spans: Iterable[Span]) -> list[list[Span]]:
    """Return the spans split at spaces; a word can have several spans, or none between two spaces."""
    words: list[list[Span]] = [[]]
    for text, style in spans:
        for index, piece in enumerate(_SPACE.split(for_screen(text))):
            if index:
                words.append([])
            if piece:
                words[-1].append((piece, style))
    return words


def _without_trailing_spaces(row: list[list[Span]]) -> list[list[Span]]:
    while row and not row[-1]:
        row.pop()
    return row


def _plain(span: Span) -> str:
    return span[0]


def _colored(span: Span) -> str:
    text, style = span
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style else text
