import type { ComponentChild } from "preact";
import hljs from "highlight.js/lib/core";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import type { Generated } from "../api/types";
import { cypher } from "./cypher";

hljs.registerLanguage("python", python);
hljs.registerLanguage("sql", sql);
hljs.registerLanguage("cypher", cypher);

interface Piece {
  scope?: string;
  children: (Piece | string)[];
}

// The library offers its result as markup; the tree behind that is shown instead, so that a query stays text.
function piecesOf(text: string, language: string): Piece {
  const result = hljs.highlight(text, { language, ignoreIllegals: true }) as unknown as { _emitter: { rootNode: Piece } };
  return result._emitter.rootNode;
}

function shown(piece: Piece | string, key: number): ComponentChild {
  if (typeof piece === "string") return piece;
  const inside = piece.children.map(shown);
  if (!piece.scope) return inside;
  return (
    <span key={key} class={`hl-${piece.scope.split(".")[0]}`}>
      {inside}
    </span>
  );
}

/** A generated text in colours. */
export function Coloured({ text, language }: { text: string; language: Generated["language"] }) {
  if (!hljs.getLanguage(language)) return <>{text}</>;
  return <>{piecesOf(text, language).children.map(shown)}</>;
}
