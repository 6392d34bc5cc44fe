// The camera and the screen: opened for one call, closed with it.
import { clientError, type RingdownError } from '../errors.js';
import { deviceError, insecurePage } from './device-errors.js';
import { devicesOfPage, type Devices } from './devices.js';
import type { VideoKind } from './port.js';

/** Opens the camera, or lets the user choose a screen, a window or a tab. */
export const openVideo = (kind: VideoKind, devices: Devices): Promise<MediaStreamTrack> =>
  kind === 'camera' ? openCamera(devices) : openScreen();

const openCamera = async (devices: Devices): Promise<MediaStreamTrack> => {
  try {
    devices.retry('camera');
    return await devices.open('camera', { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } });
  } catch (thrown) {
    throw deviceError('camera', thrown);
  }
};

const openScreen = async (): Promise<MediaStreamTrack> => {
  const devices = devicesOfPage();
  if (!devices) throw insecurePage();
  try {
    const [track] = (await devices.getDisplayMedia({ video: { frameRate: { max: 15 } } })).getVideoTracks();
    if (!track) throw new DOMException('no track', 'NotFoundError');
    // Letters matter more than movement on a screen.
    track.contentHint = 'detail';
    return track;
  } catch (thrown) {
    throw clientError('screen-refused', {
      message: 'The screen is not shared.',
      causes: ['Nothing was chosen when the browser asked.', 'The operating system blocks it for the browser.'],
      solutions: ['Choose a screen, a window or a tab, and try again.', 'Allow it for the browser in the system’s privacy settings.'],
    }, thrown);
  }
};

/** The other side takes no video. */
export const videoRefused = (): RingdownError =>
  clientError('video-refused', {
    message: 'The other side takes no video.',
    causes: ['It has no screen.', 'Both sides know no video format in common.'],
  });
