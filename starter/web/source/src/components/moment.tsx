import { useNow } from "../clock";
import { ago, exactTime } from "../words";

/** A time as people say it: "3 minutes ago"; the exact one on hover and for programs. */
export function Moment({ at }: { at: string }) {
  const now = useNow(30_000);
  return (
    <time dateTime={at} title={exactTime(at)}>
      {ago(at, now)}
    </time>
  );
}
