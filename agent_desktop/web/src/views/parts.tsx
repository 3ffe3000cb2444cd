/** Small parts that all pages share. */

import type { ComponentChildren, TargetedEvent, TargetedInputEvent, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../words/words";
import { Icon } from "./icon";

/** A control that has just appeared ignores presses for so long: they were meant for something else. */
export const GUARD_MS = 300;

/** True once the part has been on the screen for 300 ms; read it when pressed, not when drawn. */
export function useGuard(): () => boolean {
  const born = useRef(performance.now());
  return () => performance.now() - born.current >= GUARD_MS;
}

interface PressProps {
  readonly onPress: () => void;
  readonly children: ComponentChildren;
  readonly tone?: "plain" | "primary" | "quiet" | "danger" | "ok";
  readonly icon?: string;
  readonly disabled?: boolean;
  readonly id?: string;
  readonly label?: string;
  readonly pressed?: boolean;
  readonly title?: string;
  readonly small?: boolean;
  readonly expanded?: boolean;
}

/** A button. A disabled one stays in the tab order, so that focus is never lost. */
export function Press(props: PressProps) {
  const { onPress, tone = "plain", disabled = false } = props;
  return (
    <button
      type="button"
      class={`press press-${tone}${props.small === true ? " press-small" : ""}`}
      id={props.id}
      title={props.title}
      aria-label={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-disabled={disabled ? "true" : undefined}
      onClick={() => {
        if (!disabled) onPress();
      }}
    >
      {props.icon === undefined ? null : <Icon name={props.icon} />}
      {props.children}
    </button>
  );
}

/** A strip across a pane: something to know or to decide, in place. */
export function Strip({
  tone = "plain",
  children,
  name,
}: {
  tone?: "plain" | "soon" | "late" | "ok";
  children: ComponentChildren;
  name?: string;
}) {
  const shape = { plain: "", soon: "soon", late: "late", ok: "on_time" }[tone];
  return (
    <div class={`strip strip-${tone}`} data-strip={name}>
      {shape === "" ? null : <Icon name={shape} />}
      <div class="strip-body">{children}</div>
    </div>
  );
}

/** Grey rows, shown only when loading takes longer than 150 ms. */
export function Skeleton({ rows = 3 }: { rows?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="skeleton" aria-busy="true">
      <span class="hidden-text">{t("loading")}</span>
      {shown ? Array.from({ length: rows }, (_, index) => <div class="skeleton-row" key={index} />) : null}
    </div>
  );
}

/** A place where nothing is, with what to do about it. */
export function Empty({ children, icon }: { children: ComponentChildren; icon?: string }) {
  return (
    <div class="empty">
      {icon === undefined ? null : <Icon name={icon} size={24} />}
      <div>{children}</div>
    </div>
  );
}

/** Something that could not be read, with another try and the id to quote. */
export function Failed({ what, problem, again }: { what: string; problem: string; again: () => void }) {
  return (
    <div class="failed">
      <p>
        <Icon name="late" /> {what}{" "}
        {problem === "" ? null : <span class="quote">{t("failed.quote", { id: problem })}</span>}
      </p>
      <Press onPress={again}>{t("failed.again")}</Press>
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly type?: "text" | "date" | "search";
  readonly hint?: string;
  readonly error?: string;
  readonly onInput?: (event: TargetedInputEvent<HTMLInputElement>) => void;
  readonly onChange?: (event: TargetedEvent<HTMLInputElement>) => void;
  readonly onKeyDown?: (event: TargetedKeyboardEvent<HTMLInputElement>) => void;
}

let fieldCount = 0;

/** An id that is unique on the page, the same for the life of the part. */
export function useUniqueId(prefix: string): string {
  const ref = useRef("");
  if (ref.current === "") {
    fieldCount += 1;
    ref.current = `${prefix}-${fieldCount}`;
  }
  return ref.current;
}

/** A labelled one-line field with its mistake beneath it. */
export function Field({
  label,
  hint,
  error,
  value,
  type = "text",
  onInput,
  onChange,
  onKeyDown,
}: FieldProps) {
  const id = useUniqueId("field");
  const described = [hint === undefined ? "" : `${id}-hint`, error ? `${id}-error` : ""]
    .filter(Boolean)
    .join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type={type as "text"}
        value={value}
        onInput={onInput}
        onChange={onChange}
        onKeyDown={onKeyDown}
        aria-invalid={error ? "true" : undefined}
        aria-describedby={described === "" ? undefined : described}
      />
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error ? (
        <p class="mistake" id={`${id}-error`}>
          <Icon name="late" size={14} /> {error}
        </p>
      ) : null}
    </div>
  );
}

/** A labelled choice from a short list. */
export function Choice({
  label,
  value,
  options,
  onChoose,
}: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChoose: (value: string) => void;
}) {
  const id = useUniqueId("choice");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
