import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ErrorNotice } from "./components/notice";

/**
 * A component whose code is loaded when it is first shown. `load` is `() => import("…").then((m) => m.Name)`.
 */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>, what: string): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(properties: P) {
    const [Shown, setShown] = useState<{ it: ComponentType<P> } | null>(loaded && { it: loaded });
    const [failed, setFailed] = useState<unknown>(null);
    useEffect(() => {
      if (Shown) return;
      let alive = true;
      load().then(
        (component) => {
          loaded = component;
          if (alive) setShown({ it: component });
        },
        (error: unknown) => alive && setFailed(error),
      );
      return () => {
        alive = false;
      };
    }, []);
    if (failed) return <ErrorNotice title={`${what} could not be loaded`} error={new Error("Reload the page to try again.")} />;
    if (!Shown) return <p class="loading">Loading {what.toLowerCase()} …</p>;
    return <Shown.it {...properties} />;
  };
}
