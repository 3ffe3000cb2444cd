/** Simplified Chinese. */

import type { Catalogue } from "./words";
import { zhData } from "./zh-data";
import { zhDesk } from "./zh-desk";
import { zhPages } from "./zh-pages";

export const zh: Catalogue = { ...zhData, ...zhDesk, ...zhPages };
