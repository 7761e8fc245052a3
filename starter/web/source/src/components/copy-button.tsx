import { useEffect, useState } from "preact/hooks";
import { announce } from "../announce";
import { Icon } from "./icon";

// Without https a browser gives no clipboard but this old way to it.
function copiedOldWay(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedOldWay(text);
  }
}

/** Copies a text. `what` names it for those who do not see what stands beside the button. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => {
    const worked = await copied(text);
    setDone(worked);
    announce(worked ? `Copied ${what}` : `The browser did not let ${what} be copied`);
  };
  return (
    <button type="button" class="button quiet small" aria-label={`Copy ${what}`} onClick={copy}>
      <Icon name={done ? "check" : "copy"} />
      {done ? "Copied" : "Copy"}
    </button>
  );
}
