// The camera and the screen: opened for one call, closed with it.
import { clientError, type RingdownError } from '../errors.js';
import type { VideoKind } from './port.js';

/** Opens the camera, or lets the user choose a screen, a window or a tab. */
export const openVideo = async (kind: VideoKind): Promise<MediaStreamTrack> => {
  try {
    const devices = 'mediaDevices' in navigator ? navigator.mediaDevices : null;
    if (!devices) throw new DOMException('insecure page', 'SecurityError');
    const stream = kind === 'camera'
      ? await devices.getUserMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } } })
      : await devices.getDisplayMedia({ video: { frameRate: { max: 15 } } });
    const [track] = stream.getVideoTracks();
    if (!track) throw new DOMException('no track', 'NotFoundError');
    // Letters matter more than movement on a screen.
    if (kind === 'screen') track.contentHint = 'detail';
    return track;
  } catch (thrown) {
    throw kind === 'camera' ? cameraError(thrown) : screenError(thrown);
  }
};

const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : '');

const cameraError = (thrown: unknown): RingdownError => {
  switch (nameOf(thrown)) {
    case 'NotAllowedError':
    case 'SecurityError':
      return clientError('camera-blocked', {
        message: 'The browser blocks the camera for this page.',
        causes: ['The camera was refused when the browser asked.', 'The phone is in a frame without allow="camera".', 'The page was loaded over http.'],
        solutions: ['Click the icon left of the address, allow the camera, and try again.'],
      }, thrown);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return clientError('camera-missing', {
        message: 'No camera was found.',
        causes: ['No camera is plugged in.', 'It is switched off in the system settings.'],
        solutions: ['Plug in a camera and try again.'],
      }, thrown);
    default:
      return clientError('camera-busy', {
        message: 'The camera could not be opened.',
        causes: ['Another program holds the camera.', 'The device has a fault.'],
        solutions: ['Close the other program and try again.'],
      }, thrown);
  }
};

const screenError = (thrown: unknown): RingdownError =>
  clientError('screen-refused', {
    message: 'The screen is not shared.',
    causes: ['Nothing was chosen when the browser asked.', 'The browser or the operating system does not let pages see the screen.'],
    solutions: ['Try again and choose a screen, a window or a tab.', 'Allow the browser to record the screen in the system’s privacy settings.'],
  }, thrown);

/** The camera went away. */
export const cameraLost = (): RingdownError =>
  clientError('camera-missing', {
    message: 'The camera was lost.',
    causes: ['It was unplugged.', 'The page’s right to it was taken back.'],
    solutions: ['Plug it in and switch it on again.'],
  });

/** The other side takes no video. */
export const videoRefused = (): RingdownError =>
  clientError('video-refused', {
    message: 'The other side takes no video.',
    causes: ['It is a telephone without a screen.', 'Both sides know no video format in common.'],
  });
