// The part of Markdown that answers use, read into blocks that are shown as elements: no text becomes markup, and a link
// is shown with its target as text, so that a tenant's text cannot hide where it leads.

export type Inline = { kind: "text" | "strong" | "emphasis" | "code"; text: string };

export type Block =
  | { kind: "heading"; level: number; text: Inline[] }
  | { kind: "paragraph"; text: Inline[] }
  | { kind: "list"; ordered: boolean; items: Inline[][] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "code"; text: string };

const HEADING = /^(#{1,6})\s+(.*)$/;
const BULLET = /^\s*[-*+]\s+(.*)$/;
const NUMBERED = /^\s*\d{1,9}[.)]\s+(.*)$/;
const RULE = /^\s*\|?(\s*:?-{3,}:?\s*\|)+\s*:?-*:?\s*$/;
const SPAN = /(`+)(.+?)\1|\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__|\*(?=\S)([^*]+?)\*|\[([^\]]*)\]\(([^)\s]*)\)/g;

export function inlinesOf(text: string): Inline[] {
  const found: Inline[] = [];
  let at = 0;
  for (const match of text.matchAll(SPAN)) {
    if (match.index > at) found.push({ kind: "text", text: text.slice(at, match.index) });
    const [whole, , code, stars, lines, emphasis, label, target] = match;
    const strong = stars ?? lines;
    if (code !== undefined) found.push({ kind: "code", text: code });
    else if (strong !== undefined) found.push({ kind: "strong", text: strong });
    else if (emphasis !== undefined) found.push({ kind: "emphasis", text: emphasis });
    else found.push({ kind: "text", text: label === target ? (label ?? "") : `${label} (${target})` });
    at = match.index + whole.length;
  }
  if (at < text.length) found.push({ kind: "text", text: text.slice(at) });
  return found;
}

function cellsOf(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => inlinesOf(cell.trim().replaceAll("\\|", "|")));
}

export function blocksOf(markdown: string): Block[] {
  const lines = markdown.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const taken = fence(lines, at) ?? table(lines, at) ?? list(lines, at);
    if (taken) {
      blocks.push(taken.block);
      at = taken.next;
    } else if (!line.trim()) {
      at += 1;
    } else {
      const heading = HEADING.exec(line);
      if (heading) {
        blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, text: inlinesOf(heading[2] ?? "") });
        at += 1;
      } else {
        const end = paragraphEnd(lines, at);
        blocks.push({ kind: "paragraph", text: inlinesOf(lines.slice(at, end).join("\n")) });
        at = end;
      }
    }
  }
  return blocks;
}

interface Taken {
  block: Block;
  next: number;
}

function paragraphEnd(lines: string[], start: number): number {
  let end = start + 1;
  while (end < lines.length) {
    const line = lines[end] ?? "";
    if (!line.trim() || HEADING.test(line) || BULLET.test(line) || NUMBERED.test(line) || line.startsWith("```")) break;
    end += 1;
  }
  return end;
}

function fence(lines: string[], start: number): Taken | null {
  if (!lines[start]?.startsWith("```")) return null;
  let end = start + 1;
  while (end < lines.length && !lines[end]?.startsWith("```")) end += 1;
  return { block: { kind: "code", text: lines.slice(start + 1, end).join("\n") }, next: end + 1 };
}

function table(lines: string[], start: number): Taken | null {
  const [head, rule] = [lines[start] ?? "", lines[start + 1] ?? ""];
  if (!head.includes("|") || !RULE.test(rule)) return null;
  let end = start + 2;
  while (end < lines.length && lines[end]?.includes("|")) end += 1;
  return { block: { kind: "table", head: cellsOf(head), rows: lines.slice(start + 2, end).map(cellsOf) }, next: end };
}

function list(lines: string[], start: number): Taken | null {
  const ordered = NUMBERED.test(lines[start] ?? "");
  const item = ordered ? NUMBERED : BULLET;
  const items: Inline[][] = [];
  let at = start;
  for (let match = item.exec(lines[at] ?? ""); match; match = item.exec(lines[at] ?? "")) {
    items.push(inlinesOf(match[1] ?? ""));
    at += 1;
  }
  return items.length > 0 ? { block: { kind: "list", ordered, items }, next: at } : null;
}
