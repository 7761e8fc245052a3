import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../announce";
import { api } from "../api/client";
import type { Tenant } from "../api/types";
import { useNow } from "../clock";
import { Icon } from "../components/icon";
import { Moment } from "../components/moment";
import { ErrorNotice, Notice } from "../components/notice";
import { usePolled } from "../polling";
import { useSession } from "../session/session";
import { CurrentView } from "./current";
import { type CurrentSync, type SyncMode, type SyncRecord, freshness } from "./progress";
import { SyncHistory } from "./sync-history";

const WHILE_RUNNING_MS = 1_000;
const AT_REST_MS = 10_000;

/** How fresh the snapshot is, the sync that runs, starting one, and those before. */
export function SyncsPage(): JSX.Element {
  const { roles } = useSession();
  const [failed, setFailed] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const current = usePolled<CurrentSync>(
    "current",
    (signal) => api.get("/api/syncs/current", signal),
    (seen) => (seen?.is_running ? WHILE_RUNNING_MS : AT_REST_MS),
  );
  const isRunning = current.value?.is_running;
  // Both change when a sync ends.
  const tenant = usePolled<Tenant>(`tenant ${isRunning}`, (signal) => api.get("/api/tenant", signal), () => null);
  const history = usePolled<{ syncs: SyncRecord[] }>(`history ${isRunning}`, (signal) => api.get("/api/syncs", signal), () => null);
  useEndAnnounced(isRunning);
  const mayStart = roles.includes("administrator");

  const act = async (call: () => Promise<unknown>) => {
    setBusy(true);
    setFailed(null);
    try {
      await call();
      current.again();
    } catch (error) {
      setFailed(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <main id="content" class="column syncs" tabIndex={-1}>
      <h1>Syncs of the tenant</h1>
      <ErrorNotice error={tenant.failed} title="How fresh the snapshot is could not be read" />
      {tenant.value && <Fresh tenant={tenant.value} />}
      <ErrorNotice error={failed} title={isRunning ? "The sync was not ended" : "The sync did not start"} />
      <ErrorNotice error={current.failed} title="Whether a sync runs could not be read" />
      {current.value?.is_running && (
        <CurrentView
          current={current.value}
          isBusy={isBusy}
          onCancel={mayStart ? () => void act(() => api.delete("/api/syncs/current")) : undefined}
        />
      )}
      {isRunning === false && mayStart && <Start isBusy={isBusy} onStart={(mode) => void act(() => api.post("/api/syncs", { mode }))} />}
      {isRunning === false && !mayStart && <p class="soft">An administrator may start a sync.</p>}
      <ErrorNotice error={history.failed} title="Earlier syncs could not be listed" />
      {history.value && <SyncHistory records={history.value.syncs} />}
    </main>
  );
}

function Fresh({ tenant }: { tenant: Tenant }): JSX.Element {
  const now = useNow(60_000);
  const { tone, words } = freshness(tenant.last_sync, now);
  const title = tenant.last_sync ? (
    <>
      {tenant.tenant && <span class="tenant-text">{tenant.tenant.replace(/^https?:\/\//, "")}: </span>}
      last synced <Moment at={tenant.last_sync} />
    </>
  ) : (
    "No snapshot"
  );
  return (
    <Notice tone={tone} title={title}>
      <p>{tenant.trouble && tenant.last_sync === null ? tenant.trouble : words}</p>
    </Notice>
  );
}

function Start({ isBusy, onStart }: { isBusy: boolean; onStart: (mode: SyncMode) => void }): JSX.Element {
  return (
    <section class="sync-start card" aria-labelledby="start-heading">
      <h2 id="start-heading">Start a sync</h2>
      <p class="soft">Questions go on with the snapshot of before until the new one is whole. A sync that fails changes nothing.</p>
      <div class="sync-ways">
        <div>
          <button type="button" class="button primary" disabled={isBusy} onClick={() => onStart("incremental")}>
            <Icon name="sync" />
            Sync what changed
          </button>
          <p class="fine">Takes over what did not change since the last sync. Quicker.</p>
        </div>
        <div>
          <button type="button" class="button" disabled={isBusy} onClick={() => onStart("full")}>
            <Icon name="layers" />
            Sync everything
          </button>
          <p class="fine">Reads the whole tenant anew.</p>
        </div>
      </div>
    </section>
  );
}

function useEndAnnounced(isRunning: boolean | undefined): void {
  const before = useRef(isRunning);
  useEffect(() => {
    if (before.current === true && isRunning === false) announce("The sync has ended");
    if (before.current === false && isRunning === true) announce("A sync runs");
    before.current = isRunning;
  }, [isRunning]);
}
