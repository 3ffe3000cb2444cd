/** What the loader and the panel owe each other. */

export interface PanelOptions {
  /** Where the panel draws: inside the loader's shadow root, or a frame's body. */
  place: HTMLElement;
  /** The root that takes style sheets and holds every id. */
  root: ShadowRoot | Document;
  base: string;
  site: string;
  language: string;
  theme: string;
  /** The accent the host page set, empty for the site's own. */
  accent: string;
  /** The token lives in a cookie of the widget's host (frame mode). */
  cookie: boolean;
  onClose: () => void;
  onNews: (news: News) => void;
}

/** What the button shows of the panel. */
export interface News {
  label: string;
  title: string;
  unread: number;
  /** A chat is going on. */
  active: boolean;
  language: string;
  accent: string;
  theme: string;
}

export interface Panel {
  /** The panel is on screen; focus moves into it when asked. */
  opened(focus: boolean): void;
  closed(): void;
  identify(token: string): void;
}

export interface PanelModule {
  mount(options: PanelOptions): Panel | Promise<Panel>;
}
