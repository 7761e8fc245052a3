import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Generated } from "../api/types";
import { CopyButton } from "../components/copy-button";
import { counted } from "../words";

type Colours = ComponentType<{ text: string; language: Generated["language"] }>;

const NAMES: Record<Generated["language"], string> = {
  cypher: "Cypher query",
  sql: "SQL query",
  python: "Python program",
  tool: "Call of a tool",
};

/** What was generated for a step, whole. It is readable at once; its colours come when they are loaded. */
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
  const lines = generated.text.split("\n").length;
  return (
    <figure class="code">
      <figcaption class="code-head">
        <span>
          <strong>{name}</strong>
          <span class="fine">
            {" "}
            {counted(lines, "line")}, by {generated.author}
          </span>
        </span>
        <CopyButton text={generated.text} what={`the ${name}`} />
      </figcaption>
      <pre class="code-text" tabIndex={0} aria-label={name}>
        <code>{colours ? <colours.it text={generated.text} language={generated.language} /> : generated.text}</code>
      </pre>
    </figure>
  );
}
