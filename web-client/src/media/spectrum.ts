// What a track sounds like at the moment, as a spectrum.

/** About 23 Hz a bin at 48 kHz: neighbours of a voice's tones stand apart. */
const FFT_SIZE = 2048;

/** Tells the spectrum of `track` (decibels of full scale by bins of so many Hz) every so often, until the result is called. */
export const watchSpectrum = (track: MediaStreamTrack, everyMs: number, onSpectrum: (spectrum: Float32Array, hzPerBin: number) => void): (() => void) => {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  const timer = setInterval(() => {
    analyser.getFloatFrequencyData(spectrum);
    onSpectrum(spectrum, context.sampleRate / FFT_SIZE);
  }, everyMs);
  return () => {
    clearInterval(timer);
    source.disconnect();
    void context.close();
  };
};
