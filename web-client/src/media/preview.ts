// The camera for its user alone.
import { deviceError, insecurePage } from './device-errors.js';

/** A camera that shows its user to themselves. */
export interface CameraPreview {
  readonly stream: MediaStream;
  /** How many pixels it gives, and how many pictures a second. */
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** Closes it. */
  stop(): void;
}

/**
 * Opens a camera without a call: to choose it, and to look into it before others do. Rejects as `startVideo` does: refused
 * by the user, used by another program, not there.
 */
export const previewCamera = async (camera: string): Promise<CameraPreview> => {
  const { mediaDevices } = globalThis.navigator as { mediaDevices?: MediaDevices };
  if (!mediaDevices) throw insecurePage();
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  try {
    const stream = await mediaDevices.getUserMedia({ video: camera === '' ? size : { ...size, deviceId: { exact: camera } } });
    const { width = 0, height = 0, frameRate = 0 } = stream.getVideoTracks()[0]?.getSettings() ?? {};
    return { stream, width, height, frameRate, stop: () => { for (const track of stream.getTracks()) track.stop(); } };
  } catch (thrown) {
    throw deviceError('camera', thrown);
  }
};
