/** The edge between two panes: dragged by pointer or arrow keys, remembered on this machine. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../words/words";

interface SplitterProps {
  readonly pane: "work" | "side";
  readonly least: number;
  readonly most: number;
  readonly first: number;
}

const STEP_PX = 16;

/** The width that was chosen before; `first` where there is none or storage is blocked. */
function remembered(pane: string, first: number, least: number, most: number): number {
  try {
    const known = Number(localStorage.getItem(`carillon-pane-${pane}`));
    return Number.isFinite(known) && known >= least && known <= most ? known : first;
  } catch {
    return first;
  }
}

function remember(pane: string, width: number): void {
  try {
    localStorage.setItem(`carillon-pane-${pane}`, String(width));
  } catch {
    // Without storage the width holds until the page closes.
  }
}

export function Splitter({ pane, least, most, first }: SplitterProps) {
  const [width, setWidth] = useState(() => remembered(pane, first, least, most));
  // The side pane grows towards the start of the page, the work list towards its end.
  const sign = pane === "work" ? 1 : -1;
  const change = (next: number): void => setWidth(Math.round(Math.min(most, Math.max(least, next))));
  useEffect(() => {
    document.documentElement.style.setProperty(`--${pane}-width`, `${width}px`);
    remember(pane, width);
  }, [pane, width]);
  const drag = (start: PointerEvent): void => {
    const handle = start.currentTarget as HTMLElement;
    const from = start.clientX;
    handle.setPointerCapture(start.pointerId);
    const move = (event: PointerEvent): void => change(width + (event.clientX - from) * sign);
    const stop = (): void => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", stop);
      handle.removeEventListener("pointercancel", stop);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", stop);
    handle.addEventListener("pointercancel", stop);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule between paragraphs cannot be moved
    <div
      class={`splitter splitter-${pane}`}
      role="separator"
      aria-orientation="vertical"
      aria-label={t(pane === "work" ? "pane.work" : "pane.side")}
      aria-valuemin={least}
      aria-valuemax={most}
      aria-valuenow={width}
      tabIndex={0}
      data-own-keys
      onPointerDown={drag}
      onKeyDown={(event) => {
        const steps: Record<string, number> = { ArrowLeft: -STEP_PX, ArrowRight: STEP_PX };
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        change(width + step * sign);
      }}
    />
  );
}
