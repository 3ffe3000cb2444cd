/** What stays on the visitor's side between pages: the token, and whether the panel is open.
 *  No words are ever kept here. Every call to storage may throw: then memory has to do. */

export interface Kept {
  token: string;
  /** The panel stands open. */
  open: boolean;
  /** A chat is going on: the next page takes it up. */
  active: boolean;
  until: number;
}

export const KEPT_MS = 24 * 60 * 60 * 1000;
const NOTHING: Kept = { token: "", open: false, active: false, until: 0 };

export function keyOf(site: string): string {
  return `carillon-chat:${site}`;
}

export class Keep {
  private memory: Kept = NOTHING;
  /** Whether storage takes what is kept; false means the chat ends with the page. */
  readonly lasting: boolean;

  constructor(
    private readonly site: string,
    private readonly storage: Storage | null,
    private readonly now: () => number = Date.now,
  ) {
    this.lasting = storage !== null && this.works(storage);
    this.memory = this.read();
  }

  get(): Kept {
    return this.memory;
  }

  /** Keeps changes; the time it is kept for begins anew. */
  set(changes: Partial<Kept>): void {
    this.memory = { ...this.memory, ...changes, until: this.now() + KEPT_MS };
    if (!this.lasting || this.storage === null) return;
    try {
      if (this.memory.token === "" && !this.memory.active) this.storage.removeItem(keyOf(this.site));
      else this.storage.setItem(keyOf(this.site), JSON.stringify(this.memory));
    } catch {
      // Full or forbidden since: what is in memory serves until the page goes.
    }
  }

  /** Forgets everything. */
  forget(): void {
    this.set(NOTHING);
  }

  private works(storage: Storage): boolean {
    try {
      // Asking for what is not there writes nothing, and throws where storage is forbidden.
      storage.getItem(keyOf(this.site));
      return true;
    } catch {
      return false;
    }
  }

  private read(): Kept {
    try {
      const text = this.lasting && this.storage !== null ? this.storage.getItem(keyOf(this.site)) : null;
      const found: unknown = text === null ? null : JSON.parse(text);
      if (isKept(found) && found.until > this.now()) return found;
    } catch {
      // Not ours to read: begin with nothing.
    }
    return NOTHING;
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const kept = value as Partial<Kept>;
  return (
    typeof kept.token === "string" &&
    typeof kept.open === "boolean" &&
    typeof kept.active === "boolean" &&
    typeof kept.until === "number"
  );
}

/** The page's own storage, or null where asking for it throws (blocked cookies). */
export function pageStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
