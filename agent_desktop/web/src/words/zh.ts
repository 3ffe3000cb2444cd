/** Simplified Chinese. */

import type { Catalogue } from "./words";
import { zhConfig } from "./zh-config";
import { zhData } from "./zh-data";
import { zhDesk } from "./zh-desk";
import { zhPages } from "./zh-pages";

export const zh: Catalogue = { ...zhConfig, ...zhData, ...zhDesk, ...zhPages };
