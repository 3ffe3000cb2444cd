/** Where drafts lie on this machine: IndexedDB, or memory where the browser forbids storage. */

import type { FileRef } from "../state/shapes";

/** The envelope of a mail that is being written. */
export interface MailDraft {
  readonly to: string;
  readonly cc: string;
  readonly bcc: string;
  readonly subject: string;
}

export interface Draft {
  readonly text: string;
  /** The server's revision that this text is based on; 0 when the server has none. */
  readonly revision: number;
  /** The id its entry has or will have: the same one however often it is sent. */
  readonly entryId: string;
  readonly mail: MailDraft | null;
  readonly files: readonly FileRef[];
  /** Server time of the last save, 0 when only here. */
  readonly savedAt: number;
}

export interface DraftStore {
  /** False when drafts end with the page. */
  readonly lasting: boolean;
  all(): Promise<ReadonlyMap<string, Draft>>;
  put(key: string, draft: Draft): Promise<void>;
  drop(key: string): Promise<void>;
  clear(): Promise<void>;
}

export class MemoryDraftStore implements DraftStore {
  readonly lasting = false;
  readonly #drafts = new Map<string, Draft>();

  async all(): Promise<ReadonlyMap<string, Draft>> {
    return new Map(this.#drafts);
  }

  async put(key: string, draft: Draft): Promise<void> {
    this.#drafts.set(key, draft);
  }

  async drop(key: string): Promise<void> {
    this.#drafts.delete(key);
  }

  async clear(): Promise<void> {
    this.#drafts.clear();
  }
}

const DATABASE = "carillon-desk";
const TABLE = "drafts";

class IndexedDraftStore implements DraftStore {
  readonly lasting = true;
  readonly #database: IDBDatabase;
  readonly #owner: string;

  constructor(database: IDBDatabase, owner: string) {
    this.#database = database;
    this.#owner = owner;
  }

  async all(): Promise<ReadonlyMap<string, Draft>> {
    const table = this.#table("readonly");
    const [keys, values] = await Promise.all([
      asked(table.getAllKeys(this.#range)),
      asked(table.getAll(this.#range)),
    ]);
    return new Map(keys.map((key, index) => [(key as [string, string])[1], values[index] as Draft]));
  }

  async put(key: string, draft: Draft): Promise<void> {
    await asked(this.#table("readwrite").put(draft, [this.#owner, key]));
  }

  async drop(key: string): Promise<void> {
    await asked(this.#table("readwrite").delete([this.#owner, key]));
  }

  async clear(): Promise<void> {
    await asked(this.#table("readwrite").delete(this.#range));
  }

  get #range(): IDBKeyRange {
    return IDBKeyRange.bound([this.#owner], [this.#owner, []]);
  }

  #table(mode: IDBTransactionMode): IDBObjectStore {
    // Relaxed durability would lose the text of a killed tab on some systems.
    return this.#database.transaction(TABLE, mode, { durability: "strict" }).objectStore(TABLE);
  }
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The drafts of `owner` on this machine; in memory when storage is blocked, full or missing. */
export async function openDraftStore(owner: string): Promise<DraftStore> {
  try {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    return new IndexedDraftStore(await asked(opening), owner);
  } catch {
    return new MemoryDraftStore();
  }
}
