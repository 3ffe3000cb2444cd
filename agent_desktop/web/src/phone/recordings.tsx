/** Recordings of an interaction, and a player for them: speed, place, and whom one hears. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/http";
import { listen, type RecordingRecord, recordings } from "../api/recordings";
import { useDesk } from "../views/context";
import { Icon } from "../views/icon";
import { Choice, Failed, Press, useUniqueId } from "../views/parts";
import { full, hourMinute, length } from "../words/format";
import { t, tOr } from "../words/words";

/** A call that has just ended is looked at again: its recording is stored within seconds. */
const LOOKED_AT_MS = [0, 2_000, 6_000, 15_000];
const SPEEDS = ["0.75", "1", "1.25", "1.5", "2"] as const;
const STEP_S = 5;

/** The recordings of an interaction; nothing where there are none. */
export function Recordings({ id, phase }: { id: string; phase: string }) {
  const [found, setFound] = useState<readonly RecordingRecord[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = async (): Promise<void> => {
    try {
      setFound((await recordings(id)).recordings);
      setProblem(null);
    } catch (failure) {
      if (failure instanceof Problem && failure.status !== 404) setProblem(failure);
    }
  };
  useEffect(() => {
    const over = phase === "wrap_up" || phase === "finished";
    const timers = (over ? LOOKED_AT_MS : [0]).map((ms) => setTimeout(() => void read(), ms));
    return () => timers.forEach(clearTimeout);
  }, [id, phase]);
  if (problem !== null)
    return <Failed what={t("recordings.failed")} problem={problem.id} again={() => void read()} />;
  if (found.length === 0) return null;
  return (
    <section class="recordings" aria-label={t("recordings.head")}>
      {found.map((each) => (
        <RecordingPart key={each.recording_id} id={id} recording={each} onHeard={() => void read()} />
      ))}
    </section>
  );
}

interface PartProps {
  readonly id: string;
  readonly recording: RecordingRecord;
  readonly onHeard: () => void;
}

function RecordingPart({ id, recording, onHeard }: PartProps) {
  const desk = useDesk();
  const [address, setAddress] = useState("");
  const begin = async (): Promise<void> => {
    try {
      setAddress((await listen(id, recording.recording_id)).url);
      onHeard();
    } catch (failure) {
      const why = failure instanceof Problem ? failure.detail : "";
      desk.say(t("recordings.no_sound", { why }), "trouble");
    }
  };
  const kind = recording.kind === "voicemail" ? t("recordings.voicemail") : t("recordings.call");
  return (
    <div class="recording">
      <div>
        <Icon name="recording" size={14} /> {kind} <span class="muted">{full(recording.began)}</span>{" "}
        <span class="number">{length(recording.duration_ms)}</span>
        {recording.torn ? <span class="call-bad"> {t("recordings.torn")}</span> : null}
        <Known recording={recording} />
      </div>
      {address === "" ? (
        recording.may_listen ? (
          <div>
            <Press small icon="voice" onPress={() => void begin()}>
              {t("recordings.listen")}
            </Press>
          </div>
        ) : null
      ) : (
        <Player address={address} recording={recording} onFailed={() => setAddress("")} />
      )}
    </div>
  );
}

/** What became of it: deleted, held, listened to by whom. */
function Known({ recording }: { recording: RecordingRecord }) {
  const names = [...new Set(recording.heard.map((each) => `${each.name} ${hourMinute(each.at)}`))];
  return (
    <>
      {recording.removed === null ? (
        recording.may_listen ? null : (
          <span class="muted"> {t("recordings.not_yours")}</span>
        )
      ) : (
        <span class="muted"> {t("recordings.removed", { time: full(recording.removed) })}</span>
      )}
      {recording.hold === null ? null : (
        <span class="muted"> {t("recordings.held", { why: recording.hold.reason })}</span>
      )}
      {names.length === 0 ? null : (
        <p class="hint">{t("recordings.heard", { names: names.slice(0, 5).join(", ") })}</p>
      )}
    </>
  );
}

interface PlayerProps {
  readonly address: string;
  readonly recording: RecordingRecord;
  readonly onFailed: () => void;
}

function Player({ address, recording, onFailed }: PlayerProps) {
  const desk = useDesk();
  const audio = useRef<HTMLAudioElement>(null);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState("1");
  const [heard, setHeard] = useState("");
  const channels = useChannels(audio);
  const placeId = useUniqueId("place");
  const lengthS = recording.duration_ms / 1000;
  useEffect(() => void audio.current?.play().catch(() => undefined), [address]);
  const go = (seconds: number): void => {
    if (audio.current !== null) audio.current.currentTime = Math.min(lengthS, Math.max(0, seconds));
  };
  const options: readonly (readonly [string, string])[] = [
    ["", t("recordings.all")],
    ...recording.channels.map((name) => [name, tOr(`recordings.${name}`, name)] as const),
  ];
  return (
    <div class="recording-controls">
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said */}
      <audio
        ref={audio}
        src={address}
        preload="auto"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onError={() => {
          desk.say(t("recordings.no_sound", { why: "" }), "trouble");
          onFailed();
        }}
      />
      <Press
        small
        tone="primary"
        onPress={() => void (playing ? audio.current?.pause() : audio.current?.play())}
      >
        {t(playing ? "recordings.pause" : "recordings.play")}
      </Press>
      <Press small label={t("recordings.back")} onPress={() => go(at - STEP_S)}>
        −5
      </Press>
      <Press small label={t("recordings.forward")} onPress={() => go(at + STEP_S)}>
        +5
      </Press>
      <label class="hidden-text" for={placeId}>
        {t("recordings.position")}
      </label>
      <input
        class="recording-place"
        id={placeId}
        type="range"
        min="0"
        max={lengthS}
        step="1"
        value={at}
        aria-valuetext={length(at * 1000)}
        onInput={(event) => go(Number(event.currentTarget.value))}
      />
      <span class="number" data-recording-place>
        {length(at * 1000)} / {length(recording.duration_ms)}
      </span>
      <Choice
        label={t("recordings.speed")}
        value={speed}
        options={SPEEDS.map((each) => [each, `${each}×`] as const)}
        onChoose={(value) => {
          setSpeed(value);
          if (audio.current !== null) audio.current.playbackRate = Number(value);
        }}
      />
      {recording.channels.length < 2 ? null : (
        <Choice
          label={t("recordings.channels")}
          value={heard}
          options={options}
          onChoose={(value) => {
            setHeard(value);
            channels(value === "" ? -1 : recording.channels.indexOf(value));
          }}
        />
      )}
    </div>
  );
}

/** Lets one channel be heard alone, on both ears; -1 is both as they are. */
function useChannels(audio: { readonly current: HTMLAudioElement | null }): (which: number) => void {
  const made = useRef<{ context: AudioContext; gains: readonly GainNode[] } | null>(null);
  useEffect(() => () => void made.current?.context.close(), []);
  return (which) => {
    if (audio.current === null) return;
    made.current ??= split(audio.current);
    made.current.gains.forEach((gain, index) => {
      gain.gain.value = which < 0 || which === index ? 1 : 0;
    });
    void made.current.context.resume();
  };
}

function split(audio: HTMLAudioElement): { context: AudioContext; gains: readonly GainNode[] } {
  const context = new AudioContext();
  const splitter = context.createChannelSplitter(2);
  context.createMediaElementSource(audio).connect(splitter);
  const gains = [0, 1].map((channel) => {
    const gain = context.createGain();
    splitter.connect(gain, channel);
    gain.connect(context.destination);
    return gain;
  });
  return { context, gains };
}
