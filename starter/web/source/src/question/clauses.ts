// Words that begin a part of a query, of both query languages. The longer ones come first.
const CLAUSES =
  /^(?:OPTIONAL MATCH|MATCH|WHERE|WITH|RETURN|UNWIND|UNION ALL|UNION|ORDER BY|GROUP BY|HAVING|LIMIT|SKIP|OFFSET|SELECT|FROM|(?:LEFT |RIGHT |FULL |INNER |ANTI |SEMI |CROSS )?JOIN)(?![\w.(])/i;
const LISTS = /^(?:RETURN|SELECT|WITH)\b/i;
const QUOTES = "'\"`";

/** A query of one line, broken before each of its parts. Only white space is added, and none in what is quoted. */
export function inLines(query: string): string {
  if (query.includes("\n")) return query;
  let told = "";
  let depth = 0;
  let lists = false;
  for (let at = 0; at < query.length; at += 1) {
    const letter = query[at] ?? "";
    if (QUOTES.includes(letter)) {
      const end = closing(query, at);
      told += query.slice(at, end);
      at = end - 1;
      continue;
    }
    if ("([{".includes(letter)) depth += 1;
    if (")]}".includes(letter)) depth -= 1;
    const begins = depth === 0 && !/[\w.]/.test(query[at - 1] ?? " ") ? CLAUSES.exec(query.slice(at, at + 20)) : null;
    if (begins && !/\b(?:STARTS|ENDS)\s+$/i.test(told)) {
      lists = LISTS.test(begins[0]);
      if (told) told = `${told.trimEnd()}\n`;
    }
    told += letter;
    if (letter === "," && depth === 0 && lists) {
      told += "\n ";
      if (query[at + 1] !== " ") told += " ";
    }
  }
  return told;
}

// The place behind the quote that closes what begins at `start`.
function closing(query: string, start: number): number {
  const quote = query[start];
  for (let at = start + 1; at < query.length; at += 1) {
    if (query[at] === "\\") at += 1;
    else if (query[at] === quote) return at + 1;
  }
  return query.length;
}
