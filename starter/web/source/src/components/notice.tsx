import type { ComponentChildren } from "preact";
import { ProblemError } from "../api/problems";
import { Icon, type IconName } from "./icon";

type Tone = "plain" | "good" | "warning" | "bad";
const ICONS: Record<Tone, IconName> = { plain: "info", good: "check", warning: "warning", bad: "cross" };

interface NoticeProperties {
  tone?: Tone;
  title?: ComponentChildren;
  children?: ComponentChildren;
  /** Said at once by a screen reader. */
  urgent?: boolean;
}

export function Notice({ tone = "plain", title, children, urgent = false }: NoticeProperties) {
  return (
    <div class={`notice notice-${tone}`} {...(urgent ? { role: "alert" } : {})}>
      <Icon name={ICONS[tone]} />
      <div class="notice-words">
        {title && <p class="notice-title">{title}</p>}
        {children}
      </div>
    </div>
  );
}

/** What went wrong in words, with the id to ask about. */
export function ErrorNotice({ error, title }: { error: unknown; title?: string }) {
  if (!error) return null;
  const id = error instanceof ProblemError ? error.problem.correlation_id : "";
  return (
    <Notice tone="bad" title={title} urgent>
      <p class="tenant-text">{error instanceof Error ? error.message : String(error)}</p>
      {id && (
        <p class="fine">
          To ask about this, name <code>{id}</code>.
        </p>
      )}
    </Notice>
  );
}
