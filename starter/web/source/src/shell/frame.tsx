import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Session } from "../api/types";
import { Icon } from "../components/icon";
import { Link, type Route } from "../routing";
import { Account } from "./account";
import { Mark } from "./mark";
import { ShortcutList, useShortcuts } from "./shortcuts";
import { ThemeButton } from "./theme-button";

interface FrameProperties {
  session: Session | null;
  route: Route;
  onSignedOut: () => void;
  children: ComponentChildren;
}

/** What stands around every page. */
export function Frame({ session, route, onSignedOut, children }: FrameProperties) {
  const [listed, setListed] = useState(false);
  useShortcuts(() => setListed(true));
  useFocusOnArrival(route);
  return (
    <>
      <a class="skip-link" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <Link to="/" class="brand" aria-label="Holdfast: ask a question">
          <Mark />
          <span>Holdfast</span>
        </Link>
        {session && (
          <nav class="top-nav" aria-label="Pages">
            <Place to="/" here={route.name === "ask"}>
              Ask
            </Place>
            <Place to="/history" here={route.name === "history"}>
              History
            </Place>
            <Place to="/syncs" here={route.name === "syncs"}>
              Syncs
            </Place>
          </nav>
        )}
        <div class="top-tools">
          <button type="button" class="button quiet square keyboard-only" aria-label="Keyboard shortcuts" onClick={() => setListed(true)}>
            <Icon name="keyboard" />
          </button>
          <ThemeButton />
          {session && <Account session={session} onSignedOut={onSignedOut} />}
        </div>
      </header>
      {children}
      {listed && <ShortcutList onClose={() => setListed(false)} />}
    </>
  );
}

function Place({ to, here, children }: { to: string; here: boolean; children: ComponentChildren }) {
  return (
    <Link to={to} {...(here ? { "aria-current": "page" as const } : {})}>
      {children}
    </Link>
  );
}

// Whoever reads by ear or moves by keyboard starts at the new content, not where the link was.
function useFocusOnArrival(route: Route): void {
  const first = useRef(true);
  const place = route.name === "question" ? route.id : route.name;
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    window.scrollTo(0, 0);
    if (focusedContent()) return undefined;
    // A page whose code is still on its way.
    const observer = new MutationObserver(() => focusedContent() && observer.disconnect());
    observer.observe(document.body, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [place]);
}

/** Whether there is a content to put the focus on. */
function focusedContent(): boolean {
  const content = document.getElementById("content");
  if (content && !content.contains(document.activeElement)) content.focus({ preventScroll: true });
  return content !== null;
}
