/**
 * Drafts: what is being written, per interaction and kind, never per text box. On disk within
 * 250 ms, on the server within 2 s; gone only when a send was confirmed or the writer discards it.
 */

import { type Signal, signal } from "@preact/signals";
import type { Answer, Timers } from "../line/line";
import type { DraftKind, DraftShape } from "../state/shapes";
import type { Draft, DraftStore } from "./store";

/** 250 ms at most to the disk, 2 s to the server; the margins pay for the write itself. */
const DISK_MS = 150;
const SERVER_MS = 1_500;

export interface DraftsOptions {
  readonly store: DraftStore;
  readonly save: (interactionId: string, kind: DraftKind, text: string, revision: number) => Promise<Answer>;
  readonly newId: () => string;
  readonly now: () => number;
  readonly timers: Timers;
}

interface Kept {
  readonly signal: Signal<Draft>;
  disk: unknown;
  server: unknown;
  /** Changed since the server last confirmed it. */
  dirty: boolean;
}

export class Drafts {
  readonly #options: DraftsOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: DraftsOptions) {
    this.#options = options;
  }

  /** Reads what lies on disk; a draft that was already touched here is left alone. */
  async load(): Promise<void> {
    const stored = await this.#options.store.all().catch(() => new Map<string, Draft>());
    for (const [key, draft] of stored) {
      const kept = this.#keep(key);
      if (kept.signal.value.text !== "" || kept.dirty) continue;
      kept.signal.value = draft;
      kept.dirty = draft.savedAt === 0;
    }
  }

  /** The draft of an interaction; the same signal as long as the page lives. */
  draft(interactionId: string, kind: DraftKind): Signal<Draft> {
    return this.#keep(keyOf(interactionId, kind)).signal;
  }

  /** Changes a draft and has it saved. */
  write(
    interactionId: string,
    kind: DraftKind,
    change: Partial<Pick<Draft, "text" | "mail" | "files">>,
  ): void {
    const key = keyOf(interactionId, kind);
    const kept = this.#keep(key);
    const textChanged = change.text !== undefined && change.text !== kept.signal.value.text;
    kept.signal.value = {
      ...kept.signal.value,
      ...change,
      savedAt: textChanged ? 0 : kept.signal.value.savedAt,
    };
    kept.disk ??= this.#options.timers.after(DISK_MS, () => this.#toDisk(key, kept));
    if (!textChanged) return;
    kept.dirty = true;
    kept.server ??= this.#options.timers.after(SERVER_MS, () => this.#toServer(key, kept));
  }

  /** A send of `sentText` was confirmed: that text goes, what was typed after it stays. */
  sent(interactionId: string, kind: DraftKind, sentText: string): void {
    const key = keyOf(interactionId, kind);
    const kept = this.#keep(key);
    const text = kept.signal.value.text;
    const rest = text.startsWith(sentText) ? text.slice(sentText.length).replace(/^\s*\n/, "") : text;
    this.#replace(key, kept, { ...this.#blank(), text: rest, revision: kept.signal.value.revision });
  }

  /** Throws a draft away and gives it back, for an undo. */
  discard(interactionId: string, kind: DraftKind): Draft {
    const key = keyOf(interactionId, kind);
    const kept = this.#keep(key);
    const old = kept.signal.value;
    this.#replace(key, kept, { ...this.#blank(), revision: old.revision });
    return old;
  }

  /** Takes a discarded draft back. */
  restore(interactionId: string, kind: DraftKind, draft: Draft): void {
    this.write(interactionId, kind, { text: draft.text, mail: draft.mail, files: draft.files });
  }

  /** The server's copy (another tab, another machine): taken unless this page has newer words. */
  receive(interactionId: string, shape: DraftShape): void {
    const key = keyOf(interactionId, shape.kind);
    const kept = this.#keep(key);
    const own = kept.signal.value;
    if (shape.revision <= own.revision) return;
    if (kept.dirty && own.text !== shape.text) {
      kept.signal.value = { ...own, revision: shape.revision };
      return;
    }
    kept.signal.value = { ...own, text: shape.text, revision: shape.revision, savedAt: this.#options.now() };
    kept.dirty = false;
    void this.#toDisk(key, kept);
  }

  /** Entries that were read: a draft whose entry is among them has been sent before. */
  arrived(interactionId: string, entryIds: ReadonlySet<string>): void {
    for (const kind of ["reply", "note"] as const) {
      const kept = this.#kept.get(keyOf(interactionId, kind));
      if (kept !== undefined && entryIds.has(kept.signal.value.entryId)) {
        this.sent(interactionId, kind, kept.signal.value.text);
      }
    }
  }

  /** The line is back (or the page goes): what the server lacks is sent now. */
  flush(): void {
    for (const [key, kept] of this.#kept) {
      if (kept.disk !== null) void this.#toDisk(key, kept);
      if (kept.dirty) void this.#toServer(key, kept);
    }
  }

  /** True while some text is not yet on the server. */
  get unsaved(): boolean {
    return [...this.#kept.values()].some((kept) => kept.dirty);
  }

  /** Takes all drafts off this machine (the server keeps its copies). */
  async forget(): Promise<void> {
    for (const kept of this.#kept.values()) {
      this.#options.timers.stop(kept.disk);
      this.#options.timers.stop(kept.server);
    }
    this.#kept.clear();
    await this.#options.store.clear();
  }

  #blank(): Draft {
    return { text: "", revision: 0, entryId: this.#options.newId(), mail: null, files: [], savedAt: 0 };
  }

  #keep(key: string): Kept {
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      kept = { signal: signal(this.#blank()), disk: null, server: null, dirty: false };
      this.#kept.set(key, kept);
    }
    return kept;
  }

  #replace(key: string, kept: Kept, draft: Draft): void {
    const changed = kept.signal.value.text !== draft.text || kept.dirty;
    kept.signal.value = draft;
    kept.dirty = changed;
    void this.#toDisk(key, kept);
    if (changed) void this.#toServer(key, kept);
  }

  async #toDisk(key: string, kept: Kept): Promise<void> {
    this.#options.timers.stop(kept.disk);
    kept.disk = null;
    const draft = kept.signal.value;
    const empty = draft.text === "" && draft.mail === null && draft.files.length === 0;
    // A full or vanished disk must not stop the writer: the server's copy is the second line.
    await (empty ? this.#options.store.drop(key) : this.#options.store.put(key, draft)).catch(
      () => undefined,
    );
  }

  async #toServer(key: string, kept: Kept): Promise<void> {
    this.#options.timers.stop(kept.server);
    kept.server = null;
    const [interactionId, kind] = keyParts(key);
    const { text, revision } = kept.signal.value;
    const answer = await this.#options.save(interactionId, kind, text, revision);
    const unchanged = kept.signal.value.text === text;
    if (answer.type === "done") {
      const saved = Number(answer.result?.["revision"] ?? revision + 1);
      if (unchanged) kept.dirty = false;
      kept.signal.value = {
        ...kept.signal.value,
        revision: saved,
        savedAt: unchanged ? this.#options.now() : 0,
      };
      if (unchanged) void this.#toDisk(key, kept);
    } else if (answer.code === "stale") {
      // Another tab wrote meanwhile. The words in front of this person win; its revision is passed.
      const newer = Number(answer.details?.["revision"] ?? revision + 1);
      kept.signal.value = { ...kept.signal.value, revision: Math.max(newer, revision + 1) };
      kept.server ??= this.#options.timers.after(SERVER_MS, () => this.#toServer(key, kept));
    } else if (answer.code !== "offline" && answer.code !== "no_answer" && unchanged) {
      kept.dirty = false; // The item is gone: the text stays here only.
    }
  }
}

const keyOf = (interactionId: string, kind: DraftKind): string => `${kind}:${interactionId}`;

function keyParts(key: string): [string, DraftKind] {
  const at = key.indexOf(":");
  return [key.slice(at + 1), key.slice(0, at) as DraftKind];
}
