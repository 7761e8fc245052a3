import { type Block, type Inline, blocksOf } from "./markdown";

/** An answer that is a text. */
export function MarkdownView({ text }: { text: string }) {
  return (
    <div class="markdown tenant-text">
      {blocksOf(text).map((block, index) => (
        <BlockView key={index} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      // The page's own headings stand above them.
      return block.level <= 2 ? <h3>{inlines(block.text)}</h3> : <h4>{inlines(block.text)}</h4>;
    case "paragraph":
      return <p>{inlines(block.text)}</p>;
    case "code":
      return (
        <pre class="small-code" tabIndex={0}>
          {block.text}
        </pre>
      );
    case "list": {
      const items = block.items.map((item, index) => <li key={index}>{inlines(item)}</li>);
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return (
        <div class="scrolls" tabIndex={0} role="region" aria-label="Table in the text">
          <table class="plain-table">
            <thead>
              <tr>
                {block.head.map((cell, index) => (
                  <th key={index} scope="col">
                    {inlines(cell)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column}>{inlines(cell)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
  }
}

function inlines(parts: Inline[]) {
  return parts.map(({ kind, text }, index) => {
    if (kind === "strong") return <strong key={index}>{text}</strong>;
    if (kind === "emphasis") return <em key={index}>{text}</em>;
    if (kind === "code") return <code key={index}>{text}</code>;
    return text;
  });
}
