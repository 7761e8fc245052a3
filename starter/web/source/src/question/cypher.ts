import type { HLJSApi, Language } from "highlight.js";

/** Enough of Cypher to read a query by its colours. */
export function cypher(hljs: HLJSApi): Language {
  return {
    name: "Cypher",
    case_insensitive: true,
    keywords: {
      keyword:
        "match optional where with return order by skip limit distinct as union all unwind and or xor not in is " +
        "starts ends contains case when then else end asc ascending desc descending exists",
      literal: "true false null",
      built_in:
        "count collect sum avg min max size labels id coalesce toLower toUpper date timestamp interval list_contains " +
        "list_sort list_distinct string_split lower upper trim substring",
    },
    contains: [
      hljs.APOS_STRING_MODE,
      hljs.QUOTE_STRING_MODE,
      hljs.C_LINE_COMMENT_MODE,
      hljs.C_BLOCK_COMMENT_MODE,
      hljs.C_NUMBER_MODE,
      { scope: "variable", match: /\$[a-z_]\w*/i },
      { scope: "type", match: /:\s*[A-Z_]\w*(?:\|:?[A-Z_]\w*)*/ },
      { scope: "symbol", match: /`[^`]*`/ },
    ],
  };
}
