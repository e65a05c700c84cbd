// Short tones made on the spot. Browsers allow sound only after a gesture, so
// the audio context is made by the first one.

const KEY = "sparks:muted";

// [shape, from Hz, to Hz, seconds, loudness, delay]
const TONES = {
  pick: [["sine", 660, 990, 0.09, 0.25, 0]],
  score: [["triangle", 523, 523, 0.11, 0.3, 0], ["triangle", 659, 659, 0.11, 0.3, 0.09], ["triangle", 784, 784, 0.2, 0.3, 0.18]],
  against: [["triangle", 392, 330, 0.22, 0.22, 0]],
  hit: [["sawtooth", 220, 70, 0.18, 0.22, 0]],
  dash: [["square", 180, 420, 0.1, 0.07, 0]],
  tick: [["sine", 440, 440, 0.08, 0.2, 0]],
  go: [["sine", 880, 880, 0.3, 0.25, 0]],
  won: [["triangle", 523, 523, 0.15, 0.3, 0], ["triangle", 659, 659, 0.15, 0.3, 0.13], ["triangle", 784, 784, 0.15, 0.3, 0.26], ["triangle", 1047, 1047, 0.4, 0.3, 0.39]],
  lost: [["triangle", 440, 440, 0.2, 0.25, 0], ["triangle", 349, 349, 0.2, 0.25, 0.2], ["triangle", 262, 262, 0.45, 0.25, 0.4]],
};

export class Sound {
  #context = null;
  #muted = false;

  constructor() {
    try {
      this.#muted = localStorage.getItem(KEY) === "1";
    } catch {
      // Storage is forbidden: the choice lasts as long as the page.
    }
    const wake = () => this.#wake();
    addEventListener("pointerdown", wake);
    addEventListener("keydown", wake);
  }

  get muted() {
    return this.#muted;
  }

  set muted(muted) {
    this.#muted = muted;
    try {
      localStorage.setItem(KEY, muted ? "1" : "0");
    } catch {
      // As above.
    }
  }

  /** Plays one of TONES by its name. */
  play(name) {
    const context = this.#context;
    if (this.#muted || context?.state !== "running") return;
    for (const [type, from, to, seconds, loudness, delay] of TONES[name]) {
      const at = context.currentTime + delay;
      const tone = new OscillatorNode(context, { type, frequency: from });
      const gain = new GainNode(context, { gain: 0 });
      tone.frequency.exponentialRampToValueAtTime(to, at + seconds);
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(loudness * 0.5, at + 0.01);
      gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
      tone.connect(gain).connect(context.destination);
      tone.start(at);
      tone.stop(at + seconds);
    }
  }

  #wake() {
    if (this.#muted || !globalThis.AudioContext) return;
    try {
      this.#context ??= new AudioContext();
      if (this.#context.state === "suspended") this.#context.resume().catch(() => {});
    } catch {
      // No sound device: the game goes on without.
    }
  }
}
