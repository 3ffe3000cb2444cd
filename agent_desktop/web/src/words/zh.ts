/** Simplified Chinese. */

import type { Catalogue } from "./words";
import { zhAudit } from "./zh-audit";
import { zhBoard } from "./zh-board";
import { zhConfig } from "./zh-config";
import { zhData } from "./zh-data";
import { zhDesk } from "./zh-desk";
import { zhMetrics } from "./zh-metrics";
import { zhPages } from "./zh-pages";
import { zhPhone } from "./zh-phone";

export const zh: Catalogue = {
  ...zhAudit,
  ...zhBoard,
  ...zhConfig,
  ...zhData,
  ...zhDesk,
  ...zhMetrics,
  ...zhPages,
  ...zhPhone,
};
