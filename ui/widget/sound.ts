// Two soft tones, made here: no file is loaded.

let context: AudioContext | null = null;

/** A sound, where the browser allows it: a page that nobody has touched must be silent. */
export function beep(): void {
  if (!navigator.userActivation?.hasBeenActive) return;
  context ??= new AudioContext();
  void context.resume();
  [660, 880].forEach((frequency, index) => tone(context as AudioContext, frequency, index * 0.12));
}

function tone(audio: AudioContext, frequency: number, after: number): void {
  const at = audio.currentTime + after;
  const voice = audio.createOscillator();
  const volume = audio.createGain();
  voice.frequency.value = frequency;
  volume.gain.setValueAtTime(0.08, at);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.25);
  voice.connect(volume).connect(audio.destination);
  voice.start(at);
  voice.stop(at + 0.25);
}
