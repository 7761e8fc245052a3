import { useEffect } from "preact/hooks";
import { Dialog } from "../components/dialog";
import { navigate } from "../routing";

interface Shortcut {
  keys: string;
  does: string;
}

/** What works everywhere. What works in one place is listed with it, and built where that place is. */
const SHORTCUTS: Shortcut[] = [
  { keys: "?", does: "List the shortcuts" },
  { keys: "n", does: "Ask a new question" },
  { keys: "h", does: "Questions asked before" },
  { keys: "s", does: "Syncs of the tenant" },
  { keys: "/", does: "Search the rows of the table" },
  { keys: "Ctrl Enter or ⌘ Enter", does: "Send what is being written: a question, an edited plan" },
  { keys: "Arrow keys", does: "In the plan: from step to step. In a table: from cell to cell" },
  { keys: "Escape", does: "Close what lies over the page" },
];

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Single keys that act wherever nobody is writing. */
export function useShortcuts(list: () => void): void {
  useEffect(() => {
    const act = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      const acts: Record<string, () => void> = {
        "?": list,
        n: () => navigate("/"),
        h: () => navigate("/history"),
        s: () => navigate("/syncs"),
        "/": () => document.querySelector<HTMLElement>("[data-shortcut='search']")?.focus(),
      };
      const found = acts[event.key];
      if (!found) return;
      event.preventDefault();
      found();
    };
    document.addEventListener("keydown", act);
    return () => document.removeEventListener("keydown", act);
  }, []);
}

export function ShortcutList({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="shortcuts">
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              {keys.split(" or ").map((each, at) => (
                <span key={each}>
                  {at > 0 && " or "}
                  <kbd>{each}</kbd>
                </span>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
