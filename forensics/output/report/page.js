"use strict";
// Content of logs is always set as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 25;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

function escaped(text) {
  return text.replace(INVISIBLE, (character) => "\\u{" + character.codePointAt(0).toString(16) + "}");
}

function element(name, text, classes) {
  const created = document.createElement(name);
  if (text !== undefined && text !== null) created.textContent = escaped(String(text));
  if (classes) created.className = classes;
  return created;
}

// Tables: each is a list of rows; one page of them is in the document.

function rowsOf(table) {
  if (table.id === "event-table") return data.events.map((event) => ({ cells: eventCells(event), make: () => eventRow(event), event }));
  return [...table.tBodies[0].rows].map((row) => ({ cells: [...row.cells].map(textOf), make: () => row }));
}

// Includes each full ID, because a table shows only its beginning.
function textOf(cell) {
  return [cell.innerText.trim(), ...[...cell.querySelectorAll(".whole")].map((id) => id.textContent)].join(" ").trim();
}

function eventCells(event) {
  const [time, call, service, refused, node, address, region, resource, technique, agent, id] = event;
  return [time, `${call ?? ""} ${service}`, refused, node, `${address ?? ""} ${region ?? ""}`, resource, technique, agent, id];
}

function eventRow(event) {
  const [time, call, service, refused, node, address, region, resource, technique, agent, id, outcome, record] = event;
  const row = element("tr");
  row.append(
    element("td", time, "time"), twoLines(call, service), element("td", refused, outcome === "succeeded" ? "" : "warn"),
    element("td", node, "time"), twoLines(address, region), element("td", resource, "on"), element("td", technique),
    element("td", agent, "agent"), evidenceCell(id, record),
  );
  row.cells[7].title = escaped(agent ?? "");
  return row;
}

function twoLines(first, second) {
  const cell = element("td", first);
  cell.append(element("br"), element("span", second, "dim"));
  return cell;
}

function evidenceCell(id, record) {
  const shown = element(record === null ? "code" : "button", null, "event");
  shown.append(element("span", id ?? "without ID", "whole"), element("span", (id ?? "no ID").slice(0, 8), "short"));
  shown.title = escaped(id ?? "");
  if (record !== null) {
    shown.type = "button";
    shown.dataset.record = record;
  }
  const cell = element("td");
  cell.append(shown);
  return cell;
}

function compared(a, b) {
  const [x, y] = [a, b].map((value) => String(value ?? "").replaceAll(",", ""));
  if (x !== "" && y !== "" && !isNaN(x) && !isNaN(y)) return x - y;
  return x < y ? -1 : x > y ? 1 : 0;
}

function enhance(table) {
  const rows = rowsOf(table);
  const heads = [...table.tHead.rows[0].cells];
  let found = rows, page = 0, sorted = -1, direction = 1, only = null;
  const summary = element("span");
  summary.setAttribute("role", "status");
  const previous = element("button", "previous"), next = element("button", "next");

  function show(size = PAGE) {
    const pages = Math.max(Math.ceil(found.length / size), 1);
    page = Math.min(Math.max(page, 0), pages - 1);
    table.tBodies[0].replaceChildren(...found.slice(page * size, (page + 1) * size).map((row) => row.make()));
    const first = found.length ? page * size + 1 : 0;
    summary.textContent = `${first.toLocaleString("en")} to ${Math.min((page + 1) * size, found.length).toLocaleString("en")} of ${found.length.toLocaleString("en")}` + (found.length < rows.length ? `, filtered from ${rows.length.toLocaleString("en")}` : "");
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
  }

  function filter(wanted) {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    found = (only ? rows.filter(only) : rows).filter((row) => {
      const text = row.cells.join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
    if (sorted >= 0) found = found.toSorted((a, b) => direction * compared(a.cells[sorted], b.cells[sorted]));
    page = 0;
    show();
  }

  const input = element("input");
  input.type = "search";
  input.placeholder = "filter";
  input.setAttribute("aria-label", "filter " + table.getAttribute("aria-label"));
  input.addEventListener("input", () => { only = null; filter(input.value); });
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    direction = sorted === column ? -direction : 1;
    sorted = column;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    filter(input.value);
  }));
  previous.addEventListener("click", () => { page -= 1; show(); });
  next.addEventListener("click", () => { page += 1; show(); });
  if (rows.length > 8) {
    const tools = element("div", null, "tools");
    tools.append(input, summary);
    if (rows.length > PAGE) tools.append(previous, next);
    table.parentElement.before(tools);
  }
  addEventListener("beforeprint", () => show(100));
  addEventListener("afterprint", () => show());
  show();
  return (wanted) => {
    only = wanted;
    input.value = "";
    filter("");
  };
}

