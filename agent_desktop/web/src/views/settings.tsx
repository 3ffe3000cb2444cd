/** One's own settings: language, look, keys, sound, notifications. Effective at once, saved on the server. */

import { useState } from "preact/hooks";
import { saveSettings } from "../api/calls";
import type { Desk } from "../app/desk";
import { applySettings, type Settings } from "../app/settings";
import { chordLabel, chordOf, KEY_ACTS, remap } from "../keys/map";
import { HeadsetPart } from "../phone/headset";
import { LANGUAGES, mediumWord, speak, t } from "../words/words";
import { useDesk } from "./context";
import { Choice, Press } from "./parts";
import { LANGUAGE_NAMES } from "./signin";
import { onMac } from "./statusbar";

async function change(desk: Desk, part: Partial<Settings>): Promise<void> {
  const before = desk.settings.peek();
  const next = { ...before, ...part };
  desk.settings.value = next;
  applySettings(next);
  desk.ringer.set(next.sound);
  if (part.language !== undefined) await speak(part.language);
  try {
    await saveSettings(next);
  } catch {
    desk.say(t("settings.not_saved"), "trouble");
  }
}

export function SettingsPage() {
  const desk = useDesk();
  return (
    <div class="page-body settings">
      <h1>{t("place.settings")}</h1>
      <Look />
      <Working />
      <Sound />
      <HeadsetPart change={(part) => void change(desk, part)} />
      <KeysPart />
    </div>
  );
}

function Look() {
  const desk = useDesk();
  const settings = desk.settings.value;
  return (
    <section class="card">
      <h2>{t("settings.look")}</h2>
      <div class="columns">
        <Choice
          label={t("settings.language")}
          value={settings.language}
          options={LANGUAGES.map((each) => [each, LANGUAGE_NAMES[each]] as const)}
          onChoose={(value) => void change(desk, { language: value as Settings["language"] })}
        />
        <Choice
          label={t("settings.theme")}
          value={settings.theme}
          options={(["system", "light", "dark"] as const).map((each) => [each, t(`theme.${each}`)] as const)}
          onChoose={(value) => void change(desk, { theme: value as Settings["theme"] })}
        />
        <Choice
          label={t("settings.density")}
          value={settings.density}
          options={(["compact", "normal", "touch"] as const).map(
            (each) => [each, t(`density.${each}`)] as const,
          )}
          onChoose={(value) => void change(desk, { density: value as Settings["density"] })}
        />
      </div>
    </section>
  );
}

function Working() {
  const desk = useDesk();
  const settings = desk.settings.value;
  const supported = typeof Notification !== "undefined";
  const [permission, setPermission] = useState(supported ? Notification.permission : "denied");
  return (
    <section class="card">
      <h2>{t("settings.working")}</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={settings.interrupt}
          onChange={(event) => void change(desk, { interrupt: event.currentTarget.checked })}
        />{" "}
        {t("settings.interrupt")}
      </label>
      <p class="hint">{t("settings.interrupt_hint")}</p>
      <p>
        {t(`notifications.${permission}`)}{" "}
        {permission === "default" ? (
          <Press small onPress={() => void Notification.requestPermission().then(setPermission)}>
            {t("notifications.allow")}
          </Press>
        ) : null}
      </p>
    </section>
  );
}

function Sound() {
  const desk = useDesk();
  const { sound } = desk.settings.value;
  return (
    <section class="card">
      <h2>{t("settings.sound")}</h2>
      <div class="row">
        <label for="volume">{t("settings.volume")}</label>
        <input
          id="volume"
          type="range"
          min="0"
          max="100"
          value={Math.round(sound.volume * 100)}
          onChange={(event) =>
            void change(desk, { sound: { ...sound, volume: Number(event.currentTarget.value) / 100 } })
          }
        />
        <Press
          small
          onPress={() => {
            void desk.ringer.unlock().then(() => desk.ringer.test());
          }}
        >
          {t("settings.test_sound")}
        </Press>
      </div>
      <fieldset>
        <legend>{t("settings.rings_for")}</legend>
        {Object.entries(sound.media).map(([medium, on]) => (
          <label class="check" key={medium}>
            <input
              type="checkbox"
              checked={on}
              onChange={(event) =>
                void change(desk, {
                  sound: { ...sound, media: { ...sound.media, [medium]: event.currentTarget.checked } },
                })
              }
            />{" "}
            {mediumWord(medium)}
          </label>
        ))}
      </fieldset>
    </section>
  );
}

function KeysPart() {
  const desk = useDesk();
  const settings = desk.settings.value;
  const [editing, setEditing] = useState("");
  const [refused, setRefused] = useState("");
  const take = (name: string, event: KeyboardEvent): void => {
    const chord = chordOf(event);
    if (chord === "" || chord === "Tab" || chord === "Shift+Tab") return;
    event.preventDefault();
    event.stopPropagation();
    setEditing("");
    if (chord === "Escape") return;
    const act = KEY_ACTS.find((each) => each.name === name);
    if (act === undefined) return;
    const answer = remap(desk.keys.peek(), act.name, chord);
    if (answer.map !== null) {
      setRefused("");
      void change(desk, { keys: { ...settings.keys, [name]: chord } });
      return;
    }
    const other = KEY_ACTS.find((each) => each.name === answer.clash);
    const key = chordLabel(chord, onMac());
    const words =
      other === undefined
        ? t("settings.key_reserved", { key })
        : t("settings.key_taken", { key, act: t(other.words) });
    setRefused(words);
    desk.announcer.say(words, "alert");
  };
  return (
    <section class="card">
      <h2>{t("keys.title")}</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={settings.single_keys}
          onChange={(event) => void change(desk, { single_keys: event.currentTarget.checked })}
        />{" "}
        {t("settings.single_keys")}
      </label>
      {refused === "" ? null : <p class="mistake">{refused}</p>}
      <KeyTable editing={editing} onEdit={setEditing} onKey={take} />
      <Press small onPress={() => void change(desk, { keys: {} })}>
        {t("settings.keys_reset")}
      </Press>
    </section>
  );
}

interface KeyTableProps {
  readonly editing: string;
  readonly onEdit: (name: string) => void;
  readonly onKey: (name: string, event: KeyboardEvent) => void;
}

function KeyTable({ editing, onEdit, onKey }: KeyTableProps) {
  const desk = useDesk();
  return (
    <table class="table keys-table">
      <caption class="hidden-text">{t("keys.title")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("settings.act")}</th>
          <th scope="col">{t("settings.key")}</th>
        </tr>
      </thead>
      <tbody>
        {KEY_ACTS.map((act) => (
          <tr key={act.name}>
            <th scope="row">{t(act.words)}</th>
            <td>
              <button
                type="button"
                class="press press-small key-cap"
                data-own-keys
                data-act={act.name}
                aria-label={t("settings.change_key", { act: t(act.words) })}
                onClick={() => onEdit(act.name)}
                onBlur={() => {
                  if (editing === act.name) onEdit("");
                }}
                onKeyDown={(event) => {
                  if (editing === act.name) onKey(act.name, event);
                }}
              >
                {editing === act.name
                  ? t("settings.press_key")
                  : chordLabel(desk.keys.value.get(act.name) ?? "", onMac())}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
