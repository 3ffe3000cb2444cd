/** English: the catalogue that the others follow key by key. */

import { enAudit } from "./en-audit";
import { enBoard } from "./en-board";
import { enConfig } from "./en-config";
import { enData } from "./en-data";
import { enDesk } from "./en-desk";
import { enMetrics } from "./en-metrics";
import { enPages } from "./en-pages";
import { enPhone } from "./en-phone";

export const en = {
  ...enAudit,
  ...enBoard,
  ...enConfig,
  ...enData,
  ...enDesk,
  ...enMetrics,
  ...enPages,
  ...enPhone,
} as const;

export type Key = keyof typeof en;
