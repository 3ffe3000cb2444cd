/** One visitor's side of a chat: wishes that are sent until they are answered, and what is shown. */

import { type FileItem, once, type ServerFrame, type Wish } from "../line/frames";
import { type Hello, Line, type LineState } from "../line/line";
import { maskCards } from "./cards";
import type { Keep } from "./keep";
import {
  BLANK,
  became,
  lastSeq,
  type Model,
  type Outgoing,
  received,
  runs,
  setOut,
  unread,
  withdrawn,
} from "./model";

export interface SessionOptions {
  /** The widget host's origin, such as `https://chat.example.com`. */
  base: string;
  site: string;
  language: string;
  keep: Keep;
  /** In a frame of our own the token lives in a cookie that no script reads. */
  cookie: boolean;
  onChange: () => void;
  makeSocket?: (url: string) => WebSocket;
}

export type Answer = { ok: true; seq: number; sent: string } | { ok: false; code: string; field: string };

interface Pending {
  wish: Wish;
  answer: (answer: Answer) => void;
  late: ReturnType<typeof setTimeout> | undefined;
}

const LATE_AFTER_MS = 10_000;
const TYPING_ENDS_MS = 4_000;

export class Session {
  model: Model = BLANK;
  private readonly pending = new Map<string, Pending>();
  private readonly line: Line;
  private token: string;
  private fresh = false;
  private typing = false;
  private typingEnds: ReturnType<typeof setTimeout> | undefined;
  private identityToken = "";
  private got = 0;
  private looking = false;

  constructor(private readonly options: SessionOptions) {
    this.token = options.keep.get().token;
    this.line = new Line({
      url: `${options.base.replace(/^http/, "ws")}/ws/chat/${encodeURIComponent(options.site)}`,
      hello: () => this.hello(),
      onFrame: (frame) => this.take(frame),
      onState: (state) => this.lineIs(state),
      makeSocket: options.makeSocket,
    });
    window.addEventListener("online", this.networkIsBack);
    window.addEventListener("beforeunload", this.askBeforeLeaving);
  }

  /** Opens the line. */
  begin(): void {
    this.line.open();
  }

  /** Closes the line; the chat can be taken up again. */
  end(): void {
    window.removeEventListener("online", this.networkIsBack);
    window.removeEventListener("beforeunload", this.askBeforeLeaving);
    this.line.close();
  }

  /** How many words of others were not looked at. */
  get unread(): number {
    return unread(this.model);
  }

  /** Begins a chat. */
  start(first: Omit<Extract<Wish, { type: "start" }>, "type" | "id" | "identity" | "page">): Promise<Answer> {
    const page = this.model.site?.share_page === true ? location.href.slice(0, 2_000) : "";
    const text = maskCards(first.text);
    return this.wish({ ...first, text, type: "start", id: once(), page, identity: this.identityToken });
  }

  /** Says words and sends files: shown at once, and sent until the server has them. */
  say(text: string, files: FileItem[]): void {
    const id = once();
    const masked = maskCards(text);
    this.change(setOut(this.model, { id, text: masked, files, at: Date.now(), state: "sending", code: "" }));
    this.sendWords(id, masked, files);
    this.types(false);
  }

  /** Answers a question for a secret: what is written stands nowhere, here neither. */
  saySecret(text: string): void {
    const id = once();
    const out: Outgoing = { id, text: "", files: [], at: Date.now(), state: "sending", code: "", secret: true };
    this.change(setOut(this.model, out));
    void this.wish({ type: "say", id, text, files: [], secret: true }).then((answer) => {
      if (!answer.ok) this.change(became(this.model, id, "failed", answer.code));
    });
  }

  /** Sends words again that were refused: the same words, and never twice. */
  sayAgain(id: string): void {
    const words = this.model.outgoing.find((each) => each.id === id);
    if (words === undefined) return;
    this.change(became(this.model, id, "sending"));
    if (this.pending.has(id)) this.line.renew();
    else this.sendWords(id, words.text, words.files);
  }

