import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../components/icon";
import { Notice } from "../components/notice";
import { count, counted, duration } from "../words";
import { type CurrentSync, type FamilyProgress, type FamilyReport, type SyncProgress, familyName, readShare, rowsRead, share } from "./progress";

interface CurrentProperties {
  current: CurrentSync;
  isBusy: boolean;
  /** undefined for those who may not. */
  onCancel: (() => void) | undefined;
}

const PHASES: Record<SyncProgress["phase"], string> = {
  starting: "Starts",
  reading: "Reads the tenant",
  building: "Builds the snapshot",
  publishing: "Publishes the snapshot",
  done: "Ends",
};

/** The sync that runs: how far it is, family by family. */
export function CurrentView({ current, isBusy, onCancel }: CurrentProperties): JSX.Element {
  const { progress, trouble } = current;
  return (
    <section class="sync-current card" aria-labelledby="current-heading">
      <header>
        <h2 id="current-heading">
          <Icon name="running" class="turning" />
          {progress ? PHASES[progress.phase] : "A sync runs"}
        </h2>
        {onCancel && <Cancel isBusy={isBusy} onCancel={onCancel} />}
      </header>
      {progress ? <Overall progress={progress} /> : <p class="soft">No worker tells at the moment how far it is. What is read is kept.</p>}
      {trouble && (
        <Notice tone="warning" title="It is tried again">
          <p class="tenant-text">{trouble}</p>
        </Notice>
      )}
      {progress && <Families progress={progress} />}
    </section>
  );
}

function Overall({ progress }: { progress: SyncProgress }): JSX.Element {
  const { finished, running, waiting } = progress;
  const all = finished.length + running.length + waiting.length;
  const percent = Math.round(readShare(progress) * 100);
  return (
    <div class="sync-overall">
      <progress max={100} value={percent} aria-label="Read of the tenant" />
      <p class="fine figures">
        {counted(rowsRead(progress), "row")} read; {count(finished.length)} of {counted(all, "family", "families")} done
      </p>
    </div>
  );
}

function Families({ progress }: { progress: SyncProgress }): JSX.Element {
  return (
    <ul class="families">
      {progress.running.map((family) => (
        <Running key={family.family} family={family} />
      ))}
      {progress.finished.map((family) => (
        <Finished key={family.family} family={family} />
      ))}
      {progress.waiting.map((family) => (
        <li key={family} class="family waits">
          <Icon name="clock" />
          <span>{familyName(family)}</span>
          <span class="fine">waits</span>
        </li>
      ))}
    </ul>
  );
}

function Running({ family }: { family: FamilyProgress }): JSX.Element {
  const { parents, parents_done, rows, trouble } = family;
  const name = familyName(family.family);
  return (
    <li class="family runs">
      <Icon name="running" class="turning" />
      <span>{name}</span>
      <span class="fine figures">
        {counted(rows, "row")}
        {parents > 1 && `, ${count(parents_done)} of ${count(parents)}`}
      </span>
      {parents > 1 && <progress max={1} value={share(family)} aria-label={`${name} read`} />}
      {trouble && <span class="family-trouble tenant-text">{trouble}</span>}
    </li>
  );
}

function Finished({ family }: { family: FamilyReport }): JSX.Element {
  const { rows, unknown, carried_over, seconds } = family;
  return (
    <li class="family">
      <Icon name="check" />
      <span>{familyName(family.family)}</span>
      <span class="fine figures">
        {counted(rows, "row")} in {duration(seconds)}
        {carried_over > 0 && `, ${count(carried_over)} unchanged`}
      </span>
      {unknown > 0 && <span class="family-trouble">{counted(unknown, "read")} not answered: unknown, not none</span>}
    </li>
  );
}

function Cancel({ isBusy, onCancel }: { isBusy: boolean; onCancel: () => void }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  if (!isAsked) {
    return (
      <button type="button" class="button" onClick={() => setAsked(true)}>
        <Icon name="stop" />
        End the sync
      </button>
    );
  }
  return (
    <div class="button-row" role="group" aria-label="End the sync?">
      <span class="fine">What it read is lost; the snapshot stays as it is.</span>
      <button type="button" class="button danger" disabled={isBusy} onClick={onCancel}>
        End it
      </button>
      <button type="button" class="button quiet" onClick={() => setAsked(false)}>
        Let it run
      </button>
    </div>
  );
}
