/** English: the catalogue that the others follow key by key. */

import { enAudit } from "./en-audit";
import { enConfig } from "./en-config";
import { enData } from "./en-data";
import { enDesk } from "./en-desk";
import { enMetrics } from "./en-metrics";
import { enPages } from "./en-pages";
import { enPhone } from "./en-phone";

export const en = {
  ...enAudit,
  ...enConfig,
  ...enData,
  ...enDesk,
  ...enMetrics,
  ...enPages,
  ...enPhone,
} as const;

export type Key = keyof typeof en;