  /** Gives up words that were refused; returns them. */
  takeBack(id: string): string {
    const words = this.model.outgoing.find((each) => each.id === id);
    this.pending.delete(id);
    this.change(withdrawn(this.model, id));
    return words?.text ?? "";
  }

  leave(): Promise<Answer> {
    return this.wish({ type: "leave", id: once() });
  }

  keepPlace(mail: string, text: string): Promise<Answer> {
    return this.wish({ type: "keep", id: once(), mail, text: maskCards(text) });
  }

  form(form: Omit<Extract<Wish, { type: "form" }>, "type" | "id">): Promise<Answer> {
    return this.wish({ ...form, text: maskCards(form.text), type: "form", id: once() });
  }

  async rate(score: number, comment: string): Promise<Answer> {
    const answer = await this.wish({ type: "rate", id: once(), score, comment: maskCards(comment) });
    if (answer.ok || answer.code === "rated") this.change({ ...this.model, rated: true });
    return answer;
  }

  transcript(mail: string, code: string): Promise<Answer> {
    return this.wish({ type: "transcript", id: once(), mail, code });
  }

  /** The site vouches for its visitor: kept for the start, or told at once during a chat. */
  identify(token: string): void {
    this.identityToken = token;
    if (runs(this.model.phase)) void this.wish({ type: "identify", id: once(), token });
  }

  /** The visitor writes, or stopped; never what they write. */
  types(typing: boolean): void {
    clearTimeout(this.typingEnds);
    if (typing) this.typingEnds = setTimeout(() => this.types(false), TYPING_ENDS_MS);
    if (typing === this.typing || this.model.site?.share_typing !== true) return;
    if (this.line.send({ type: "typing", typing })) this.typing = typing;
  }

  /** The panel is looked at, or not: what is shown counts as read while it is. */
  looks(looking: boolean): void {
    this.looking = looking;
    this.confirm();
  }

  /** Begins anew as the same customer after a chat has ended. */
  again(): void {
    this.fresh = true;
    this.change({ ...BLANK, line: "connecting", site: this.model.site });
    this.got = 0;
    this.line.renew();
  }

  /** Leaves nothing of this chat on the device. */
  forget(): void {
    this.token = "";
    this.fresh = false;
    this.options.keep.forget();
    if (this.options.cookie) void fetch(this.cookieUrl(), { method: "DELETE", credentials: "include" });
    this.change({ ...BLANK, line: "connecting", site: this.model.site });
    this.got = 0;
    this.line.renew();
  }

  /** Uploads a file, to be sent with the next words. Throws a code when it is not taken. */
  async upload(file: File): Promise<FileItem> {
    const most = this.model.site?.file_bytes ?? 0;
    if (file.size > most) throw new Error("file_size");
    const url = `${this.filesUrl()}?name=${encodeURIComponent(file.name)}`;
    const response = await fetch(url, { method: "POST", body: file, ...this.credentials() });
    const body = (await response.json()) as FileItem & { code?: string };
    if (!response.ok) throw new Error(body.code ?? "error");
    return body;
  }

  /** The bytes of a file of this chat. */
  async download(file: FileItem): Promise<Blob> {
    const response = await fetch(`${this.filesUrl()}/${encodeURIComponent(file.file_id)}`, this.credentials());
    if (!response.ok) throw new Error("error");
    return response.blob();
  }

  private sendWords(id: string, text: string, files: FileItem[]): void {
    const wish: Wish = { type: "say", id, text, files: files.map((file) => file.file_id) };
    void this.wish(wish).then((answer) => {
      if (!answer.ok) this.change(became(this.model, id, "failed", answer.code));
    });
  }

