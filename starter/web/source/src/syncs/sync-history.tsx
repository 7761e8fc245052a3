import type { JSX } from "preact";
import { Icon } from "../components/icon";
import { Moment } from "../components/moment";
import { count, duration } from "../words";
import type { SyncRecord } from "./progress";

/** Syncs that ended, the latest first. */
export function SyncHistory({ records }: { records: readonly SyncRecord[] }): JSX.Element {
  return (
    <section class="sync-history" aria-labelledby="history-heading">
      <h2 id="history-heading">Earlier syncs</h2>
      {records.length === 0 && <p class="soft">There was none.</p>}
      {records.length > 0 && (
        <ol class="card">
          {records.map((record) => (
            <Ended key={record.sync_id} record={record} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Ended({ record }: { record: SyncRecord }): JSX.Element {
  const { success, mode, started, finished, counts, error } = record;
  const seconds = (Date.parse(finished) - Date.parse(started)) / 1000;
  return (
    <li>
      <div class="sync-line">
        <span class={success ? "badge tone-good" : "badge tone-bad"}>
          <Icon name={success ? "check" : "cross"} />
          {success ? "Published" : "Not published"}
        </span>
        <span>{mode === "full" ? "Everything" : "What changed"}</span>
        <span class="fine figures">
          <Moment at={finished} />, took {duration(seconds)}
        </span>
      </div>
      {error && <p class="tenant-text sync-error">{error}</p>}
      {Object.keys(counts).length > 0 && (
        <details>
          <summary>What the snapshot holds</summary>
          <dl class="sync-counts figures">
            {Object.entries(counts).map(([table, rows]) => (
              <div key={table}>
                <dt>{table}</dt>
                <dd>{count(rows)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </li>
  );
}
