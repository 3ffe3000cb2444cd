/** The places of the desk, and who may go there. */

import type { Session } from "../state/shapes";
import type { Key } from "../words/words";

export interface Place {
  readonly page: string;
  readonly words: Key;
  readonly icon: string;
}

const may = (session: Session, permission: string): boolean => session.permissions.includes(permission);

/** True for who takes work themselves: an agent, or a supervisor who is one too. */
export function worksAtDesk(session: Session): boolean {
  return session.agent_id !== null && may(session, "work");
}

/** The places this person may go to, in the order of the rail. */
export function places(session: Session): readonly Place[] {
  const shown: Place[] = [];
  if (worksAtDesk(session)) shown.push({ page: "work", words: "place.work", icon: "work" });
  if (may(session, "board")) shown.push({ page: "board", words: "place.board", icon: "board" });
  if (may(session, "reports")) shown.push({ page: "reports", words: "place.reports", icon: "reports" });
  if (may(session, "configuration.read")) {
    shown.push({ page: "config", words: "place.config", icon: "config" });
  }
  if (may(session, "audit.read")) shown.push({ page: "audit", words: "place.audit", icon: "audit" });
  shown.push({ page: "settings", words: "place.settings", icon: "settings" });
  return shown;
}

/** Where a person lands who asked for no place. */
export function home(session: Session): string {
  return places(session)[0]?.page ?? "settings";
}
