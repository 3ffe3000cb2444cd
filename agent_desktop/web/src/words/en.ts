/** English: the catalogue that the others follow key by key. */

import { enData } from "./en-data";
import { enDesk } from "./en-desk";
import { enPages } from "./en-pages";

export const en = { ...enData, ...enDesk, ...enPages } as const;

export type Key = keyof typeof en;
