import { useEffect, useState } from "preact/hooks";

const SAID = "holdfast:said";

/** Have a screen reader say it, when it has finished what it says now. */
export function announce(text: string): void {
  window.dispatchEvent(new CustomEvent(SAID, { detail: text }));
}

/** The one live region of the page. */
export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => {
    let count = 0;
    const say = (event: Event) => {
      // The same words again are a change only with something invisible behind them.
      count += 1;
      setText(String((event as CustomEvent<string>).detail) + (count % 2 ? "\u00a0" : ""));
    };
    window.addEventListener(SAID, say);
    return () => window.removeEventListener(SAID, say);
  }, []);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {text}
    </div>
  );
}
