const REASONS: Record<string, string> = {
  NotAllowedError: 'The camera is not allowed here. Allow it in the browser, or open an image instead.',
  NotFoundError: 'There is no camera. Open an image instead.',
  NotReadableError: 'Another program uses the camera.',
};

/** Shows the camera in a video element; an error that a person can read where there is none or it is not allowed. */
export async function startCamera(video: HTMLVideoElement): Promise<() => void> {
  // Outside https and localhost browsers have no mediaDevices at all.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new Error('The camera needs a page over https.');
  let stream: MediaStream;
  try {
    stream = await devices.getUserMedia({ video: { facingMode: 'environment', width: 640, height: 640 } });
  } catch (error) {
    throw new Error(REASONS[(error as Error).name] ?? 'The camera does not start.', { cause: error });
  }
  video.srcObject = stream;
  await video.play();
  return () => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}

/** The square in the middle of what the camera shows now. */
export async function takePicture(video: HTMLVideoElement): Promise<ImageBitmap> {
  const [width, height] = [video.videoWidth, video.videoHeight];
  const side = Math.min(width, height);
  return createImageBitmap(video, (width - side) / 2, (height - side) / 2, side, side);
}
