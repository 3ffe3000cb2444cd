/** Small pieces every view uses. */

import type { ComponentChildren, JSX } from "preact";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Session } from "../state/session";
import type { Words } from "../words/words";

export interface Here {
  session: Session;
  words: Words;
  /** Says a text to who listens rather than looks. */
  announce: (text: string) => void;
  minimise: () => void;
  now: () => number;
}

export const HereContext = createContext<Here | null>(null);

/** The session, the words and the ways out of the panel. */
export function useHere(): Here {
  const here = useContext(HereContext);
  if (here === null) throw new Error("a view is drawn outside the panel");
  return here;
}

const ICONS: Record<string, string> = {
  minimise: "M6 12h12",
  close: "M18 6 6 18M6 6l12 12",
  more: "M5 11.5v1M12 11.5v1M19 11.5v1",
  send: "M4 12 20 4l-6 16-3-6.5zM11 13.5 20 4",
  attach:
    "m21.4 11.1-8.5 8.5a5.5 5.5 0 0 1-7.8-7.8l8.6-8.5a3.7 3.7 0 0 1 5.2 5.2l-8.6 8.5a1.8 1.8 0 0 1-2.6-2.6l7.9-7.8",
  file: "M14 3H6v18h12V7zM14 3v4h4",
  check: "M5 12l5 5 9-10",
  alert: "M12 8v5M12 16.5h.01M10.3 3.9 2 18a2 2 0 0 0 1.7 3h16.6a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0z",
  clock: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  globe: "M3 12a9 9 0 1 0 18 0 9 9 0 0 0-18 0zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
};

/** An icon; a name always stands beside it or on its button. */
export function Icon({ name }: { name: string }): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
      <path d={ICONS[name]} />
    </svg>
  );
}

/** A button that is an icon with a name. */
export function IconButton(props: { icon: string; name: string; act: () => void; expanded?: boolean }): JSX.Element {
  return (
    <button
      type="button"
      class="quiet"
      aria-label={props.name}
      title={props.name}
      aria-expanded={props.expanded}
      onClick={props.act}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** A field with its label above and what is wrong below. */
export function Labelled(props: {
  id: string;
  label: string;
  error?: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {props.children}
      {props.error !== undefined && props.error !== "" && (
        <p class="wrong" id={`${props.id}-wrong`}>
          <Icon name="alert" /> {props.error}
        </p>
      )}
    </div>
  );
}

/** The attributes that tie a field to what is wrong with it. */
export function wrongness(id: string, error: string | undefined): { "aria-invalid"?: true; "aria-describedby"?: string } {
  return error ? { "aria-invalid": true, "aria-describedby": `${id}-wrong` } : {};
}
