/** One frame of an event stream. */
export interface Frame {
  id: string | null;
  event: string;
  data: string;
}

/** Cuts text that arrives in pieces into frames; comments only say that somebody is there. */
export class FrameReader {
  private rest = "";

  /** The frames that are whole now. */
  read(piece: string): Frame[] {
    // A "\r" at the very end may be half of a line's end.
    const text = this.rest + piece;
    const usable = text.endsWith("\r") ? text.slice(0, -1) : text;
    const kept = text.slice(usable.length);
    const blocks = usable.replace(/\r\n?/g, "\n").split("\n\n");
    this.rest = (blocks.pop() ?? "") + kept;
    return blocks.map(frameOf).filter((frame) => frame !== null);
  }
}

function frameOf(block: string): Frame | null {
  let id: string | null = null;
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") id = value;
    else if (name === "event") event = value;
    else if (name === "data") data.push(value);
  }
  return data.length > 0 ? { id, event, data: data.join("\n") } : null;
}