  private wish(wish: Wish): Promise<Answer> {
    return new Promise((answer) => {
      const late = setTimeout(() => this.change(became(this.model, wish.id, "late")), LATE_AFTER_MS);
      this.pending.set(wish.id, { wish, answer, late });
      if (this.model.line === "open" && this.model.caughtUp) this.line.send(wish);
    });
  }

  private hello(): Hello {
    const { keep, language } = this.options;
    return {
      token: this.token || keep.get().token,
      after: this.fresh ? 0 : lastSeq(this.model),
      language,
      fresh: this.fresh,
    };
  }

  private take(frame: ServerFrame): void {
    if (frame.type === "welcome") this.welcomed(frame);
    this.change(received(this.model, frame));
    if (frame.type === "welcome" && frame.conversation === undefined) this.resend();
    if (frame.type === "caught_up") this.resend();
    if (frame.type === "done") {
      this.answered(frame.id, { ok: true, seq: frame.seq ?? 0, sent: frame.sent ?? "" });
    }
    if (frame.type === "refused") {
      this.answered(frame.id, { ok: false, code: frame.code, field: frame.field ?? "" });
    }
    if (frame.type === "items") this.confirm();
  }

  private welcomed(frame: Extract<ServerFrame, { type: "welcome" }>): void {
    this.fresh = false;
    this.typing = false;
    if (frame.token !== undefined) {
      this.token = frame.token;
      this.got = 0;
      this.options.keep.set({ token: "", active: false });
    }
  }

  private resend(): void {
    for (const { wish } of this.pending.values()) {
      if (wish.type === "start" && !this.options.cookie) this.options.keep.set({ token: this.token, active: true });
      this.line.send(wish);
    }
  }

  private answered(id: string, answer: Answer): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    clearTimeout(pending.late);
    this.pending.delete(id);
    if (answer.ok && pending.wish.type === "start") void this.keepToken();
    pending.answer(answer);
  }

  private async keepToken(): Promise<void> {
    if (this.options.cookie && (await this.cookieHolds())) this.options.keep.set({ token: "", active: true });
    else this.options.keep.set({ token: this.token, active: true });
  }

  private async cookieHolds(): Promise<boolean> {
    try {
      const headers = { Authorization: `Bearer ${this.token}` };
      await fetch(this.cookieUrl(), { method: "POST", credentials: "include", headers });
      return (await fetch(this.cookieUrl(), { credentials: "include" })).ok;
    } catch {
      return false;
    }
  }

  private confirm(): void {
    const seq = lastSeq(this.model);
    const read = this.looking && !document.hidden ? seq : this.model.readSeq;
    if (seq === 0 || (seq <= this.got && read <= this.model.readSeq)) return;
    if (!this.line.send({ type: "got", seq, read })) return;
    this.got = seq;
    if (read > this.model.readSeq) this.change({ ...this.model, readSeq: read });
  }

  private lineIs(state: LineState): void {
    if (state !== "open") this.typing = false;
    this.change({ ...this.model, line: state, caughtUp: state === "open" && this.model.caughtUp, typist: "" });
  }

  private change(model: Model): void {
    this.model = model;
    const { keep } = this.options;
    const active = runs(model.phase);
    if (model.phase !== "connecting" && keep.get().active !== active) keep.set({ active });
    this.options.onChange();
  }

  private filesUrl(): string {
    return `${this.options.base}/chat/${encodeURIComponent(this.options.site)}/files`;
  }

  private cookieUrl(): string {
    return `${this.options.base}/chat/${encodeURIComponent(this.options.site)}/cookie`;
  }

  private credentials(): RequestInit {
    if (this.token === "") return { credentials: "include" };
    return { credentials: "omit", headers: { Authorization: `Bearer ${this.token}` } };
  }

  private readonly networkIsBack = (): void => {
    this.line.renew();
  };

  private readonly askBeforeLeaving = (event: BeforeUnloadEvent): void => {
    if (this.model.outgoing.length > 0) event.preventDefault();
  };
}
