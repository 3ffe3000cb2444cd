/** How figures are called and what they mean, in the language of the page. */

import type { Definition } from "../api/reports";
import { t, tOr } from "./words";

/** The short name of a figure. A metric without words of its own keeps those of its definition. */
export const metricWord = (name: string, definition: Definition): string =>
  tOr(`metric.${name}`, definition.short);

/** The long name of a figure; "" where it says no more than the short one. */
export function metricTitle(name: string, definition: Definition): string {
  const long = tOr(`metric.${name}.title`, definition.title);
  return long === metricWord(name, definition) ? "" : long;
}

/** What a figure counts, and over what. */
export const metricCounts = (name: string, { formula, population }: Definition): string =>
  t("figure.counts", {
    formula: tOr(`metric.${name}.formula`, formula),
    population: tOr(`metric.${name}.over`, population),
  });

/** The whole definition in one sentence. */
export function metricMeaning(name: string, definition: Definition): string {
  const long = metricTitle(name, definition);
  const counts = metricCounts(name, definition);
  return long === "" ? counts : t("figure.named", { name: long, counts });
}
