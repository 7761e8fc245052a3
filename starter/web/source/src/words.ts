// Figures and times in words. The page is English; numbers and dates are written as the browser's language does.

const NUMBER = new Intl.NumberFormat();
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const BYTES = ["bytes", "KB", "MB", "GB", "TB"];

export function count(figure: number): string {
  return NUMBER.format(figure);
}

/** `3 calls`, `1 call`. */
export function counted(figure: number, one: string, many = `${one}s`): string {
  return `${count(figure)} ${figure === 1 ? one : many}`;
}

/** `480 ms`, `3.2 s`, `4 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(Math.max(0, seconds) * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${count(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** `4 minutes`, as an estimate is told. */
export function roughMinutes(minutes: number): string {
  if (minutes < 1) return "less than a minute";
  if (minutes < 90) return `about ${counted(Math.round(minutes), "minute")}`;
  return `about ${counted(Math.round(minutes / 60), "hour")}`;
}

export function bytes(size: number): string {
  const power = Math.min(BYTES.length - 1, size < 1 ? 0 : Math.floor(Math.log(size) / Math.log(1000)));
  const figure = size / 1000 ** power;
  return `${power === 0 ? figure : figure.toFixed(figure < 10 ? 1 : 0)} ${BYTES[power]}`;
}

export function time(iso: string): string {
  return TIME.format(new Date(iso));
}

export function exactTime(iso: string): string {
  return EXACT.format(new Date(iso));
}

/** `3 minutes ago`; after a week the date. */
export function ago(iso: string, now: number): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return "just now";
  if (size < 3600) return RELATIVE.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return RELATIVE.format(Math.round(seconds / 3600), "hour");
  if (size < 7 * 86_400) return RELATIVE.format(Math.round(seconds / 86_400), "day");
  return time(iso);
}
