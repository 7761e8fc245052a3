import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Tenant } from "../api/types";
import { Icon } from "../components/icon";
import { Moment } from "../components/moment";
import { Notice } from "../components/notice";
import { Link, useParameter } from "../routing";
import { AskForm } from "./ask-form";

// Until the gateway has told its own.
const EXAMPLES = [
  "Which users are locked out?",
  "Who can open Salesforce?",
  "Which administrators have no phishing-resistant factor?",
  "How many users are in each department?",
];

/** Where questions are asked. */
export function AskPage() {
  const [begun] = useParameter("q");
  const [text, setText] = useState(begun ?? "");
  const [tenant, setTenant] = useState<Tenant | null>(null);
  useEffect(() => {
    document.title = "Ask · Holdfast";
    const gone = new AbortController();
    // Without it one can still ask; what is wrong is told when somebody does.
    api.get<Tenant>("/api/tenant", gone.signal).then(setTenant, () => undefined);
    return () => gone.abort();
  }, []);
  useEffect(() => {
    if (begun !== null) setText(begun);
  }, [begun]);
  const examples = tenant?.examples.length ? tenant.examples : EXAMPLES;
  const take = (example: string) => {
    setText(example);
    document.getElementById("question")?.focus();
  };
  return (
    <main id="content" class="column ask" tabIndex={-1}>
      <h1>What do you want to know?</h1>
      <TenantLine tenant={tenant} />
      {tenant?.trouble && (
        <Notice tone="warning" title="Nothing is synced yet">
          <p class="tenant-text">{tenant.trouble}</p>
          <p>
            <Link to="/syncs">Go to the syncs</Link>
          </p>
        </Notice>
      )}
      <AskForm text={text} onText={setText} />
      <section aria-labelledby="examples">
        <h2 id="examples" class="small-head">
          Examples
        </h2>
        <ul class="examples">
          {examples.map((example) => (
            <li key={example}>
              <button type="button" class="example" onClick={() => take(example)}>
                {example}
              </button>
            </li>
          ))}
        </ul>
      </section>
    </main>
  );
}

function TenantLine({ tenant }: { tenant: Tenant | null }) {
  if (!tenant) return <p class="soft tenant-line">&nbsp;</p>;
  return (
    <p class="soft tenant-line">
      {tenant.tenant && <span class="tenant-text">{tenant.tenant.replace(/^https?:\/\//, "")}</span>}
      {tenant.last_sync && (
        <span>
          <Icon name="sync" /> last synced <Moment at={tenant.last_sync} />
        </span>
      )}
    </p>
  );
}
