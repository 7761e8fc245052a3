import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { px } from "./widths";

interface PopoverProperties {
  label: string;
  /** It opens below this, and gives the focus back to it. */
  anchor: HTMLElement;
  onClose: () => void;
  children: ComponentChildren;
}

const MARGIN = 8;

/** A small window beside what opened it. A click elsewhere or Escape closes it. */
export function Popover({ label, anchor, onClose, children }: PopoverProperties): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    element.showPopover();
    place(element, anchor);
    element.querySelector<HTMLElement>("button, input, select")?.focus();
    return () => {
      if (element.contains(document.activeElement) || document.activeElement === document.body) anchor.focus();
    };
  }, [anchor]);
  return (
    <div
      ref={box}
      popover="auto"
      role="dialog"
      aria-label={label}
      class="popover"
      onToggle={(event) => (event as unknown as ToggleEvent).newState === "closed" && onClose()}
    >
      {children}
    </div>
  );
}

function place(element: HTMLElement, anchor: HTMLElement): void {
  const from = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  const left = Math.min(from.left, document.documentElement.clientWidth - width - MARGIN);
  const isRoomBelow = from.bottom + height + MARGIN < window.innerHeight;
  element.style.left = px(Math.max(MARGIN, left));
  element.style.top = px(Math.max(MARGIN, isRoomBelow ? from.bottom + 4 : window.innerHeight - height - MARGIN));
}
