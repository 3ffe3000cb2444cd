/** The headset check: devices, a level to speak to, a tone to hear; how calls reach this agent. */

import { useEffect, useRef, useState } from "preact/hooks";
import { command } from "../app/acts";
import type { Settings } from "../app/settings";
import { t } from "../words/words";
import { useDesk } from "../views/context";
import { Choice, Press } from "../views/parts";
import { LevelMeter } from "./level";
import type { Device } from "./shapes";

export function HeadsetPart({ change }: { change: (part: Partial<Settings>) => void }) {
  const desk = useDesk();
  const { phone } = desk;
  if (!phone.running.value) return null;
  const hearing = phone.microphone.hearing.value;
  const devices = phone.devices.value;
  const rings: readonly (readonly [string, string])[] = [
    ["browser", t("phone.by.browser")],
    ["phone", t("phone.by.phone")],
  ];
  return (
    <section class="card">
      <h2>{t("phone.headset")}</h2>
      <p>{hearing === "ready" ? t("phone.hearing.ready") : t(`phone.hearing.${hearing}`)}</p>
      {hearing === "blocked" ? <p class="hint">{t("phone.how_to_allow")}</p> : null}
      {hearing === "ready" ? null : (
        <Press small onPress={() => void phone.microphone.allow()}>
          {t(hearing === "asking" ? "phone.allow" : "phone.check_again")}
        </Press>
      )}
      <div class="columns">
        <DeviceChoice which="microphone" kind="audioinput" />
        <DeviceChoice which="speaker" kind="audiooutput" />
        <DeviceChoice which="ringer" kind="audiooutput" />
      </div>
      {hearing === "ready" ? <Check /> : null}
      <label class="check">
        <input
          type="checkbox"
          checked={phone.microphone.headset.value.cleaning}
          onChange={(event) => {
            phone.microphone.choose({ cleaning: event.currentTarget.checked });
            void phone.useHeadset();
          }}
        />{" "}
        {t("phone.cleaning")}
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={desk.settings.value.auto_answer}
          onChange={(event) => change({ auto_answer: event.currentTarget.checked })}
        />{" "}
        {t("phone.auto_answer")}
      </label>
      {devices.includes("phone") ? (
        <Choice
          label={t("phone.rings_at")}
          value={devices[0] ?? "browser"}
          options={rings}
          onChoose={(value) => void command(desk, "device", { device: value as Device })}
        />
      ) : (
        <p class="hint">{t("phone.no_phone")}</p>
      )}
    </section>
  );
}

function DeviceChoice({
  which,
  kind,
}: {
  which: "microphone" | "speaker" | "ringer";
  kind: MediaDeviceKind;
}) {
  const { phone } = useDesk();
  const { microphone } = phone;
  const found = microphone.found.value.filter((each) => each.kind === kind && each.deviceId !== "");
  const options: readonly (readonly [string, string])[] = [
    ["", t("phone.system_device")],
    ...found
      .filter((each) => each.deviceId !== "default")
      .map((each, index) => [each.deviceId, each.label || t("phone.device", { n: index + 1 })] as const),
  ];
  const chosen = microphone.headset.value[which];
  return (
    <Choice
      label={t(`phone.${which}`)}
      value={options.some(([id]) => id === chosen) ? chosen : ""}
      options={options}
      onChoose={(id) => {
        microphone.choose({ [which]: id });
        void phone.useHeadset();
      }}
    />
  );
}

/** A meter that moves when one speaks, and a tone on the speaker and the ringer. */
function Check() {
  const { phone, ringer } = useDesk();
  const [listening, setListening] = useState(false);
  const [level, setLevel] = useState(0);
  const device = phone.microphone.headset.value.microphone;
  const stop = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (!listening) return undefined;
    let over = false;
    void phone.microphone.open().then((track) => {
      if (track === null) return;
      const meter = new LevelMeter(track, setLevel);
      stop.current = () => {
        meter.close();
        track.stop();
      };
      if (over) stop.current();
    });
    return () => {
      over = true;
      stop.current();
    };
  }, [listening, device]);
  return (
    <div class="row">
      <Press small pressed={listening} onPress={() => setListening(!listening)}>
        {t("phone.hear_me")}
      </Press>
      <meter class="level" min={0} max={1} value={listening ? level : 0} aria-label={t("phone.level")} />
      <Press
        small
        onPress={() => {
          void ringer.unlock().then(() => ringer.test());
        }}
      >
        {t("phone.test_ring")}
      </Press>
    </div>
  );
}
