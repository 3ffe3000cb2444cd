/** The places of the desk, and who may go there. */

import type { Session } from "../state/shapes";
import type { Key } from "../words/words";

export interface Place {
  readonly page: string;
  readonly words: Key;
  readonly icon: string;
}

const SUPERVISING = ["supervisor", "manager", "administrator"];

/** The places this person may go to, in the order of the rail. */
export function places(session: Session): readonly Place[] {
  const shown: Place[] = [];
  if (session.agent_id !== null) shown.push({ page: "work", words: "place.work", icon: "work" });
  shown.push({ page: "board", words: "place.board", icon: "board" });
  if (SUPERVISING.includes(session.role)) {
    shown.push({ page: "reports", words: "place.reports", icon: "reports" });
    shown.push({ page: "config", words: "place.config", icon: "config" });
  }
  shown.push({ page: "settings", words: "place.settings", icon: "settings" });
  return shown;
}

/** Where a person lands who asked for no place. */
export function home(session: Session): string {
  return places(session)[0]?.page ?? "settings";
}
