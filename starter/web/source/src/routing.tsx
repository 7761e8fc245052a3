import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Where in the page somebody is; every one of them is an address that works elsewhere. */
export type Route =
  | { name: "ask" }
  | { name: "question"; id: string }
  | { name: "history" }
  | { name: "syncs" }
  | { name: "nowhere"; path: string };

const MOVED = "holdfast:moved";

export function routeOf(path: string): Route {
  const parts = path.split("/").filter(Boolean);
  if (parts.length === 0) return { name: "ask" };
  if (parts[0] === "q" && parts[1] && parts.length === 2) return { name: "question", id: decoded(parts[1]) };
  if (parts[0] === "history" && parts.length === 1) return { name: "history" };
  if (parts[0] === "syncs" && parts.length === 1) return { name: "syncs" };
  return { name: "nowhere", path };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function questionPath(id: string): string {
  return `/q/${encodeURIComponent(id)}`;
}

/** Go to a path of this page. `replace`: the back button does not come back here. */
export function navigate(path: string, { replace = false } = {}): void {
  const here = location.pathname + location.search;
  if (path !== here) history[replace ? "replaceState" : "pushState"](null, "", path);
  window.dispatchEvent(new Event(MOVED));
}

function useLocation<T>(look: () => T): T {
  const [found, setFound] = useState(look);
  useEffect(() => {
    const again = () => setFound(look);
    window.addEventListener("popstate", again);
    window.addEventListener(MOVED, again);
    return () => {
      window.removeEventListener("popstate", again);
      window.removeEventListener(MOVED, again);
    };
  }, []);
  return found;
}

export function usePath(): string {
  return useLocation(() => location.pathname);
}

/** A value that stands in the address behind `?`, and how to put another there. */
export function useParameter(name: string): [string | null, (value: string | null) => void] {
  const value = useLocation(() => new URLSearchParams(location.search).get(name));
  const set = (next: string | null) => {
    const parameters = new URLSearchParams(location.search);
    if (next === null) parameters.delete(name);
    else parameters.set(name, next);
    const text = parameters.toString();
    navigate(location.pathname + (text ? `?${text}` : ""), { replace: true });
  };
  return [value, set];
}

interface LinkProperties {
  to: string;
  children: ComponentChildren;
  class?: string;
  title?: string;
  "aria-label"?: string;
  "aria-current"?: "page";
}

/** A link within the page; opens elsewhere where the reader asks for that. */
export function Link({ to, children, ...rest }: LinkProperties) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}