// Records: indented without being parsed, so that anomalies such as repeated keys stay visible.

function laidOut(text) {
  let out = "", depth = 0, quoted = false;
  const newline = () => "\n" + "  ".repeat(Math.min(depth, 40));
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") { out += escaped(character + (text[at + 1] ?? "")); at += 1; continue; }
      if (character === '"') quoted = false;
      out += character;
    } else if (character === '"') { quoted = true; out += character; }
    else if (character === "{" || character === "[") {
      const closing = /^\s*[}\]]/.exec(text.slice(at + 1, at + 50));
      if (closing) { out += character + closing[0].trim(); at += closing[0].length; }
      else { depth += 1; out += character + newline(); }
    }
    else if (character === "}" || character === "]") { depth = Math.max(depth - 1, 0); out += newline() + character; }
    else if (character === ",") out += "," + newline();
    else if (character === ":") out += ": ";
    else if (!/\s/.test(character)) out += character;
  }
  return out.split("\n").map(escaped).join("\n");
}

function open(numbers) {
  const records = numbers.map((number) => data.records[number]);
  const [first] = records;
  document.getElementById("record-title").textContent = escaped(`${first.name ?? "event"}  ${first.time ?? ""}`);
  const body = document.getElementById("record-body");
  body.replaceChildren();
  for (const record of records) {
    body.append(element("h3", record.id ?? "event without ID"));
    const where = [record.time, record.name, record.account && "account " + record.account, record.region].filter(Boolean);
    body.append(element("p", where.join(", "), "dim"));
    if (record.files.length) body.append(element("p", "in " + record.files.join(", "), "dim long"));
    if (record.unreliable) body.append(element("p", "This record is unreliable: it is damaged, or conflicts with a copy. It is for display only, never evidence.", "warn"));
    if (record.text.length < record.length) body.append(element("p", `The first ${record.text.length.toLocaleString("en")} of ${record.length.toLocaleString("en")} characters.`, "warn"));
    const text = element("pre");
    text.textContent = laidOut(record.text);
    body.append(text);
  }
  const dialog = document.getElementById("record");
  dialog.showModal();
  dialog.scrollTop = 0;
}

function openRecords(target) {
  const source = target.closest("[data-events], [data-record]");
  if (!source) return false;
  const numbers = source.dataset.record !== undefined ? [Number(source.dataset.record)]
    : source.dataset.events.split("\n").flatMap((id) => (Object.hasOwn(data.by_event_id, id) ? data.by_event_id[id] : []));
  if (numbers.length) open([...new Set(numbers)]);
  return numbers.length > 0;
}

document.addEventListener("click", (click) => {
  if (click.target === document.getElementById("record")) click.target.close();
  else if (click.target instanceof Element) openRecords(click.target);
});
document.addEventListener("keydown", (press) => {
  const isDrawn = press.target instanceof SVGElement;
  if (isDrawn && (press.key === "Enter" || press.key === " ") && openRecords(press.target)) press.preventDefault();
});
document.getElementById("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark" ||
    (document.documentElement.style.colorScheme === "" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.style.colorScheme = dark ? "light" : "dark";
});
const tables = new Map([...document.querySelectorAll("table.data")].map((table) => [table, enhance(table)]));

// Shows the events of an address, a service, a program or a resource; for a bucket, also those of its objects.
function find(button) {
  const events = document.getElementById("event-table");
  const [field, value] = [Number(button.dataset.field), button.dataset.value];
  tables.get(events)((row) => row.event[field] === value || String(row.event[field] ?? "").startsWith(value + "/"));
  document.getElementById("events").scrollIntoView();
}

document.addEventListener("click", (click) => {
  const button = click.target instanceof Element && click.target.closest("[data-field]");
  if (button) find(button);
});
