import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../announce";
import { Icon } from "../components/icon";
import { ErrorNotice } from "../components/notice";
import { bytes, counted } from "../words";
import { FORMATS, type Format, download } from "./exporting";
import { Popover } from "./popover";
import { AS_IT_CAME, type View, isWhole } from "./view";

interface DownloadProperties {
  questionId: string;
  step: string | undefined;
  view: View;
  total: number;
  matching: number;
}

const USES: Record<Format, string> = {
  csv: "for spreadsheets and scripts",
  xlsx: "a workbook, up to a million rows",
  parquet: "for data tools, with types",
  json: "for programs, lists as lists",
};

/** The answer as a file: all of it, or what the table shows. */
export function Download(properties: DownloadProperties): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [received, setReceived] = useState<number | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (format: Format, ofView: boolean) => {
    setOpen(false);
    setFailed(null);
    setReceived(0);
    const { questionId, step, view, total, matching } = properties;
    const request = new AbortController();
    running.current = request;
    const wanted = { questionId, step, format, view: ofView ? view : AS_IT_CAME, rows: ofView ? matching : total };
    try {
      await download(wanted, setReceived, request.signal);
      announce(`${FORMATS[format]} downloaded`);
    } catch (error) {
      if (!request.signal.aborted) setFailed(error);
    } finally {
      setReceived(null);
    }
  };

  return (
    <>
      {received === null ? (
        <button ref={button} type="button" class="button" aria-haspopup="dialog" aria-expanded={isOpen} onClick={() => setOpen(true)}>
          <Icon name="download" />
          Download
        </button>
      ) : (
        <button type="button" class="button" onClick={() => running.current?.abort()}>
          <Icon name="cross" />
          {received === 0 ? "Preparing …" : bytes(received)}
          <span class="unseen">, stop the download</span>
        </button>
      )}
      {isOpen && button.current && (
        <Popover label="Download" anchor={button.current} onClose={() => setOpen(false)}>
          <Formats {...properties} onPick={(format, ofView) => void start(format, ofView)} />
        </Popover>
      )}
      {failed !== null && (
        <div class="table-trouble">
          <ErrorNotice error={failed} title="The download did not come" />
        </div>
      )}
    </>
  );
}

type FormatsProperties = DownloadProperties & { onPick: (format: Format, ofView: boolean) => void };

function Formats({ view, total, matching, onPick }: FormatsProperties): JSX.Element {
  const hasView = !isWhole(view) || view.sort.length > 0;
  const [ofView, setOfView] = useState(hasView);
  return (
    <>
      {hasView && (
        <fieldset class="menu-group menu-radios">
          <legend>Which rows</legend>
          <label>
            <input type="radio" name="rows" checked={ofView} onChange={() => setOfView(true)} />
            As shown: {counted(matching, "row")}
          </label>
          <label>
            <input type="radio" name="rows" checked={!ofView} onChange={() => setOfView(false)} />
            All: {counted(total, "row")}
          </label>
        </fieldset>
      )}
      <div class="menu-group">
        {(Object.keys(FORMATS) as Format[]).map((format) => (
          <button key={format} type="button" class="menu-choice" onClick={() => onPick(format, hasView && ofView)}>
            {FORMATS[format]} <span class="fine">{USES[format]}</span>
          </button>
        ))}
      </div>
    </>
  );
}
