import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Generated } from "../api/types";
import { CopyButton } from "../components/copy-button";
import { counted } from "../words";
import { inLines } from "./clauses";

type Colours = ComponentType<{ text: string; language: Generated["language"] }>;

const NAMES: Record<Generated["language"], string> = {
  cypher: "Cypher query",
  sql: "SQL query",
  python: "Python program",
  tool: "Call of a tool",
};

/** What was generated for a step, whole; a query of one line is broken where its parts begin. It is readable at once; its colours come when they are loaded. */
export function CodeView({ generated }: { generated: Generated }) {
  const [colours, setColours] = useState<{ it: Colours } | null>(null);
  useEffect(() => {
    let alive = true;
    // Without colours it reads as well, so nobody is told when they cannot be loaded.
    import("./coloured").then(
      (module) => alive && setColours({ it: module.Coloured }),
      () => undefined,
    );
    return () => {
      alive = false;
    };
  }, []);
  const name = NAMES[generated.language];
  const isQuery = generated.language === "cypher" || generated.language === "sql";
  const text = isQuery ? inLines(generated.text) : generated.text;
  return (
    <figure class="code">
      <figcaption class="code-head">
        <span>
          <strong>{name}</strong>
          <span class="fine">
            {" "}
            {counted(text.split("\n").length, "line")}, by <span class="tenant-text">{generated.author}</span>
          </span>
        </span>
        <CopyButton text={generated.text} what={`the ${name}`} />
      </figcaption>
      <pre class={isQuery ? "code-text code-wraps" : "code-text"} tabIndex={0} aria-label={name}>
        <code>{colours ? <colours.it text={text} language={generated.language} /> : text}</code>
      </pre>
    </figure>
  );
}
