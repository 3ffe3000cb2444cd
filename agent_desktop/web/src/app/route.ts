/** Where in the desk a person is: the part of the address behind `#`. */

import { signal } from "@preact/signals";

export interface Route {
  readonly page: string;
  /** What the page is about, such as an interaction; "" for none. */
  readonly id: string;
}

/** `#/PAGE/ID` is a page about something. Anything else is the work page. */
export function parseRoute(hash: string): Route {
  const [page = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  let id = rest.join("/");
  try {
    id = decodeURIComponent(id);
  } catch {
    id = ""; // A broken address leads to the page itself.
  }
  return { page: page === "" ? "work" : page, id };
}

export const hashOf = (page: string, id = ""): string =>
  `#/${page}${id === "" ? "" : `/${encodeURIComponent(id)}`}`;

export const route = signal<Route>({ page: "work", id: "" });

/** Goes to a page of the desk. */
export function go(page: string, id = ""): void {
  location.hash = hashOf(page, id);
  route.value = { page, id };
}

/** Follows the address from now on. */
export function followAddress(): void {
  const read = (): void => {
    const next = parseRoute(location.hash);
    if (next.page !== route.value.page || next.id !== route.value.id) route.value = next;
  };
  addEventListener("hashchange", read);
  read();
}
